"""What tests of Apple's web service share: signers, a program, a user's card, bare requests."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from cryptography import x509

from app.apple.push import PushAnswer
from app.delivery.apple import AppleChannel
from app.delivery.worker import Worker
from app.ids import SeededRandomness
from app.programs.signers import SignerFiles, ensure_signer, seal_signer
from app.sandbox.certificates import DevelopmentCertificates
from app.sandbox.phone import Answer, Phone
from app.sandbox.pkpass_reader import OpenedPass, open_pass
from tests.cards.cards_world import Asking, merchant, program, user
from tests.flows.conftest import World

NUMBER = "4006381333931"
DEVICE = "d" * 32
PUSH_TOKEN = "ab" * 32


class RememberingPushes:
    """A push service that remembers, and answers what it is told to."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.answers: dict[str, PushAnswer] = {}

    async def push(self, token: str, *, topic: str) -> PushAnswer:
        """Remember a push."""
        self.tokens.append(token)
        return self.answers.get(token, PushAnswer(200, None))

    async def close(self) -> None:
        """Do nothing."""


class House:
    """A furnished server: who owns what, and a worker moved by hand."""

    def __init__(
        self, world: World, root: x509.Certificate, *, partner: Asking, owner: Asking
    ) -> None:
        self.world, self.root = world, root
        self.partner, self.owner = partner, owner
        self.program_id, self.card_id = "", ""
        self.pushes = RememberingPushes()
        self.worker = Worker(world.ports, [AppleChannel(world.ports, self.pushes)])
        self._told = 0

    async def add_card(self, number: str = NUMBER) -> str:
        """Let the owner register a card of the program."""
        body = {"program_id": self.program_id, "number": number}
        answer = await self.owner("POST", "/v1/cards", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def download(self, card_id: str | None = None) -> OpenedPass:
        """Fetch a pass as its owner, and judge it as an iPhone does."""
        answer = await self.owner("GET", f"/v1/cards/{card_id or self.card_id}/apple.pkpass")
        assert answer.status_code == 200, answer.text
        return open_pass(answer.content, self.root)

    async def tell(self, balance: int, number: str = NUMBER, **more: Any) -> None:
        """Have the merchant tell a balance, without any delivery."""
        self._told += 1
        path = f"/v1/partner/programs/{self.program_id}/cards/{number}/statement"
        body = {"sequence": self._told, "as_of": "2026-09-01T10:00:00Z", "balance": balance} | more
        answer = await self.partner("PUT", path, body)
        assert answer.status_code == 200, answer.text

    async def ask(self, method: str, path: str, *, auth: str | None = None, **more: Any) -> Any:
        """Ask Apple's web service; `path` begins behind /apple."""
        headers = dict(more.pop("headers", {}))
        if auth is not None:
            headers["Authorization"] = auth.encode("latin-1")
        return await self.world.client.request(method, f"/apple{path}", headers=headers, **more)

    async def register(
        self, opened: OpenedPass, *, device: str = DEVICE, push_token: str = PUSH_TOKEN, **more: Any
    ) -> int:
        """Register a pass for a device; return the status."""
        more = {"auth": f"ApplePass {opened.token}", "json": {"pushToken": push_token}} | more
        answer = await self.ask("POST", registration(opened, device), **more)
        return int(answer.status_code)

    async def list(self, opened: OpenedPass, tag: str | None = None, device: str = DEVICE) -> Any:
        """Ask which passes changed."""
        path = registration(opened, device).rpartition("/")[0]
        if tag is not None:
            path += f"?passesUpdatedSince={quote(tag, safe='')}"
        return await self.ask("GET", path)

    async def pull(self, opened: OpenedPass, since: str | None = None) -> Any:
        """Fetch the latest version of a pass."""
        headers = {} if since is None else {"If-Modified-Since": since}
        return await self.ask(
            "GET", pass_path(opened), auth=f"ApplePass {opened.token}", headers=headers
        )

    def phone(self, seed: int = 1) -> Phone:
        """Make an iPhone that reaches this server."""
        return Phone(self._carry, self.root, SeededRandomness(seed))

    async def _carry(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        path = url.removeprefix(self.world.ports.settings.pass_url)
        answer = await self.world.client.request(method, path, headers=headers, content=body)
        lowered = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, lowered, answer.content)


def registration(opened: OpenedPass, device: str = DEVICE) -> str:
    """Return the path of a registration."""
    return (
        f"/v1/devices/{quote(device, safe='')}/registrations"
        f"/{quote(opened.pass_type, safe='')}/{quote(opened.serial, safe='')}"
    )


def pass_path(opened: OpenedPass) -> str:
    """Return the path of a pass."""
    return f"/v1/passes/{opened.pass_type}/{opened.serial}"


async def furnished(world: World, certificates: DevelopmentCertificates) -> House:
    """Keep the signers, publish a program, sign a user in and register a card."""
    await keep_signers(world, certificates)
    _, partner = await merchant(world)
    root = x509.load_pem_x509_certificate(certificates.root.read_bytes())
    house = House(world, root, partner=partner, owner=await user(world))
    house.program_id = await program(partner, settings={"open_numbers": True})
    house.card_id = await house.add_card()
    return house


async def keep_signers(world: World, certificates: DevelopmentCertificates) -> None:
    """Write the development signers into the database."""
    ports, now = world.ports, world.clock.wall()
    for signer_id, signer in enumerate(certificates.signers, 1):
        files = SignerFiles(
            certificate=signer.certificate.read_bytes(),
            key=signer.key.read_bytes(),
            wwdr=certificates.wwdr.read_bytes(),
        )
        nonce = ports.ids.secret(12)
        row = seal_signer(files, signer_id=signer_id, secrets=ports.secrets, nonce=nonce, now=now)
        public = ports.ids.public()
        await ports.database.write(
            lambda tx, row=row, public=public: ensure_signer(tx, row, server_public=public)
        )


def serials(answer: Any) -> list[str]:
    """Read the serial numbers of a list."""
    assert answer.status_code == 200, answer.status_code
    document = msgspec.json.decode(answer.content)
    assert isinstance(document["lastUpdated"], str)
    return list(document["serialNumbers"])


def tag_of(answer: Any) -> str:
    """Read the tag of a list."""
    return str(msgspec.json.decode(answer.content)["lastUpdated"])

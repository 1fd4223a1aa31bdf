"""Simulated iPhones and a merchant in flow tests: the whole app, real HTTP, a strict fake APNs."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509

from app.apple.apns import Apns
from app.apple.credentials import CertificateCredential
from app.delivery.apple import AppleChannel
from app.delivery.worker import Worker
from app.ids import SeededRandomness
from app.programs import merchants, publishing, signers
from app.programs.merchants import DrawnKey
from app.programs.publishing import Drawn
from app.programs.schemas import NewKey, NewProgram
from app.programs.signers import SignerFiles
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates
from app.sandbox.fake_apple import FakeApple
from app.sandbox.phone import Answer, Phone
from tests.flows.conftest import World

PROGRAM = {
    "name": "Maison Verte",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "tiers": [{"id": "silver", "name": "Silver"}, {"id": "gold", "name": "Gold"}],
    "barcode": {"format": "EAN_13"},
    "settings": {"open_numbers": True},
}
TURN_SECONDS, TURNS_MAX = 0.02, 600
NUMBERS = ("4006381333931", "2900000000018", "2900000000025", "2900000000032")


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant with a mirrored program, and everything around its passes."""

    world: World
    certificates: DevelopmentCertificates
    apple: FakeApple
    push: Apns
    worker: Worker
    key: str
    program_id: str
    counter: Any = msgspec.field(default_factory=itertools.count)

    async def ask(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> Any:
        """Ask the server; each request has an Idempotency-Key of its own."""
        given = {"Idempotency-Key": f"t-{next(self.counter)}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.world.client.request(
            method, path, headers=given, **(content if body is not None else {})
        )

    async def guest(self) -> str:
        """Make a guest; return his token."""
        return str((await self.ask("POST", "/v1/guests", {})).json()["token"])

    async def card(self, token: str, number: str) -> dict[str, Any]:
        """Register a card of the program."""
        made = await self.ask(
            *("POST", "/v1/cards", {"program_id": self.program_id, "number": number}), token=token
        )
        assert made.status_code in {200, 201}, made.text
        return dict(made.json())

    async def tell(self, number: str, sequence: int, **fields: Any) -> Any:
        """Push a statement."""
        path = f"/v1/partner/programs/{self.program_id}/cards/{number}/statement"
        body = {"sequence": sequence, "as_of": "2026-11-21T20:05:00Z", "balance": sequence} | fields
        return await self.ask("PUT", path, body, token=self.key)

    def phone(self, seed: int) -> Phone:
        """Make an iPhone that trusts the development root."""
        root = x509.load_pem_x509_certificate(self.certificates.root.read_bytes())
        return Phone(self._carry, root, SeededRandomness(seed))

    async def held(self, number: str, *, seed: int) -> Phone:
        """Make a guest with a card and an iPhone that holds its pass."""
        token = await self.guest()
        card = await self.card(token, number)
        phone = self.phone(seed)
        await self.add_to(phone, card["id"], token)
        return phone

    async def add_to(self, phone: Phone, card_id: str, token: str) -> str:
        """Put a card's pass on an iPhone; return its serial number."""
        packed = await self.ask("GET", f"/v1/cards/{card_id}/apple.pkpass", token=token)
        assert packed.status_code == 200, packed.text
        opened = await phone.add(packed.content, modified=packed.headers["last-modified"])
        return opened.serial

    async def passing(self, awaited: Awaitable[Any]) -> None:
        """Wait while time passes, for what waits for time itself; bounded."""
        task = asyncio.ensure_future(awaited)
        for _ in range(TURNS_MAX):
            done, _ = await asyncio.wait({task}, timeout=TURN_SECONDS)
            if done:
                task.result()
                return
            self.world.clock.forward(1)
        task.cancel()
        raise AssertionError("it waits for more than time")

    def pushed_to(self, phone: Phone) -> int:
        """Count the pushes that reached a phone."""
        return sum(push.token == phone.push_token for push in self.apple.pushes)

    async def _carry(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        path = "/apple" + url.partition("/apple")[2]
        answer = await self.world.client.request(method, path, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)


@contextlib.asynccontextmanager
async def open_shop(world: World, folder: Path) -> AsyncIterator[Shop]:
    """Make the merchant, the certificates, a running fake APNs and a worker that is stepped."""
    ports, now = world.ports, world.clock.wall()
    certificates = make_development_certificates(folder, now=now)
    signer = certificates.signers[0]
    files = SignerFiles(
        certificate=signer.certificate.read_bytes(),
        key=signer.key.read_bytes(),
        wwdr=certificates.wwdr.read_bytes(),
    )
    row = signers.seal_signer(
        files, signer_id=1, secrets=ports.secrets, nonce=ports.ids.secret(12), now=now
    )
    merchant_id, public, program = ports.ids.next(now), ports.ids.public(), ports.ids.public()
    key = DrawnKey(ports.ids.next(now), ports.ids.public(), ports.ids.token("pck_test_"))
    drawn = Drawn(ports.ids.next(now), program, ports.ids.next(now))
    server, scopes = ports.ids.public(), ("read", "write", "admin")
    sent = msgspec.convert(PROGRAM, NewProgram)

    def work(tx: Any) -> None:
        signers.ensure_signer(tx, row, server_public=server)
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name="Maison Verte", owner_id=1, now=now
        )
        new = NewKey(name="first", scopes=scopes)
        merchants.add_key(tx, merchant_id, new, drawn=key, now=now)
        publishing.create(tx, merchant_id, sent, drawn=drawn, now=now)

    await ports.database.write(work)
    apple = FakeApple(certificates, clock=world.clock)
    await apple.start()
    credential = CertificateCredential(certificate=files.certificate, key=files.key)
    push = Apns(
        {signer.pass_type: credential}.get,
        clock=world.clock,
        randomness=SeededRandomness(3),
        url=apple.url,
        ca_file=certificates.apns_ca,
    )
    try:
        yield Shop(
            world=world,
            certificates=certificates,
            apple=apple,
            push=push,
            worker=Worker(ports, [AppleChannel(ports, push)]),
            key=key.token,
            program_id=f"prog_{program.hex()}",
        )
    finally:
        await push.close()
        await apple.close()

"""What tests of links and callbacks share: a served app, a fake Google, a shop, an owner, phones."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.clock import SECOND
from app.google.running import Google, make_google
from app.ids import SeededRandomness
from app.programs.issuers import FIRST_ISSUER, ensure_issuer, seal_issuer
from app.sandbox.android import AndroidPhone
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_tokens import GoogleAccount
from app.sandbox.phone import Answer
from tests.cards.cards_world import NUMBER, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World
from tests.google.accounts import EMAIL, GOOGLE_ISSUER, account_json, key

HOST = "http://google"
WAIT_MAX = 3 * SECOND  # who sleeps longer is let sleep


class Door:
    """A furnished server: who owns what, Google beside it, and the last statement's count."""

    def __init__(self, world: World, fake: FakeGoogle, google: Google) -> None:
        self.world, self.fake, self.google = world, fake, google
        self.partner, self.owner = Asking(world, None), Asking(world, None)
        self.program_id, self.card_id = "", ""
        self._told = 0

    async def add_card(self, number: str = NUMBER) -> str:
        """Let the owner register a card of the program."""
        body = {"program_id": self.program_id, "number": number}
        answer = await self.owner("POST", "/v1/cards", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def ask(self, who: Asking | None = None, card_id: str | None = None) -> Any:
        """Ask for a link."""
        return await (who or self.owner)("GET", f"/v1/cards/{card_id or self.card_id}/google")

    async def link(self, who: Asking | None = None, card_id: str | None = None) -> str:
        """Ask for a link and return the JWT."""
        answer = await self.ask(who, card_id)
        assert answer.status_code == 200, answer.text
        url = answer.json()["save_url"]
        assert url.startswith(f"{HOST}/save/")
        return str(url.removeprefix(f"{HOST}/save/"))

    async def save(self, phone: AndroidPhone, token: str) -> None:
        """Save a link on a phone and let the callback arrive."""
        await phone.save(f"{HOST}/save/{token}")
        await self.fake.callbacks.settle()

    async def remove(self, phone: AndroidPhone, object_id: str) -> None:
        """Remove a card from a phone and let the callback arrive."""
        await phone.remove(object_id)
        await self.fake.callbacks.settle()

    async def tell(self, balance: int, number: str = NUMBER, **more: Any) -> None:
        """Have the merchant tell a balance."""
        self._told += 1
        path = f"/v1/partner/programs/{self.program_id}/cards/{number}/statement"
        body = {"sequence": self._told, "as_of": "2026-09-01T10:00:00Z", "balance": balance} | more
        answer = await self.partner("PUT", path, body)
        assert answer.status_code == 200, answer.text

    def phone(self, account: str = "camille") -> AndroidPhone:
        """Make an Android phone."""
        return AndroidPhone(self._carry, self.fake, account=account)

    async def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read rows."""
        return await rows(self.world.ports, sql, *values)

    async def events(self, kind: str) -> int:
        """Count the card's events of a kind."""
        card = await card_row(self.world.ports, self.card_id)
        found = await self.rows(
            "SELECT COUNT(*) FROM event WHERE card_id = ? AND type = ?", card, kind
        )
        return int(found[0][0])

    async def saved(self, who: Asking | None = None) -> bool:
        """Say what the route says."""
        return bool((await self.ask(who)).json()["saved"])

    async def post(self, body: bytes, kind: str = "application/json") -> Any:
        """Post a callback."""
        headers = {"Content-Type": kind}
        return await self.world.client.post("/google/callbacks", content=body, headers=headers)

    @contextlib.asynccontextmanager
    async def time_passes(self) -> AsyncIterator[None]:
        """Let the clock run meanwhile: calls to Google wait for their slots."""

        clock = self.world.clock

        async def run() -> None:
            while True:
                await asyncio.sleep(0)
                at = clock.next_waking()
                if at is not None and 0 < at - clock.wall() <= WAIT_MAX:
                    clock.forward((at - clock.wall()) / SECOND)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _carry(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        transport = httpx2.ASGITransport(app=self.fake.app)
        async with httpx2.AsyncClient(transport=transport) as client:
            answer = await client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)


async def furnished(world: World) -> Door:
    """Keep an issuer, publish a program, sign a user in and register a card."""
    ports = world.ports
    account = GoogleAccount(email=EMAIL, public_key=key().public_key(), key_id="0123abcd")
    fake = FakeGoogle(
        account, GOOGLE_ISSUER, clock=world.clock, randomness=SeededRandomness(5), base_url=HOST
    )
    fake.callbacks.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=world.app))
    await keep_issuer(world)
    google = make_google(ports, transport=httpx2.ASGITransport(app=fake.app))
    await google.load()
    assert await google.root_keys.refresh()
    world.app.state.google = google
    door = Door(world, fake, google)
    _, door.partner = await merchant(world)
    door.owner = await user(world)
    door.program_id = await program(door.partner, settings={"open_numbers": True})
    door.card_id = await door.add_card()
    return door


async def keep_issuer(world: World, place: int = 0) -> None:
    """Keep the server's issuer, with the key of that place."""
    ports = world.ports
    row = seal_issuer(
        GOOGLE_ISSUER,
        account_json() if place == 0 else account_json(private_key=_pem(place)),
        issuer_id=FIRST_ISSUER,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )
    await ports.database.write(lambda tx: ensure_issuer(tx, row, server_public=b"s" * 16))


def claims_of(token: str, place: int = 0) -> dict[str, Any]:
    """Read a link as Google would."""
    claims: dict[str, Any] = jwt.decode(
        token,
        (key(place) if place else key()).public_key(),
        algorithms=["RS256"],
        audience="google",
    )
    return claims


def object_of(token: str) -> dict[str, Any]:
    """Return the one object of a link."""
    (found,) = claims_of(token)["payload"]["loyaltyObjects"]
    return dict(found)


def message_of(**changed: Any) -> str:
    """Write what a callback signs; None leaves a member out."""
    return msgspec.json.encode({k: v for k, v in changed.items() if v is not None}).decode()


def _pem(place: int) -> str:
    pem = key(place).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()

"""What tests of cards and partners share: programs, keys and users, made as commands make them."""

from __future__ import annotations

from typing import Any

from app.http.ports import Ports
from app.programs import merchants
from app.programs.merchants import DrawnKey
from app.programs.schemas import NewKey
from tests.flows.conftest import World

PROGRAM: dict[str, Any] = {
    "name": "Maison Verte",
    "authority": "merchant",
    "units": [
        {"id": "pts", "name": {"fr": "Points", "en": "Points"}},
        {"id": "stamps", "name": {"fr": "Tampons", "en": "Stamps"}},
    ],
    "tiers": [
        {"id": "silver", "name": {"fr": "Argent", "en": "Silver"}},
        {"id": "gold", "name": {"fr": "Or", "en": "Gold"}},
    ],
    "barcode": {"format": "EAN_13"},
    "languages": ["fr", "en"],
}
NUMBER = "4006381333931"  # a right check digit; so have the others
NUMBERS = ("4006381333931", "2000000000015", "2000000000022", "2000000000039")


class Asking:
    """Somebody who asks with a token; a fresh Idempotency-Key each time unless one is given."""

    def __init__(self, world: World, token: str | None) -> None:
        self.world, self.token = world, token

    async def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> Any:
        headers = {"Idempotency-Key": key or self.world.ports.ids.token("k")}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            more["json"] = body
        return await self.world.client.request(method, path, headers=headers, **more)


async def merchant(world: World, name: str = "Maison Verte") -> tuple[int, Asking]:
    """Make a merchant with a key for everything."""
    ports, now = world.ports, world.clock.wall()
    merchant_id, public = ports.ids.next(now), ports.ids.public()
    drawn = DrawnKey(ports.ids.next(now), ports.ids.public(), ports.ids.token("pck_test_"))
    new = NewKey(name="first", scopes=("read", "write", "admin"))

    def work(tx: Any) -> None:
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name=name, owner_id=1, now=now
        )
        merchants.add_key(tx, merchant_id, new, drawn=drawn, now=now)

    await ports.database.write(work)
    return merchant_id, Asking(world, drawn.token)


async def program(ask: Asking, **changes: Any) -> str:
    """Publish a program over HTTP and return its public id."""
    answer = await ask("POST", "/v1/partner/programs", PROGRAM | changes)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def user(world: World) -> Asking:
    """Sign a guest in."""
    answer = await Asking(world, None)("POST", "/v1/guests", {})
    assert answer.status_code == 201, answer.text
    return Asking(world, answer.json()["token"])


async def rows(ports: Ports, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Read rows."""
    return await ports.database.read(lambda tx: tx.all(lambda *row: row, sql, *values))


async def card_row(ports: Ports, public: str) -> int:
    """Return the internal id of a card."""
    found = await rows(
        ports, "SELECT card_id FROM card_by_public WHERE public_id = ?", bytes.fromhex(public[5:])
    )
    return int(found[0][0])

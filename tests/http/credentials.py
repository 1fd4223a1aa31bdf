"""One credential of each kind that the server knows, made as the rooms make them."""

from __future__ import annotations

from typing import Any

import msgspec

from app.http.ports import Ports
from app.programs import merchants, tills
from app.programs.merchants import DrawnKey
from app.programs.schemas import NewKey
from app.programs.till_schemas import NewTill
from tests.http.asgi import call

JSON = ("Content-Type", "application/json")


async def user_token(app: Any, *, key: str = "guest") -> str:
    """Make a guest and return his token."""
    answer = await call(app, "POST", "/v1/guests", headers=[JSON, ("Idempotency-Key", key)])
    assert answer.status == 201, answer
    token: str = answer.json()["token"]
    return token


async def merchant_token(ports: Ports, *scopes: Any) -> str:
    """Make a merchant with a key and return it."""
    now = ports.clock.wall()
    merchant_id, public = ports.ids.next(now), ports.ids.public()
    drawn = DrawnKey(ports.ids.next(now), ports.ids.public(), ports.ids.token("pck_test_"))
    new = NewKey(name="first", scopes=scopes or ("read", "write", "admin"))

    def work(tx: Any) -> None:
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name="Shop", owner_id=1, now=now
        )
        merchants.add_key(tx, merchant_id, new, drawn=drawn, now=now)

    await ports.database.write(work)
    return drawn.token


async def till_token(ports: Ports) -> str:
    """Make a merchant with a paired till and return the till's token."""
    now = ports.clock.wall()
    merchant_id, public = ports.ids.next(now), ports.ids.public()
    drawn = tills.draw(ports.ids, ports.secrets, now)
    token = ports.ids.token("pct_test_")

    def work(tx: Any) -> None:
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name="Shop", owner_id=1, now=now
        )
        new = NewTill(name="Till", location_id="paris")
        tills.add_till(tx, merchant_id, new, drawn=drawn, now=now)
        tills.pair(tx, drawn.code_hash, token=token, now=now)

    await ports.database.write(work)
    return token


PROGRAM: dict[str, Any] = {
    "name": "Maison Verte",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "tiers": [{"id": "gold", "name": {"fr": "Or", "en": "Gold"}}],
    "design": {"background_color": "#2e7d32", "foreground_color": "#ffffff"},
    "barcode": {"format": "EAN_13"},
    "languages": ["fr", "en"],
    "settings": {"open_numbers": True},
}


async def made(app: Any, target: str, token: str, body: Any) -> Any:
    """Make something by POST and return its document."""
    headers = [
        JSON,
        ("Idempotency-Key", f"made{target[:200]}"),
        ("Authorization", f"Bearer {token}"),
    ]
    answer = await call(app, "POST", target, headers=headers, body=msgspec.json.encode(body))
    assert answer.status in {200, 201}, answer
    return answer.json()

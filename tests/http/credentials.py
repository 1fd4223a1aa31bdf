"""One credential of each kind that the server knows, made as the rooms make them."""

from __future__ import annotations

from typing import Any

from app.http.ports import Ports
from app.programs import merchants
from app.programs.merchants import DrawnKey
from app.programs.schemas import NewKey
from tests.http.asgi import call

JSON = ("Content-Type", "application/json")


async def user_token(app: Any) -> str:
    """Make a guest and return his token."""
    answer = await call(app, "POST", "/v1/guests", headers=[JSON, ("Idempotency-Key", "guest")])
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

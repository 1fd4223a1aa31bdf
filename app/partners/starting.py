"""Starts a merchant: its owner, the merchant, where the owner works, and a first key."""

from __future__ import annotations

from app.http.ports import Ports
from app.programs import merchants
from app.programs.merchants import DrawnKey
from app.programs.schemas import NewKey
from app.storage.database import Transaction
from app.users import service as users
from app.users.addresses import normalized


async def start_merchant(ports: Ports, name: str, owner_email: str) -> int:
    """Make a merchant with its owner and return its id. Raises InvalidInput for the address.

    Three families, so three units of work; a repeat after a crash makes another merchant, which
    nobody knows of.
    """
    email = normalized(owner_email, is_live=ports.settings.is_live, path="owner")
    now = ports.clock.wall()
    drawn = users.draw(ports, now)
    owner = await ports.database.write(
        lambda tx: users.make_user_with_email(tx, drawn, email=email, language="fr", now=now)
    )
    merchant_id, public = ports.ids.next(now), ports.ids.public()

    def add(tx: Transaction) -> None:
        merchants.add_merchant(
            tx, merchant_id=merchant_id, public=public, name=name, owner_id=owner.user_id, now=now
        )

    await ports.database.write(add)
    await ports.database.write(lambda tx: users.add_workplace(tx, owner.user_id, merchant_id))
    return merchant_id


async def first_key(ports: Ports, merchant_id: int, name: str) -> str:
    """Make a key with all scopes and return its token, which nothing else keeps."""
    now = ports.clock.wall()
    token = ports.ids.token(f"pck_{ports.settings.token_mode}_")
    drawn = DrawnKey(ports.ids.next(now), ports.ids.public(), token)
    new = NewKey(name=name, scopes=("read", "write", "admin"))
    await ports.database.write(
        lambda tx: merchants.add_key(tx, merchant_id, new, drawn=drawn, now=now)
    )
    return token

"""The demo's till: made and paired as its own room does it."""

from __future__ import annotations

from app.http.ports import Ports
from app.ids import digest
from app.programs import tills
from app.programs.till_schemas import NewTill

NAME = "Caisse 1"


async def paired_till(ports: Ports, merchant_id: int, location_id: str, known: str | None) -> str:
    """Return the token of a till of the demo's merchant: the known one while it is in force."""
    now = ports.clock.wall()
    if known is not None:
        hashed = digest(known)
        found = await ports.database.read_point(lambda tx: tills.find_till(tx, hashed, now, ""))
        if found is not None:
            return known
    drawn = tills.draw(ports.ids, ports.secrets, now)
    token = ports.ids.token(f"pct_{ports.settings.token_mode}_")
    new = NewTill(name=NAME, location_id=location_id)
    await ports.database.write(
        lambda tx: tills.add_till(tx, merchant_id, new, drawn=drawn, now=now)
    )
    await ports.database.write(lambda tx: tills.pair(tx, drawn.code_hash, token=token, now=now))
    return token

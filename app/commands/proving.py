"""`doctor --ledger`: walks every card and says what does not add up; reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from app.clock import SystemClock
from app.commands.speaking import Sentence
from app.ids import public_id
from app.ledger import service as ledger
from app.settings import Settings
from app.storage.database import DatabaseRefused
from app.storage.open import open_database


async def faults(settings: Settings) -> AsyncIterator[str]:
    """Yield a line a fault: of the sums of each program, then of each card with its journal."""
    try:
        database = await open_database(settings.database_url, clock=SystemClock(), read_only=True)
    except (DatabaseRefused, ValueError) as error:
        raise Sentence(f"DATABASE_URL: {error}") from None
    try:
        for fault in await database.read(ledger.prove_sums):
            yield fault
        after = 0
        while page := await database.read(partial(ledger.prove_page, after=after)):
            for proved in page:
                for fault in proved.faults:
                    yield f"{public_id('card', proved.public_id)}: {fault}"
            after = page[-1].card_id
    finally:
        await database.close()

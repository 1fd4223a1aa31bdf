"""The channel of Google Wallet: a line for each issuer, and what a program's change means there."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import structlog

from app.clock import MINUTE
from app.delivery import google_queries
from app.delivery.channel import Page
from app.delivery.google_line import Line
from app.errors import AppError
from app.google import documents, queries
from app.google.issuers import Issuers
from app.google.teller import Teller
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.storage.database import Transaction
from passes.google.difference import difference

ISSUERS_EVERY = MINUTE  # how often issuers that came or were renewed are looked for
_log = structlog.get_logger("delivery")


class GoogleChannel:
    """Tells Google of saved cards. Does not close the wallet: links need it too."""

    def __init__(self, ports: Ports, issuers: Issuers, teller: Teller) -> None:
        self._ports = ports
        self._issuers = issuers
        self._teller = teller
        self._lines: dict[int, Line] = {}
        self._numbers: dict[int, str] = {}
        self._looked_at: int | None = None

    @property
    def counts(self) -> Counter[str]:
        """Calls by answer: `google:200`, `google:rateLimitExceeded`."""
        return self._teller.counts

    @property
    def has_room(self) -> bool:
        """A page only marks rows."""
        return True

    async def turn(self) -> int:
        """Let each issuer's line begin; return how many did."""
        await self._look_for_issuers()
        return sum([await line.turn() for line in self._lines.values()])

    async def tell_page(self, page: Page) -> None:
        """Have the program's class told, and those saved cards whose object is another now."""
        await self._look_for_issuers()
        if page.is_first:
            await self._want_classes(page.program_id)
        if not page.card_ids:
            return
        now = self._ports.clock.wall()
        changed = await self._ports.database.read(partial(self._changed, page=page, now=now))
        works = [
            partial(_reopen, card_id=card_id, issuer_id=issuer_id, now=now)
            for card_id, issuer_id in sorted(changed)
        ]
        if works:
            await self._ports.database.write_batch(works)

    async def wait(self) -> None:
        """Wait until what was begun is written down."""
        await asyncio.gather(*(line.wait() for line in self._lines.values()))

    async def stop(self) -> None:
        """Begin nothing more, and wait for what was begun."""
        await asyncio.gather(*(line.stop() for line in self._lines.values()))

    async def _look_for_issuers(self) -> None:
        now = self._ports.clock.wall()
        if self._looked_at is not None and now - self._looked_at < ISSUERS_EVERY:
            return
        try:
            await self._issuers.load()
        except (AppError, ValueError) as error:
            _log.error("issuers unread", code=type(error).__name__)
        self._looked_at = now
        for issuer in self._issuers.all():
            self._numbers[issuer.issuer_id] = issuer.google_issuer
            line = self._lines.get(issuer.issuer_id)
            if line is None:
                line = self._lines[issuer.issuer_id] = Line(self._ports, issuer, self._teller)
            line.issuer = issuer

    async def _want_classes(self, program_id: int) -> None:
        now = self._ports.clock.wall()
        found = await self._ports.database.read(
            lambda tx: google_queries.classes_of(tx, program_id)
        )
        for issuer_id, suffix in found:
            await self._ports.database.write(
                partial(queries.want_class, issuer_id=issuer_id, suffix=suffix, now=now)
            )

    def _changed(self, tx: Transaction, *, page: Page, now: int) -> set[tuple[int, int]]:
        """Find cards of which some saved pass says something else than Google was told."""
        found = set()
        for saved in google_queries.saved_among(tx, page.card_ids):
            wanted = self._teller.wanted(tx, saved.card_id, saved.serial, now=now)
            number = self._numbers.get(saved.issuer_id)
            if wanted is None or wanted.known is None or number is None:
                continue
            document = documents.object_document(wanted, issuer=number)
            if wanted.lacks_secret or difference(wanted.known.told, document) is not None:
                found.add((saved.card_id, saved.issuer_id))
        return found


def _reopen(tx: Transaction, *, card_id: int, issuer_id: int, now: int) -> None:
    outbox_queries.reopen(
        tx, card_id, documents.channel_of(issuer_id), priority=outbox.BULK, now=now
    )

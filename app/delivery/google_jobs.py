"""What Google is told next for an issuer: chosen when its moment has come, taken by a lease.

Classes first, because objects need them; then cards by urgency, merchants taking turns; the list
of what is saved comes only when there is nothing else.
"""

from __future__ import annotations

from functools import partial

import msgspec

from app.clock import DAY, MINUTE, SECOND
from app.delivery import google_queries
from app.google import queries
from app.google.documents import channel_of
from app.google.queries import ClassRow
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.storage.database import Transaction

LEASE = 120 * SECOND  # a call may take 40 s, and a card several calls
LIST_LEASE = 10 * MINUTE
LISTED_EVERY = DAY
CANDIDATES = 8  # of one merchant; another worker may have taken the first ones
TRIES = 8
FIRST = -1  # before every merchant; the server itself is 0


class ClassJob(msgspec.Struct, frozen=True):
    """A class to be told."""

    row: ClassRow


class CardJob(msgspec.Struct, frozen=True):
    """A card to be told, up to a revision."""

    card_id: int
    priority: int
    merchant_id: int
    wanted: int = 0
    attempts: int = 0


class ListJob(msgspec.Struct, frozen=True):
    """A class whose objects are to be listed: another page of them."""

    row: ClassRow


Job = ClassJob | CardJob | ListJob


class Jobs:
    """Chooses for one issuer; remembers at each priority which merchant had his turn last."""

    def __init__(self, ports: Ports, issuer_id: int) -> None:
        self._ports = ports
        self._issuer_id = issuer_id
        self._channel = channel_of(issuer_id)
        self._last: dict[int, int] = {}

    async def has_any(self) -> bool:
        """Say whether something is due."""
        now = self._ports.clock.wall()
        return bool(await self._ports.database.read_point(lambda tx: self._due(tx, now)))

    async def take(self) -> Job | None:
        """Take the most urgent work; None when there is none, or others take it all."""
        for _ in range(TRIES):
            now = self._ports.clock.wall()
            due = await self._ports.database.read_point(partial(self._due, now=now))
            for job in due:
                taken = await self._ports.database.write(partial(self._taken, job=job, now=now))
                if taken is not None:
                    if isinstance(taken, CardJob):
                        self._last[taken.priority] = taken.merchant_id
                    return taken
            if not due:
                return None
        return None

    def _due(self, tx: Transaction, now: int) -> list[Job]:
        """Find the most urgent work: one piece, or cards of one merchant of whom one is meant."""
        found = queries.due_classes(tx, self._issuer_id, now, 1)
        if found:
            return [ClassJob(row) for row in found]
        cards = self._due_cards(tx, now)
        if cards:
            return list(cards)
        listed = queries.class_to_list(tx, self._issuer_id, now - LISTED_EVERY)
        return [] if listed is None else [ListJob(listed)]

    def _due_cards(self, tx: Transaction, now: int) -> list[CardJob]:
        urgent = outbox_queries.due(tx, self._channel, now, 1)
        if not urgent:
            return []
        priority = urgent[0].priority
        last = self._last.get(priority, FIRST)
        merchant_id = outbox_queries.next_merchant(tx, self._channel, priority, after=last, now=now)
        if merchant_id is None:
            merchant_id = urgent[0].merchant_id  # the round begins again with the first one
        card_ids = outbox_queries.due_of_merchant(
            tx, self._channel, priority, merchant_id, now=now, limit=CANDIDATES
        )
        return [CardJob(card_id, priority, merchant_id) for card_id in card_ids]

    def _taken(self, tx: Transaction, *, job: Job, now: int) -> Job | None:
        match job:
            case ClassJob(row=row):
                until = now + LEASE
                mine = queries.claim_class(tx, row.issuer_id, row.suffix, now=now, until=until)
                return None if mine is None else ClassJob(mine)
            case CardJob(card_id=card_id):
                due = outbox_queries.claim(tx, card_id, self._channel, now=now, until=now + LEASE)
                if due is None:
                    return None
                return msgspec.structs.replace(job, wanted=due.wanted, attempts=due.attempts)
            case ListJob(row=row):
                held_until = now - LISTED_EVERY + LIST_LEASE
                is_mine = google_queries.hold_list(tx, row, listed_at=held_until)
                return job if is_mine else None

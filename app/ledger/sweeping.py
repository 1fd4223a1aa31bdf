"""Does what time brings: cards that are due, messages and claims that a crash has left behind.

One process at a time holds the lease; each step is bounded, each card a unit of work by itself, so
that whoever comes next goes on where the last one stood.
"""

from __future__ import annotations

from functools import partial

import structlog

from app.clock import DAY, MINUTE, SECOND
from app.errors import AppError
from app.http.ports import Ports
from app.ledger import (
    challenge_queries,
    challenges,
    claim_queries,
    message_queries,
    queries,
    renewal_queries,
)
from app.ledger.claiming import resolve
from app.ledger.drawing import SEED_BYTES, Drawn
from app.ledger.messages import deliver, tell
from app.ledger.proving import prove_page
from app.ledger.renewal_queries import Renewal
from app.ledger.touching import touch
from app.programs.service import rules_of
from app.storage.database import Transaction

LEASE = MINUTE
PROGRAMS_AT_ONCE, RENEWED_AT_ONCE = 20, 500
CARDS_AT_ONCE, MESSAGES_AT_ONCE, CLAIMS_AT_ONCE, CHALLENGES_AT_ONCE = 100, 50, 50, 20
# Whoever posted brings messages himself right away; only what is older was left behind.
LEFT_BEHIND = 5 * SECOND
PROOF_EVERY, PROVED_AT_ONCE = DAY, 50
_SWEEP, _PROOF = "sweep", "proof"
_log = structlog.get_logger("ledger")


class Sweeper:
    """Sweeps the ledger; several may run, one of them does at a time."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._holder = ports.ids.secret(SEED_BYTES)
        self._look_at = 0  # when the lease is to be asked for again
        self._is_leading = False
        self._proven: int | None = None  # the card up to which the running proof came

    async def step(self) -> int:
        """Do a bounded share of what is due; return how much it was."""
        if not await self._lead():
            return 0
        done = await renew(self._ports)
        done += await touch_due(self._ports)
        done += await deliver_left(self._ports)
        done += await resolve_lapsed(self._ports)
        done += await grant_reached(self._ports)
        return done

    async def stop(self) -> None:
        """Let another sweep at once."""
        if self._is_leading:
            self._is_leading, self._look_at = False, 0
            holder = self._holder
            await self._ports.database.write(lambda tx: queries.end_lease(tx, _SWEEP, holder))

    async def prove(self) -> int:
        """Prove some more cards, once a day all of them; return how many. Faults are logged."""
        if self._proven is None:
            # A holder of its own each time: nobody proves twice within a day, nor does the same.
            holder = self._ports.ids.secret(SEED_BYTES)
            if not await self._take(_PROOF, holder, PROOF_EVERY):
                return 0
            self._proven = 0
        # The replay is the doctor's: every night it would cost what all the year's tickets did.
        proved = await self._ports.database.read(
            partial(prove_page, after=self._proven, limit=PROVED_AT_ONCE, is_replayed=False)
        )
        for each in proved:
            self._tell([f"card {each.card_id}: {fault}" for fault in each.faults])
        self._proven = proved[-1].card_id if proved else None
        return len(proved)

    async def _lead(self) -> bool:
        """Say whether this is the one that sweeps; asked for again before the lease ends."""
        now = self._ports.clock.wall()
        if now >= self._look_at:
            self._is_leading = await self._take(_SWEEP, self._holder, LEASE)
            self._look_at = now + LEASE // 2
        return self._is_leading

    async def _take(self, name: str, holder: bytes, span: int) -> bool:
        now = self._ports.clock.wall()
        return await self._ports.database.write(
            lambda tx: queries.take_lease(tx, name, holder, now=now, until=now + span)
        )

    def _tell(self, faults: list[str]) -> None:
        for fault in faults:
            _log.error("ledger-fault", fault=fault)


async def touch_due(ports: Ports) -> int:
    """Run what is due on a page of cards, each by itself; return how many there were."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: queries.due_accounts(tx, now, CARDS_AT_ONCE))
    if not due:
        return 0
    works = [
        partial(touch, card_id=card_id, drawn=Drawn(ports.ids.secret(SEED_BYTES)), now=now)
        for card_id in sorted(due)
    ]
    done = await ports.database.write_batch(works)
    for card_id, result in zip(sorted(due), done, strict=True):
        if isinstance(result, Exception):
            await _put_off(ports, card_id, result)
    return len(due)


async def _put_off(ports: Ports, card_id: int, error: Exception) -> None:
    """Leave a card that fails for an hour, so that it holds up nobody."""
    if not isinstance(error, AppError):
        _log.error("touch-failed", card=card_id, exc_info=error)
    later = ports.clock.wall() + 60 * MINUTE
    await ports.database.write(lambda tx: queries.set_next_due(tx, card_id, later))


async def renew(ports: Ports) -> int:
    """Let new rules reach the cards: each is looked at when they come into force."""
    found = await ports.database.read_point(
        lambda tx: renewal_queries.outdated(tx, PROGRAMS_AT_ONCE)
    )
    for renewal in found:
        await ports.database.write(partial(renew_page, renewal=renewal, now=ports.clock.wall()))
    return len(found)


def renew_page(tx: Transaction, *, renewal: Renewal, now: int) -> None:
    """Have a page of a program's cards looked at. # batch: cards in order of their ids"""
    versions = rules_of(tx, renewal.program_id).versions
    newest = max(versions, key=lambda each: each.number)
    cards = renewal_queries.cards_after(tx, renewal, RENEWED_AT_ONCE)
    renewal_queries.look_at(tx, cards, max(newest.effective_from, now))
    is_last = len(cards) < RENEWED_AT_ONCE
    renewal_queries.advance(
        tx,
        Renewal(
            renewal.program_id,
            renewal.version if is_last else renewal.version - 1,
            0 if is_last else cards[-1],
        ),
    )


async def deliver_left(ports: Ports) -> int:
    """Deliver messages and news that were left behind; return how many."""
    until = ports.clock.wall() - LEFT_BEHIND
    messages = await ports.database.read_point(
        lambda tx: message_queries.waiting(tx, until, MESSAGES_AT_ONCE)
    )
    for message in messages:
        await deliver(ports, message)
    found = await ports.database.read_point(
        lambda tx: message_queries.waiting_news(tx, MESSAGES_AT_ONCE)
    )
    for news in found:
        card_id = news.card_id
        row = await ports.database.read_point(partial(queries.account, card_id=card_id))
        assert row is not None, "news are of cards with an account"
        await tell(ports, row.program_id, news)
    return len(messages) + len(found)


async def resolve_lapsed(ports: Ports) -> int:
    """Confirm or give back claims that nobody resolved in time; return how many."""
    now = ports.clock.wall()
    claims = await ports.database.read_point(
        lambda tx: claim_queries.lapsed(tx, now, CLAIMS_AT_ONCE)
    )
    for claimed in claims:
        await resolve(ports, claimed)
    return len(claims)


async def grant_reached(ports: Ports) -> int:
    """Add running challenges up again, and grant those that are reached; return how many did."""
    now = ports.clock.wall()
    running = await ports.database.read_point(
        lambda tx: challenge_queries.running(tx, CHALLENGES_AT_ONCE)
    )
    for program_id, challenge in running:
        total = partial(challenges.is_due, program_id=program_id, challenge=challenge)
        if await ports.database.read_point(total):
            add_up = partial(challenges.add_up, program_id=program_id, challenge=challenge, now=now)
            await ports.database.write(add_up)
    granting = await ports.database.read_point(
        lambda tx: challenge_queries.granting(tx, CHALLENGES_AT_ONCE)
    )
    return sum([await challenges.grant_some(ports, *each) for each in granting])

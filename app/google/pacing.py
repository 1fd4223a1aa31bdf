"""One bucket for a service account, shared by all workers of all processes (google.md §6).

Slots are reserved only a little ahead: what is urgent is chosen when a slot comes, not before.
"""

from __future__ import annotations

from app.clock import SECOND
from app.google import pace, pace_queries
from app.google.issuers import LoadedIssuer
from app.google.pace import Pace
from app.http.ports import Ports
from app.storage.database import Transaction

AHEAD_SECONDS = 0.3
_OVERSLEPT_MAX = 3  # then the caller is asked to come back: the machine is too busy
_STOP_REMEMBERED = 5 * SECOND  # a stopped issuer is looked up again after that
_LEAD_MAX = SECOND // 4


class Pacer:
    """Gives slots. One a process; the row in the database is what all of them share."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._next_at: dict[str, int] = {}  # account → its next slot when it was too far away
        self._stopped_until: dict[int, int] = {}  # issuer → not asked again before
        self._lead = 0  # µs: a slot that begins before its commit returns is missed

    async def take(self, issuer: LoadedIssuer, *, ahead: float = AHEAD_SECONDS) -> float | None:
        """Wait for the next slot and return the seconds waited; make one call at once then.

        None: stopped, or the next slot is further than `ahead` seconds: come back. A slot that is
        not used is lost, no more.
        """
        waited = 0.0
        for attempt in range(_OVERSLEPT_MAX):
            # Where sleeping takes longer than asked, only a slot of this very moment is met.
            lead = 0 if attempt % 2 else self._lead
            slot = await self._reserve(issuer, round(ahead * SECOND), lead)
            if slot is None:
                return None
            seconds = (slot - self._ports.clock.wall()) / SECOND
            self._learn(-seconds)
            if seconds > 0:
                await self._ports.clock.sleep(seconds)
                waited += seconds
            if self._ports.clock.wall() - slot <= pace.LATE_MAX:
                return waited
        return None

    async def reserve(self, issuer: LoadedIssuer, *, ahead: float = AHEAD_SECONDS) -> int | None:
        """Reserve the next slot and return its moment at once, Unix microseconds; None as above.

        For who has something to prepare meanwhile. Its call must begin by `pace.LATE_MAX` after.
        """
        slot = await self._reserve(issuer, round(ahead * SECOND), self._lead)
        if slot is not None:
            self._learn((self._ports.clock.wall() - slot) / SECOND)
        return slot

    def wait_seconds(self, issuer: LoadedIssuer) -> float:
        """Return how long `take` is sure to say None, as far as this process knows."""
        next_at = self._next_at.get(issuer.account.email, 0) - round(AHEAD_SECONDS * SECOND)
        until = max(next_at, self._stopped_until.get(issuer.issuer_id, 0))
        return max(0, until - self._ports.clock.wall()) / SECOND

    async def slower(
        self,
        issuer: LoadedIssuer,
        retry_after: float | None = None,
        *,
        sent_at: int | None = None,
    ) -> None:
        """Halve after a refusal and keep away for `retry_after` seconds.

        `sent_at`: when the refused call went out, Unix microseconds; refusals of one burst count
        once. Not known: what was refused within a second of the last halving counts with it.
        """
        now = self._ports.clock.wall()
        sent_at = now - SECOND if sent_at is None else sent_at
        wait = round(min(retry_after or 0.0, pace.RETRY_AFTER_MAX / SECOND) * SECOND)
        account = issuer.account.email
        await self._ports.database.write(
            lambda tx: slow_down(tx, account, now=now, sent_at=sent_at, retry_after=wait)
        )

    async def stop(self, issuer: LoadedIssuer, sentence: str) -> None:
        """Send nothing more for this issuer until `resume`; the sentence says what to repair."""
        now = self._ports.clock.wall()
        issuer_id = issuer.issuer_id
        await self._ports.database.write(lambda tx: stop(tx, issuer_id, sentence, now=now))
        self._stopped_until[issuer_id] = now + _STOP_REMEMBERED

    async def resume(self, issuer: LoadedIssuer) -> None:
        """Go on: it is repaired, or somebody wants to know whether it is."""
        now = self._ports.clock.wall()
        issuer_id = issuer.issuer_id
        await self._ports.database.write(lambda tx: stop(tx, issuer_id, None, now=now))
        self._stopped_until.pop(issuer_id, None)

    async def stopped(self, issuer: LoadedIssuer) -> str | None:
        """Say why an issuer stands still, None while it does not."""
        issuer_id = issuer.issuer_id
        return await self._ports.database.read_point(lambda tx: why_stopped(tx, issuer_id))

    def _learn(self, late_seconds: float) -> None:
        """Aim further ahead where commits take long, and less so again afterwards."""
        late = round(late_seconds * SECOND)
        if late > pace.LATE_MAX:
            self._lead = min(_LEAD_MAX, self._lead + late)
        else:
            self._lead = self._lead * 15 // 16

    async def _reserve(self, issuer: LoadedIssuer, ahead: int, lead: int) -> int | None:
        now = self._ports.clock.wall()
        account, issuer_id = issuer.account.email, issuer.issuer_id
        is_full = now + ahead < self._next_at.get(account, 0) <= now + pace.RETRY_AFTER_MAX
        if is_full or now < self._stopped_until.get(issuer_id, 0):
            return None
        taken = await self._ports.database.write(
            lambda tx: take_slot(tx, account, issuer_id, now=now + lead, ahead=ahead)
        )
        if taken is None:
            self._stopped_until[issuer_id] = now + _STOP_REMEMBERED
            return None
        bucket, slot = taken
        if slot is None:
            self._next_at[account] = bucket.next_at
        return slot


def take_slot(
    tx: Transaction, account: str, issuer_id: int, *, now: int, ahead: int
) -> tuple[Pace, int | None] | None:
    """Reserve the next slot of an account for an issuer; None while the issuer is stopped."""
    bucket = _locked(tx, account)
    if why_stopped(tx, issuer_id) is not None:
        return None
    bucket, slot = pace.take(bucket, now=now, ahead=ahead)
    if slot is not None:
        pace_queries.set_pace(tx, account, bucket)
    return bucket, slot


def slow_down(tx: Transaction, account: str, *, now: int, sent_at: int, retry_after: int) -> None:
    """Halve an account's speed, and keep away; microseconds."""
    bucket = _locked(tx, account)
    slowed = pace.slower(bucket, now=now, sent_at=sent_at, retry_after=retry_after)
    pace_queries.set_pace(tx, account, slowed)


def stop(tx: Transaction, issuer_id: int, sentence: str | None, *, now: int) -> None:
    """Stop an issuer with a sentence, or let it go on (None).

    The row beside that of its account: issuers of one account are invited one by one.
    """
    pace_queries.set_stopped(tx, _issuer_row(issuer_id), sentence, now)


def why_stopped(tx: Transaction, issuer_id: int) -> str | None:
    """Say why an issuer stands still."""
    return pace_queries.stopped(tx, _issuer_row(issuer_id))


def _issuer_row(issuer_id: int) -> str:
    return f"issuer {issuer_id}"  # no account's address: those hold an @


def _locked(tx: Transaction, account: str) -> Pace:
    found = pace_queries.lock_pace(tx, account)
    if found is not None:
        return found
    pace_queries.insert_pace(tx, account, Pace())
    found = pace_queries.lock_pace(tx, account)
    assert found is not None  # just written, by us or by another process
    return found

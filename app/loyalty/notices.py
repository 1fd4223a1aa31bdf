"""What a user is told before his units expire: `notify_before` (specs/loyalty.md §3)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.loyalty import calendar, program
from app.loyalty.book import NEVER, Book
from app.loyalty.model import Account, Lot, Notice

# By so much the end of a month may move what t ⊕ P and t ⊖ P say of each other.
_SLACK = 4 * calendar.DAY


def watch(book: Book, lot: Lot) -> None:
    """Have the card looked at when this lot's expiry is to be told; what is past is not told."""
    if lot.expires_at is None:
        return
    account = book.account
    for period in book.unit(lot.unit).expiry.notify_before:
        at = calendar.subtract(lot.expires_at, period, book.program.tz)
        if at > book.at and (account.notices_due_at is None or at < account.notices_due_at):
            account.notices_due_at = at


def moments(account: Account, rules: program.Program) -> Iterator[int]:
    """Walk the moments at which something may have to be told."""
    if account.notices_due_at is not None:
        yield account.notices_due_at
    for unit in rules.units:
        sums = account.sums.get(unit.id)
        if sums is not None and sums.available > 0:
            for at, _dies_at in _idle(account, unit, rules.tz):
                if at > account.caught_up_at:
                    yield at


def run(book: Book) -> None:
    """Tell what is to be told at this instant, as far as the expiry still lies ahead."""
    account, rules = book.account, book.program
    for unit in rules.units:
        sums = account.sums.get(unit.id)
        if sums is None or not unit.expiry.notify_before:
            continue
        for at, dies_at in _idle(account, unit, rules.tz):
            if at == book.at and dies_at > book.now and sums.available > 0:
                book.notices.append(Notice(unit.id, sums.available, dies_at, "inactivity"))
    if not _is_due(book):
        return
    found: dict[tuple[str, int], int] = {}
    for unit in rules.units:
        for period in unit.expiry.notify_before:
            found |= _told(book, unit.id, period)
    book.notices += [Notice(unit, units, at, "expiry") for (unit, at), units in found.items()]
    account.notices_due_at = min(_coming(book), default=None)


def standing(book: Book) -> list[Notice]:
    """List what was to be told and is still so after all that was done, with what is left now.

    Of one expiry once, however many of its periods nobody was there to tell.
    """
    found: dict[tuple[str, int], Notice] = {}
    for notice in book.notices:
        if notice.rule == "inactivity":
            units = 0
            if notice.expires_at in {at for _from, at in _idle_of(book, notice.unit)}:
                units = book.sums(notice.unit).available
        else:
            units = _left(book, notice.unit, notice.expires_at)
        if units > 0:
            told = msgspec.structs.replace(notice, units=units)
            found[notice.unit, notice.expires_at] = told
    return list(found.values())


def _is_due(book: Book) -> bool:
    """Say whether lots are to be gone through: a notice is due, or new rules begin."""
    account = book.account
    if account.notices_due_at is not None and account.notices_due_at <= book.at:
        return True
    versions = book.rules.versions
    return len(versions) > 1 and any(each.effective_from == book.at for each in versions)


def _told(book: Book, unit: str, period: str) -> dict[tuple[str, int], int]:
    """Sum by moment of expiry what is left in lots whose expiry is told now, so long before."""
    tz, found = book.program.tz, dict[tuple[str, int], int]()
    about = calendar.add(book.at, period, tz)
    for lot in book.expiring(unit, max(about - _SLACK, book.now), about + _SLACK):
        assert lot.expires_at is not None, "it expires"
        if calendar.subtract(lot.expires_at, period, tz) == book.at:
            key = (unit, lot.expires_at)
            found[key] = found.get(key, 0) + lot.left
    return found


def _coming(book: Book) -> Iterator[int]:
    """Walk the next moments at which the expiry of a lot is to be told."""
    tz = book.program.tz
    for unit in book.program.units:
        for period in unit.expiry.notify_before:
            first: int | None = None
            about = calendar.add(book.at, period, tz)
            for lot in book.expiring(unit.id, about - _SLACK, NEVER - 1):
                assert lot.expires_at is not None, "it expires"
                at = calendar.subtract(lot.expires_at, period, tz)
                # Clocks that go back may put a later expiry's notice before an earlier one's.
                if first is not None and lot.expires_at > first + calendar.DAY:
                    break
                if at > book.at:
                    first = lot.expires_at if first is None else first
                    yield at


def _left(book: Book, unit: str, expires_at: int) -> int:
    return sum(lot.left for lot in book.expiring(unit, expires_at - 1, expires_at))


def _idle_of(book: Book, unit: str) -> Iterator[tuple[int, int]]:
    return _idle(book.account, book.unit(unit), book.program.tz)


def _idle(account: Account, unit: program.Unit, tz: str) -> Iterator[tuple[int, int]]:
    """Walk (when to tell, when a unit's lots die) of a card on which nothing happens."""
    expiry = unit.expiry
    if account.last_activity_at is None or expiry.inactivity is None or not expiry.notify_before:
        return
    dies_at = calendar.add(account.last_activity_at, expiry.inactivity, tz)
    for period in expiry.notify_before:
        yield calendar.subtract(dies_at, period, tz), dies_at

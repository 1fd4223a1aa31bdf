"""Tiers: up at once, held for a while, down by the program's policy (specs/loyalty.md §5)."""

from __future__ import annotations

from app.loyalty import calendar, rewards
from app.loyalty.book import Book
from app.loyalty.conditions import Context, holds, position_of
from app.loyalty.program import Tier, Tiers

NO_VOUCHER = 0  # a grant that was given and left nothing to void


def position(book: Book) -> int:
    """Return the card's place on the ladder in force; 0 is the base."""
    return position_of(book.program, book.account.tier)


def evaluate(book: Book) -> None:
    """Bring the card's tier to the moment being worked on: up, out of grace, or down."""
    tiers = book.program.tiers
    if tiers is None:
        return
    here, qualified = position(book), qualified_at(book, tiers, book.at)
    if qualified > here:
        _rise(book, tiers, here, qualified)
        return
    tier = tiers.ladder[here]
    if tier.hold is not None:
        if book.account.is_in_grace and _keeps(book, tier):
            _hold(book, tier)
        return
    if qualified < here and tiers.downgrade != "never":
        _sink(book, tiers, here, qualified)


def evaluate_after_refund(book: Book) -> None:
    """Take a tier back that the card would not have entered with today's nets, else evaluate."""
    tiers = book.program.tiers
    if tiers is None:
        return
    here, qualified = position(book), qualified_at(book, tiers, book.at)
    if qualified < here:
        tier, since = tiers.ladder[here], book.account.tier_since
        if tier.hold is None or (
            tiers.refund == "recompute"
            and since is not None
            and qualified_at(book, tiers, since) < here
        ):
            _revoke(book, tiers, here, qualified)
            _enter(book, tiers.ladder[qualified])
            return
    evaluate(book)


def end_due_at(book: Book) -> int | None:
    """Return when the current hold, or the grace after it, ends; None: nothing runs."""
    hold_until, tiers = book.account.tier_hold_until, book.program.tiers
    if hold_until is None or tiers is None:
        return None
    grace = tiers.ladder[position(book)].grace
    if book.account.is_in_grace and grace is not None:
        return calendar.add(hold_until, grace, book.program.tz)
    return hold_until


def end_hold(book: Book) -> None:
    """Test the tier at the end of its hold or grace: renewed, given grace, or down."""
    tiers = book.program.tiers
    assert tiers is not None, "a hold runs on a ladder"
    here = position(book)
    tier = tiers.ladder[here]
    if _keeps(book, tier):
        _hold(book, tier)
    elif tier.grace is not None and not book.account.is_in_grace:
        book.account.is_in_grace = True
    elif here > 0 and tiers.downgrade != "never":
        _sink(book, tiers, here, qualified_at(book, tiers, book.at))
    else:
        book.account.tier_hold_until, book.account.is_in_grace = None, False


def qualified_at(book: Book, tiers: Tiers, at: int) -> int:
    """Return the highest place whose condition holds; the lower ones need not."""
    context = Context(at=at, tier=position(book), program=book.program)
    for place in range(len(tiers.ladder) - 1, 0, -1):
        enter = tiers.ladder[place].enter
        if enter is not None and holds(book, enter, context):
            return place
    return 0


def _keeps(book: Book, tier: Tier) -> bool:
    condition = tier.keep if tier.keep is not None else tier.enter
    context = Context(at=book.at, tier=position(book), program=book.program)
    return condition is None or holds(book, condition, context)


def _rise(book: Book, tiers: Tiers, here: int, there: int) -> None:
    _enter(book, tiers.ladder[there])
    first = there if tiers.skipped_grants == "top" else here + 1
    for place in range(first, there + 1):
        _give(book, tiers.ladder[place])


def _give(book: Book, tier: Tier) -> None:
    """Give a level's grants, each once per card."""
    for number, grant in enumerate(tier.grants):
        key = f"{tier.id}:{number}"
        if key not in book.account.granted:
            given = rewards.give(book, grant, source=tier.id, why={"tier": tier.id})
            book.account.granted[key] = given.vouchers[0] if given.vouchers else NO_VOUCHER


def _sink(book: Book, tiers: Tiers, here: int, qualified: int) -> None:
    """Go down in the course of time: nothing is taken back."""
    if tiers.downgrade == "recompute":
        _enter(book, tiers.ladder[min(qualified, here)])
        return
    here -= 1
    # A level without a hold protects nothing: it follows the conditions at once.
    while here > qualified and tiers.ladder[here].hold is None:
        here -= 1
    _enter(book, tiers.ladder[here])


def _revoke(book: Book, tiers: Tiers, here: int, there: int) -> None:
    """Void what levels above the new one granted, if still unused; it may be given again."""
    for place in range(there + 1, here + 1):
        tier = tiers.ladder[place]
        for number in range(len(tier.grants)):
            key = f"{tier.id}:{number}"
            voucher = book.account.granted.get(key, NO_VOUCHER)
            if voucher != NO_VOUCHER and rewards.void_if_issued(book, voucher):
                del book.account.granted[key]


def _enter(book: Book, tier: Tier) -> None:
    book.account.tier, book.account.tier_since = tier.id, book.at
    _hold(book, tier)


def _hold(book: Book, tier: Tier) -> None:
    book.account.is_in_grace, book.account.tier_hold_until = False, None
    if tier.hold is not None:
        until = calendar.add(book.at, tier.hold, book.program.tz)
        # A hold of no length protects nothing, and would end again and again.
        book.account.tier_hold_until = until if until > book.at else None

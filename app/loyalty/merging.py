"""A card closed in favour of another: all it holds leaves as one message, and arrives there."""

from __future__ import annotations

from typing import Any

from app.loyalty import campaigns, lots, tiers
from app.loyalty.book import Book
from app.loyalty.conditions import position_of
from app.loyalty.events import HandOver, Receive
from app.loyalty.model import INTERNAL, Gift, Lot, Message, Voucher
from app.loyalty.moved import MovedGift, MovedLot, MovedTier, MovedVoucher

_MERGE = "merge"  # the rule, the reason and the source of all that moves
_Kind = tuple[str, str, int | None, int | None, str]  # what lots may travel together


def hand_over(book: Book, event: HandOver) -> dict[str, Any]:
    """Take all off a card whose holds are closed, and send it to the card that gets it.

    Pending units keep their moment, debts their owner; used vouchers and whole burns stay.
    """
    gifts = _gifts(book)
    spent = {gift.id: _spent(book, gift) for gift in gifts}
    lots_out, lot_places = _take_lots(book, gifts)
    vouchers, voucher_places = _take_vouchers(book)
    moved = Receive(
        lots=lots_out,
        vouchers=vouchers,
        badges=tuple(book.account.badges),
        debts=_clear_debts(book),
        gifts=tuple(
            MovedGift(
                gift.id,
                tuple(lot_places[number] for number in gift.lots if number in lot_places),
                tuple(voucher_places[each] for each in gift.vouchers if each in voucher_places),
                spent[gift.id],
            )
            for gift in gifts
        ),
        tier=_tier(book),
    )
    if moved != Receive():
        book.messages.append(Message(event.message, event.to, moved))
    return {}


def receive(book: Book, event: Receive) -> dict[str, Any]:
    """Take over what a closed card held: lots and vouchers with their expiries, debts, tier …

    Metrics stay with the tickets they count, so a tier without a hold follows this card's own.
    """
    numbers = [_grant(book, each) for each in event.lots]
    vouchers = [_issue(book, each) for each in event.vouchers]
    book.account.badges = sorted({*book.account.badges, *event.badges})
    for unit, units in event.debts.items():
        lots.owe(book, unit, units, kind="adjust", rule=_MERGE)
    for moved in event.gifts:
        known = book.gift(moved.id)
        gift = Gift(
            moved.id,
            [numbers[place] for place in moved.lots],
            [vouchers[place] for place in moved.vouchers],
            spent=moved.spent,
        )
        book.gifts[gift.id] = gift
        if known is not None and known.is_taken_back:  # that message was faster than this one
            campaigns.take_back(book, gift)
    lots.repay_debts(book)
    if event.tier is not None:
        _take_over(book, event.tier)
    tiers.evaluate(book)
    return {}


def _tier(book: Book) -> MovedTier | None:
    account = book.account
    if tiers.position(book) == 0 or account.tier is None:
        return None
    return MovedTier(
        account.tier,
        account.tier_since,
        account.tier_hold_until,
        account.is_in_grace,
        tuple(sorted(account.granted)),
    )


def _take_over(book: Book, moved: MovedTier) -> None:
    """Stand on the higher of both tiers, of two that are equal until the later hold ends."""
    account = book.account
    for key in moved.granted:
        account.granted.setdefault(key, tiers.NO_VOUCHER)
    here, there = tiers.position(book), position_of(book.program, moved.id)
    is_longer = (moved.hold_until or 0) > (account.tier_hold_until or 0)
    if there > here or (there == here > 0 and is_longer):
        account.tier, account.tier_since = moved.id, moved.since
        account.tier_hold_until, account.is_in_grace = moved.hold_until, moved.is_in_grace


def _gifts(book: Book) -> list[Gift]:
    """List what another card's message gave and may still take back."""
    found = []
    for each in book.source.gifts_of():
        gift = book.gift(each.id)
        if gift is not None and not gift.is_taken_back and not gift.id.startswith(INTERNAL):
            found.append(gift)
    return sorted(found, key=lambda gift: gift.id)


def _spent(book: Book, gift: Gift) -> dict[str, int]:
    """Sum by unit what would be owed of a gift if it were taken back."""
    found = dict(gift.spent)
    for number in gift.lots:
        lot = book.lot(number)
        units = lot.counted - lot.left - lot.expired
        if units > 0:
            found[lot.unit] = found.get(lot.unit, 0) + units
    return found


def _take_lots(book: Book, gifts: list[Gift]) -> tuple[tuple[MovedLot, ...], dict[int, int]]:
    """Take what is left off every lot: what leaves, and where in it each lot went."""
    of_gift = {number: gift.id for gift in gifts for number in gift.lots}
    found: dict[_Kind, int] = {}
    places: dict[int, int] = {}
    by_unit: dict[str, list[Lot]] = {}
    for each in sorted(book.source.open_lots(), key=lambda lot: lot.number):
        lot = book.take(each)
        if lot.left > 0:
            by_unit.setdefault(lot.unit, []).append(lot)
    for unit, mine in by_unit.items():
        total = sum(lot.left for lot in mine)
        entry = book.enter("adjust", unit, -total, at=book.at, rule=_MERGE, why={})
        for lot in mine:
            available_at = None if lot.is_available else lot.available_at
            kind = (unit, lot.issuer, available_at, lot.expires_at, of_gift.get(lot.number, ""))
            found[kind] = found.get(kind, 0) + lot.left
            places[lot.number] = list(found).index(kind)
            lots.withdraw(book, lot, reason=_MERGE, entry=entry)
    moved = tuple(
        MovedLot(unit, units, issuer, available_at, expires_at)
        for (unit, issuer, available_at, expires_at, _gift), units in found.items()
    )
    return moved, places


def _take_vouchers(book: Book) -> tuple[tuple[MovedVoucher, ...], dict[int, int]]:
    """Void what may still be used: what leaves, and where in it each voucher went."""
    moved: list[MovedVoucher] = []
    places: dict[int, int] = {}
    for each in book.source.open_vouchers():
        voucher = book.voucher(each.number)
        assert voucher is not None, "it was just listed"
        is_over = voucher.expires_at is not None and voucher.expires_at <= book.at
        if voucher.status != "issued" or is_over:
            continue
        voucher.status = "void"
        places[voucher.number] = len(moved)
        moved.append(
            MovedVoucher(
                voucher.template,
                voucher.kind,
                voucher.value,
                voucher.min_basket_minor,
                voucher.source,
                voucher.expires_at,
            )
        )
    return tuple(moved), places


def _clear_debts(book: Book) -> dict[str, int]:
    owed = {unit: sums.debt for unit, sums in book.account.sums.items() if sums.debt > 0}
    for unit, units in owed.items():
        lots.forgive(book, unit, units, rule=_MERGE)
    return owed


def _grant(book: Book, moved: MovedLot) -> int:
    given = lots.Grant(
        unit=moved.unit,
        units=moved.units,
        source=_MERGE,
        rule=_MERGE,
        why={},
        issuer=moved.issuer,
        kind="adjust",
        is_pending=False,
        available_at=moved.available_at,
        expires_at=moved.expires_at,
        has_own_expiry=True,
    )
    return lots.grant(book, given, earned_at=book.at).number


def _issue(book: Book, moved: MovedVoucher) -> int:
    book.account.vouchers += 1
    number = book.account.vouchers
    book.vouchers[number] = Voucher(
        number=number,
        template=moved.template,
        kind=moved.kind,
        value=moved.value,
        min_basket_minor=moved.min_basket_minor,
        source=moved.source,
        issued_at=book.at,
        expires_at=moved.expires_at,
    )
    return number

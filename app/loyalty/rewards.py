"""What units and deeds bring: vouchers, grants, badges, and what may be taken back of them."""

from __future__ import annotations

from typing import Any

from app.loyalty import calendar, lots, metrics, program
from app.loyalty.book import Book
from app.loyalty.conditions import Context
from app.loyalty.events import BIG, UseVoucher
from app.loyalty.model import Burn, Gift, Lot, Voucher
from app.loyalty.refusing import Refused


def template_of(book: Book, voucher: str) -> program.Voucher:
    """Return a voucher's template; one that a later version dropped is an article."""
    for template in book.program.vouchers:
        if template.id == voucher:
            return template
    return program.Voucher(id=voucher, kind="item")


def issue(book: Book, template: program.Voucher, value: int, *, source: str) -> Voucher:
    """Issue one right, usable until its expiry."""
    if value > BIG:
        raise Refused("above_maximum", maximum_minor=BIG)
    book.account.vouchers += 1
    expires_at = None
    if template.valid is not None:
        expires_at = calendar.add(book.at, template.valid, book.program.tz)
    voucher = Voucher(
        number=book.account.vouchers,
        template=template.id,
        kind=template.kind,
        value=value,
        min_basket_minor=template.min_basket_minor,
        source=source,
        issued_at=book.at,
        expires_at=expires_at,
    )
    book.vouchers[voucher.number] = voucher
    return voucher


def give(book: Book, grant: program.Grant, *, source: str, why: dict[str, Any]) -> Gift:
    """Give a grant now; unit grants obey the unit's return window."""
    gift = Gift(id="")
    match grant:
        case program.GiveVoucher():
            template = template_of(book, grant.voucher)
            value = 0 if template.kind == "item" else template.value
            gift.vouchers.append(issue(book, template, value, source=source).number)
        case program.GiveUnits():
            given = lots.Grant(
                unit=grant.unit, units=grant.points, source=source, rule=source, why=why
            )
            gift.lots.append(lots.grant(book, given, earned_at=book.at).number)
        case program.GiveBadge():
            if grant.badge not in book.account.badges:
                book.account.badges = sorted([*book.account.badges, grant.badge])
    return gift


def use(book: Book, event: UseVoucher) -> dict[str, Any]:
    """Redeem a voucher. Raises Refused: used, void, expired, or the basket is too small."""
    voucher = book.voucher(event.index + 1)
    if voucher is None:
        raise Refused("unknown_voucher")
    discount = discount_of(book, voucher, event.basket_minor)
    voucher.status, voucher.used_at = "used", book.at
    return {"discount_minor": discount}


def discount_of(book: Book, voucher: Voucher, basket_minor: int) -> int:
    """Return what a voucher pays for. Raises Refused where it may not be used."""
    if voucher.status == "used":
        raise Refused("already_used")
    if voucher.status == "void":
        raise Refused("void")
    if voucher.expires_at is not None and book.at >= voucher.expires_at:
        raise Refused("expired")
    if basket_minor < voucher.min_basket_minor:
        raise Refused("below_minimum", minimum_minor=voucher.min_basket_minor)
    match voucher.kind:
        case "amount":
            return voucher.value
        case "percent":
            return basket_minor * voucher.value // 10_000
        case _:
            return 0


def void_if_issued(book: Book, number: int) -> bool:
    """Void a voucher that was not used; say whether it was there to be voided."""
    voucher = book.voucher(number)
    if voucher is None or voucher.status != "issued":
        return False
    voucher.status = "void"
    return True


def reverse_burn(book: Book, key: str) -> dict[str, Any]:
    """Put a burn's units back into their own lots, once; its unused vouchers become void."""
    burn = book.burn(key)
    if burn is None:
        raise Refused("unknown_burn")
    if burn.is_reversed:
        raise Refused("already_reversed")
    if any(_is_used(book, number) for number in burn.vouchers):
        raise Refused("already_used")
    for number in burn.vouchers:
        void_if_issued(book, number)
    burn.is_reversed = True
    _return_units(book, burn)
    return {}


def _return_units(book: Book, burn: Burn) -> None:
    units = sum(units for _number, units in burn.alloc)
    why = {"of": burn.rule, "lots": [list(each) for each in burn.alloc]}
    entry = book.enter("reverse", burn.unit, units, at=book.at, rule=burn.rule, why=why)
    if book.unit(burn.unit).restore == "new_lot" and units > 0:
        lots.restore(book, burn.unit, units, entry=entry)
        return
    for number, part in burn.alloc:
        lots.give_back(book, book.lot(number), part, held=False, entry=entry)


def _is_used(book: Book, number: int) -> bool:
    voucher = book.voucher(number)
    return voucher is not None and voucher.status == "used"


def take_lot_back(book: Book, lot: Lot, units: int, *, rule: str, why: dict[str, Any]) -> None:
    """Reverse units of a lot: what is left in it first, then what expired, then what was spent.

    The spent rest becomes debt, or is written off (specs/loyalty.md §8).
    """
    if units == 0:
        return
    from_left = min(units, lot.left)
    from_expired = min(units - from_left, lot.expired)
    owed = units - from_left - from_expired
    is_debt = owed > 0 and book.unit(lot.unit).negative != "write_off"
    # What expired was taken out of the sum when it did; what is written off stays with the card.
    shown = from_left + (owed if is_debt else 0)
    entry = book.enter("reverse", lot.unit, -shown, at=book.at, rule=rule, why=why)
    if from_left:
        place = lots.place("available" if lot.is_available else "pending")
        book.post(lot, from_left, (place, "mint"), at=book.at, reason="refund", entry=entry)
    if from_expired:
        book.post(lot, from_expired, ("expired", "mint"), at=book.at, reason="refund", entry=entry)
    if is_debt:
        book.post(lot, owed, ("debt", "mint"), at=book.at, reason="refund", entry=entry)
    lot.left -= from_left
    lot.expired -= from_expired
    lot.reversed += units
    lot.owed += owed
    metrics.note_units(book, lot.unit, lot.earned_at, -units)


def access(book: Book, sale: str, context: Context) -> dict[str, Any]:
    """Say whether the card's tier may enter a private sale now, and when it opens for it."""
    for each in book.program.access:
        if each.id == sale:
            opens_at = calendar.parse_instant(each.opens)
            ladder = book.program.tiers.ladder if book.program.tiers is not None else ()
            tier = ladder[context.tier].id if ladder else ""
            if tier in each.early:
                opens_at = calendar.subtract(opens_at, each.early[tier], book.program.tz)
            return {"allowed": book.at >= opens_at, "opens_at": opens_at}
    raise Refused("unknown_sale")

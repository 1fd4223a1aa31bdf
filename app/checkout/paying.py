"""What pays besides money: a hold that is still open, vouchers that still count."""

from __future__ import annotations

import msgspec

from app.checkout import holding
from app.checkout.schemas import NewTicket
from app.checkout.seller import Known, Seller
from app.errors import NotFound
from app.ledger import kept_queries
from app.ledger import service as ledger
from app.loyalty.events import AnyEvent, Capture, Step, UseVoucher, Void
from app.loyalty.holds import discount_of
from app.loyalty.model import Hold, Voucher
from app.loyalty.program import Pay
from app.storage.database import Transaction

HOLD_NOT_OPEN, VOUCHER_NOT_USABLE = "hold-not-open", "voucher-not-usable"


class Processed(msgspec.Struct, frozen=True):
    """When a ticket is processed, and at which merchant."""

    now: int
    merchant: str

    def step(self, key: str, event: AnyEvent) -> Step:
        """Write a step that happens then and there."""
        return Step(key, self.now, event, self.merchant)


class Payment(msgspec.Struct, frozen=True):
    """Steps before the purchase, and what units paid of it, minor units."""

    steps: tuple[Step, ...] = ()
    units_minor: int = 0


def payment_of(
    tx: Transaction, seller: Seller, known: Known, sent: NewTicket, *, total: int, at: Processed
) -> Payment:
    """Choose what still counts of a ticket's hold and vouchers; the card is locked.

    Never more than the basket costs. Raises NotFound for a hold that is not this card's.
    """
    held = _captured(tx, seller, known, sent, total=total, at=at)
    left, steps, used = total - held.units_minor, list(held.steps), set[int]()
    for code in sent.voucher_codes:
        found = ledger.voucher_by_code(tx, known.program.program_id, code)
        if found is None or found.card_id != known.card_id or not found.shown.is_usable(at.now):
            continue
        voucher = found.shown.voucher
        worth = value_of(voucher, total)
        if voucher.number in used or worth is None or (voucher.kind != "item" and left <= 0):
            continue
        used.add(voucher.number)
        left = max(0, left - worth)
        steps.append(at.step("", UseVoucher(index=voucher.number - 1, basket_minor=total)))
    return Payment(tuple(steps), held.units_minor)


def value_of(voucher: Voucher, total: int) -> int | None:
    """Return what a voucher pays of a basket, minor units; None: the basket is too small."""
    if total < voucher.min_basket_minor:
        return None
    match voucher.kind:
        case "amount":
            return voucher.value
        case "percent":
            return total * voucher.value // 10_000
        case _:
            return 0


def flags_of(sent: NewTicket, steps: tuple[Step, ...]) -> list[str]:
    """Name what was kept aside, by what was done."""
    flags = []
    done = {step.event.of for step in steps if isinstance(step.event, Capture | Void)}
    if sent.hold_id is not None and sent.hold_id not in done:
        flags.append(HOLD_NOT_OPEN)
    if sum(isinstance(step.event, UseVoucher) for step in steps) < len(sent.voucher_codes):
        flags.append(VOUCHER_NOT_USABLE)
    return flags


def _captured(
    tx: Transaction, seller: Seller, known: Known, sent: NewTicket, *, total: int, at: Processed
) -> Payment:
    if sent.hold_id is None:
        return Payment()
    place = holding.place_of(tx, seller, sent.hold_id)
    if place.card_id != known.card_id:
        raise NotFound
    hold = kept_queries.hold(tx, place.card_id, sent.hold_id)
    if hold is None or hold.status != "open" or hold.expires_at <= at.now:
        return Payment()
    units = _units_for(tx, known, hold, total, at=at.now)
    if units == 0:  # nothing to pay for: nothing is taken
        return Payment((at.step(hold.id, Void(of=hold.id)),))
    paid = min(discount_of(hold, units), total)
    return Payment((at.step(hold.id, Capture(of=hold.id, units=units)),), paid)


def _units_for(tx: Transaction, known: Known, hold: Hold, total: int, *, at: int) -> int:
    """Return how many of the held units the basket takes: of units as money not one too many."""
    if total == 0:
        return 0
    if hold.discount_minor <= total:
        return hold.units
    program = ledger.rules_of(tx, known.program.program_id).at(at).program
    is_money = any(isinstance(rule, Pay) and rule.id == hold.rule for rule in program.burn)
    return -(-total * hold.units // hold.discount_minor) if is_money else hold.units

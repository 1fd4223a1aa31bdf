"""The member on the phones of a preview: somebody new, and a regular with something on the card."""

from __future__ import annotations

from typing import Any, Literal

from app.cards import numbers
from app.clock import DAY
from app.loyalty import program as loyalty
from app.programs import ruling
from app.programs.content import program_content
from app.programs.service import Program
from passes.content import Balance, NextExpiry, NextTier, Nfc, PassContent, ProgramContent, Unit

Member = Literal["new", "regular"]
# What a regular has: points, or minor units of money, or stamps on a card that is not full yet.
POINTS, MONEY_MINOR, STAMPS = 1_250, 840, 6
MISSING_MINOR, EXPIRING_SHARE = 4_000, 10
EXPIRES_AFTER, KEPT_FOR = 40 * DAY, 120 * DAY
_DIGITS = "483715926048371592"


def example_of(program: Program, member: Member, *, now: int, public_url: str) -> PassContent:
    """Put together what a member's card shows by a program that nobody has joined yet."""
    shown, rules = program_content(program), ruling.rules_in(program.document)
    number = number_of(program)
    content: dict[str, Any] = {"program": shown}
    if program.authority == "ledger":
        used = rules or ruling.plain_rules(program.document)
        content |= _hosted(shown, used, member, now=now)
    elif member == "regular":
        content |= _mirrored(shown, now=now)
    return PassContent(
        number=number.number,
        barcode_value=number.barcode_value,
        barcode_format=number.barcode_format,
        card_url=f"{public_url}/",
        nfc=_nfc(program, number.barcode_value),
        **content,
    )


def number_of(program: Program) -> numbers.Code:
    """Return a number that the program may give; one without a code where its pattern fits none."""
    barcode = program.document.barcode
    rule = numbers.Rule(usual_format=barcode.format, number_pattern=barcode.number_pattern)
    drawn = numbers.draw(rule, lambda count: (_DIGITS * 2)[:count])
    return drawn[0] if drawn else numbers.Code(_DIGITS[:12], "", "none")


def _mirrored(shown: ProgramContent, *, now: int) -> dict[str, Any]:
    expiry = None
    if shown.units:
        first = shown.units[0]
        units = _much(first) // EXPIRING_SHARE
        expiry = NextExpiry(at=now + EXPIRES_AFTER, units=units, unit=first)
    return {
        "balances": tuple(Balance(unit=unit, value=_much(unit)) for unit in shown.units),
        "tier": shown.tiers[-1] if shown.tiers else None,
        "next_expiry": expiry,
        "as_of": now,
    }


def _hosted(
    shown: ProgramContent, rules: loyalty.Program, member: Member, *, now: int
) -> dict[str, Any]:
    """Show what the rules can bring about: nothing expires that they let live for ever."""
    is_regular = member == "regular"
    kinds = {unit.id: unit for unit in rules.units}
    balances = tuple(
        Balance(
            unit=unit,
            value=_of_kind(unit, kinds[unit.id].kind) if is_regular else 0,
            pending=None if kinds[unit.id].pending is None else 0,
        )
        for unit in shown.units
    )
    standing = min(1 if is_regular else 0, len(shown.tiers) - 1)
    content: dict[str, Any] = {
        "program": _in_zone(shown, rules.tz),
        "balances": balances,
        "tier": shown.tiers[standing] if shown.tiers else None,
        "vouchers": (1 if is_regular else 0) if rules.vouchers else None,
    }
    return content | (_ahead(shown, rules, standing, now=now) if is_regular else {})


def _ahead(
    shown: ProgramContent, rules: loyalty.Program, standing: int, *, now: int
) -> dict[str, Any]:
    """Tell a regular what is near: the tier above, units that expire, until when a tier is kept."""
    found: dict[str, Any] = {}
    lives = {unit.id for unit in rules.units if unit.expiry.after or unit.expiry.inactivity}
    first = next((unit for unit in shown.units if unit.id in lives), None)
    if first is not None:
        units = _much(first) // EXPIRING_SHARE
        found["next_expiry"] = NextExpiry(at=now + EXPIRES_AFTER, units=units, unit=first)
    ladder = rules.tiers.ladder if rules.tiers else ()
    if standing + 1 < len(shown.tiers) and standing + 1 < len(ladder):
        currency = rules.currency if _counts_money(ladder[standing + 1], rules) else None
        missing = MISSING_MINOR if currency else MISSING_MINOR // 100
        tier = shown.tiers[standing + 1]
        found["next_tier"] = NextTier(tier=tier, missing=missing, currency=currency)
    if 0 < standing < len(ladder) and ladder[standing].hold is not None:
        found["keep_by"] = now + KEPT_FOR
    return found


def _counts_money(tier: loyalty.Tier, rules: loyalty.Program) -> bool:
    asked = tier.enter
    if not isinstance(asked, loyalty.Metric):
        return True
    return any(it.id == asked.metric and it.agg == "net_amount" for it in rules.metrics)


def _of_kind(unit: Unit, kind: str) -> int:
    return STAMPS if kind == "stamps" else _much(unit)


def _much(unit: Unit) -> int:
    return POINTS if unit.currency is None else MONEY_MINOR


def _in_zone(shown: ProgramContent, tz: str) -> ProgramContent:
    members = {name: getattr(shown, name) for name in shown.__struct_fields__}
    return ProgramContent(**members | {"time_zone": tz})


def _nfc(program: Program, value: str) -> Nfc | None:
    nfc = program.document.settings.nfc
    if nfc is None:
        return None
    return Nfc(
        message=value,
        public_key=nfc.public_key,
        requires_authentication=nfc.requires_authentication,
    )

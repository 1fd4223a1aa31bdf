"""Rules of hosted programs: read, named, and put in force from a moment (specs: loyalty §11)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from app.clock import DAY, rfc3339
from app.errors import InvalidInput, invalid
from app.loyalty import advice, calendar
from app.loyalty import program as loyalty
from app.loyalty.faults import Fault
from app.loyalty.reading import read_program
from app.loyalty.rules import Rules, Version
from app.programs import merchant_queries
from app.programs.schemas import UNITS_MAX, NewProgram, NewTier, NewUnit, ProgramDocument
from app.storage.database import Transaction

NOTICE_DAYS = 30  # before units of a program live shorter
DEFAULT_TZ, DEFAULT_CURRENCY, DEFAULT_UNIT = "Europe/Paris", "EUR", "pts"
Former: TypeAlias = tuple[int, ProgramDocument]  # a version that was published, by its number
_SAMPLES = 48  # days at which lives are compared: months end and clocks change differently
_TOLERANCE = DAY  # a life a few hours shorter, by another time zone, is the same life


def judged(sent: NewProgram) -> loyalty.Program | None:
    """Read the rules that were sent; None without any. Raises InvalidInput for each fault."""
    if sent.rules in (msgspec.UNSET, None):
        return None
    if sent.authority != "ledger":
        raise invalid("rules", "only a hosted program, of authority ledger, has rules")
    found = read_program(sent.rules)
    if isinstance(found, list):
        raise _refusal(found)
    if len(found.units) > UNITS_MAX:
        raise invalid("rules.units", f"at most {UNITS_MAX} units can be shown")
    return found


def keeping(sent: NewProgram, last: ProgramDocument) -> NewProgram:
    """Keep the rules in force where none are sent: they can be replaced, not taken away."""
    if last.rules is None or sent.rules not in (msgspec.UNSET, None):
        return sent
    return msgspec.structs.replace(sent, rules=last.rules)


def named(sent: NewProgram, rules: loyalty.Program | None) -> NewProgram:
    """Give each unit and tier of the rules its name, its id where none was sent.

    Raises InvalidInput for a name of what the rules do not have.
    """
    if rules is None:
        return sent
    ladder = rules.tiers.ladder if rules.tiers else ()
    _refuse_others("units", sent.units, [unit.id for unit in rules.units])
    _refuse_others("tiers", sent.tiers, [tier.id for tier in ladder])
    units = {unit.id: unit for unit in sent.units}
    tiers = {tier.id: tier for tier in sent.tiers}
    return msgspec.structs.replace(
        sent,
        units=tuple(units.get(unit.id) or _unit(unit, rules) for unit in rules.units),
        tiers=tuple(tiers.get(tier.id) or NewTier(id=tier.id, name=tier.id) for tier in ladder),
    )


def unknown_partners(tx: Transaction, sent: NewProgram) -> list[str]:
    """Say which partners of a coalition are no merchants here; they may become some later."""
    rules = judged(sent)
    if rules is None or rules.coalition is None:
        return []
    return [
        f"rules.coalition.partners[{place}].merchant: no merchant has the slug {partner.merchant}"
        for place, partner in enumerate(rules.coalition.partners)
        if merchant_queries.merchant_id_by_slug(tx, partner.merchant) is None
    ]


def in_force_from(
    rules: loyalty.Program, former: Sequence[Former], *, now: int, may_shorten: bool
) -> int:
    """Return when the rules come into force (Unix microseconds): what they say, else now.

    Only a program's first rules may start in the past: what happened keeps the rules it had.
    Rules by which units live shorter need `may_shorten` and 30 days. Raises InvalidInput.
    """
    said = rules.effective_from
    wanted = None if said is None else calendar.parse_instant(said)
    last = former[-1][1] if former else None
    before = None if last is None else rules_in(last)
    if last is None or before is None:
        return now if wanted is None else wanted
    if before == rules:
        return last.effective_from
    if wanted is not None and wanted < now:
        text = f"not before {rfc3339(now)}: what happened keeps the rules it had"
        raise invalid("rules.effective_from", text)
    shorter = _shorter(former, rules, now)
    if not shorter:
        return now if wanted is None else wanted
    if not may_shorten:
        text = "units would live shorter: ask for it by ?allow_shorter_life=true"
        raise _refusal([Fault(path, text) for path in shorter])
    notice_ends = now + NOTICE_DAYS * DAY
    if wanted is not None and wanted < notice_ends:
        text = f"not before {rfc3339(notice_ends)}: a shorter life is announced {NOTICE_DAYS} days"
        raise invalid("rules.effective_from", text)
    return notice_ends if wanted is None else wanted


def shorter_lives(old: loyalty.Program, new: loyalty.Program, now: int) -> list[str]:
    """List the paths of units whose lots would expire earlier by the new rules."""
    former = {unit.id: unit.expiry for unit in old.units}
    paths = []
    for place, unit in enumerate(new.units):
        was = former.get(unit.id)
        if was is None:
            continue
        olds, news = _lives(was, old.tz, now), _lives(unit.expiry, new.tz, now)
        if any(after < before - _TOLERANCE for before, after in zip(olds, news, strict=True)):
            paths.append(f"units[{place}].expiry")
    return paths


def _shorter(former: Sequence[Former], rules: loyalty.Program, now: int) -> list[str]:
    """Compare with the rules in force and with those announced since."""
    in_force = rules_from(former).at(now).number
    paths: set[str] = set()
    for number, document in former:
        old = rules_in(document) if number >= in_force else None
        if old is not None:
            paths.update(shorter_lives(old, rules, now))
    return sorted(paths)


def rules_in(document: ProgramDocument) -> loyalty.Program | None:
    """Read the rules a version was published with; None where it has none."""
    if document.rules is None:
        return None
    return msgspec.convert(document.rules, loyalty.Program)


def rules_from(documents: Iterable[Former]) -> Rules:
    """Put the versions of a hosted program in a row; those that changed no rule are left out."""
    versions: list[Version] = []
    for number, document in documents:
        rules = rules_in(document) or plain_rules(document)
        version = Version(number, document.effective_from, rules)
        last = versions[-1] if versions else None
        if last is None or (last.effective_from, last.program) != (document.effective_from, rules):
            versions.append(version)
    assert versions, "a program has at least one version"
    return Rules(tuple(versions))


def plain_rules(document: ProgramDocument) -> loyalty.Program:
    """Count without rules: units that only corrections and opening balances move."""
    currencies = [unit.currency for unit in document.units if unit.currency is not None]
    ids = [unit.id for unit in document.units] or [DEFAULT_UNIT]
    return loyalty.Program(
        format="loyalty-program/1",
        id="plain",
        version=1,
        tz=DEFAULT_TZ,
        currency=currencies[0] if currencies else DEFAULT_CURRENCY,
        units=tuple(loyalty.Unit(id=each) for each in ids),
    )


def advise(rules: loyalty.Program | None, last: ProgramDocument | None = None) -> list[str]:
    """Say what could surprise in the rules, and in what they leave out."""
    if rules is None:
        return []
    told = advice.warnings(rules)
    former = None if last is None else rules_in(last)
    if former is None or former == rules:
        return told
    kept = {unit.id for unit in rules.units}
    told += [
        f"unit {unit.id} is gone: what cards have of it stays and cannot be burned any more"
        for unit in former.units
        if unit.id not in kept
    ]
    if (former.id, former.version) == (rules.id, rules.version):
        told.append(f"rules.version {rules.version} was published before with other rules")
    return told


def fingerprint(document: str) -> str:
    """Name a version by its text, for the version that follows it."""
    return hashlib.sha256(document.encode()).hexdigest()


def refusal_at(root: str, faults: list[Fault]) -> InvalidInput:
    """Say what is wrong below a field."""
    listed = [
        {"path": f"{root}.{fault.path}" if fault.path else root, "message": fault.message}
        for fault in faults
    ]
    text = "; ".join(f"{each['path']}: {each['message']}" for each in listed)
    return InvalidInput(text, errors=listed)


def _lives(expiry: loyalty.Expiry, tz: str, now: int) -> list[int]:
    """Return when lots of several days end, and when a card idle since then loses them."""
    ends = []
    for sample in range(_SAMPLES):
        at = now + 15 * sample * DAY
        after, idle = expiry.after, expiry.inactivity
        ends.append(calendar.add(at, after, tz, expiry.align) if after else calendar.LATEST)
        ends.append(calendar.add(at, idle, tz) if idle else calendar.LATEST)
    return ends


def _unit(unit: loyalty.Unit, rules: loyalty.Program) -> NewUnit:
    """Name a unit by its id; cashback is shown as money where one unit is one minor unit."""
    is_money = unit.kind == "cashback" and any(
        isinstance(rule, loyalty.Pay) and rule.unit == unit.id and rule.minor_per_unit == 1
        for rule in rules.burn
    )
    return NewUnit(id=unit.id, name=unit.id, currency=rules.currency if is_money else None)


def _refuse_others(path: str, sent: Sequence[NewUnit | NewTier], known: Sequence[str]) -> None:
    for place, each in enumerate(sent):
        if each.id not in known:
            listed = ", ".join(known) or "none"
            raise invalid(f"{path}[{place}].id", f"the rules have {listed}")


def _refusal(faults: list[Fault]) -> InvalidInput:
    return refusal_at("rules", faults)

"""What a till knows of itself: its name and place, the programs it sells for, its stamps."""

from __future__ import annotations

from app.checkout import till_day
from app.checkout.seller import Seller
from app.checkout.till_schemas import StampButton, TillOut, TillProgram, TillSelf, TillUnit
from app.errors import NotFound
from app.ids import public_id
from app.ledger import service as ledger
from app.loyalty import program as rules
from app.programs import merchant_queries, till_queries
from app.programs.content import program_content
from app.programs.partnering import programs_at_till
from app.programs.service import Program
from app.storage.database import Transaction
from passes.content import in_language

STAMP_BUTTONS_MAX = 12  # more do not fit a thumb's reach
_STAMPS = "stamps"
_TAG = "tag:"


def facts_of(tx: Transaction, seller: Seller, *, mode: str, language: str, now: int) -> TillOut:
    """Tell a till what it is, in a language. Raises NotFound for one that has just ended."""
    assert seller.till_id is not None, "the route is for tills"
    row = till_queries.till_by_id(tx, seller.merchant_id, seller.till_id)
    merchant = merchant_queries.merchant(tx, seller.merchant_id)
    if row is None or merchant is None:
        raise NotFound
    found = programs_at_till(tx, seller.merchant_id)
    places = {place.id: place.name for each in found for place in each.document.locations}
    return TillOut(
        till=TillSelf(
            id=public_id("till", row.public_id),
            name=row.name,
            location_id=row.location_id,
            location_name=places.get(row.location_id),
            merchant=merchant.name,
        ),
        mode=mode,
        programs=[_program(tx, each, mode=mode, language=language, now=now) for each in found],
    )


def _program(
    tx: Transaction, program: Program, *, mode: str, language: str, now: int
) -> TillProgram:
    content = program_content(program)
    default = content.languages[0]
    is_hosted = program.authority == "ledger"
    in_force = ledger.rules_of(tx, program.program_id).at(now).program if is_hosted else None
    kinds = {} if in_force is None else {unit.id: unit.kind for unit in in_force.units}
    units = [
        TillUnit(
            id=unit.id,
            name=in_language(unit.name, language, default=default),
            kind=kinds.get(unit.id, "points"),
            currency=unit.currency,
        )
        for unit in content.units
    ]
    return TillProgram(
        id=public_id("prog", program.public_id),
        slug=program.slug,
        name=program.name,
        mode=mode,
        authority=program.authority,
        currency=till_day.currency_of(program) if is_hosted else None,
        time_zone=till_day.time_zone_of(program) if is_hosted else None,
        units=units,
        tiers={
            tier.id: in_language(tier.name, language, default=default) for tier in content.tiers
        },
        stamps=[] if in_force is None else _stamps(in_force, units),
        till_search=program.document.settings.till_search,
        proof_from_units=program.document.settings.proof_from_units,
    )


def _stamps(in_force: rules.Program, units: list[TillUnit]) -> list[StampButton]:
    """List what brings stamps by the piece: each is a touch at the till."""
    names = {unit.id: unit.name for unit in units}
    kinds = {unit.id: unit.kind for unit in in_force.units}
    found = [
        StampButton(
            unit=rule.unit,
            name=names.get(rule.unit, rule.unit),
            units=count,
            sku=None if key.startswith(_TAG) else key,
            tag=key[len(_TAG) :] if key.startswith(_TAG) else None,
        )
        for rule in in_force.earn
        if isinstance(rule, rules.PerItem) and kinds.get(rule.unit) == _STAMPS
        for key, count in rule.table.items()
    ]
    return found[:STAMP_BUTTONS_MAX]

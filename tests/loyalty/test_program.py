"""Programs as typed structs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.loyalty import program as rules
from app.loyalty.program import Program

_DATA = Path(__file__).parent / "data"
_VECTORS = json.loads((_DATA / "vectors.json").read_text())
_GIVEN: dict[str, Any] = _VECTORS["programs"] | {
    f"file:{path.stem}": json.loads(path.read_text())
    for path in (_DATA / "programs").glob("*.json")
}
_SMALL = {
    "format": "loyalty-program/1",
    "id": "p",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts"}],
}
_RULE = {"type": "per_amount", "id": "r", "unit": "pts", "step_minor": 100, "points": 1}


def read(**changes: Any) -> Program:
    return msgspec.json.decode(json.dumps(_SMALL | changes), type=Program)


@pytest.mark.parametrize("name", _GIVEN)
def test_every_given_program_is_read_and_written_again(name: str) -> None:
    found = msgspec.json.decode(json.dumps(_GIVEN[name]), type=Program)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Program) == found


def test_the_first_choice_is_the_default() -> None:
    unit = read().units[0]
    assert (unit.kind, unit.negative, unit.spend_order, unit.restore) == (
        "points",
        "debt",
        "fefo",
        "original_lot",
    )
    assert (unit.expiry.align, unit.expiry.after, unit.cost_micro) == ("none", None, 0)
    rule = read(earn=[_RULE]).earn[0]
    assert isinstance(rule, rules.PerAmount)
    assert (rule.scope, rule.rounding, rule.remainder) == ("ticket", "floor", "drop")
    item, convert = read(
        burn=[
            {"type": "item_for_units", "id": "i", "unit": "pts", "minor_per_unit": 1},
            {"type": "convert", "id": "c", "unit": "pts", "voucher": "v", "minor_per_unit": 1},
        ]
    ).burn
    assert isinstance(item, rules.ItemForUnits)
    assert isinstance(convert, rules.ConvertToVoucher)
    assert (item.rounding, item.min_basis) == ("ceil", "price")
    assert (convert.mode, convert.take, convert.min_units) == ("on_demand", "all", 1)
    tiers = read(tiers={"ladder": [{"id": "a"}]}).tiers
    assert tiers is not None
    assert (tiers.downgrade, tiers.refund, tiers.skipped_grants) == (
        "recompute",
        "recompute",
        "all",
    )
    coalition = read(coalition={"partners": [{"merchant": "m"}]}).coalition
    assert coalition is not None
    assert (coalition.settle, coalition.partners[0].earn_share_bps) == ("redemption", 10_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"earn": [_RULE | {"type": "per_amout"}]},
            r"Invalid value 'per_amout' - at `\$.earn\[0\].type`",
        ),
        ({"earn": [_RULE | {"pionts": 1}]}, "unknown field `pionts`"),
        ({"earn": [_RULE | {"points": 0}]}, ">= 1"),
        ({"earn": [_RULE | {"points": 2**53 + 1}]}, "<= "),
        ({"earn": [_RULE | {"points": 1.5}]}, "Expected `int`"),
        ({"earn": [_RULE] * 101}, "length <= 100"),
        ({"id": "p\n"}, "matching regex"),
        ({"currency": "EUR\n"}, "matching regex"),
        ({"units": [{"id": "pts", "pending": "P1D\n"}]}, "matching regex"),
        ({"units": [{"id": "pts", "pending": "P"}]}, "matching regex"),
        ({"units": [{"id": "Pts"}]}, "matching regex"),
        ({"format": "loyalty-program/2"}, "Invalid enum value"),
        ({"version": 0}, ">= 1"),
    ],
)
def test_a_wrong_program_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        read(**changes)


def test_rules_cannot_be_changed_and_conditions_can_be_kept_in_sets() -> None:
    program = read(enrol_when=[{"type": "not", "of": {"type": "min_amount", "minor": 5}}])
    with pytest.raises(AttributeError):
        program.version = 2  # type: ignore[misc]
    assert program.enrol_when[0] in {*program.enrol_when}

"""Every system that the source texts name is a program file that stands without a fault."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.loyalty.program import Program
from app.loyalty.reading import read_program
from app.sandbox import seed_programs

GIVEN = Path(__file__).parent.parent / "loyalty" / "data" / "programs"
NAMED = {
    "mexx-connect": "Mexx Connect",
    "sephora": "Sephora",
    "walgreens-like": "Walgreens Balance Rewards",
    "kalido": "Kalido's levers",
    "qualifio": "Qualifio Loyalty",
    "cashback": "a cashback",
    "vip": "a VIP program",
    "referral": "a referral",
    "coalition-cashback": "a multi-merchant coalition",
    "coffee-stamps": "a stamp card",
    "units10": "10 units = 1 point",
    "points24": "24 months, 1 point = 1 euro rounded up",
    "bon": "a voucher from the account page",
    "bulk-start": "balances brought along",
}


def test_every_named_system_has_its_file() -> None:
    assert set(NAMED) <= set(seed_programs.names())


@pytest.mark.parametrize("name", seed_programs.names())
def test_a_seed_program_has_no_fault(name: str) -> None:
    rules = seed_programs.rules_of(name)
    found = read_program(rules)
    assert isinstance(found, Program), found
    assert rules["id"] == name


@pytest.mark.parametrize("path", sorted(GIVEN.glob("*.json")), ids=lambda path: path.stem)
def test_the_given_programs_stand_unchanged(path: Path) -> None:
    assert seed_programs.rules_of(path.stem) == json.loads(path.read_text())


def test_a_program_that_is_not_there_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        seed_programs.rules_of("../settings")

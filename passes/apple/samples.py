"""Cards that between them show every field of a program: a program is judged by them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from passes.content import Balance, NextExpiry, NextTier, PassContent, ProgramContent


def samples(program: ProgramContent) -> Iterator[PassContent]:
    """Yield cards without a code, at least one; each unit and each tier stands on one of them."""
    balances = tuple(Balance(unit=unit, value=0, pending=0) for unit in program.units)
    for unit, tier in zip_longest(program.units or (None,), program.tiers):
        yield PassContent(
            program=program,
            number="0",
            barcode_value="0",
            barcode_format="none",
            balances=balances,
            tier=tier,
            next_tier=NextTier(tier=tier, missing=0) if tier else None,
            next_expiry=NextExpiry(at=0, units=0, unit=unit) if unit else None,
            as_of=0,
            vouchers=0,
            keep_by=0,
            message="0",
            card_url="https://localhost/",
        )

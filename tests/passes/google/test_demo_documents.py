"""Every program of the sandbox, every card of it, every code and locale: Google takes them all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec
import pytest

from app.cards.content import shop_content
from app.programs import drafting, ruling
from app.programs.content import program_content
from app.programs.schemas import NewBarcode, NewProgram
from app.programs.service import Program
from app.sandbox import demo_programs, seed_programs
from passes.barcode import FORMATS
from passes.content import Balance, NextExpiry, NextTier, PassContent, ProgramContent
from passes.google.loyalty_object import minimal_object
from passes.google.save_link import choose
from tests.passes.apple.cards import AT, EXPIRY
from tests.passes.barcode.values import DRAWABLE, values
from tests.passes.google.given import (
    AT_SECONDS,
    ORIGINS,
    account,
    assert_taken,
    class_of,
    object_of,
)

LOCALES: tuple[tuple[Any, ...], ...] = (("fr",), ("en",), ("fr", "en"), ("en", "fr"))
VALUES = {name: next(values(name, 1)) for name in DRAWABLE} | {"none": "AB 1042"}
AMOUNTS = (0, 1250, -30, 2**31, 2**53)


def seeded(name: str) -> NewProgram:
    """Return the program somebody would publish with these rules and no names."""
    return NewProgram(
        name=f"Programme {name}",
        authority="ledger",
        rules=seed_programs.rules_of(name),
        barcode=NewBarcode(format="EAN_13"),
    )


SENT = {"mirrored": demo_programs.MIRRORED, "hosted": demo_programs.HOSTED} | {
    name: seeded(name) for name in seed_programs.names()
}


def content_of(sent: NewProgram, languages: tuple[Any, ...]) -> ProgramContent:
    """Turn a program as it is sent into what both wallets draw."""
    sent = msgspec.structs.replace(sent, languages=languages)
    document = drafting.kept(ruling.named(sent, ruling.judged(sent)))
    program = Program(
        program_id=1,
        public_id=bytes(16),
        merchant_id=1,
        slug="x",
        authority=sent.authority,
        name=sent.name,
        version=1,
        revision=1,
        signer_id=1,
        document=document,
        created_at=0,
        updated_at=0,
    )
    return program_content(program)


def cards_of(program: ProgramContent) -> Iterator[PassContent]:
    """Yield cards that between them show each code, amount and tier of a program."""
    tiers = program.tiers or (None,)
    following = (*tiers[1:], None)
    rows = zip_longest(VALUES.items(), AMOUNTS, tiers, following)
    for code, amount, tier, next_tier in rows:
        name, value = code
        yield PassContent(
            program=program,
            number=VALUES[name],
            barcode_value=value,
            barcode_format=name,
            balances=tuple(
                Balance(unit=unit, value=amount or 0, pending=amount) for unit in program.units
            ),
            tier=tier,
            next_tier=NextTier(tier=next_tier, missing=100) if next_tier else None,
            next_expiry=(
                NextExpiry(at=EXPIRY, units=amount or 1, unit=program.units[0])
                if program.units
                else None
            ),
            vouchers=1,
            keep_by=EXPIRY if tier else None,
            as_of=AT,
            message="Bonjour",
            card_url="https://wallet.example.com/",
            expires_at=EXPIRY,
        )


@pytest.mark.parametrize("languages", LOCALES)
@pytest.mark.parametrize("name", SENT)
def test_every_program_and_card_of_the_sandbox_is_taken(
    name: str, languages: tuple[str, ...]
) -> None:
    program = content_of(SENT[name], languages)
    loyalty_class = class_of(program)
    assert_taken("LoyaltyClass", loyalty_class)
    codes = set()
    for content in cards_of(program):
        codes.add(content.barcode_format)
        for is_voided in (False, True):
            document = object_of(msgspec.structs.replace(content, is_voided=is_voided))
            assert_taken("LoyaltyObject", document)
            assert_taken("LoyaltyObject", minimal_object(document))
    assert codes == set(FORMATS)


@pytest.mark.parametrize("name", SENT)
def test_the_first_link_of_every_program_of_the_sandbox_needs_no_call(name: str) -> None:
    program = content_of(SENT[name], ("fr", "en"))
    content = PassContent(
        program=program,
        number=demo_programs.NUMBER,
        barcode_value=demo_programs.NUMBER,
        barcode_format="EAN_13",
        balances=tuple(Balance(unit=unit, value=1250) for unit in program.units),
        tier=program.tiers[-1] if program.tiers else None,
    )
    chosen = choose(
        account(),
        document=object_of(content),
        class_document=class_of(program),
        origins=ORIGINS,
        at_seconds=AT_SECONDS,
    )
    assert (chosen.is_fat, chosen.has_class) == (True, True)


@pytest.mark.parametrize("card", demo_programs.NUMBER_ONLY)
def test_cards_of_shops_that_have_no_program_are_taken(card: dict[str, str]) -> None:
    program = shop_content(card["shop_name"], "#2e7d32")
    assert_taken("LoyaltyClass", class_of(program, country=None, callback_url=None))
    for barcode_format in {card.get("barcode_format", "EAN_13"), *FORMATS}:
        content = PassContent(
            program=program,
            number=card["number"],
            barcode_value=VALUES[barcode_format],
            barcode_format=barcode_format,
        )
        assert_taken("LoyaltyObject", object_of(content))

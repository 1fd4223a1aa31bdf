"""Whatever cards hands us: the pass obeys Apple's rules and holds nothing of another card."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from passes.apple.document import Issue, card_document, pass_json, skeleton
from passes.apple.layout import FRONT_MAX, HEADER_MAX
from passes.apple.lint import lint
from passes.apple.package import prepare
from passes.barcode import apple_barcodes, check
from passes.content import LOCATIONS_MAX, PassContent, ProgramContent
from tests.passes.any_content import PROGRAMS, cards
from tests.passes.apple.cards import IMAGES, ISSUE, ISSUER


def written(content: PassContent, issue: Issue = ISSUE) -> bytes:
    return pass_json(skeleton(content.program, ISSUER), content, issue)


@given(cards())
def test_any_card_obeys_apples_rules(content: PassContent) -> None:
    accepts = content.program.accepts
    only_new_codes = accepts is not None and "QR_CODE" not in accepts
    assert lint(written(content), only_new_codes=only_new_codes) == []


@given(cards())
def test_the_front_is_never_too_full_and_nothing_is_lost(content: PassContent) -> None:
    card: dict[str, Any] = json.loads(written(content))["storeCard"]
    front = card.get("secondaryFields", []) + card.get("auxiliaryFields", [])
    assert len(card.get("headerFields", [])) <= HEADER_MAX
    assert len(card.get("primaryFields", [])) <= 1
    assert len(front) <= FRONT_MAX
    keys = {field["key"] for zone in card.values() for field in zone}
    named = {unit.id for unit in content.program.units}
    assert {f"unit_{held.unit.id}" for held in content.balances if held.unit.id in named} <= keys
    assert {f"field_{field.key}" for field in content.fields if field.value} <= keys
    assert "number" in keys


@given(cards())
def test_codes_are_those_of_the_format(content: PassContent) -> None:
    document = json.loads(written(content))
    expected = apple_barcodes(
        content.barcode_format,
        content.barcode_value,
        number=content.number,
        accepts=content.program.accepts,
    )
    assert document.get("barcodes", []) == expected
    assert len(document.get("locations", [])) <= LOCATIONS_MAX
    if check(content.barcode_format, content.barcode_value):
        assert "barcodes" not in document


@given(cards())
def test_the_quick_way_and_the_library_write_the_same(content: PassContent) -> None:
    slow = card_document(content, ISSUER, ISSUE).json_dict()
    encoded = msgspec.json.Encoder(decimal_format="number").encode(slow)
    assert json.loads(encoded) == json.loads(written(content))


@given(PROGRAMS)
@settings(max_examples=50)
def test_any_program_is_prepared(program: ProgramContent) -> None:
    prepare(program, ISSUER, IMAGES)


@given(st.data(), PROGRAMS)
@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
def test_no_card_holds_anything_of_another(data: st.DataObject, program: ProgramContent) -> None:
    shared = skeleton(program, ISSUER)
    contents = data.draw(st.lists(cards(program), min_size=2, max_size=4))
    alone = [written(content) for content in contents]
    together = [pass_json(shared, content, ISSUE) for content in contents]
    again = [pass_json(shared, content, ISSUE) for content in reversed(contents)]
    assert together == alone
    assert again == alone[::-1]

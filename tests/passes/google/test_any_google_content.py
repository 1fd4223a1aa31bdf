"""Whatever cards hands us: both documents obey Google, and Google ends up with what we wrote."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from passes.content import Link, PassContent, ProgramContent
from passes.google.difference import Change, difference, fingerprint
from passes.google.loyalty_object import minimal_object
from passes.google.save_link import LINK_MAX, TooLong, choose
from tests.passes.any_content import PROGRAMS, WORDS, cards
from tests.passes.google.given import (
    AT_SECONDS,
    ORIGINS,
    account,
    assert_taken,
    class_of,
    object_findings,
    object_of,
)

LONG = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4_000)
LONG_TEXTS = st.fixed_dictionaries({"fr": LONG}, optional={"en": LONG})
URLS = st.sampled_from(["https://a.example/x?y#z", "tel:+33123456789", "mailto:a@a.example"])


@st.composite
def wordy_programs(draw: st.DrawFn) -> ProgramContent:
    """Draw a program with long texts, links that open, and maybe codes that change."""
    return msgspec.structs.replace(
        draw(PROGRAMS),
        name=draw(st.text(min_size=1, max_size=80, alphabet=st.characters(codec="utf-8"))),
        terms=draw(st.none() | LONG_TEXTS),
        how_to_leave=draw(st.none() | LONG_TEXTS),
        links=tuple(Link(label=draw(LONG_TEXTS), url=url) for url in draw(st.lists(URLS))),
        rotates_code=draw(st.booleans()),
    )


ANY_CARDS = cards() | wordy_programs().flatmap(cards)
HOLDERS = st.none() | WORDS | st.text(min_size=1, max_size=60)


def told(google: dict[str, Any], change: Change | None) -> dict[str, Any]:
    """Do with Google's copy what Google does."""
    if change is None:
        return google
    if change.method == "PUT":
        return copy.deepcopy(change.body)
    assert not {"id", "classId"} & change.body.keys()
    return merged(google, change.body)


def merged(old: Any, new: Any) -> Any:
    """Merge objects, replace all else: a PATCH (RFC 7396 without its null)."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return new
    return old | {name: merged(old.get(name), value) for name, value in new.items()}


@given(PROGRAMS | wordy_programs())
def test_any_class_obeys_google(program: ProgramContent) -> None:
    assert_taken("LoyaltyClass", class_of(program))


@given(ANY_CARDS, HOLDERS)
def test_any_object_obeys_google(content: PassContent, holder: str | None) -> None:
    document = object_of(content, holder_name=holder)
    assert_taken("LoyaltyObject", document)
    assert_taken("LoyaltyObject", minimal_object(document))


@given(ANY_CARDS)
def test_a_change_of_a_member_obeys_google_too(content: PassContent) -> None:
    for name, value in object_of(content).items():
        assert object_findings({name: value}, is_patch=True) == []


@given(ANY_CARDS)
def test_every_balance_of_the_program_is_shown_once(content: PassContent) -> None:
    document = object_of(content)
    named = {unit.id for unit in content.program.units}
    shown = [held for held in content.balances if held.unit.id in named]
    if content.is_voided:
        return
    faces = [name for name in ("loyaltyPoints", "secondaryLoyaltyPoints") if name in document]
    has_tiers = bool(content.program.tiers)
    assert ("loyaltyPoints" in faces) == bool(shown)
    beside = len(shown) - (bool(shown) if has_tiers else min(len(shown), 2))
    ids = [module["id"] for module in document.get("textModulesData", [])]
    told_beside = sum(name.startswith("unit_") for name in ids)
    assert told_beside == beside or "more" in ids
    assert len(ids) == len(set(ids))


@given(st.data(), wordy_programs())
def test_google_ends_up_with_the_last_document(data: st.DataObject, program: Any) -> None:
    first, second = (object_of(data.draw(cards(program))) for _ in range(2))
    google = copy.deepcopy(first)
    assert told(google, difference(fingerprint(first), second)) == second
    assert difference(fingerprint(second), second) is None
    assert difference(fingerprint(second), copy.deepcopy(second)) is None


@given(st.data(), PROGRAMS)
def test_google_ends_up_with_the_last_class(data: st.DataObject, program: ProgramContent) -> None:
    first, second = class_of(program), class_of(data.draw(PROGRAMS))
    assert told(copy.deepcopy(first), difference(fingerprint(first), second)) == second


@given(ANY_CARDS, st.booleans())
def test_any_link_is_short_or_needs_the_class_first(content: PassContent, is_first: bool) -> None:
    document = object_of(content)
    try:
        chosen = choose(
            account(),
            document=document,
            class_document=class_of(content.program) if is_first else None,
            may_be_fat=not content.program.rotates_code,
            origins=ORIGINS,
            at_seconds=AT_SECONDS,
        )
    except TooLong:
        assert is_first
        return
    assert len(chosen.jwt) <= LINK_MAX
    assert chosen.has_class == is_first

"""Google is told what changed and nothing else; what a PATCH cannot take away, a PUT does."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from passes.content import Balance
from passes.google.class_schema import LoyaltyClass
from passes.google.difference import Change, difference, doubted, fingerprint
from passes.google.loyalty_object import minimal_object
from passes.google.object_schema import LoyaltyObject
from passes.google.save_link import SKINNY
from tests.passes.apple.cards import MONEY, POINTS, SILVER, hosted, hosted_card
from tests.passes.google.given import class_of, object_of

BEFORE = object_of(hosted_card())


def after(**changes: Any) -> Change | None:
    return difference(fingerprint(BEFORE), object_of(hosted_card(**changes)))


def test_what_was_told_is_not_told_again() -> None:
    assert after() is None
    shuffled = dict(sorted(BEFORE.items(), reverse=True))
    assert difference(fingerprint(BEFORE), shuffled) is None
    assert fingerprint(BEFORE) == fingerprint(shuffled)


def test_a_balance_alone_is_told_alone() -> None:
    change = after(
        balances=(Balance(unit=POINTS, value=1260, pending=30), *hosted_card().balances[1:])
    )
    points = {"label": "Points", "balance": {"int": 1260}}
    assert change == Change("PATCH", {"loyaltyPoints": points}, ("loyaltyPoints",), has_moved=True)


def test_a_new_member_is_added_by_patch() -> None:
    change = after(expires_at=1_801_436_400_000_000)
    assert change is not None
    assert (change.method, change.members) == ("PATCH", ("validTimeInterval",))


def test_a_new_message_is_told_alone() -> None:
    change = after(message="Bonjour")
    assert change is not None
    assert (change.method, change.members) == ("PATCH", ("messages",))


def test_a_member_gone_replaces_the_whole() -> None:
    document = object_of(hosted_card(card_url=None))
    assert after(card_url=None) == Change("PUT", document, ())


def test_a_member_gone_within_one_replaces_the_whole() -> None:
    started = BEFORE | {"validTimeInterval": {"start": {"date": "x"}, "end": {"date": "y"}}}
    change = difference(
        fingerprint(started), BEFORE | {"validTimeInterval": {"end": {"date": "y"}}}
    )
    assert change is not None
    assert change.method == "PUT"


def test_a_balance_of_another_kind_replaces_the_whole() -> None:
    for balance in ({"string": "1250"}, {"money": {"currencyCode": "EUR", "micros": "1"}}):
        points = {"label": "Points", "balance": balance}
        change = difference(fingerprint(BEFORE), BEFORE | {"loyaltyPoints": points})
        assert change is not None
        assert change.method == "PUT"
        assert change.members == ("loyaltyPoints",)


def test_a_code_that_begins_to_change_replaces_the_whole_and_back() -> None:
    rotating = object_of(hosted_card(msgspec.structs.replace(hosted(), rotates_code=True)))
    for told, document in ((BEFORE, rotating), (rotating, BEFORE)):
        change = difference(fingerprint(told), document)
        assert change is not None
        assert (change.method, change.body) == ("PUT", document)


def test_a_class_that_changes_the_colour_tells_the_colour() -> None:
    told = class_of(hosted())
    painted = class_of(msgspec.structs.replace(hosted(), background_color="#000000"))
    change = difference(fingerprint(told), painted)
    assert change == Change("PATCH", {"hexBackgroundColor": "#000000"}, ("hexBackgroundColor",))


@pytest.mark.parametrize("told", [None, b"", b"\x00abc", b"\x01abc", b"\x02" + bytes(14)])
def test_where_nobody_knows_all_is_told_but_the_ids(told: bytes | None) -> None:
    change = difference(told, BEFORE)
    assert change is not None
    assert change.method == "PATCH"
    assert change.body == {name: BEFORE[name] for name in BEFORE if name not in SKINNY}
    assert change.members == tuple(change.body)


def test_a_blank_document_wipes_out_what_nobody_knows() -> None:
    blank = object_of(hosted_card(is_voided=True))
    for told in (None, fingerprint(BEFORE)):
        change = difference(told, blank)
        assert change is not None
        assert (change.method, change.body) == ("PUT", blank)


def test_after_a_fat_link_only_what_it_did_not_hold_is_told() -> None:
    change = difference(fingerprint(minimal_object(BEFORE)), BEFORE)
    assert change is not None
    assert change.method == "PATCH"
    assert set(change.members) == {"accountName", "textModulesData", "linksModuleData"}


def test_a_fingerprint_is_small_and_holds_nothing_to_read() -> None:
    made = fingerprint(BEFORE)
    assert len(made) == 1 + 14 * (len(BEFORE) + 2)  # both balances have a place of their own
    for said in (b"4006381333931", b"Marie", b"Points"):
        assert said not in made


def test_no_two_members_share_a_place_in_the_fingerprint() -> None:
    for kind in (LoyaltyObject, LoyaltyClass):
        names = kind.__struct_encode_fields__
        made = fingerprint({name: {} for name in names})
        rows = {made[start : start + 3] for start in range(1, len(made), 14)}
        assert len(rows) == len(names) + 2 * (kind is LoyaltyObject)


def test_a_label_of_one_language_more_replaces_the_whole() -> None:
    told = {"loyaltyPoints": {"label": "P", "localizedLabel": {}, "balance": {"int": 1}}}
    change = difference(fingerprint(told), {"loyaltyPoints": {"label": "P", "balance": {"int": 1}}})
    assert change is not None
    assert change.method == "PUT"


def test_the_tier_alone_is_told_alone() -> None:
    gold = hosted().tiers[1]
    change = after(tier=gold)
    assert change is not None
    assert change.members == ("secondaryLoyaltyPoints",)
    assert change.body["secondaryLoyaltyPoints"]["balance"] == {"string": "Or"}
    assert gold != SILVER
    assert MONEY.currency == "EUR"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_a_call_without_an_answer_held_is_told_again_whatever_comes(method: str) -> None:
    changes = {"expires_at": 1_801_436_400_000_000} if method == "PATCH" else {"card_url": None}
    tried = object_of(hosted_card(tier=hosted().tiers[1], **changes))
    told = fingerprint(BEFORE)
    change = difference(told, tried)
    assert change is not None
    assert change.method == method
    kept = doubted(told, tried, change)
    # Back to what it was: the call may have been done, so its members are not what Google has.
    again = difference(kept, BEFORE)
    assert again is not None
    assert again.method == "PUT"
    same = difference(kept, tried)
    assert same is not None
    assert set(change.members) <= set(same.members)


def test_where_nothing_was_known_a_doubtful_call_adds_no_knowledge() -> None:
    change = difference(None, BEFORE)
    assert change is not None
    assert doubted(None, BEFORE, change) is None

"""pass.json: what a card shows, where, in which words."""

from __future__ import annotations

import json
from decimal import Decimal

import msgspec
import pytest

from passes.apple.document import Issue, Issuer, card_document, pass_json, skeleton, without_empty
from passes.apple.lint import lint
from passes.content import (
    Balance,
    ExtraField,
    Location,
    NextExpiry,
    NextTier,
    PassContent,
    Tier,
    Unit,
)
from tests.passes.apple import golden
from tests.passes.apple.cards import (
    ACTION,
    AT,
    CARDS,
    EXPIRY,
    GOLD,
    ISSUE,
    ISSUER,
    MONEY,
    POINTS,
    SECOND,
    STAMPS,
    hosted,
    hosted_card,
    mirrored_card,
    nfc,
    shop,
    shop_card,
)

ZONES = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields")


def document_of(content: PassContent, issue: Issue = ISSUE, issuer: Issuer = ISSUER) -> dict:
    document = pass_json(skeleton(content.program, issuer), content, issue)
    assert lint(document, only_new_codes=True) == []
    return json.loads(document)


def fields_of(document: dict) -> dict[str, dict]:
    card = document["storeCard"]
    return {field["key"]: field for zone in ZONES for field in card.get(zone, [])}


def test_files_are_as_they_were_read_and_approved() -> None:
    made = dict(golden.files())
    assert {path.name for path in golden.FOLDER.iterdir()} == made.keys()
    for name, content in made.items():
        assert content == (golden.FOLDER / name).read_bytes(), name


@pytest.mark.parametrize("authority", CARDS)
def test_the_quick_way_writes_what_wallet_py3ks_pass_says(authority: str) -> None:
    content = CARDS[authority]()
    slow = card_document(content, ISSUER, ISSUE).json_dict()
    written = msgspec.json.Encoder(decimal_format="number").encode(slow)
    assert json.loads(written) == document_of(content)


def test_balances_of_points_stand_in_the_header_and_money_is_primary() -> None:
    card = document_of(hosted_card())["storeCard"]
    assert [field["value"] for field in card["headerFields"]] == [1250, 4]
    assert [field["value"] for field in card["primaryFields"]] == [12.05]
    assert card["primaryFields"][0]["currencyCode"] == "EUR"


def test_the_front_holds_four_fields_and_the_rest_goes_to_the_back() -> None:
    extra = tuple(ExtraField(key=f"f{n}", label=f"L{n}", value=f"V{n}") for n in range(4))
    card = document_of(hosted_card(fields=extra, as_of=AT))["storeCard"]
    front = [field["key"] for field in card["secondaryFields"] + card["auxiliaryFields"]]
    assert front == ["tier", "next_tier", "expires_on", "as_of"]
    back = [field["key"] for field in card["backFields"]]
    extras = ["field_f0", "field_f1", "field_f2", "field_f3"]
    assert back[:6] == ["vouchers", *extras, "number"]


def test_a_fourth_unit_goes_to_the_back() -> None:
    units = tuple(Unit(id=f"u{n}", name={"fr": f"U{n}"}) for n in range(5))
    program = msgspec.structs.replace(hosted("fr"), units=units)
    balances = tuple(Balance(unit=unit, value=1) for unit in units)
    card = document_of(hosted_card(program, balances=balances, next_expiry=None))["storeCard"]
    assert len(card["headerFields"]) == 3
    assert [field["key"] for field in card["backFields"]][:2] == ["unit_u3", "unit_u4"]


def test_balance_and_tier_speak_when_they_change_and_nothing_else_does() -> None:
    fields = fields_of(document_of(hosted_card(as_of=AT)))
    speaking = {key for key, field in fields.items() if "changeMessage" in field}
    units = {"unit_pts", "unit_stamps", "unit_cash", "pending_pts"}
    assert speaking == {*units, "tier", "vouchers"}
    assert all("%@" in fields[key]["changeMessage"] for key in speaking)


def test_a_new_message_is_the_only_field_that_speaks() -> None:
    # A phone that sees several changed fields only says that the pass changed.
    fields = fields_of(document_of(mirrored_card()))
    assert {key for key, field in fields.items() if "changeMessage" in field} == {"message"}
    assert fields["message"]["changeMessage"] == "%@"
    assert fields["message"]["value"] == "Votre chèque de 5 € est arrivé"


@pytest.mark.parametrize(
    ("language", "points", "money"),
    [
        ("en", "+1,030 points: %@", "-2.50 EUR: %@"),
        ("fr", "+1\xa0030 points : %@", "-2,50 € : %@"),
        ("de", "+1\xa0030 points : %@", "-2,50 € : %@"),
    ],
)
def test_a_balance_says_by_how_much_it_changed_in_the_users_language(
    language: str, points: str, money: str
) -> None:
    balances = (
        Balance(unit=POINTS, value=1250, pending=0, change=1030, pending_change=-1030),
        Balance(unit=MONEY, value=1205, change=-250),
    )
    fields = fields_of(document_of(hosted_card(balances=balances, language=language)))
    assert fields["unit_pts"]["changeMessage"] == points
    assert fields["unit_cash"]["changeMessage"] == money
    pending = fields["pending_pts"]["changeMessage"]
    assert pending.startswith("-1")
    assert ("pending" if language == "en" else "en attente") in pending


@pytest.mark.parametrize(
    ("speaks", "key"),
    [
        ("unit:pts", "unit_pts"),
        ("pending:pts", "pending_pts"),
        ("tier", "tier"),
        ("vouchers", "vouchers"),
    ],
)
def test_one_named_field_speaks_alone_because_a_phone_names_only_one(speaks: str, key: str) -> None:
    balances = (Balance(unit=POINTS, value=330, pending=30, change=30, pending_change=30),)
    fields = fields_of(document_of(hosted_card(balances=balances, speaks=speaks)))
    assert {key for key, field in fields.items() if "changeMessage" in field} == {key}


def test_units_that_count_only_later_stand_on_the_back_even_at_0() -> None:
    balances = (Balance(unit=POINTS, value=330, pending=0), Balance(unit=STAMPS, value=1))
    card = document_of(hosted_card(balances=balances))["storeCard"]
    back = {field["key"]: field["value"] for field in card["backFields"]}
    assert back["pending_pts"] == 0
    assert "pending_stamps" not in back


def test_an_older_message_stays_and_lets_the_balance_speak() -> None:
    fields = fields_of(document_of(mirrored_card(is_message_new=False)))
    assert "changeMessage" in fields["unit_pts"]
    assert fields["message"]["value"] == "Votre chèque de 5 € est arrivé"


def test_the_message_field_is_there_before_the_first_message() -> None:
    fields = fields_of(document_of(hosted_card()))
    assert fields["message"] == {
        "key": "message",
        "label": "Dernier message",
        "value": "Aucun message",
    }
    assert "message" not in fields_of(document_of(shop_card()))


def test_a_card_of_a_shop_shows_a_number_and_never_a_balance() -> None:
    card = document_of(shop_card())["storeCard"]
    assert card == {
        "backFields": [{"key": "number", "label": "Numéro de carte", "value": "12345670"}]
    }


def test_without_a_code_the_number_stands_on_the_front() -> None:
    document = document_of(shop_card(barcode_format="none", barcode_value="n° 12", number="n° 12"))
    assert "barcodes" not in document
    assert document["storeCard"]["secondaryFields"][0]["value"] == "n° 12"
    refused = document_of(shop_card(barcode_value="12345671"))
    assert "barcodes" not in refused
    assert refused["storeCard"]["secondaryFields"][0]["key"] == "number"


def test_the_text_under_the_code_is_the_bare_number() -> None:
    for code in document_of(mirrored_card())["barcodes"]:
        assert code["altText"] == "9 123 456"
        assert code["message"] == "0009123456"


def test_the_old_barcode_key_is_the_first_code_where_it_knows_the_format() -> None:
    qr = document_of(shop_card(barcode_format="QR_CODE"))
    assert qr["barcode"] == qr["barcodes"][0]
    assert "barcode" not in document_of(shop_card())


def test_units_that_end_at_midnight_end_on_the_day_before() -> None:
    field = fields_of(document_of(hosted_card()))["expires_on"]
    assert field["value"] == "2027-01-31T23:59:59+01:00"
    assert field["ignoresTimeZone"] is True


def test_as_of_is_shown_where_the_merchant_knows_the_balance() -> None:
    assert fields_of(document_of(mirrored_card()))["as_of"]["value"] == "2026-11-21T20:00:00Z"
    assert "as_of" not in fields_of(document_of(hosted_card()))


@pytest.mark.parametrize(
    ("currency", "minor", "expected"),
    [
        ("EUR", 1205, "12.05"),
        ("EUR", 0, "0.00"),
        ("EUR", -5, "-0.05"),
        ("JPY", 1205, "1205"),
        ("KWD", 1205, "1.205"),
    ],
)
def test_money_is_written_with_its_currencys_decimals(
    currency: str, minor: int, expected: str
) -> None:
    unit = Unit(id="cash", name={"fr": "Cagnotte"}, currency=currency)
    program = msgspec.structs.replace(hosted("fr"), units=(unit,))
    content = hosted_card(program, balances=(Balance(unit=unit, value=minor),), next_expiry=None)
    document = pass_json(skeleton(program, ISSUER), content, ISSUE)
    value = json.loads(document, parse_float=Decimal, parse_int=Decimal)
    assert str(value["storeCard"]["primaryFields"][0]["value"]) == expected


def test_a_unit_or_tier_its_program_no_longer_names_is_left_out() -> None:
    old = Unit(id="miles", name={"fr": "Miles"})
    gone = Tier(id="bronze", name={"fr": "Bronze"})
    content = hosted_card(
        balances=(Balance(unit=old, value=1), Balance(unit=POINTS, value=2)),
        tier=gone,
        next_tier=NextTier(tier=gone, missing=1),
        next_expiry=NextExpiry(at=EXPIRY, units=1, unit=old),
    )
    fields = fields_of(document_of(content))
    assert fields["unit_pts"]["value"] == 2
    assert not {"tier", "next_tier", "expiring", "unit_miles"} & fields.keys()


def test_the_merchants_own_fields_never_take_one_of_our_keys() -> None:
    extra = (
        ExtraField(key="number", label="N°", value="1"),
        ExtraField(key="tier", label="", value="x"),
        ExtraField(key="empty", label="Empty", value=""),
        ExtraField(key="number", label="N°", value="2"),
    )
    fields = fields_of(document_of(hosted_card(fields=extra)))
    assert fields["number"]["value"] == "4006381333931"
    assert fields["field_number"]["value"] == "2"
    assert fields["field_tier"]["label"] == "tier"
    assert "field_empty" not in fields


def test_void_expiry_and_sharing_are_said_only_when_true() -> None:
    document = document_of(hosted_card(is_voided=True, expires_at=EXPIRY))
    assert (document["voided"], document["expirationDate"]) == (True, "2027-01-31T23:00:00Z")
    plain = document_of(hosted_card())
    assert not {"voided", "expirationDate", "sharingProhibited", "nfc"} & plain.keys()
    assert document_of(mirrored_card())["sharingProhibited"] is True


def test_an_nfc_card_that_asks_for_authentication_is_not_shared() -> None:
    plain = document_of(hosted_card(nfc=nfc()))
    assert plain["nfc"]["message"] == "4006381333931"
    assert "sharingProhibited" not in plain
    strict = document_of(hosted_card(nfc=nfc(requires_authentication=True)))
    assert strict["nfc"]["requiresAuthentication"] is True
    assert strict["sharingProhibited"] is True


def test_of_many_shops_the_first_ten_are_places() -> None:
    places = tuple(Location(name=f"L{n}", latitude=n, longitude=n) for n in range(12))
    program = msgspec.structs.replace(hosted(), locations=places)
    document = document_of(hosted_card(program))
    assert [place["relevantText"] for place in document["locations"]] == [
        f"L{n}" for n in range(10)
    ]
    assert document["maxDistance"] == 200
    assert "maxDistance" not in document_of(
        hosted_card(msgspec.structs.replace(program, locations=()))
    )


def test_posters_and_actions_stand_only_where_the_program_asks() -> None:
    assert not {"posterGeneric", "featuredActions"} & document_of(hosted_card()).keys()
    program = msgspec.structs.replace(hosted(), has_poster=True, featured_actions=(ACTION,))
    document = document_of(hosted_card(program))
    assert document["featuredActions"] == [
        {"identifier": "benefits", "type": "membershipBenefits", "url": ACTION.url}
    ]
    poster, card = document["posterGeneric"], document["storeCard"]
    assert poster["primaryFields"] == card["primaryFields"]
    assert [field["key"] for field in poster["footerFields"]] == ["tier"]
    shown = {field["key"] for zone in poster.values() for field in zone}
    assert shown == fields_of(document).keys()
    slow = card_document(hosted_card(program), ISSUER, ISSUE).json_dict()
    written = msgspec.json.Encoder(decimal_format="number").encode(slow)
    assert json.loads(written) == document


def test_web_service_and_token_stand_together_or_not_at_all() -> None:
    document = document_of(hosted_card())
    assert document["webServiceURL"] == "https://wallet.example.com/apple"
    assert document["authenticationToken"] == ISSUE.authentication_token
    alone = Issuer(pass_type=ISSUER.pass_type, team=ISSUER.team)
    document = document_of(hosted_card(), Issue(serial_number="1"), alone)
    assert not {"webServiceURL", "authenticationToken"} & document.keys()


def test_the_default_language_is_the_programs_first() -> None:
    french, english = document_of(hosted_card()), document_of(hosted_card(hosted("en", "fr")))
    assert (french["description"], english["description"]) == ("Carte de fidélité", "Loyalty card")
    assert fields_of(french)["tier"]["value"] == "Argent"
    assert fields_of(english)["tier"]["value"] == "Silver"


def test_a_language_we_do_not_speak_gets_english_labels() -> None:
    fields = fields_of(document_of(shop_card(shop("de"))))
    assert fields["number"]["label"] == "Card number"


def test_one_users_data_never_reaches_the_next_card() -> None:
    template = skeleton(hosted(), ISSUER)
    rich = hosted_card(
        number="SECRET-1",
        barcode_format="none",
        message="SECRET-2",
        fields=(ExtraField(key="k", label="SECRET-3", value="SECRET-4"),),
        balances=(Balance(unit=POINTS, value=987654321), Balance(unit=MONEY, value=1)),
        tier=GOLD,
        card_url="https://example.com/SECRET-5",
        nfc=nfc(message="SECRET-6"),
        is_voided=True,
    )
    poor = PassContent(program=hosted(), number="2", barcode_value="2", barcode_format="CODE_128")
    before = pass_json(template, poor, ISSUE)
    pass_json(template, rich, Issue(serial_number="other", authentication_token="SECRET-7" * 3))
    after = pass_json(template, poor, ISSUE)
    assert after == before
    for secret in (b"SECRET", b"987654321", b"voided", b"nfc"):
        assert secret not in after


def test_nothing_empty_is_written_and_nothing_false_is_lost() -> None:
    node = {"a": None, "b": "", "c": [], "d": {"e": {}}, "value": "", "n": 0, "f": False, "l": [""]}
    assert without_empty(node) == {"value": "", "n": 0, "f": False}


def test_times_before_and_after_the_epoch_are_written() -> None:
    fields = fields_of(document_of(mirrored_card(as_of=-SECOND)))
    assert fields["as_of"]["value"] == "1969-12-31T23:59:59Z"


@pytest.mark.parametrize("at", [253_402_300_799, 2**43, -62_135_596_800, -(2**43)])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Paris"])
def test_a_time_that_means_never_is_written_in_every_zone(at: int, zone: str) -> None:
    program = msgspec.structs.replace(hosted(), time_zone=zone)
    expiry = NextExpiry(at=at * SECOND, units=1, unit=POINTS)
    content = hosted_card(program, next_expiry=expiry, expires_at=at * SECOND, as_of=at * SECOND)
    assert fields_of(document_of(content))["expires_on"]["value"][:4] in {"9999", "0001"}

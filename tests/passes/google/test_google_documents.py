"""What a program and a card look like at Google, member by member."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from passes.barcode import FORMATS
from passes.content import (
    Balance,
    ExtraField,
    Link,
    Location,
    NextExpiry,
    NextTier,
    Tier,
    Unit,
)
from passes.google.loyalty_object import message_of, minimal_object
from passes.google.rotating import value_at
from tests.passes.apple.cards import (
    CARDS,
    EXPIRY,
    GOLD,
    MONEY,
    POINTS,
    PROGRAMS,
    STAMPS,
    hosted,
    hosted_card,
    mirrored,
    mirrored_card,
    shop,
    shop_card,
)
from tests.passes.barcode.values import DRAWABLE, values
from tests.passes.google import google_golden
from tests.passes.google.given import CARD_REF, OBJECT_ID, SECRET, assert_taken, class_of, object_of

LOCALES = [
    ("fr",),
    ("en",),
    ("fr", "en"),
    ("en", "fr"),
    ("de", "fr"),
    ("pt-BR", "zh-Hant-TW", "en"),
]
NO_TIERS = msgspec.structs.replace(hosted(), tiers=())


def module(document: dict[str, Any], key: str) -> dict[str, Any]:
    """Find a text module."""
    (found,) = [each for each in document["textModulesData"] if each["id"] == key]
    return found


def held(*balances: Balance, **changes: object) -> dict[str, Any]:
    """Write a card without a tier that holds these."""
    keys: dict[str, Any] = {"tier": None, "next_tier": None, "next_expiry": None, "vouchers": None}
    return object_of(hosted_card(NO_TIERS, balances=balances, **keys | changes))


def test_documents_are_those_of_the_golden_files() -> None:
    made = dict(google_golden.files())
    assert {path.name for path in google_golden.FOLDER.iterdir()} == made.keys()
    for name, content in made.items():
        assert content == (google_golden.FOLDER / name).read_bytes(), name


@pytest.mark.parametrize("authority", PROGRAMS)
@pytest.mark.parametrize("languages", LOCALES)
def test_a_class_of_any_authority_and_locale_is_taken(
    authority: str, languages: tuple[str, ...]
) -> None:
    assert_taken("LoyaltyClass", class_of(PROGRAMS[authority](*languages)))


@pytest.mark.parametrize("is_voided", [False, True])
@pytest.mark.parametrize("authority", CARDS)
@pytest.mark.parametrize("languages", LOCALES)
def test_a_card_of_any_authority_and_locale_is_taken(
    authority: str, languages: tuple[str, ...], is_voided: bool
) -> None:
    program = PROGRAMS[authority](*languages)
    for rotates in (False, True):
        shown = msgspec.structs.replace(program, rotates_code=rotates)
        assert_taken("LoyaltyObject", object_of(CARDS[authority](shown, is_voided=is_voided)))


@pytest.mark.parametrize("accepts", [None, (), ("EAN_13",), ("QR_CODE",), ("CODE_128", "QR_CODE")])
@pytest.mark.parametrize("barcode_format", FORMATS)
def test_a_code_of_any_format_is_taken(
    barcode_format: str, accepts: tuple[str, ...] | None
) -> None:
    program = msgspec.structs.replace(shop(), accepts=accepts)
    drawn = list(values(barcode_format, 20)) if barcode_format in DRAWABLE else ["AB 1042"]
    for value in drawn:
        code = {"barcode_format": barcode_format, "barcode_value": value, "number": "AB 1042"}
        document = object_of(shop_card(program, **code))
        assert_taken("LoyaltyObject", document)
        assert document["barcode"]["alternateText"] == "AB 1042"


def test_itf_of_14_digits_is_itf_14_and_of_12_another_code() -> None:
    def kind(value: str) -> tuple[str, str]:
        code = object_of(shop_card(barcode_format="ITF", barcode_value=value))["barcode"]
        return code["type"], code["value"]

    assert kind("12345678901231") == ("ITF_14", "12345678901231")
    assert kind("123456789012") == ("CODE_128", "123456789012")


def test_a_number_without_code_is_shown_as_text() -> None:
    code = object_of(shop_card(barcode_format="none", number="AB 1042"))["barcode"]
    assert code == {"type": "TEXT_ONLY", "value": "AB 1042", "alternateText": "AB 1042"}


def test_a_class_holds_what_google_requires() -> None:
    found = class_of(hosted())
    assert found["issuerName"] == found["programName"] == "Boulangerie du Coin"
    assert found["reviewStatus"] == "UNDER_REVIEW"
    assert found["multipleDevicesAndHoldersAllowedStatus"] == "ONE_USER_ALL_DEVICES"
    assert found["callbackOptions"] == {"url": "https://wallet.example.com/google/callbacks"}
    assert (found["countryCode"], found["hexBackgroundColor"]) == ("FR", "#2e7d32")
    assert found["merchantLocations"] == [{"latitude": 48.853, "longitude": 2.369}]
    assert "locations" not in found


def test_a_class_is_localized_into_each_language_of_its_program() -> None:
    found = class_of(hosted("fr", "en"))
    assert found["accountIdLabel"] == "Numéro de carte"
    assert found["localizedAccountIdLabel"] == {
        "defaultValue": {"language": "fr", "value": "Numéro de carte"},
        "translatedValues": [{"language": "en", "value": "Card number"}],
    }
    described = found["programLogo"]["contentDescription"]
    assert [described["defaultValue"]["language"]] == ["fr"]
    assert class_of(hosted("en", "fr"))["accountIdLabel"] == "Card number"


def test_a_long_name_is_cut_at_a_word_and_stands_whole_beside() -> None:
    name = "La Grande Boulangerie du Coin de la Rue"
    found = class_of(msgspec.structs.replace(hosted(), name=name), issuer_name="Groupe Dupont")
    assert found["programName"] == "La Grande…"
    assert found["issuerName"] == "Groupe Dupont"
    assert module(found, "name")["body"] == name
    assert_taken("LoyaltyClass", found)


def test_a_name_that_fits_is_not_said_twice() -> None:
    assert all(each["id"] != "name" for each in class_of(hosted())["textModulesData"])


def test_of_more_than_ten_places_the_first_ten_are_told() -> None:
    places = tuple(Location(name="x", latitude=n, longitude=0) for n in range(12))
    found = class_of(msgspec.structs.replace(hosted(), locations=places))
    assert [place["latitude"] for place in found["merchantLocations"]] == list(range(10))


def test_long_terms_are_told_in_parts_and_no_word_is_lost() -> None:
    terms = {"fr": "Un point par euro dépensé. " * 140, "en": "One point for each euro. " * 120}
    program = msgspec.structs.replace(hosted(), terms=terms)
    found = class_of(program)
    assert_taken("LoyaltyClass", found)
    parts = [each for each in found["textModulesData"] if each["id"].startswith("terms_")]
    assert parts[0]["header"] == f"Conditions (1/{len(parts)})"
    assert " ".join(part["body"] for part in parts).split() == terms["fr"].split()
    english = [part["localizedBody"]["translatedValues"][0]["value"] for part in parts]
    assert " ".join(english).split() == terms["en"].split()


def test_links_lead_where_google_lets_them() -> None:
    links = (
        Link(label={"fr": "Site", "en": "Website"}, url="https://a.example"),
        Link(label={"fr": "x"}, url="javascript:alert(1)"),
        Link(label={"fr": "Nous appeler maintenant s'il vous plaît"}, url="tel:+33123456789"),
    )
    found = class_of(msgspec.structs.replace(hosted(), links=links))["linksModuleData"]["uris"]
    assert [uri["uri"] for uri in found] == ["https://a.example", "tel:+33123456789"]
    assert found[1]["description"] == "Nous appeler…"


def test_a_balance_of_units_is_a_number() -> None:
    document = held(Balance(unit=POINTS, value=1250))
    assert document["loyaltyPoints"] == {"label": "Points", "balance": {"int": 1250}}
    assert '"int": 1250' in json.dumps(document)
    assert "secondaryLoyaltyPoints" not in document


@pytest.mark.parametrize("value", [2**31 - 1, -(2**31)])
def test_the_last_number_of_32_bits_is_a_number(value: int) -> None:
    balance = held(Balance(unit=POINTS, value=value))["loyaltyPoints"]["balance"]
    assert balance == {"int": value}


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**53])
def test_beyond_32_bits_a_balance_is_text(value: int) -> None:
    balance = held(Balance(unit=POINTS, value=value))["loyaltyPoints"]["balance"]
    assert balance == {"string": str(value)}


@pytest.mark.parametrize(
    ("currency", "minor", "micros"),
    [
        ("EUR", 100, "1000000"),
        ("EUR", -1205, "-12050000"),
        ("EUR", 0, "0"),
        ("JPY", 100, "100000000"),
        ("KWD", 1001, "1001000"),
        ("CLF", 10001, "1000100"),
    ],
)
def test_money_is_counted_in_millionths_of_its_currency(
    currency: str, minor: int, micros: str
) -> None:
    unit = Unit(id="cash", name={"fr": "Cagnotte"}, currency=currency)
    program = msgspec.structs.replace(NO_TIERS, units=(unit,))
    content = hosted_card(program, balances=(Balance(unit=unit, value=minor),), next_expiry=None)
    balance = object_of(content)["loyaltyPoints"]["balance"]
    assert balance == {"money": {"currencyCode": currency, "micros": micros}}


def test_money_beyond_64_bits_of_millionths_is_text() -> None:
    balance = held(Balance(unit=MONEY, value=2**53))["loyaltyPoints"]["balance"]
    assert balance == {"string": "90071992547409.92 EUR"}


def test_the_tier_stands_on_the_face_and_the_second_unit_beside() -> None:
    document = object_of(hosted_card())
    assert document["loyaltyPoints"]["balance"] == {"int": 1250}
    assert document["secondaryLoyaltyPoints"]["label"] == "Statut"
    translated = document["secondaryLoyaltyPoints"]["localizedLabel"]["translatedValues"]
    assert translated == [{"language": "en", "value": "Tier"}]
    assert document["secondaryLoyaltyPoints"]["balance"] == {"string": "Argent"}
    assert module(document, "unit_stamps")["body"] == "4"
    assert module(document, "unit_cash")["body"] == "12,05 €"


def test_the_tier_is_told_in_the_users_language() -> None:
    document = object_of(hosted_card(language="en"))
    assert document["secondaryLoyaltyPoints"]["balance"] == {"string": "Silver"}
    document = object_of(hosted_card(language="de"))
    assert document["secondaryLoyaltyPoints"]["balance"] == {"string": "Argent"}


def test_without_tiers_the_second_unit_stands_on_the_face() -> None:
    document = held(
        Balance(unit=POINTS, value=1), Balance(unit=STAMPS, value=2), Balance(unit=MONEY, value=3)
    )
    assert document["secondaryLoyaltyPoints"]["balance"] == {"int": 2}
    assert [each["id"] for each in document["textModulesData"]] == ["unit_cash", "keep_by"]


def test_a_place_on_the_face_keeps_its_kind_before_the_first_tier() -> None:
    document = object_of(hosted_card(tier=None))
    assert "secondaryLoyaltyPoints" not in document
    assert module(document, "unit_stamps")["body"] == "4"


def test_what_its_program_does_not_name_is_left_out() -> None:
    content = hosted_card(
        tier=Tier(id="x", name={"fr": "X"}),
        next_tier=NextTier(tier=Tier(id="x", name={"fr": "X"}), missing=1),
        balances=(Balance(unit=Unit(id="x", name={"fr": "X"}), value=7, pending=7),),
        next_expiry=None,
    )
    document = object_of(content)
    assert not {"loyaltyPoints", "secondaryLoyaltyPoints"} & document.keys()
    assert [each["id"] for each in document["textModulesData"]] == ["vouchers", "keep_by"]


def test_a_long_label_is_cut_to_nine_characters() -> None:
    unit = Unit(id="pts", name={"fr": "Points de fidélité", "en": "Loyaltypoints"})
    program = msgspec.structs.replace(NO_TIERS, units=(unit,))
    points = object_of(hosted_card(program, balances=(Balance(unit=unit, value=1),)))[
        "loyaltyPoints"
    ]
    assert points["label"] == "Points…"
    assert points["localizedLabel"]["translatedValues"][0]["value"] == "Loyaltyp…"


def test_what_is_told_beside_the_face() -> None:
    document = object_of(hosted_card())
    told = {each["id"]: (each["header"], each["body"]) for each in document["textModulesData"]}
    assert told["vouchers"] == ("Bons", "2")
    assert told["next_tier"] == ("Avant Or", "79,50 €")
    assert told["pending_pts"] == ("Points en attente", "30")
    # Midnight in Paris: the last day they count is the one before.
    assert told["expiring"] == ("Points : prochaine expiration", "120 le 31 janvier 2027")
    assert told["keep_by"] == ("Statut acquis jusqu'au", "31 janvier 2027")
    english = module(document, "expiring")["localizedBody"]["translatedValues"][0]["value"]
    assert english == "120 on 31 January 2027"


def test_a_merchants_own_fields_and_the_age_of_its_balance_are_told() -> None:
    document = object_of(mirrored_card())
    assert module(document, "field_cheque")["header"] == "Chèque"
    assert module(document, "field_cheque")["body"] == "5 €"
    assert module(document, "as_of")["body"] == "21 novembre 2026, 20:00"


def test_ids_of_modules_have_no_dot_and_two_keys_never_one_id() -> None:
    keys = ("a.b", "a-b", "a_b", "é", "")
    fields = tuple(ExtraField(key=key, label="L", value=key or "x") for key in keys)
    ids = [
        each["id"]
        for each in object_of(mirrored_card(fields=fields, as_of=None))["textModulesData"]
    ]
    assert len(set(ids)) == len(keys)
    assert not any("." in each for each in ids)


def test_of_more_modules_than_are_shown_the_last_tells_the_rest() -> None:
    fields = tuple(ExtraField(key=f"k{n}", label=f"L{n}", value=f"V{n}") for n in range(15))
    modules = object_of(mirrored_card(fields=fields))["textModulesData"]
    assert len(modules) == 10
    assert modules[-1]["id"] == "more"
    assert modules[-1]["body"].splitlines() == [f"L{n}: V{n}" for n in range(8, 15)]


def test_the_merchants_message_is_a_message() -> None:
    content = mirrored_card()
    (message,) = object_of(content)["messages"]
    assert message["header"] == "Dernier message"
    assert message["body"] == "Votre chèque de 5 € est arrivé"
    assert message["messageType"] == "TEXT"
    assert message == message_of(content)
    other = message_of(mirrored_card(message="Un autre"))
    assert other is not None
    assert other["id"] != message["id"]


def test_a_card_expires_by_itself_and_its_page_is_a_link() -> None:
    document = object_of(hosted_card(expires_at=EXPIRY))
    assert document["validTimeInterval"] == {"end": {"date": "2027-02-01T00:00:00+01:00"}}
    (uri,) = document["linksModuleData"]["uris"]
    assert uri["uri"] == "https://wallet.example.com/cards/card_1"
    assert uri["description"] == "Votre carte en ligne"


def test_a_users_cards_stand_together_in_his_order() -> None:
    document = object_of(hosted_card(), grouping_id="abc", sort_index=0)
    assert document["groupingInfo"] == {"groupingId": "abc", "sortIndex": 0}
    assert "groupingInfo" not in object_of(hosted_card(), grouping_id=None)


def test_the_number_is_whole_and_the_name_is_cut() -> None:
    number = "1234567890123456789012345"
    card = hosted_card(number=number, barcode_format="CODE_128", barcode_value=number)
    document = object_of(card, holder_name="Marie-Antoinette de la Tour d'Auvergne")
    assert document["accountId"] == number
    assert document["accountName"] == "Marie-Antoinette de…"
    assert "accountName" not in object_of(card, holder_name=None)


def test_a_code_that_changes_has_no_other_beside_it() -> None:
    program = msgspec.structs.replace(hosted(), rotates_code=True)
    document = object_of(hosted_card(program))
    assert "barcode" not in document
    code = document["rotatingBarcode"]
    assert code == {
        "type": "QR_CODE",
        "valuePattern": f"PC1.{CARD_REF}.{{totp_timestamp_seconds}}.{{totp_value_0}}",
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": "30000",
            "parameters": [{"key": "3132333435363738393031323334353637383930", "valueLength": 8}],
        },
        "alternateText": "4006381333931",
    }
    pattern = code["valuePattern"].replace("{totp_timestamp_seconds}", "59")
    assert pattern.replace("{totp_value_0}", "94287082") == value_at(SECRET, CARD_REF, 59)


def test_without_a_secret_a_rotating_program_shows_no_code_at_all() -> None:
    program = msgspec.structs.replace(hosted(), rotates_code=True)
    document = object_of(hosted_card(program), secret=None)
    assert not {"barcode", "rotatingBarcode"} & document.keys()


def test_the_minimum_holds_no_name_no_secret_and_no_words() -> None:
    kept = minimal_object(object_of(hosted_card()))
    assert list(kept) == [
        *("id", "classId", "state", "accountId", "barcode", "groupingInfo"),
        *("loyaltyPoints", "secondaryLoyaltyPoints"),
    ]
    program = msgspec.structs.replace(mirrored(), rotates_code=True)
    kept = minimal_object(object_of(mirrored_card(program)))
    assert SECRET.hex().upper() not in json.dumps(kept)
    assert "rotatingBarcode" not in kept


@pytest.mark.parametrize("authority", CARDS)
def test_a_voided_cards_object_says_nothing_of_its_user(authority: str) -> None:
    program = PROGRAMS[authority]("fr", "en")
    rotating = msgspec.structs.replace(program, rotates_code=True)
    for shown in (program, rotating):
        content = CARDS[authority](shown, is_voided=True, message="Bonjour Marie")
        document = object_of(content)
        assert_taken("LoyaltyObject", document)
        assert document["state"] == "INACTIVE"
        assert document["id"] == OBJECT_ID
        text = json.dumps(document, ensure_ascii=False)
        for said in (
            content.number,
            content.barcode_value,
            "Marie",
            "1250",
            "1300",
            "Points",
            "Or",
        ):
            assert said not in text
        # What stood there is overwritten: a PATCH could not take it away.
        assert {"accountId", "accountName", "barcode", "textModulesData"} <= document.keys()
        assert message_of(content) is None


@pytest.mark.parametrize("number", ["0", "12345670"])
def test_no_balance_and_no_tier_leave_no_empty_member(number: str) -> None:
    document = object_of(shop_card(number=number))
    assert_taken("LoyaltyObject", document)
    assert not {"loyaltyPoints", "textModulesData", "messages", "linksModuleData"} & document.keys()


def test_an_expiry_of_units_nobody_names_tells_the_day_alone() -> None:
    expiry = NextExpiry(at=EXPIRY, units=5, unit=Unit(id="x", name={"fr": "X"}))
    document = object_of(hosted_card(next_expiry=expiry))
    assert module(document, "expires_on")["body"] == "31 janvier 2027"


def test_a_language_we_do_not_speak_reads_english_words_and_plain_days() -> None:
    document = object_of(hosted_card(hosted("de")))
    assert module(document, "keep_by")["header"] == "Tier kept until"
    assert module(document, "keep_by")["body"] == "2027-01-31"
    assert module(document, "unit_cash")["body"] == "12.05 EUR"


def test_the_next_tier_of_another_unit_is_counted_in_it() -> None:
    following = NextTier(tier=GOLD, missing=1500)
    assert module(object_of(hosted_card(next_tier=following)), "next_tier")["body"] == "1\u00a0500"

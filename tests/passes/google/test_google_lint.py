"""The linter refuses each of Google's rules, names the place, and takes all that we may send."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from passes.google.lint import lint_class, lint_message, lint_object
from tests.passes.apple.cards import hosted, hosted_card
from tests.passes.google.discovery import faults
from tests.passes.google.given import (
    CLASS_ID,
    NUMBER,
    OBJECT_ID,
    class_findings,
    class_of,
    object_findings,
    object_of,
)

Change = Callable[[dict[str, Any]], object]
SAID = {"defaultValue": {"language": "fr", "value": "Carte"}}
PICTURE = {"sourceUri": {"uri": "https://a.example/a.png"}}


def put(path: str, value: object) -> Change:
    """Write a value at a path, `a.b.0.c`."""

    def change(document: dict[str, Any]) -> None:
        *above, last = path.split(".")
        place: Any = document
        for name in above:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        place[last] = value

    return change


def drop(name: str) -> Change:
    return lambda document: document.pop(name)


BROKEN_CLASSES: dict[str, tuple[Change, str]] = {
    "no id": (drop("id"), "id"),
    "no issuerName": (drop("issuerName"), "issuerName"),
    "no programName": (drop("programName"), "programName"),
    "no logo": (drop("programLogo"), "programLogo"),
    "no reviewStatus": (drop("reviewStatus"), "reviewStatus"),
    "approved by ourselves": (put("reviewStatus", "APPROVED"), "reviewStatus"),
    "rejected by ourselves": (put("reviewStatus", "REJECTED"), "reviewStatus"),
    "old spelling": (put("reviewStatus", "underReview"), "reviewStatus"),
    "id with a space": (put("id", f"{NUMBER}.prog 01"), "id"),
    "id with a slash": (put("id", f"{NUMBER}.prog/01"), "id"),
    "id without issuer": (put("id", "prog_01"), "id"),
    "id with a line break": (put("id", CLASS_ID + "\n"), "id"),
    "id of another issuer": (put("id", "3388000000099999999.prog_01"), "id"),
    "colour without #": (put("hexBackgroundColor", "2e7d32"), "hexBackgroundColor"),
    "colour of five": (put("hexBackgroundColor", "#2e7d3"), "hexBackgroundColor"),
    "callback by http": (put("callbackOptions.url", "http://a.example/c"), "callbackOptions.url"),
    "callback to localhost": (
        put("callbackOptions.url", "https://localhost/c"),
        "callbackOptions.url",
    ),
    "unknown key": (put("programme", "Carte"), "programme"),
    "unknown key below": (put("programLogo.size", 1), "programLogo.size"),
    "kind": (put("kind", "walletobjects#loyaltyClass"), "kind"),
    "version": (put("version", "1"), "version"),
    "wordMark": (put("wordMark", PICTURE), "wordMark"),
    "infoModuleData": (put("infoModuleData", {"labelValueRows": []}), "infoModuleData"),
    "allowMultipleUsersPerObject": (
        put("allowMultipleUsersPerObject", True),
        "allowMultipleUsersPerObject",
    ),
    "locations": (put("locations", [{"latitude": 1.0, "longitude": 1.0}]), "locations"),
    "review": (put("review", {"comments": "fine"}), "review"),
    "unknown enum value": (
        put("multipleDevicesAndHoldersAllowedStatus", "EVERYBODY"),
        "multipleDevicesAndHoldersAllowedStatus",
    ),
    "image on localhost": (
        put("programLogo.sourceUri.uri", "https://localhost/l.png"),
        "programLogo.sourceUri.uri",
    ),
    "image by http": (
        put("programLogo.sourceUri.uri", "http://a.example/l.png"),
        "programLogo.sourceUri.uri",
    ),
    "image of two sources": (put("programLogo.privateImageId", "1.a"), "programLogo"),
    "image of none": (put("heroImage", {"contentDescription": SAID}), "heroImage"),
    "Smart Tap without issuers": (put("enableSmartTap", True), "redemptionIssuers"),
    "11 locations": (
        put("merchantLocations", [{"latitude": 1.0, "longitude": 2.0}] * 11),
        "merchantLocations",
    ),
    "latitude of 91": (
        put("merchantLocations", [{"latitude": 91, "longitude": 2}]),
        "merchantLocations[0].latitude",
    ),
    "11 messages": (put("messages", [{"header": "a", "body": "b"}] * 11), "messages"),
    "message without body": (put("messages", [{"header": "a"}]), "messages[0].body"),
    "language english please": (
        put("localizedIssuerName", {"defaultValue": {"language": "english please", "value": "a"}}),
        "localizedIssuerName.defaultValue.language",
    ),
    "a language twice": (
        put("localizedIssuerName", SAID | {"translatedValues": [SAID["defaultValue"]]}),
        "localizedIssuerName.translatedValues",
    ),
    "null": (put("countryCode", None), "countryCode"),
    "null below": (put("programLogo.sourceUri", None), "programLogo.sourceUri"),
    "null in a list": (put("messages", [None]), "messages[0]"),
    "country of three letters": (put("countryCode", "FRA"), "countryCode"),
    "module id with a dot": (put("textModulesData.0.id", "a.b"), "textModulesData[0].id"),
    "link without scheme": (
        put("linksModuleData.uris.0.uri", "a.example"),
        "linksModuleData.uris[0].uri",
    ),
    "link of a script": (
        put("linksModuleData.uris.0.uri", "javascript:alert(1)"),
        "linksModuleData.uris[0].uri",
    ),
    "16 added modules": (
        put("valueAddedModuleData", [{"header": SAID}] * 16),
        "valueAddedModuleData",
    ),
    "button of 31 characters": (
        put("appLinkData.displayText", {"defaultValue": {"language": "fr", "value": "a" * 31}}),
        "appLinkData.displayText",
    ),
    "empty name": (put("programName", ""), "programName"),
    "name as number": (put("programName", 7), "programName"),
    "list as object": (put("messages", {}), "messages"),
    "truth as text": (put("enableSmartTap", "true"), "enableSmartTap"),
}

POINTS = "loyaltyPoints.balance"
BROKEN_OBJECTS: dict[str, tuple[Change, str]] = {
    "no id": (drop("id"), "id"),
    "no class": (drop("classId"), "classId"),
    "no state": (drop("state"), "state"),
    "state VALID": (put("state", "VALID"), "state"),
    "state active": (put("state", "active"), "state"),
    "class of another issuer": (put("classId", "3388000000099999999.prog_01"), "classId"),
    "two balances": (put(POINTS, {"int": 1, "string": "1"}), POINTS),
    "no balance": (put(POINTS, {}), POINTS),
    "balance missing": (put("loyaltyPoints", {"label": "Points"}), POINTS),
    "no label": (put("loyaltyPoints", {"balance": {"int": 1}}), "loyaltyPoints.label"),
    "micros directly in balance": (put(POINTS, {"micros": "1"}), f"{POINTS}.micros"),
    "int as text": (put(POINTS, {"int": "5"}), f"{POINTS}.int"),
    "int with an underscore": (put(POINTS, {"int_": 5}), f"{POINTS}.int_"),
    "int of 33 bits": (put(POINTS, {"int": 2**31}), f"{POINTS}.int"),
    "truth as int": (put(POINTS, {"int": True}), f"{POINTS}.int"),
    "fraction as int": (put(POINTS, {"int": 1.5}), f"{POINTS}.int"),
    "money without currency": (
        put(POINTS, {"money": {"micros": "1"}}),
        f"{POINTS}.money.currencyCode",
    ),
    "micros as number": (
        put(POINTS, {"money": {"currencyCode": "EUR", "micros": 1_000_000}}),
        f"{POINTS}.money.micros",
    ),
    "micros of 65 bits": (
        put(POINTS, {"money": {"currencyCode": "EUR", "micros": str(2**63)}}),
        f"{POINTS}.money.micros",
    ),
    "code QRCODE": (put("barcode.type", "QRCODE"), "barcode.type"),
    "code qrCode": (put("barcode.type", "qrCode"), "barcode.type"),
    "no code value": (put("barcode", {"type": "QR_CODE"}), "barcode.value"),
    "EAN-13 of wrong digit": (put("barcode.value", "4006381333932"), "barcode.value"),
    "EAN-13 of 12 digits": (put("barcode.value", "400638133393"), "barcode.value"),
    "EAN-13 of Arabic digits": (put("barcode.value", "٤٠٠٦٣٨١٣٣٣٩٣١"), "barcode.value"),
    "lower-case Code 39": (put("barcode", {"type": "CODE_39", "value": "abc"}), "barcode.value"),
    "ITF-14 of 12 digits": (
        put("barcode", {"type": "ITF_14", "value": "123456789012"}),
        "barcode.value",
    ),
    "ITF-14 of wrong digit": (
        put("barcode", {"type": "ITF_14", "value": "12345678901232"}),
        "barcode.value",
    ),
    "UPC-A of 8 digits": (put("barcode", {"type": "UPC_A", "value": "03600029"}), "barcode.value"),
    "UPC_E": (put("barcode", {"type": "UPC_E", "value": "01234565"}), "barcode.type"),
    "Code 128 with an accent": (
        put("barcode", {"type": "CODE_128", "value": "é"}),
        "barcode.value",
    ),
    "QR code of 2,954 bytes": (
        put("barcode", {"type": "QR_CODE", "value": "a" * 2_954}),
        "barcode.value",
    ),
    "unknown encoding": (put("barcode.renderEncoding", "UTF-8"), "barcode.renderEncoding"),
    "classReference": (put("classReference", {"id": CLASS_ID}), "classReference"),
    "hasUsers": (put("hasUsers", True), "hasUsers"),
    "hasLinkedDevice": (put("hasLinkedDevice", True), "hasLinkedDevice"),
    "infoModuleData": (put("infoModuleData", {}), "infoModuleData"),
    "end before start": (
        put(
            "validTimeInterval",
            {
                "start": {"date": "2027-01-02T00:00:00Z"},
                "end": {"date": "2027-01-02T00:59:00+01:00"},
            },
        ),
        "validTimeInterval.end",
    ),
    "one offset only": (
        put(
            "validTimeInterval",
            {"start": {"date": "2027-01-01T00:00:00"}, "end": {"date": "2027-01-02T00:00:00Z"}},
        ),
        "validTimeInterval",
    ),
    "no date": (
        put("validTimeInterval", {"end": {"date": "next year"}}),
        "validTimeInterval.end.date",
    ),
    "no such day": (
        put("validTimeInterval", {"end": {"date": "2027-02-30T00:00:00Z"}}),
        "validTimeInterval.end.date",
    ),
    "non-ASCII Smart Tap value": (put("smartTapRedemptionValue", "é1"), "smartTapRedemptionValue"),
    "module id with a dot": (put("textModulesData.0.id", "a.b"), "textModulesData[0].id"),
    "link without scheme": (
        put("linksModuleData.uris.0.uri", "//a.example"),
        "linksModuleData.uris[0].uri",
    ),
    "sort index as text": (put("groupingInfo.sortIndex", "0"), "groupingInfo.sortIndex"),
    "linked object of another issuer": (put("linkedObjectIds", ["1.a"]), "linkedObjectIds[0]"),
    "linked object twice": (put("linkedObjectIds", [OBJECT_ID] * 2), "linkedObjectIds"),
    "unknown preference": (put("notifyPreference", "NOTIFY"), "notifyPreference"),
    "null": (put("accountName", None), "accountName"),
}


def rotating() -> dict[str, Any]:
    program = msgspec.structs.replace(hosted(), rotates_code=True)
    return copy.deepcopy(object_of(hosted_card(program)))


CODE = "rotatingBarcode"
TOTP = f"{CODE}.totpDetails"
BROKEN_ROTATING: dict[str, tuple[Change, str]] = {
    "key in Base32": (
        put(f"{TOTP}.parameters.0.key", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
        f"{TOTP}.parameters[0].key",
    ),
    "key in small letters": (
        put(f"{TOTP}.parameters.0.key", "abcdefabcdefabcdefabcdefabcdefabcdefabcd"),
        f"{TOTP}.parameters[0].key",
    ),
    "key of 8 bytes": (
        put(f"{TOTP}.parameters.0.key", "3132333435363738"),
        f"{TOTP}.parameters[0].key",
    ),
    "second value of one parameter": (
        put(f"{CODE}.valuePattern", "{totp_value_1}"),
        f"{CODE}.valuePattern",
    ),
    "SHA-256": (put(f"{TOTP}.algorithm", "TOTP_SHA256"), f"{TOTP}.algorithm"),
    "EAN_13": (put(f"{CODE}.type", "EAN_13"), f"{CODE}.type"),
    "pattern that never changes": (put(f"{CODE}.valuePattern", "PC1"), f"{CODE}.valuePattern"),
    "pattern of the time alone": (
        put(f"{CODE}.valuePattern", "{totp_timestamp_seconds}"),
        f"{CODE}.valuePattern",
    ),
    "unknown substitution": (
        put(f"{CODE}.valuePattern", "{totp_value_0}{card}"),
        f"{CODE}.valuePattern",
    ),
    "period as number": (put(f"{TOTP}.periodMillis", 30_000), f"{TOTP}.periodMillis"),
    "no parameters": (put(f"{TOTP}.parameters", []), f"{TOTP}.parameters"),
    "a static code beside it": (put("barcode", {"type": "QR_CODE", "value": "1"}), "barcode"),
}


@pytest.mark.parametrize("name", BROKEN_CLASSES)
def test_each_broken_class_is_refused_with_its_path(name: str) -> None:
    change, path = BROKEN_CLASSES[name]
    document = copy.deepcopy(class_of(hosted()))
    change(document)
    assert path in [found.path for found in class_findings(document)]


@pytest.mark.parametrize("name", BROKEN_OBJECTS)
def test_each_broken_object_is_refused_with_its_path(name: str) -> None:
    change, path = BROKEN_OBJECTS[name]
    document = copy.deepcopy(object_of(hosted_card()))
    change(document)
    assert path in [found.path for found in object_findings(document)]


@pytest.mark.parametrize("name", BROKEN_ROTATING)
def test_each_broken_rotating_code_is_refused_with_its_path(name: str) -> None:
    change, path = BROKEN_ROTATING[name]
    document = rotating()
    change(document)
    assert path in [found.path for found in object_findings(document)]


def test_what_is_broken_was_good_before() -> None:
    assert class_findings(class_of(hosted())) == []
    assert object_findings(object_of(hosted_card())) == []
    assert object_findings(rotating()) == []


def test_one_fault_hides_no_other() -> None:
    document = object_of(hosted_card()) | {"state": "VALID", "kind": "x", "accountId": None}
    assert {found.path for found in object_findings(document)} == {"state", "kind", "accountId"}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"1", b"null", b"[" * 60_000])
def test_what_is_no_document_is_one_finding(text: bytes) -> None:
    for lint in (lint_class, lint_object):
        assert len(lint(text, issuer=NUMBER)) == 1
    assert len(lint_message(text)) == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/a", "http://localhost/a", "http://[::1]:1/a", "https://localhost/a"],
)
def test_the_sandbox_takes_pictures_and_callbacks_on_this_machine(url: str) -> None:
    document = class_of(hosted(), logo_url=url, callback_url=url)
    assert class_findings(document, allow_loopback=True) == []
    paths = [found.path for found in class_findings(document)]
    assert paths == ["programLogo.sourceUri.uri", "callbackOptions.url"]


@pytest.mark.parametrize("url", ["http://localhost.a.example/a", "http://127.0.0.1@a.example/a"])
def test_the_sandbox_takes_no_other_machine_by_http(url: str) -> None:
    document = class_of(hosted(), logo_url=url)
    assert class_findings(document, allow_loopback=True) != []


def test_a_patch_needs_only_what_changes() -> None:
    patch = {"loyaltyPoints": {"label": "Points", "balance": {"int": 1}}}
    patch["notifyPreference"] = "NOTIFY_ON_UPDATE"  # type: ignore[assignment]
    assert object_findings(patch, is_patch=True) == []
    assert {found.path for found in object_findings(patch)} == {"id", "classId", "state"}


@pytest.mark.parametrize("balance", [{"int": 0}, {"int": -(2**31)}, {"double": 1.5}, {"double": 1}])
def test_numbers_of_a_balance_are_taken(balance: dict[str, object]) -> None:
    document = object_of(hosted_card()) | {"loyaltyPoints": {"label": "P", "balance": balance}}
    assert object_findings(document) == []


@pytest.mark.parametrize("text", ["2027-01-01T00:00:00", "2027-01-01T00:00:00.123456789Z"])
def test_moments_with_and_without_offset_are_taken(text: str) -> None:
    interval = {"start": {"date": text}, "end": {"date": text}}
    assert object_findings(object_of(hosted_card()) | {"validTimeInterval": interval}) == []


NAME_SHOWN = {"fields": [{"fieldPath": "object.accountName"}]}
RICH_CLASS: dict[str, Any] = {
    "enableSmartTap": True,
    "redemptionIssuers": ["3388000000012345678"],
    "homepageUri": {"uri": "https://a.example", "description": "Site"},
    "appLinkData": {
        "androidAppLinkInfo": {"appTarget": {"packageName": "com.example"}},
        "webAppLinkInfo": {"appTarget": {"targetUri": {"uri": "https://a.example"}}},
        "displayText": SAID,
    },
    "securityAnimation": {"animationType": "FOIL_SHIMMER"},
    "viewUnlockRequirement": "UNLOCK_REQUIRED_TO_VIEW",
    "rewardsTier": "Gold",
    "rewardsTierLabel": "Tier",
    "localizedRewardsTierLabel": SAID,
    "secondaryRewardsTier": "Gold",
    "imageModulesData": [{"id": "a", "mainImage": PICTURE}],
    "valueAddedModuleData": [
        {
            "header": SAID,
            "body": SAID,
            "uri": "https://a.example",
            "image": PICTURE,
            "sortIndex": 1,
            "viewConstraints": {
                "displayInterval": {"start": {"date": "2027-01-01T00:00:00Z"}},
            },
        }
    ],
    "messages": [
        {"id": "a", "header": "a", "body": "b", "messageType": "EXPIRATION_NOTIFICATION"},
        {"localizedHeader": SAID, "localizedBody": SAID, "messageType": "TEXT_AND_NOTIFY"},
    ],
    "classTemplateInfo": {
        "cardTemplateOverride": {
            "cardRowTemplateInfos": [
                {
                    "twoItems": {
                        "startItem": {
                            "firstValue": {
                                "fields": [
                                    {"fieldPath": "object.accountId", "dateFormat": "DATE_ONLY"}
                                ]
                            }
                        }
                    }
                }
            ]
        },
        "listTemplateOverride": {"secondRowOption": NAME_SHOWN},
        "detailsTemplateOverride": {"detailsItemInfos": [{"item": {"firstValue": NAME_SHOWN}}]},
    },
    "notifyPreference": "NOTIFY_ON_UPDATE",
    "multipleDevicesAndHoldersAllowedStatus": "MULTIPLE_HOLDERS",
    "reviewStatus": "DRAFT",
    "hexBackgroundColor": "#fff",
}
RICH_OBJECT: dict[str, Any] = {
    "state": "COMPLETED",
    "heroImage": PICTURE,
    "appLinkData": RICH_CLASS["appLinkData"],
    "linkedObjectIds": [f"{NUMBER}.other"],
    "saveRestrictions": {"restrictToEmailSha256": "0" * 64},
    "passConstraints": {"screenshotEligibility": "INELIGIBLE", "nfcConstraint": ["BLOCK_PAYMENT"]},
    "smartTapRedemptionValue": "4006381333931",
    "merchantLocations": [{"latitude": 1, "longitude": 2}],
    "disableExpirationNotification": True,
}


def test_all_that_we_may_send_later_is_taken() -> None:
    document = class_of(hosted()) | RICH_CLASS
    assert class_findings(document) == []
    assert faults("LoyaltyClass", document) == []
    card = object_of(hosted_card()) | RICH_OBJECT
    assert object_findings(card) == []
    assert faults("LoyaltyObject", card) == []


@pytest.mark.parametrize("kind", ["TEXT", "TEXT_AND_NOTIFY"])
def test_messages_of_both_types_are_taken(kind: str) -> None:
    message = {"id": "message_1", "header": "Offre", "body": "Un café offert", "messageType": kind}
    assert lint_message(json.dumps({"message": message}).encode()) == []


@pytest.mark.parametrize(
    ("message", "path"),
    [
        ({"body": "b"}, "message.header"),
        ({"header": "a"}, "message.body"),
        (
            {"header": "a", "body": "b", "messageType": "EXPIRATION_NOTIFICATION"},
            "message.messageType",
        ),
        ({"header": "a", "body": "b", "messageType": "SHOUT"}, "message.messageType"),
        ({"header": "a", "body": "b", "id": "a.b"}, "message.id"),
        ({"header": "a", "body": "b", "kind": "x"}, "message.kind"),
        ({"header": "a", "body": None}, "message.body"),
    ],
)
def test_a_broken_message_is_refused_with_its_path(message: dict[str, Any], path: str) -> None:
    assert path in [found.path for found in lint_message(json.dumps({"message": message}).encode())]


def test_the_message_stands_in_an_envelope() -> None:
    found = lint_message(json.dumps({"header": "a", "body": "b"}).encode())
    assert "message" in [each.path for each in found]

"""The fake Google refuses what google.md §10 lists, on insert and as the result of a change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.google_world import (
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    card_class,
    card_object,
)

GONE = ...  # a field left out; its name is the same in each process
LOGO = {"sourceUri": {"uri": "https://example.org/logo.png"}}
PLACE = {"latitude": 48.8, "longitude": 2.3}
KEY = "3132333435363738393031323334353637383930"
CLASSES: list[dict[str, Any]] = [
    {"programName": GONE},
    {"programLogo": GONE},
    {"issuerName": GONE},
    {"reviewStatus": GONE},
    {"reviewStatus": "APPROVED"},
    {"reviewStatus": "underReview"},
    {"id": f"{ISSUER}.a b"},
    {"id": f"{ISSUER}.a/b"},
    {"id": "prog_1"},
    {"hexBackgroundColor": "2e7d32"},
    {"callbackOptions": {"url": "http://cards.example.org/google/callbacks"}},
    {"colour": "#fff"},
    {"multipleDevicesAndHoldersAllowedStatus": "EVERYBODY"},
    {"multipleDevicesAndHoldersAllowedStatus": "multipleHolders"},
    {"programLogo": {"sourceUri": {"uri": "http://example.org/logo.png"}}},
    {"programLogo": {**LOGO, "privateImageId": "x"}},
    {"programLogo": {}},
    {"enableSmartTap": True},
    {"merchantLocations": [PLACE] * 11},
    {"messages": [{"id": "a", "header": "H", "body": "B"}] * 11},
    {
        "localizedProgramName": {
            "defaultValue": {"language": "english please", "value": "Maison"},
        }
    },
    {"countryCode": None},
    {"wordMark": LOGO},
    {"infoModuleData": {}},
    {"allowMultipleUsersPerObject": True},
    {"locations": [PLACE]},
    {"version": "1"},
    {"kind": "walletobjects#loyaltyClass"},
    {"review": {}},
    {"linksModuleData": {"uris": [{"uri": "example.org", "description": "x"}]}},
    {"textModulesData": [{"id": "a.b", "header": "H", "body": "B"}]},
]


def balance(**kinds: Any) -> dict[str, Any]:
    return {"loyaltyPoints": {"label": "Points", "balance": kinds}}


def interval(start: str, end: str) -> dict[str, Any]:
    return {"validTimeInterval": {"start": {"date": start}, "end": {"date": end}}}


def rotating(**changed: Any) -> dict[str, Any]:
    key, algorithm = changed.pop("key", KEY), changed.pop("algorithm", "TOTP_SHA1")
    return {
        "barcode": GONE,
        "rotatingBarcode": {
            "type": "QR_CODE",
            "valuePattern": "PC1.x.{totp_timestamp_seconds}.{totp_value_0}",
            "totpDetails": {
                "algorithm": algorithm,
                "periodMillis": "30000",
                "parameters": [{"key": key, "valueLength": 8}],
            },
        }
        | changed,
    }


OBJECTS: list[dict[str, Any]] = [
    {"state": GONE},
    {"state": "VALID"},
    {"state": "active"},
    {"classId": "3388000000000000001.prog_1"},
    balance(int=1, string="1"),
    balance(micros="1000000"),
    balance(int="12"),
    balance(int=2**31),
    balance(money={"micros": "1000000"}),
    balance(money={"micros": 1000000, "currencyCode": "EUR"}),
    {"barcode": {"type": "QRCODE", "value": "x"}},
    {"barcode": {"type": "EAN_13", "value": "4006381333932"}},
    {"barcode": {"type": "EAN_13", "value": "400638133393"}},
    {"barcode": {"type": "CODE_39", "value": "abc"}},
    {"classReference": {}},
    {"hasUsers": True},
    {"hasLinkedDevice": False},
    interval("2026-11-25T10:00:00Z", "2026-11-24T10:00:00Z"),
    interval("2026-11-24T10:00:00Z", "2026-11-25T10:00:00"),
    {"smartTapRedemptionValue": "é"},
    {"textModulesData": [{"id": "a.b", "header": "H", "body": "B"}]},
    {"linksModuleData": {"uris": [{"uri": "www.example.org", "description": "x"}]}},
    {"accountId": None},
    rotating(key="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"),
    rotating(valuePattern="PC1.{totp_value_0}.{totp_value_1}"),
    rotating(algorithm="TOTP_SHA256"),
    rotating(type="EAN_13"),
    rotating(valuePattern="PC1.x"),
    rotating(valuePattern="PC1.{totp_value_0}.{unknown}"),
]

INCOMPLETE: list[dict[str, Any]] = [  # a merge with what is known makes these whole
    balance(),
    {"loyaltyPoints": {"label": "Points"}},
    {"barcode": {"type": "QR_CODE"}},
]


@pytest.fixture
def world() -> GoogleWorld:
    return GoogleWorld()


def changed(document: dict[str, Any], by: dict[str, Any]) -> dict[str, Any]:
    return {name: it for name, it in (document | by).items() if it is not GONE}


@pytest.mark.parametrize("by", CLASSES, ids=repr)
async def test_a_class_that_google_would_refuse_is_refused(world, by) -> None:
    answer = await world.call("POST", "/loyaltyClass", changed(card_class(), by))
    assert answer.status_code == 400, answer.text
    assert not world.google.memory.classes
    await world.call("POST", "/loyaltyClass", card_class())
    before = world.google.memory.classes[CLASS_ID].document
    put = await world.call("PUT", f"/loyaltyClass/{CLASS_ID}", changed(card_class(), by))
    assert put.status_code == 400, put.text
    assert world.google.memory.classes[CLASS_ID].document == before


@pytest.mark.parametrize("by", OBJECTS + INCOMPLETE, ids=repr)
async def test_an_object_that_google_would_refuse_is_refused(world, by) -> None:
    await world.call("POST", "/loyaltyClass", card_class())
    answer = await world.call("POST", "/loyaltyObject", changed(card_object(), by))
    assert answer.status_code == 400, answer.text
    await world.call("POST", "/loyaltyObject", card_object())
    before = world.google.memory.objects[OBJECT_ID].document
    path = f"/loyaltyObject/{OBJECT_ID}"
    put = await world.call("PUT", path, changed(card_object(), by))
    assert put.status_code == 400, put.text
    if GONE not in by.values() and by not in INCOMPLETE:
        patch = await world.call("PATCH", path, by)
        assert patch.status_code == 400, patch.text
    assert world.google.memory.objects[OBJECT_ID].document == before


async def test_a_picture_of_this_machine_passes_in_the_sandbox_only(world) -> None:
    here = card_class(programLogo={"sourceUri": {"uri": "http://127.0.0.1:8000/logo.png"}})
    assert (await world.call("POST", "/loyaltyClass", here)).status_code == 200
    strict = GoogleWorld()
    strict.google.rules.allow_loopback = False
    assert (await strict.call("POST", "/loyaltyClass", here)).status_code == 400


@pytest.mark.parametrize(
    "shown", [rotating(), balance(money={"micros": "1000000", "currencyCode": "EUR"})]
)
async def test_what_google_would_take_is_taken(world, shown) -> None:
    await world.call("POST", "/loyaltyClass", card_class())
    answer = await world.call("POST", "/loyaltyObject", changed(card_object(), shown))
    assert answer.status_code == 200, answer.text

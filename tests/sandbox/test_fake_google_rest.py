"""The fake Google keeps classes and objects as the REST API says."""

from __future__ import annotations

import pytest

from tests.sandbox.google_world import (
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    card_class,
    card_object,
    points,
    reason_of,
)


@pytest.fixture
def world() -> GoogleWorld:
    return GoogleWorld()


async def test_a_class_under_review_is_approved_at_once(world) -> None:
    made = await world.call("POST", "/loyaltyClass", card_class())
    assert made.json()["reviewStatus"] == "APPROVED"
    read = await world.call("GET", f"/loyaltyClass/{CLASS_ID}")
    assert read.json()["programName"] == "Maison Verte"


async def test_a_class_never_goes_back_to_draft(world) -> None:
    await world.call("POST", "/loyaltyClass", card_class(reviewStatus="DRAFT"))
    changed = await world.call(
        "PATCH", f"/loyaltyClass/{CLASS_ID}", {"reviewStatus": "UNDER_REVIEW"}
    )
    assert changed.json()["reviewStatus"] == "APPROVED"
    back = await world.call("PATCH", f"/loyaltyClass/{CLASS_ID}", {"reviewStatus": "DRAFT"})
    assert back.status_code == 400


async def test_an_approved_class_is_changed_under_review_only(world) -> None:
    await world.call("POST", "/loyaltyClass", card_class())
    change = {"programName": "Maison Bleue"}
    refused = await world.call("PATCH", f"/loyaltyClass/{CLASS_ID}", change)
    assert "Optional[APPROVED]" in refused.json()["error"]["message"]
    change["reviewStatus"] = "UNDER_REVIEW"
    assert (await world.call("PATCH", f"/loyaltyClass/{CLASS_ID}", change)).status_code == 200


async def test_an_object_needs_an_approved_class_of_its_issuer(world) -> None:
    assert reason_of(await world.call("POST", "/loyaltyObject", card_object())) == (
        404,
        "classNotFound",
    )
    await world.call("POST", "/loyaltyClass", card_class(reviewStatus="DRAFT"))
    draft = await world.call("POST", "/loyaltyObject", card_object())
    assert "not approved" in draft.json()["error"]["message"]
    foreign = card_object(classId="3388000000000000001.x")
    assert (await world.call("POST", "/loyaltyObject", foreign)).status_code == 400


async def test_what_exists_is_a_conflict_and_what_does_not_is_not_found(world) -> None:
    await world.card()
    for path, body in (("/loyaltyClass", card_class()), ("/loyaltyObject", card_object())):
        assert reason_of(await world.call("POST", path, body)) == (409, "existingResource")
    for method, body in (("GET", None), ("PATCH", {"state": "ACTIVE"}), ("PUT", card_object())):
        answer = await world.call(method, f"/loyaltyObject/{ISSUER}.nobody", body)
        assert reason_of(answer) == (404, "resourceNotFound")


async def test_a_patch_merges_members_and_replaces_lists(world) -> None:
    modules = [{"id": "terms", "header": "Terms", "body": "One point for each euro."}]
    await world.card(textModulesData=modules)
    path = f"/loyaltyObject/{OBJECT_ID}"
    sent = {"loyaltyPoints": {"balance": {"int": 7}}}
    merged = (await world.call("PATCH", path, sent)).json()
    assert merged["loyaltyPoints"] == points(7)
    other = [{"id": "a", "header": "A", "body": "B"}]
    replaced = (await world.call("PATCH", path, {"textModulesData": other})).json()
    assert replaced["textModulesData"] == other


async def test_a_put_replaces_everything(world) -> None:
    await world.card()
    sent = card_object()
    del sent["loyaltyPoints"]
    put = await world.call("PUT", f"/loyaltyObject/{OBJECT_ID}", sent)
    assert "loyaltyPoints" not in put.json()


async def test_the_answer_can_be_made_small(world) -> None:
    await world.card()
    path = f"/loyaltyObject/{OBJECT_ID}"
    small = await world.call("GET", path, fields="id")
    assert small.json() == {"id": OBJECT_ID}
    parts = await world.call("GET", path, fields="loyaltyPoints/balance,classReference(id)")
    assert parts.json() == {
        "loyaltyPoints": {"balance": {"int": 1250}},
        "classReference": {"id": CLASS_ID},
    }
    for wrong in ("id,", "a(b", "a/", "(", "id)"):
        assert (await world.call("GET", path, fields=wrong)).status_code == 400, wrong


async def test_an_object_tells_whether_it_has_users_and_its_class(world) -> None:
    await world.card()
    read = (await world.call("GET", f"/loyaltyObject/{OBJECT_ID}")).json()
    assert read["hasUsers"] is False
    assert read["classReference"]["id"] == CLASS_ID


async def test_lists_come_in_pages(world) -> None:
    await world.card()
    for index in range(5):
        await world.call("POST", "/loyaltyObject", card_object(id=f"{ISSUER}.n{index}"))
    found, token = [], None
    while token is None or found[-1] != f"{ISSUER}.n4":
        query = {"classId": CLASS_ID, "maxResults": "4"} | ({"token": token} if token else {})
        page = (await world.call("GET", "/loyaltyObject", **query)).json()
        found += [it["id"] for it in page["resources"]]
        assert page["pagination"]["resultsPerPage"] == len(page["resources"])
        token = page["pagination"].get("nextPageToken", "")
    assert (token, len(found)) == ("", 6)
    classes = (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).json()
    assert [it["id"] for it in classes["resources"]] == [CLASS_ID]
    for wrong in ({"token": "!"}, {"maxResults": "0"}, {"maxResults": "x"}, {"max_results": "1"}):
        answer = await world.call("GET", "/loyaltyObject", classId=CLASS_ID, **wrong)
        assert answer.status_code == 400, wrong


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"colour": "#fff"}, 'Unknown name "colour": Cannot find field.'),
        (
            {"loyaltyPoints": {"balance": {"int_": 3}}},
            "Unknown name \"int_\" at 'loyaltyPoints.balance'",
        ),
        (
            {"loyaltyPoints": {"balance": {"int": "3"}}},
            "Invalid value at 'loyaltyPoints.balance.int'",
        ),
        ({"loyaltyPoints": {"balance": {"int": 2**31}}}, "Invalid value"),
        ({"loyaltyPoints": {"balance": {"int": True}}}, "Invalid value"),
        ({"state": "VALID"}, "Invalid value at 'state'"),
        ({"barcode": {"type": "QRCODE", "value": "1"}}, "Invalid value at 'barcode.type'"),
        ({"accountName": None}, "null"),
        ({"textModulesData": {}}, "Invalid value at 'textModulesData'"),
        ({"textModulesData": ["x"]}, "Invalid value at 'textModulesData[0]'"),
        ({"hasUsers": True}, "output only"),
        ({"classReference": {}}, "output only"),
        ({"id": f"{ISSUER}.a b"}, "Invalid resource ID"),
    ],
)
async def test_what_the_schema_does_not_know_is_refused_by_name(world, changed, told) -> None:
    await world.call("POST", "/loyaltyClass", card_class())
    answer = await world.call("POST", "/loyaltyObject", card_object(**changed))
    assert answer.status_code == 400
    assert told in answer.json()["error"]["message"]
    assert OBJECT_ID not in world.google.memory.objects


async def test_another_kind_of_balance_by_patch_leaves_two_and_is_refused(world) -> None:
    await world.card()
    sent = {"loyaltyPoints": {"balance": {"string": "Gold"}}}
    assert (await world.call("PATCH", f"/loyaltyObject/{OBJECT_ID}", sent)).status_code == 400


async def test_a_body_that_is_no_json_object_is_refused(world) -> None:
    await world.card()
    for body in ([], "x", 3):
        answer = await world.call("PATCH", f"/loyaltyObject/{OBJECT_ID}", body)
        assert answer.status_code == 400


async def test_a_path_that_is_not_google_s_is_not_found(world) -> None:
    for method, path in (
        *(("GET", "/offerObject/x"), ("DELETE", f"/loyaltyObject/{OBJECT_ID}")),
        *(("POST", f"/loyaltyObject/{OBJECT_ID}"), ("GET", f"/loyaltyObject/{OBJECT_ID}/x")),
    ):
        assert (await world.call(method, path)).status_code == 404, path

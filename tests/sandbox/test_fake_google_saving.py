"""Saving in the fake Google: what is absent is made, nothing is updated, phones show it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.sandbox.android import SaveRefused, code_of
from tests.sandbox.google_world import (
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    card_class,
    card_object,
    points,
)

RFC_KEY = b"12345678901234567890".hex().upper()
SKINNY = {"id": OBJECT_ID, "classId": CLASS_ID}


@pytest.fixture
def world() -> GoogleWorld:
    return GoogleWorld()


def rotating(pattern: str = "PC1.x.{totp_timestamp_seconds}.{totp_value_0}") -> dict:
    details = {
        "algorithm": "TOTP_SHA1",
        "periodMillis": "30000",
        "parameters": [{"key": RFC_KEY, "valueLength": 8}],
    }
    return {"type": "QR_CODE", "valuePattern": pattern, "totpDetails": details}


async def test_a_link_with_class_and_object_makes_both_and_saves(world) -> None:
    phone = world.phone()
    saved = await phone.save(world.link(classes=[card_class()], objects=[card_object()]))
    assert saved == [OBJECT_ID]
    read = (await world.call("GET", f"/loyaltyObject/{OBJECT_ID}")).json()
    assert read["hasUsers"] is True
    assert read["classReference"]["reviewStatus"] == "APPROVED"


async def test_a_phone_draws_the_card_in_its_language(world) -> None:
    await world.card()
    phone = world.phone(language="fr")
    await phone.save(world.link(objects=[SKINNY]))
    shows = phone.shown(OBJECT_ID, at=world.clock.wall())
    assert (shows.program, shows.state) == ("Maison Verte", "ACTIVE")
    assert [(line.label, line.value) for line in shows.lines] == [("Pts", "1250")]
    assert (shows.code, shows.code_format) == ("4006381333931", "EAN_13")
    assert shows.logo == "https://example.org/logo.png"


async def test_a_link_never_updates_what_is_known(world) -> None:
    await world.card()
    await world.phone().save(world.link(objects=[card_object(loyaltyPoints=points(9))]))
    assert world.phone().wallet[OBJECT_ID]["loyaltyPoints"] == points(1250)


async def test_phones_of_one_account_share_their_cards(world) -> None:
    await world.card()
    first, second, stranger = world.phone(), world.phone(language="fr"), world.phone("sam")
    await first.save(world.link(objects=[SKINNY]))
    assert set(second.wallet) == {OBJECT_ID}
    assert not stranger.wallet
    sent = {"loyaltyPoints": points(5), "notifyPreference": "NOTIFY_ON_UPDATE"}
    await world.call("PATCH", f"/loyaltyObject/{OBJECT_ID}", sent)
    assert [it.text for it in first.lock_screen] == ["Maison Verte: Points: 5"]
    assert [it.text for it in second.lock_screen] == ["Maison Verte: Pts: 5"]
    assert not stranger.lock_screen
    await second.remove(OBJECT_ID)
    assert not first.wallet
    with pytest.raises(SaveRefused):
        await first.remove(OBJECT_ID)


async def test_a_personal_card_is_the_first_savers_only(world) -> None:
    await world.card()
    await world.phone().save(world.link(objects=[SKINNY]))
    await world.phone().save(world.link(objects=[SKINNY]))
    with pytest.raises(SaveRefused, match="another person"):
        await world.phone("sam").save(world.link(objects=[SKINNY]))


async def test_a_family_card_may_be_saved_by_several(world) -> None:
    shared = card_class(multipleDevicesAndHoldersAllowedStatus="MULTIPLE_HOLDERS")
    link = world.link(classes=[shared], objects=[card_object()])
    for name in ("camille", "sam"):
        await world.phone(name).save(link)
    assert world.google.memory.objects[OBJECT_ID].holders == ["camille", "sam"]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)}, "signature"),
        ({"algorithm": "RS384"}, "RS256"),
        ({"iss": "other@example.org"}, "known iss"),
        ({"aud": ["google"]}, "aud"),
        ({"typ": "saveToWallet"}, "typ"),
        ({"iat": None}, "iat"),
        ({"iat": "1790000000"}, "iat"),
        ({"iat": 1_790_000_000_000}, "iat"),
        ({"origins": ["https://example.org/path"]}, "origins"),
        ({"payload": {}}, "empty"),
        ({"payload": None}, "payload"),
        ({"payload": {"LoyaltyObjects": [card_object()]}}, "LoyaltyObjects"),
        ({"payload": {"loyaltyClasses": [card_class()]}}, "no loyaltyObjects"),
        ({"payload": {"loyaltyObjects": [SKINNY, SKINNY]}}, "twice"),
        (
            {"payload": {"loyaltyObjects": [{"id": f"{ISSUER}.nobody", "classId": CLASS_ID}]}},
            "not found",
        ),
        ({"payload": {"loyaltyObjects": [{**SKINNY, "classId": f"{ISSUER}.b"}]}}, "another class"),
        ({"payload": {"loyaltyObjects": [card_object(id="3388000000000000001.x")]}}, "Permission"),
        ({"payload": {"loyaltyObjects": [card_object(accountName="x" * 1500)]}}, "too long"),
        (
            {"payload": {"loyaltyObjects": [card_object(id=f"{ISSUER}.y", classId=f"{ISSUER}.b")]}},
            "not found",
        ),
        ({"payload": {"loyaltyObjects": [card_object(points=1)]}}, "points"),
    ],
)
async def test_a_link_that_google_would_refuse_saves_nothing(world, changed, told) -> None:
    await world.card()
    with pytest.raises(SaveRefused, match=told):
        await world.phone().save(world.link(objects=[SKINNY], **changed))
    assert not world.phone().wallet


async def test_a_link_of_another_host_is_not_followed(world) -> None:
    await world.card()
    link = world.link(objects=[SKINNY]).replace("http://google", "https://evil.example")
    with pytest.raises(SaveRefused, match="not a link"):
        await world.phone().save(link)


async def test_the_page_shows_what_would_be_added_and_a_button(world) -> None:
    await world.card(accountId="<b>7</b>")
    link = world.link(objects=[SKINNY])
    page = await world.client.get(link)
    assert page.headers["content-type"].startswith("text/html")
    for text in ("Maison Verte", "Points", "1250", "&lt;b&gt;7&lt;/b&gt;", "<button>Add</button>"):
        assert text in page.text, text
    done = await world.client.post(link, data={"account": "camille"})
    assert "Added" in done.text
    googles = link.replace("/save/", "/gp/v/save/")
    assert (await world.client.get(googles)).text == page.text
    wrong = await world.client.get(link + "x")
    assert (wrong.status_code, "went wrong" in wrong.text) == (400, True)


async def test_the_jwt_call_takes_long_ones_and_answers_a_short_link(world) -> None:
    big = card_object(textModulesData=[{"id": "t", "header": "Terms", "body": "x" * 1800}])
    link = world.link(classes=[card_class()], objects=[big])
    with pytest.raises(SaveRefused, match="too long"):
        await world.phone().save(link)
    answer = await world.call("POST", "/jwt", {"jwt": link.removeprefix(world.google.save_url)})
    made = answer.json()
    assert made["resources"]["loyaltyObjects"][0]["id"] == OBJECT_ID
    assert await world.phone().save(made["saveUri"]) == [OBJECT_ID]


async def test_validate_says_what_is_wrong_and_makes_nothing(world) -> None:
    good = world.link(classes=[card_class()], objects=[card_object()])
    jwt = good.removeprefix(world.google.save_url)
    payload = world_json(card_class(), card_object())
    for sent in ({"jwtResource": {"jwt": jwt}}, {"jsonResource": {"json": payload}}):
        answer = await world.call("POST", "/jwt/validate", sent)
        assert (answer.status_code, answer.json()) == (200, {}), answer.text
    assert not world.google.memory.classes
    wrong = world_json(card_class(), card_object(state="VALID"))
    for sent in (
        {},
        {"jwtResource": {"jwt": jwt}, "jsonResource": {"json": payload}},
        {"jwtResource": {"jwt": jwt + "x"}},
        {"jsonResource": {"json": "{"}},
        {"jsonResource": {"json": wrong}},
        {"jwt": jwt},
    ):
        assert (await world.call("POST", "/jwt/validate", sent)).status_code == 400, sent


def world_json(of_class: dict, document: dict) -> str:
    import json

    return json.dumps({"payload": {"loyaltyClasses": [of_class], "loyaltyObjects": [document]}})


async def test_a_rotating_code_is_drawn_for_its_moment(world) -> None:
    document = {"rotatingBarcode": rotating()}
    assert code_of(document, 59_000_000) == "PC1.x.59.94287082"
    assert code_of(document, 1_111_111_109_000_000) == "PC1.x.1111111109.07081804"
    millis = {"rotatingBarcode": rotating("{totp_timestamp_millis}:{totp_value_0}")}
    assert code_of(millis, 59_000_000) == "59000:94287082"
    assert code_of({}, 0) is None
    sent = card_object(rotatingBarcode=rotating())
    del sent["barcode"]
    await world.call("POST", "/loyaltyClass", card_class())
    assert (await world.call("POST", "/loyaltyObject", sent)).status_code == 200
    await world.phone().save(world.link(objects=[SKINNY]))
    shows = world.phone().shown(OBJECT_ID, at=59_000_000)
    assert (shows.code, shows.code_format) == ("PC1.x.59.94287082", "QR_CODE")


async def test_a_static_code_beside_a_rotating_one_is_refused(world) -> None:
    await world.card()
    sent = {"rotatingBarcode": rotating()}
    assert (await world.call("PATCH", f"/loyaltyObject/{OBJECT_ID}", sent)).status_code == 400

"""What a program asks of whoever joins: fields, consents to a text, withdrawn as easily as given."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest

from app.cards.consents import allows_promotions
from tests.cards.cards_world import Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World
from tests.partners import hosted_shop

NEWS = {"key": "promotions", "text": {"fr": "Recevoir des offres", "en": "Get offers"}}
DATA = {"key": "data", "text": "Nous gardons vos achats.", "required": True}
ENROLMENT: dict[str, Any] = {
    "fields": [
        {"key": "name", "required": True},
        {"key": "phone"},
        {"key": "birthday", "required": True},
    ],
    "consents": [NEWS, DATA],
}
WHO = {"display_name": "Ana", "birthday": "05-31", "phone": "06 01 02 03 04", "consents": ["data"]}


def asking(enrolment: Any = ENROLMENT, **changes: Any) -> dict[str, Any]:
    """Describe a program that asks."""
    settings = {"open_numbers": True, "enrolment": enrolment}
    return hosted_shop.PROGRAM | {"languages": ["fr", "en"], "settings": settings} | changes


async def opened(world: World) -> tuple[Asking, str]:
    """Publish a program that asks."""
    _, ask = await merchant(world, "Cafe")
    return ask, await program(ask, **asking())


async def join(world: World, public: str, **who: Any) -> Any:
    """Join a program without an account."""
    return await Asking(world, None)("POST", f"/v1/programs/{public}/join", who)


async def held(world: World, public: str, **more: Any) -> tuple[Asking, str]:
    """Join and claim the card."""
    made = await join(world, public, **(WHO | more))
    assert made.status_code == 201, made.text
    ana = await user(world)
    claimed = await ana("POST", "/v1/claims", {"claim_token": made.json()["claim_token"]})
    assert claimed.status_code == 200, claimed.text
    return ana, claimed.json()["id"]


async def test_joining_tells_what_is_asked_and_consents_are_dated_with_their_text(
    world: World,
) -> None:
    ask, public = await opened(world)
    missing = await join(world, public, display_name=" ", consents=["promotions"])
    assert missing.status_code == 400
    paths = [each["path"] for each in missing.json()["errors"]]
    assert paths == ["display_name", "birthday", "consents"]
    unknown = await join(world, public, **(WHO | {"consents": ["data", "soul"]}))
    assert unknown.json()["errors"][0]["path"] == "consents[1]"
    ana, card = await held(world, public)
    shown = (await ana("GET", f"/v1/cards/{card}/consents")).json()["items"]
    assert [(each["key"], each["given"], each["required"]) for each in shown] == [
        ("promotions", False, False),
        ("data", True, True),
    ]
    assert shown[0]["text"] == NEWS["text"] and shown[1]["text"] == DATA["text"]
    account = (await ask("GET", f"/v1/partner/programs/{public}/cards/{card}")).json()
    (given,) = account["consents"]
    assert (given["key"], given["withdrawn_at"], given["text_version"]) == ("data", None, 1)
    kept = await rows(world.ports, "SELECT phone, birthday FROM contact")
    assert kept == [(WHO["phone"], "05-31")]
    # the birthday counts in the rules
    assert await rows(world.ports, "SELECT birthday FROM ledger_birthday") == [("05-31",)]


async def test_promotions_are_asked_apart_and_withdrawn_as_easily_as_given(world: World) -> None:
    _, public = await opened(world)
    ana, card = await held(world, public)
    card_id = await card_row(world.ports, card)

    async def allowed() -> bool:
        return await world.ports.database.read(lambda tx: allows_promotions(tx, card_id))

    assert not await allowed()
    path = f"/v1/cards/{card}/consents"
    for wanted in (True, True, False, False, True):
        world.clock.forward(60)
        answer = await ana("PUT", path, {"promotions": wanted})
        assert answer.status_code == 200, answer.text
        assert await allowed() is wanted
    found = await rows(
        world.ports,
        "SELECT number, withdrawn_at IS NULL FROM consent WHERE consent_key = 'promotions'"
        " ORDER BY number",
    )
    assert [(number, bool(stands)) for number, stands in found] == [(1, False), (2, True)]
    withdrawn = await ana("PUT", path, {"data": False})  # never refused, though it was required
    assert withdrawn.status_code == 200
    data = withdrawn.json()["items"][1]
    assert not data["given"] and data["withdrawn_at"] > data["given_at"]
    wrongs: tuple[Any, ...] = ({"soul": True}, {"data": "yes"}, {"DATA": True}, [])
    for wrong in wrongs:
        assert (await ana("PUT", path, wrong)).status_code == 400, wrong


async def test_another_text_is_another_version_and_old_consents_keep_theirs(world: World) -> None:
    ask, public = await opened(world)
    ana, card = await held(world, public, consents=["data", "promotions"])
    changed = {"fields": ENROLMENT["fields"], "consents": [NEWS, DATA | {"text": "Autre texte."}]}
    for _ in range(2):  # the same again is no other version
        put = await ask("PUT", f"/v1/partner/programs/{public}", asking(changed))
        assert put.status_code == 200, put.text
    items = {
        each["key"]: each
        for each in (await ana("GET", f"/v1/cards/{card}/consents")).json()["items"]
    }
    assert (items["data"]["text_version"], items["data"]["given_version"]) == (2, 1)
    assert items["promotions"]["text_version"] == 1 and items["data"]["given"]
    await ana("PUT", f"/v1/cards/{card}/consents", {"data": True})
    account = (await ask("GET", f"/v1/partner/programs/{public}/cards/{card}")).json()
    assert [(each["key"], each["text_version"]) for each in account["consents"]] == [
        ("data", 2),
        ("promotions", 1),
    ]
    # a program that asks no more still honours what was withdrawn
    await ana("PUT", f"/v1/cards/{card}/consents", {"promotions": False})
    await ask("PUT", f"/v1/partner/programs/{public}", asking(None))
    card_id = await card_row(world.ports, card)
    assert not await world.ports.database.read(lambda tx: allows_promotions(tx, card_id))
    _, second = await held(world, public, consents=[])
    second_id = await card_row(world.ports, second)
    assert await world.ports.database.read(lambda tx: allows_promotions(tx, second_id))


async def test_nobody_but_the_owner_agrees_and_no_card_but_a_programs(world: World) -> None:
    _, public = await opened(world)
    ana, card = await held(world, public)
    url = (await ana("POST", f"/v1/cards/{card}/shares", {"access": "full"})).json()["url"]
    bob, stranger = await user(world), await user(world)
    token = url.rsplit("/", 1)[1].split("#")[-1]
    assert (await bob("POST", f"/v1/shares/{token}", {})).status_code == 200
    for method, body in (("GET", None), ("PUT", {"promotions": True})):
        path = f"/v1/cards/{card}/consents"
        assert (await bob(method, path, body)).json()["code"] == "missing-scope"
        assert (await stranger(method, path, body)).status_code == 404
    own = await ana("POST", "/v1/cards", {"shop_name": "Bakery", "number": "12345"})
    assert (await ana("GET", f"/v1/cards/{own.json()['id']}/consents")).status_code == 404


async def test_export_and_erasure_include_consents_and_missing_points(world: World) -> None:
    _, public = await opened(world)
    ana, card = await held(world, public)
    told = {"receipt": "R-1", "note": "paid in cash"}
    assert (await ana("POST", f"/v1/cards/{card}/missing-points", told)).status_code == 201
    exported = await ana("GET", "/v1/me/export")
    with zipfile.ZipFile(io.BytesIO(exported.content)) as file:
        name = next(each for each in file.namelist() if each.endswith(".json"))
        data = msgspec.json.decode(file.read(name))
    found = data.get("sections", data)
    (consent,) = found["consents"]
    assert consent["consent_text"] == DATA["text"] and consent["consent"] == "data"
    assert [each["receipt"] for each in found["missing_points"]] == ["R-1"]
    assert (await ana("DELETE", "/v1/me")).status_code == 204
    for table in ("consent", "missing_points", "missing_points_by_public"):
        assert await rows(world.ports, f"SELECT count(*) FROM {table}") == [(0,)]


@pytest.mark.parametrize(
    ("enrolment", "path"),
    [
        ({"consents": [NEWS | {"required": True}]}, "settings.enrolment.consents[0].required"),
        ({"consents": [NEWS, NEWS]}, "settings.enrolment.consents[1].key"),
        ({"fields": [{"key": "name"}, {"key": "name"}]}, "settings.enrolment.fields[1].key"),
        ({"consents": [NEWS | {"text": {"en": "x"}}]}, "settings.enrolment.consents[0].text"),
        ({"fields": [{"key": "shoe size"}]}, "settings.enrolment.fields[0].key"),
        ({"consents": [NEWS | {"key": "A"}]}, "settings.enrolment.consents[0].key"),
    ],
)
async def test_what_cannot_be_asked_is_refused_at_its_place(
    world: World, enrolment: Any, path: str
) -> None:
    _, ask = await merchant(world)
    answer = await ask("POST", "/v1/partner/programs", asking(enrolment))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == path


async def test_rules_that_count_on_birthdays_are_warned_of_where_none_is_asked(
    world: World,
) -> None:
    _, ask = await merchant(world)
    gift = {"id": "day", "unit": "pts", "num": 2, "when": [
        {"type": "birthday_within", "days_before": 0, "days_after": 0}]}  # fmt: skip
    rules = hosted_shop.RULES | {"multipliers": [gift]}
    for enrolment, count in ((None, 1), ({"fields": [{"key": "birthday"}]}, 0)):
        answer = await ask(
            "POST", "/v1/partner/programs?dry_run=true", asking(enrolment, rules=rules)
        )
        assert answer.status_code == 200, answer.text
        warned = [each for each in answer.json()["warnings"] if "birthday" in each]
        assert len(warned) == count


async def test_a_merchant_enrols_with_consents_and_a_claimed_second_card_brings_its_own(
    world: World,
) -> None:
    ask, public = await opened(world)
    path = f"/v1/partner/programs/{public}/cards"
    made = await ask("POST", path, {"display_name": "Bo", "consents": ["promotions"]})
    assert [each["key"] for each in made.json()["consents"]] == ["promotions"]
    refused = await ask("POST", path, {"consents": ["soul"]})
    assert refused.json()["errors"][0]["path"] == "consents[0]"
    ana, card = await held(world, public)
    second = await join(world, public, **(WHO | {"consents": ["data", "promotions"]}))
    claimed = await ana("POST", "/v1/claims", {"claim_token": second.json()["claim_token"]})
    assert claimed.json()["id"] == card
    items = (await ana("GET", f"/v1/cards/{card}/consents")).json()["items"]
    assert [each["given"] for each in items] == [True, True]

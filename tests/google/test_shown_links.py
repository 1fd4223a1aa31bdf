"""`show --google` beside a server that has given links: the same ids, the kept link."""

from __future__ import annotations

from typing import Any

import pytest

from app.commands.showing import google_json
from app.errors import NotFound
from app.http.secrets import make_secrets, write_secrets
from app.ids import SeededRandomness
from app.sandbox.android import code_of
from passes.google.rotating import read
from tests.cards.cards_world import Asking, program
from tests.google.door_world import Door, claims_of, object_of
from tests.passes.pictures import picture

ROTATING = {"open_numbers": True, "rotating_code": True}


@pytest.fixture(autouse=True)
def _secrets_file(door: Door) -> None:
    """Write down the secrets that the world was opened with."""
    write_secrets(door.world.ports.settings.secrets_file, make_secrets(SeededRandomness(7)))


async def _shown(door: Door, card_id: str | None = None) -> dict[str, Any]:
    return await google_json(door.world.ports.settings, card_id or door.card_id)


async def test_the_link_shown_is_the_one_that_is_kept(door: Door) -> None:
    before = await _shown(door)
    token = await door.link()
    after = await _shown(door)
    assert after["save_jwt"] == token
    assert after["object"]["id"] == object_of(token)["id"]
    assert before["object"] | {"id": ""} == after["object"] | {"id": ""}
    (held,) = claims_of(token)["payload"]["loyaltyClasses"]
    assert after["class"]["programLogo"]["sourceUri"] == held["programLogo"]["sourceUri"]


async def test_what_changed_since_is_in_the_link_shown(door: Door) -> None:
    token = await door.link()
    await door.tell(77)
    shown = await _shown(door)
    assert shown["save_jwt"] != token
    assert shown["object"]["loyaltyPoints"]["balance"] == {"int": 77}
    assert object_of(shown["save_jwt"])["id"] == object_of(token)["id"]
    assert object_of(await door.link()) == object_of(shown["save_jwt"])


async def test_a_code_that_changes_is_shown_and_its_secret_only_as_it_is(door: Door) -> None:
    door.program_id = await program(door.partner, name="Maison Rouge", settings=ROTATING)
    card = await door.add_card()
    before = await _shown(door, card)
    parameters = before["object"]["rotatingBarcode"]["totpDetails"]["parameters"]
    assert parameters == [{"key": "0" * 40, "valueLength": 8}]
    assert set(object_of(before["save_jwt"])) == {"id", "classId"}
    async with door.time_passes():
        token = await door.link(card_id=card)
    after = await _shown(door, card)
    assert after["save_jwt"] == token
    held = door.fake.memory.objects[object_of(token)["id"]].document
    assert held["rotatingBarcode"] == after["object"]["rotatingBarcode"]
    code = code_of(held, door.world.clock.wall())
    assert code is not None and read(code) is not None


async def test_a_merchants_logo_and_hero_are_shown_where_google_will_find_them(door: Door) -> None:
    for role, size in (("logo", (400, 200)), ("hero", (1032, 336))):
        path = f"/v1/partner/programs/{door.program_id}/images/{role}"
        answer = await door.world.client.put(
            path,
            content=picture(*size),
            headers={
                "Content-Type": "image/png",
                "Authorization": f"Bearer {door.partner.token}",
            },
        )
        assert answer.status_code == 200, answer.text
    shown = await _shown(door)
    (held,) = claims_of(await door.link())["payload"]["loyaltyClasses"]
    assert held["programLogo"]["sourceUri"] == shown["class"]["programLogo"]["sourceUri"]
    for name in ("programLogo", "heroImage"):
        url = shown["class"][name]["sourceUri"]["uri"]
        found = await door.world.client.get(url.removeprefix("http://127.0.0.1:8000"))
        assert found.status_code == 200, name


async def test_who_has_the_claim_token_is_shown_his_object(door: Door) -> None:
    nobody = Asking(door.world, None)
    joined = await nobody("POST", f"/v1/programs/{door.program_id}/join", {})
    card, claim = joined.json()["card"]["id"], Asking(door.world, joined.json()["claim_token"])
    token = await door.link(claim, card)
    assert (await _shown(door, card))["save_jwt"] == token


async def test_a_card_that_ended_is_shown_blank_and_without_a_link(door: Door) -> None:
    body = {"shop_name": "Bains", "number": "77"}
    card = str((await door.owner("POST", "/v1/cards", body)).json()["id"])
    await door.link(card_id=card)
    await door.owner("DELETE", f"/v1/cards/{card}")
    shown = await _shown(door, card)
    assert shown["save_jwt"] is None
    assert shown["object"]["state"] == "INACTIVE"
    assert "77" not in str(shown["object"]["barcode"])
    with pytest.raises(NotFound):
        await _shown(door, "card_" + "0" * 32)

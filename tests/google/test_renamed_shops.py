"""A shop's card that gets another name before it is saved."""

from __future__ import annotations

from typing import Any

from app.sandbox.android import AndroidPhone
from tests.google.door_world import Door, claims_of


async def _shop_card(door: Door, name: str) -> str:
    answer = await door.owner("POST", "/v1/cards", {"shop_name": name, "number": "12345"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def _rename(door: Door, card_id: str, name: str) -> None:
    answer = await door.owner("PATCH", f"/v1/cards/{card_id}", {"shop_name": name})
    assert answer.status_code == 200, answer.text


def _payload(token: str) -> dict[str, Any]:
    payload: dict[str, Any] = claims_of(token)["payload"]
    return payload


async def test_a_card_renamed_before_it_is_saved_is_saved_under_its_new_name(door: Door) -> None:
    card_id = await _shop_card(door, "Lidel")
    before = _payload(await door.link(card_id=card_id))
    await _rename(door, card_id, "Lidl")
    link = await door.link(card_id=card_id)
    (shown,), (loyalty_class,) = _payload(link)["loyaltyObjects"], _payload(link)["loyaltyClasses"]
    assert shown["id"] == before["loyaltyObjects"][0]["id"]
    assert shown["classId"] == loyalty_class["id"] != before["loyaltyClasses"][0]["id"]
    assert loyalty_class["programName"] == "Lidl"
    assert await door.link(card_id=card_id) == link

    phone: AndroidPhone = door.phone()
    await door.save(phone, link)
    assert (await door.ask(card_id=card_id)).json()["saved"] is True


async def test_a_saved_card_keeps_its_class_when_it_is_renamed(door: Door) -> None:
    card_id = await _shop_card(door, "Lidl")
    link = await door.link(card_id=card_id)
    await door.save(door.phone(), link)
    await _rename(door, card_id, "Aldi")
    renamed = _payload(await door.link(card_id=card_id))["loyaltyObjects"][0]
    assert renamed["classId"] == _payload(link)["loyaltyObjects"][0]["classId"]

"""What a merchant sees of his program at Google."""

from __future__ import annotations

from typing import Any

from app.programs.issuers import FIRST_ISSUER
from app.sandbox.fake_google_orders import Say
from tests.cards.cards_world import NUMBER, merchant
from tests.google.accounts import GOOGLE_ISSUER
from tests.google.door_world import Door


async def state(door: Door) -> Any:
    answer = await door.partner("GET", f"/v1/partner/programs/{door.program_id}/google")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def told(door: Door) -> None:
    async with door.time_passes():
        await door.google.teller.tell_class(FIRST_ISSUER, door.program_id)


async def test_a_program_is_unknown_then_waits_then_is_told(door: Door) -> None:
    before = await state(door)
    assert before == {
        "class_id": f"{GOOGLE_ISSUER}.{door.program_id}",
        "state": "unknown",
        "refused": None,
        "stopped": None,
        "refused_cards": [],
    }
    await door.link()
    assert (await state(door))["state"] == "waiting"
    await told(door)
    assert (await state(door))["state"] == "told"


async def test_what_google_refuses_of_a_program_stands_in_its_words(door: Door) -> None:
    await door.link()
    door.fake.order(Say(400, "badRequest", "programLogo cannot be fetched"))
    await told(door)
    found = await state(door)
    assert (found["state"], found["refused"]) == ("refused", "programLogo cannot be fetched")


async def test_what_google_refuses_of_a_card_is_listed_by_its_number(door: Door) -> None:
    await door.link()
    await told(door)
    door.fake.order(Say(400, "badRequest", "loyaltyPoints: no"))
    ((card_id, serial),) = await door.rows("SELECT card_id, serial FROM google_object")
    async with door.time_passes():
        await door.google.teller.tell_object(card_id, serial)
    found = await state(door)
    assert found["refused_cards"] == [{"card_number": NUMBER, "reason": "loyaltyPoints: no"}]


async def test_an_account_that_google_does_not_let_in_is_named(door: Door) -> None:
    await door.link()
    door.fake.order(Say(403, "permissionDenied", "not invited"))
    await told(door)
    assert (await state(door))["stopped"]


async def test_no_merchant_sees_anothers_program(door: Door) -> None:
    _, other = await merchant(door.world, "Other")
    answer = await other("GET", f"/v1/partner/programs/{door.program_id}/google")
    assert answer.status_code == 404

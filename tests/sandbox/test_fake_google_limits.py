"""The fake Google keeps its limits, words pushes within their budget, and obeys orders."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from app.clock import MINUTE
from app.sandbox.fake_google import TOO_FAST_429
from app.sandbox.fake_google_orders import Broken, Reset, Say, Stall
from tests.sandbox.google_world import (
    CLASS_ID,
    ISSUER,
    OBJECT_ID,
    GoogleWorld,
    card_object,
    points,
    reason_of,
)

PATH = f"/loyaltyObject/{OBJECT_ID}"


@pytest.fixture
def world() -> GoogleWorld:
    return GoogleWorld()


@pytest.fixture
async def saved(world) -> GoogleWorld:
    await world.card()
    await world.phone().save(world.link(objects=[{"id": OBJECT_ID}]))
    world.clock.forward(1)
    return world


async def change(world, count: int, *, is_told: bool = True):
    sent = {"loyaltyPoints": points(count)}
    if is_told:
        sent["notifyPreference"] = "NOTIFY_ON_UPDATE"
    world.clock.forward(1)
    return await world.call("PATCH", PATH, sent)


async def test_the_twenty_first_call_of_any_second_is_refused(world) -> None:
    for _ in range(20):
        assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 200
        world.clock.forward(0.049)
    refused = await world.call("GET", "/loyaltyClass", issuerId=ISSUER)
    assert reason_of(refused) == (403, "rateLimitExceeded")
    world.clock.forward(0.02)
    assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 200
    assert world.google.busiest_second == 21


async def test_twenty_calls_spread_over_each_second_all_pass(world) -> None:
    for _ in range(100):
        assert (await world.call("GET", "/loyaltyClass", issuerId=ISSUER)).status_code == 200
        world.clock.forward(0.05)
    assert world.google.busiest_second == 20


async def test_who_is_too_fast_may_be_told_429(world) -> None:
    world.google.refusal = TOO_FAST_429
    for _ in range(21):
        answer = await world.call("GET", "/loyaltyClass", issuerId=ISSUER)
    assert reason_of(answer) == (429, "rateLimitExceeded")
    assert answer.headers["retry-after"] == "2"


async def test_a_changed_balance_shows_on_phones_only_where_that_was_asked(saved) -> None:
    heard = []
    saved.google.on_push = heard.append
    assert (await change(saved, 1300, is_told=False)).status_code == 200
    assert not saved.google.pushes
    answer = await change(saved, 1400)
    assert "notifyPreference" not in answer.json()
    (push,) = saved.google.pushes
    assert (push.object_id, push.text) == (OBJECT_ID, "Maison Verte: Points: 1400")
    assert (push.at, push.said("fr")) == (saved.clock.wall(), "Maison Verte: Pts: 1400")
    assert heard == [push]
    assert (await change(saved, 1500, is_told=False)).status_code == 200, "asked once, told once"
    assert len(saved.google.pushes) == 1


async def test_what_is_in_nobodys_wallet_makes_no_phone_speak(world) -> None:
    await world.card()
    assert (await change(world, 3)).status_code == 200
    assert not world.google.pushes


async def test_only_balances_make_a_phone_speak(saved) -> None:
    sent = {"accountId": "7", "notifyPreference": "NOTIFY_ON_UPDATE"}
    assert (await saved.call("PATCH", PATH, sent)).status_code == 200
    assert (await change(saved, 1250)).status_code == 200, "the balance is the same"
    assert not saved.google.pushes


async def test_the_fourth_push_in_a_day_is_refused_and_changes_nothing(saved) -> None:
    for count in range(3):
        assert (await change(saved, count)).status_code == 200
    assert reason_of(await change(saved, 3)) == (403, "quotaExceeded")
    assert saved.google.memory.objects[OBJECT_ID].document["loyaltyPoints"] == points(2)
    assert (await change(saved, 3, is_told=False)).status_code == 200
    saved.clock.forward(24 * 3600)
    saved.token = ""
    assert (await change(saved, 4)).status_code == 200
    assert len(saved.google.pushes) == 4


async def test_a_spent_budget_may_be_silent_instead(saved) -> None:
    saved.google.push_desk.refuses = False
    for count in range(5):
        assert (await change(saved, count)).status_code == 200
    assert len(saved.google.pushes) == 3


async def message(world, number: int, kind: str = "TEXT_AND_NOTIFY", path: str = PATH):
    sent = {"id": f"m{number}", "header": "Hello", "body": f"Number {number}", "messageType": kind}
    world.clock.forward(1)
    return await world.call("POST", f"{path}/addMessage", {"message": sent})


async def test_messages_have_a_budget_of_their_own(saved) -> None:
    for number in range(3):
        await change(saved, number)
        answer = await message(saved, number)
        assert answer.json()["resource"]["messages"][-1]["id"] == f"m{number}"
    assert reason_of(await message(saved, 3)) == (403, "quotaExceeded")
    assert (await message(saved, 3, "TEXT")).status_code == 200
    assert saved.google.pushes[-1].text == "Maison Verte: Hello. Number 2"
    assert len(saved.google.pushes) == 6


async def test_a_message_of_the_same_id_replaces_and_the_eleventh_is_refused(saved) -> None:
    for number in (*range(10), 9):
        assert (await message(saved, number, "TEXT")).status_code == 200
    assert (await message(saved, 10, "TEXT")).status_code == 400
    for wrong in ({}, {"message": {}}, {"message": {"boddy": "x"}}, {"message": None}):
        assert (await saved.call("POST", f"{PATH}/addMessage", wrong)).status_code == 400


async def test_a_class_message_shows_on_every_card_that_somebody_holds(saved) -> None:
    await saved.call("POST", "/loyaltyObject", card_object(id=f"{ISSUER}.unsaved"))
    assert (await message(saved, 1, path=f"/loyaltyClass/{CLASS_ID}")).status_code == 200
    assert [push.object_id for push in saved.google.pushes] == [OBJECT_ID]


async def test_a_new_program_name_is_told_to_every_phone(saved) -> None:
    sent = {"programName": "Maison Bleue", "reviewStatus": "UNDER_REVIEW"}
    path = f"/loyaltyClass/{CLASS_ID}"
    await saved.call("PATCH", path, sent | {"notifyPreference": "NOTIFY_ON_UPDATE"})
    assert [push.text for push in saved.google.pushes] == ["Maison Bleue: pass updated"]


async def test_orders_are_obeyed_once_each_by_the_next_calls_or_by_path(world) -> None:
    await world.card()
    world.google.order(Say(500), Say(429, "rateLimitExceeded", retry_after=7))
    world.google.order(Say(403, "quotaExceeded"), path=OBJECT_ID)
    first = await world.call("GET", PATH)
    assert reason_of(first) == (403, "quotaExceeded")
    assert reason_of(await world.call("GET", PATH)) == (500, "backendError")
    slow = await world.call("GET", PATH)
    assert (slow.status_code, slow.headers["retry-after"]) == (429, "7")
    assert (await world.call("GET", PATH)).status_code == 200


async def test_answers_can_be_broken_html_cut_or_missing(world) -> None:
    await world.card()
    world.google.order(Broken(), Say(502, has_json=False), Reset(is_done=True), Stall())
    assert (await world.call("GET", PATH)).text == '{"id": "338'
    assert (await world.call("GET", PATH)).headers["content-type"] == "text/html"
    with pytest.raises(httpx2.RemoteProtocolError):
        await change(world, 9)
    assert world.google.memory.objects[OBJECT_ID].document["loyaltyPoints"] == points(9)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(world.call("GET", PATH), 0.05)
    assert [seen.status for seen in world.google.calls][-4:] == [200, 502, 0, 0]


async def test_an_outage_lasts_until_the_clock_has_passed_it(world) -> None:
    await world.card()
    world.google.outage(world.clock.wall() + MINUTE)
    assert reason_of(await world.call("GET", PATH)) == (503, "backendError")
    world.clock.forward(60)
    assert (await world.call("GET", PATH)).status_code == 200


async def test_each_call_of_a_batch_is_counted_and_answered(world) -> None:
    await world.card()
    world.clock.forward(1)
    parts = [
        f"--b\r\nContent-Type: application/http\r\nContent-ID: <{n}>\r\n\r\n"
        f"GET /walletobjects/v1{PATH}?fields=id HTTP/1.1\r\nAccept: */*\r\n\r\n\r\n"
        for n in range(21)
    ]
    headers = {
        "Authorization": f"Bearer {world.token}",
        "Content-Type": "multipart/mixed; boundary=b",
    }
    body = "".join(parts) + "--b--\r\n"
    answer = await world.client.post("/batch", content=body, headers=headers)
    assert answer.text.count("HTTP/1.1 200 OK") == 20
    assert answer.text.count("HTTP/1.1 403 Forbidden") == 1
    assert f'{{"id":"{OBJECT_ID}"}}' in answer.text
    assert "<response-20>" in answer.text
    bad = await world.client.post("/batch", content="x", headers=headers)
    assert bad.status_code == 400

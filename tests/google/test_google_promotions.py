"""A message to all at Google: it speaks by its own call, beside a balance and never instead."""

from __future__ import annotations

from typing import Any

import pytest

from app.cards.promoting import promote
from app.delivery import messaging
from tests.google.delivery_world import Outlet
from tests.google.door_world import Door


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


async def send(outlet: Outlet, text: Any) -> None:
    """Send a message to all, and put it on the cards."""
    path = f"/v1/partner/programs/{outlet.door.program_id}/messages"
    made = await outlet.door.partner("POST", path, {"text": text})
    assert made.status_code == 201, made.text
    assert made.json()["reaches"] == 1
    while await messaging.send_pages(outlet.door.world.ports):
        pass


def added(outlet: Outlet, since: int) -> list[tuple[str, str]]:
    """List (type, words) of messages that were added."""
    calls = [seen for seen in outlet.calls(since=since) if seen.path.endswith("/addMessage")]
    bodies = [outlet.body(seen)["message"] for seen in calls]
    return [(body["messageType"], body["body"]) for body in bodies]


async def test_a_message_to_all_speaks_and_a_balance_beside_it_too(outlet: Outlet) -> None:
    saved = await outlet.save()
    outlet.clock.forward(60)
    before = len(outlet.calls())
    await send(outlet, {"fr": "Soldes", "en": "Sales"})
    await outlet.door.tell(12)
    await outlet.work()
    assert added(outlet, before) == [("TEXT_AND_NOTIFY", "Soldes")]
    assert any(b"NOTIFY_ON_UPDATE" in seen.body for seen in outlet.calls(since=before))
    assert outlet.spoken(saved) == 2
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 12}
    assert outlet.shown(saved)["messages"][-1]["body"] == "Soldes"
    # Whatever changes later says nothing of it again.
    before = len(outlet.calls())
    outlet.clock.forward(60)
    await outlet.door.tell(13)
    await outlet.work()
    assert added(outlet, before) == []
    assert outlet.shown(saved)["messages"][-1]["body"] == "Soldes"


async def test_beyond_the_days_three_it_is_there_to_read(outlet: Outlet) -> None:
    saved = await outlet.save()
    for number in range(3):
        outlet.clock.forward(60)
        await outlet.door.tell(number, message=f"Pour vous {number}")
        await outlet.work()
    before = len(outlet.calls())
    outlet.clock.forward(60)
    await send(outlet, "Pour tous")
    await outlet.work()
    # What was said to this card stands beside it; it has its id, and is not said again.
    assert added(outlet, before)[0] == ("TEXT", "Pour tous")
    assert outlet.spoken(saved) == 3
    bodies = [message["body"] for message in outlet.shown(saved)["messages"]]
    assert {"Pour tous", "Pour vous 2"} <= set(bodies)
    assert len(bodies) == len(set(bodies))


async def test_who_holds_the_card_no_more_is_sent_nothing(outlet: Outlet) -> None:
    database, now = outlet.door.world.ports.database, outlet.clock.wall()
    rows = await outlet.door.rows("SELECT card_id, user_id FROM holder")
    card_id, user_id = rows[0]

    async def put(user: int) -> bool:
        return await database.write(lambda tx: promote(tx, card_id, 5, user_id=user, now=now))

    assert not await put(user_id + 1)
    assert not await put(0)
    assert await put(user_id)
    assert await put(user_id)  # again: as once
    assert (await outlet.door.rows("SELECT count(*) FROM card_promotion"))[0][0] == 1

"""Which card comes next: urgent ones at once, merchants in turn, lists when nothing else is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.clock import DAY, SECOND
from app.delivery import google_listing
from app.delivery.google import GoogleChannel
from app.outbox import service as outbox
from app.sandbox.fake_google_callbacks import Lost
from bench.google_scene import Scene, backlog, burst, change, scene
from tests.cards.cards_world import PROGRAM
from tests.google.delivery_world import Outlet
from tests.google.door_world import Door


@pytest.fixture
async def here(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(database_url, tmp_path) as found:
        yield found


async def test_a_backlog_keeps_the_limit_while_tills_and_all_merchants_are_served(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with scene(sqlite_url, tmp_path) as here:
        found = await backlog(here, 2_000)
    assert found["busiest_second"] <= 20
    assert found["calls"] <= found["cards"]
    assert found["till_worst_seconds"] <= 2
    assert found["cards_not_at_their_latest"] == 0
    assert found["worst_gap_of_a_merchant_seconds"] < 5  # forty merchants, 52 ms a call


async def test_two_workers_share_one_bucket_and_tell_no_card_twice(here: Scene) -> None:
    made = [card for size in (60, 20, 5) for card in await here.maker.merchant(size)]
    google = here.channel
    twin = GoogleChannel(here.ports, google._issuers, google._teller)
    for channel in (google, twin):
        await here.passing.until(channel.turn())
    await here.passing.until(asyncio.gather(google.wait(), twin.wait()))
    await here.drain()
    assert here.fake.busiest_second <= 20
    told = [seen.path for seen in here.fake.calls]
    assert len(told) == len(set(told)) == len(made)


async def test_a_small_merchant_waits_for_one_card_of_each_other_not_for_all(here: Scene) -> None:
    big = await here.maker.merchant(100)
    small = await here.maker.merchant(2)
    await here.drain()
    order = [seen.path.rpartition("/")[2] for seen in here.fake.calls]
    places = sorted(order.index(card.object_id) for card in small)
    assert places[1] <= 4
    assert len(order) == len(big) + len(small)


async def test_urgent_cards_go_before_all_others(here: Scene) -> None:
    made = await here.maker.merchant(50)
    now = here.clock.wall()
    for place, priority in ((40, outbox.SINGLE), (30, outbox.TIER), (20, outbox.AT_TILL)):
        await here.ports.database.write(
            lambda tx, place=place, priority=priority: change(  # type: ignore[misc]
                tx, card_id=made[place].card_id, balance=9, now=now, priority=priority
            )
        )
    await here.drain()
    order = [seen.path.rpartition("/")[2] for seen in here.fake.calls]
    assert order[:3] == [made[place].object_id for place in (20, 30, 40)]


async def test_distance_costs_no_throughput(here: Scene) -> None:
    await here.maker.merchant(60)
    wallet = here.channel._teller.means.wallet
    sent = wallet._client.send  # type: ignore[attr-defined]

    async def send(*args: Any, **more: Any) -> Any:
        await here.clock.sleep(0.1)
        answer = await sent(*args, **more)
        await here.clock.sleep(0.1)
        return answer

    wallet._client.send = send  # type: ignore[attr-defined]
    begun = here.clock.wall()
    await here.drain()
    assert (here.clock.wall() - begun) / SECOND < 60 * 0.052 + 1
    assert here.fake.busiest_second <= 20
    here.fake.revoke_tokens()
    await here.maker.merchant(60)
    await here.drain()
    assert here.fake.busiest_second <= 20
    assert len({seen.path for seen in here.fake.calls if seen.status == 200}) == 120


@pytest.fixture
async def outlet(door: Door) -> Outlet:
    return Outlet(door)


async def test_lost_callbacks_are_found_by_the_nightly_list(outlet: Outlet) -> None:
    outlet.fake.callbacks.orders.append(Lost())
    token = await outlet.door.link()
    await outlet.door.save(outlet.door.phone(), token)
    assert not await outlet.door.saved()
    await outlet.door.tell(12)
    await outlet.work()  # the class, then the first list
    outlet.clock.forward(DAY / SECOND + 1)
    await outlet.work()
    assert await outlet.door.saved()
    (saved,) = outlet.fake.memory.objects
    assert outlet.shown(saved)["loyaltyPoints"]["balance"] == {"int": 12}
    outlet.fake.callbacks.orders.append(Lost())
    await outlet.door.remove(outlet.door.phone(), saved)
    outlet.clock.forward(DAY / SECOND + 1)
    await outlet.work()
    assert not await outlet.door.saved()


async def test_a_class_is_listed_once_a_day_and_page_by_page(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(google_listing, "OBJECTS_A_PAGE", 2)
    await outlet.save_all(3)
    outlet.clock.forward(DAY / SECOND + 1)
    before = len(outlet.calls())
    await outlet.work()
    assert outlet.told(since=before) == {"GET loyaltyObject 200": 2}
    await outlet.work_for(3600, step=600)
    assert outlet.told(since=before) == {"GET loyaltyObject 200": 2}
    foreign = {**outlet.shown(next(iter(outlet.fake.memory.objects)))}
    foreign["id"] = "3388000000012345678.somebody_elses"
    outlet.fake.memory.insert("object", foreign)
    outlet.clock.forward(DAY / SECOND + 1)
    await outlet.work()
    assert await outlet.door.rows("SELECT COUNT(*) FROM pass WHERE installed = 1") == [(3,)]


async def test_a_redesign_is_one_call_for_the_class_and_none_for_objects_that_stay(
    outlet: Outlet,
) -> None:
    await outlet.save_all(3)
    before = len(outlet.calls())
    await publish(outlet, design={"background_color": "#123456"})
    await outlet.redesign()
    await outlet.work()
    assert outlet.told(since=before) == {"PATCH loyaltyClass 200": 1}
    (stored,) = outlet.fake.memory.classes.values()
    assert stored.document["hexBackgroundColor"] == "#123456"
    assert stored.document["reviewStatus"] == "APPROVED"


async def test_a_redesign_tells_those_objects_that_became_others(outlet: Outlet) -> None:
    objects = await outlet.save_all(3)
    await outlet.door.tell(4)  # one card of three shows points
    await outlet.work()
    before = len(outlet.calls())
    units = [{"id": "pts", "name": {"fr": "Étoiles", "en": "Stars"}}]
    await publish(outlet, units=units)
    await outlet.redesign()
    await outlet.work()
    told = outlet.told(since=before)
    assert told["PATCH loyaltyClass 200"] <= 1
    assert 1 <= told.total() - told["PATCH loyaltyClass 200"] <= 3
    label = outlet.shown(objects[0])["loyaltyPoints"]["localizedLabel"]
    assert "toiles" in str(label)
    assert outlet.spoken(objects[0]) == 1  # the balance before; a label speaks never
    assert await outlet.pending() == 0


async def publish(outlet: Outlet, **changes: Any) -> None:
    body = PROGRAM | {"settings": {"open_numbers": True}} | changes
    path = f"/v1/partner/programs/{outlet.door.program_id}"
    answer = await outlet.door.partner("PUT", path, body)
    assert answer.status_code == 200, answer.text


async def test_a_burst_on_few_cards_is_few_calls(sqlite_url: str, tmp_path: Path) -> None:
    async with scene(sqlite_url, tmp_path) as here:
        found = await burst(here, cards=100, rounds=20)
    assert found["calls"] <= 200
    assert found["busiest_second"] <= 20
    assert found["cards_not_at_their_latest"] == 0

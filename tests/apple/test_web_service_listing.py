"""The list of changed passes and its tag (Apple: Get the List of Updatable Passes; apple.md §4)."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from app.delivery.apple import AppleChannel
from app.delivery.worker import Worker
from tests.apple.iphone_world import House, registration, serials, tag_of

NUMBERS = ("4006381333931", "2000000000015", "2000000000022")


async def test_an_unknown_device_or_pass_type_is_204_without_a_body(house: House) -> None:
    opened = await house.download()
    unknown = await house.list(opened)
    await house.register(opened)
    other = await house.ask("GET", "/v1/devices/" + "d" * 32 + "/registrations/pass.other")
    for answer in (unknown, other):
        assert (answer.status_code, answer.content) == (204, b"")
        assert "content-type" not in answer.headers


async def test_the_list_needs_no_token_and_its_tag_is_a_string(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    answer = await house.list(opened)
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    document = msgspec.json.decode(answer.content)
    assert document == {
        "serialNumbers": [opened.serial],
        "lastUpdated": document["lastUpdated"],
    }
    assert isinstance(document["lastUpdated"], str)


async def test_nothing_new_since_the_tag_is_204_not_an_empty_list(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    tag = tag_of(await house.list(opened))
    answer = await house.list(opened, tag)
    assert (answer.status_code, answer.content) == (204, b"")


async def test_all_of_several_changed_passes_are_listed(house: House) -> None:
    cards = [house.card_id] + [await house.add_card(number) for number in NUMBERS[1:]]
    passes = [await house.download(card_id) for card_id in cards]
    for opened in passes:
        await house.register(opened)
    tag = tag_of(await house.list(passes[0]))
    for number in NUMBERS:
        await house.tell(5, number)
    await house.worker.step()
    answer = await house.list(passes[0], tag)
    assert sorted(serials(answer)) == sorted(opened.serial for opened in passes)
    assert len(house.pushes.tokens) == 1  # five changed cards of one phone are one push
    assert (await house.list(passes[0], tag_of(answer))).status_code == 204


async def test_only_what_changed_since_the_tag_is_listed(house: House) -> None:
    first, second = await house.download(), await house.download(await house.add_card(NUMBERS[1]))
    await house.register(first)
    await house.register(second)
    tag = tag_of(await house.list(first))
    await house.tell(5, NUMBERS[1])
    await house.worker.step()
    answer = await house.list(first, tag)
    assert serials(answer) == [second.serial]
    await house.tell(6)
    await house.worker.step()
    assert serials(await house.list(first, tag_of(answer))) == [first.serial]
    assert sorted(serials(await house.list(first, tag))) == sorted([first.serial, second.serial])


async def test_a_change_not_yet_told_is_told_by_the_push_that_follows(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    tag = tag_of(await house.list(opened))
    await house.tell(5)
    assert (await house.list(opened, tag)).status_code == 204
    await house.worker.step()
    assert serials(await house.list(opened, tag)) == [opened.serial]


@pytest.mark.parametrize(
    "tag",
    [
        *("", "x", "-1", "1.5", "1e3", " 1", "+1", "0x1", "NaN", "null", "\x00", "é", "\u0661"),
        *("9" * 18, "9" * 400, "2026-01-01T00:00:00Z", "a&b=c", "'; DROP TABLE device"),
    ],
)
async def test_a_tag_that_is_not_ours_lists_everything(house: House, tag: str) -> None:
    opened = await house.download()
    await house.register(opened)
    assert serials(await house.list(opened, tag)) == [opened.serial]


async def test_a_tag_that_is_no_utf_8_lists_everything(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    path = registration(opened).rpartition("/")[0]
    for query in ("passesUpdatedSince=%ff%fe", "passesUpdatedSince", "passesUpdatedSince=1&x=%00"):
        answer = await house.ask("GET", f"{path}?{query}")
        assert answer.status_code in {200, 204}, query
    assert serials(await house.ask("GET", f"{path}?passesUpdatedSince=%ff")) == [opened.serial]


async def test_each_device_and_each_pass_type_has_its_own_feed(house: House) -> None:
    opened = await house.download()
    await house.register(opened, device="a")
    for balance in range(1, 4):
        await house.tell(balance)
        await house.worker.step()
    await house.register(opened, device="b")
    assert tag_of(await house.list(opened, device="a")) == "4"
    assert tag_of(await house.list(opened, device="b")) == "1"


async def test_two_workers_that_tell_one_device_at_once_step_over_no_change(house: House) -> None:
    cards = [house.card_id] + [await house.add_card(number) for number in NUMBERS[1:]]
    passes = {
        number: await house.download(card_id)
        for number, card_id in zip(NUMBERS, cards, strict=True)
    }
    for opened in passes.values():
        await house.register(opened)
    first = next(iter(passes.values()))
    tag, missed = tag_of(await house.list(first)), set[str]()
    other = Worker(house.world.ports, [AppleChannel(house.world.ports, house.pushes)])
    for balance in range(10):
        for number in NUMBERS:
            await house.tell(balance, number)
        missed |= {opened.serial for opened in passes.values()}
        await asyncio.gather(house.worker.step(), other.step())
        answer = await house.list(first, tag)
        missed -= set(serials(answer))
        tag = tag_of(answer)
        assert not missed

"""Receivers that are down, slow, gone or in the wrong: nothing is lost, nothing is held up."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from app.clock import DAY, HOUR, MINUTE, SECOND
from app.delivery import pruning
from app.delivery.webhook_verdicts import PAUSES, Again, Answer, Done, GivenUp, Gone, judge
from tests.cards.cards_world import NUMBERS, merchant, rows
from tests.flows.conftest import World
from tests.webhooks.hooked import DELIVERIES, WEBHOOKS, hooked, told
from tests.webhooks.receiver import Message, Receiver, answer

START = 1_790_000_000 * SECOND


def judged(status: int | None, *, tries: int = 0, noise: int = 128, **more: Any) -> Any:
    found = Answer(status, None if status else "connection", more.pop("retry_after", None))
    return judge(found, tries=tries, slow_steps=more.pop("steps", 0), noise=noise, now=START)


def test_ten_tries_take_three_days_and_are_spread_by_a_tenth() -> None:
    assert sum(PAUSES) == 75 * 3600 + 35 * 60 + 5
    for tries, pause in enumerate(PAUSES):
        assert judged(500, tries=tries).next_at == START + pause * SECOND
        early, late = judged(500, tries=tries, noise=0), judged(500, tries=tries, noise=255)
        assert START + pause * SECOND * 9 // 10 == early.next_at
        assert pause * SECOND < late.next_at - START < pause * SECOND * 11 // 10
    assert judged(500, tries=9) == GivenUp(None)


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_every_2xx_is_done(status: int) -> None:
    assert judged(status) == Done()


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503, None])
def test_all_else_is_a_failure_and_asks_for_no_rest(status: int | None) -> None:
    assert judged(status) == Again(START + 5 * SECOND, None)


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_endpoint_that_asks_for_rest_gets_longer_and_longer_rests(status: int) -> None:
    rests = [judged(status, steps=steps).rest_until - START for steps in range(12)]
    assert rests[:4] == [SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
    assert rests[-1] == 5 * MINUTE


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Mon, 21 Sep 2026 14:13:20 GMT", 5),  # it is over
        ("Mon, 21 Sep 2026 15:13:20 GMT", 3_600),
        ("999999999999", 86_400),
        ("soon", 5),
        ("-1", 5),
        ("Mon, 99 Foo 2026", 5),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(header: str, seconds: int) -> None:
    at = judged(503, retry_after=header).next_at
    assert at - START == pytest.approx(seconds * SECOND, abs=6 * SECOND)
    assert at - START >= 5 * SECOND


def test_410_is_gone() -> None:
    assert judged(410) == Gone()


async def test_a_receiver_that_was_killed_hears_all_of_it_later_in_order(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        await receiver.kill()
        await shop.enrol()
        for balance in range(4):
            await shop.tell(balance)
        await shop.step()
        (first,) = [each for each in await shop.deliveries() if each["attempts"]]
        assert first["sequence"] == 1 and first["attempts"][0]["error"] == "connection"
        assert first["status"] == "pending" and first["next_at"] is not None
        await receiver.start()
        await shop.after(6)
        assert [number for _, number in told(receiver.heard)] == [1, 2, 3, 4, 5]
        assert all(each.signed_by(shop.hook["secret"]) for each in receiver.heard)
        assert (await shop.endpoint())["failing_since"] is None


async def test_a_delivery_is_given_up_after_ten_tries_and_the_next_has_its_turn(
    world: World, receiver: Receiver
) -> None:
    def says(message: Message) -> bytes:
        return answer(302 if message.data["sequence"] == 1 else 200, "Location: /elsewhere")

    receiver.says = says
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        await shop.tell(1)
        await shop.step()
        for pause in PAUSES:
            await shop.after(pause * 1.1)
        assert Counter(number for _, number in told(receiver.heard)) == {1: 10, 2: 1}
        assert {each.path for each in receiver.heard} == {"/hooks"}
        items = await shop.deliveries()
        assert [(each["sequence"], each["status"]) for each in items] == [
            (2, "delivered"),
            (1, "failed"),
        ]
        assert len(items[1]["attempts"]) == 10 and items[1]["next_at"] is None


async def test_410_switches_the_endpoint_off_tells_its_owner_and_skips_what_waits(
    world: World, receiver: Receiver
) -> None:
    receiver.says = lambda _message: answer(410)
    async with hooked(world, receiver) as shop:
        await owner_with_mail(world)
        await shop.enrol()
        await shop.tell(1)
        await shop.step()
        assert len(receiver.heard) == 1
        hook = await shop.endpoint()
        assert (hook["status"], hook["disabled_reason"]) == ("disabled", "gone")
        await shop.tell(2)
        await shop.step()
        items = await shop.deliveries()
        assert [each["status"] for each in items] == ["skipped", "skipped", "failed"]
        assert len(await mails(world)) == 1
        refused = await shop.ask("POST", f"{DELIVERIES}/{items[0]['id']}/replay")
        assert refused.status_code == 409
        receiver.says = lambda _message: answer(200)
        body = {"url": receiver.url, "status": "enabled"}
        back = await shop.ask("PUT", f"{WEBHOOKS}/{hook['id']}", body)
        assert back.json()["status"] == "enabled"
        again = await shop.ask("POST", f"{DELIVERIES}/{items[0]['id']}/replay")
        assert again.status_code == 200
        await shop.step()
        assert receiver.heard[-1].data["sequence"] == items[0]["sequence"]


async def test_an_endpoint_that_fails_for_days_is_mailed_about_and_switched_off(
    world: World, receiver: Receiver
) -> None:
    receiver.says = lambda _message: answer(500)
    async with hooked(world, receiver) as shop:
        await owner_with_mail(world)
        await shop.enrol()
        await shop.step()
        for hours in range(1, 24 * 6):
            if hours % 6 == 0:
                await shop.tell(hours)
            await shop.after(HOUR // SECOND)
            subjects = [subject for (subject,) in await mails(world)]
            if hours < 24:
                assert subjects == []
        assert subjects == ["Un webhook ne répond plus", "Un webhook a été désactivé"]
        hook = await shop.endpoint()
        assert (hook["status"], hook["disabled_reason"]) == ("disabled", "failing")


async def test_429_rests_the_whole_endpoint_and_no_other(world: World, receiver: Receiver) -> None:
    async with Receiver().listening() as other, hooked(world, receiver) as shop:
        made = await shop.ask("POST", WEBHOOKS, {"url": other.url})
        assert made.status_code == 201
        receiver.says = lambda _message: answer(429, "Retry-After: 60")
        await shop.enrol(NUMBERS[0])
        await shop.step()
        assert len(receiver.heard) == 1
        receiver.says = lambda _message: answer(200)
        await shop.enrol(NUMBERS[1])
        await shop.step()
        assert len(receiver.heard) == 1 and len(other.heard) == 2
        await shop.after(30)
        assert len(receiver.heard) == 1
        await shop.after(31)
        assert len(receiver.heard) == 3


async def test_a_slow_endpoint_is_left_after_15_seconds_and_holds_up_no_other(
    world: World, receiver: Receiver
) -> None:
    async with Receiver().listening() as other, hooked(world, receiver) as shop:
        await shop.ask("POST", WEBHOOKS, {"url": other.url})
        receiver.says = lambda _message: None
        await shop.enrol()
        await shop.channel.turn()
        await receiver.until(1)
        await other.until(1)
        await asyncio.sleep(0)
        world.clock.forward(15)
        await shop.channel.wait()
        errors = [
            attempt["error"] for each in await shop.deliveries() for attempt in each["attempts"]
        ]
        assert sorted(map(str, errors)) == ["None", "timeout"]


async def test_a_worker_killed_in_the_middle_loses_nothing(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        receiver.says = lambda _message: None
        await shop.enrol()
        await shop.tell(1)
        await shop.channel.turn()
        await receiver.until(1)
        for task in list(shop.channel._tasks):
            task.cancel()  # as a kill does: heard, and nothing written down
        await shop.channel.wait()
        receiver.says = lambda _message: answer(200)
        successor = shop.worker()
        assert await successor.turn() == 0  # the lease stands
        world.clock.forward(61)
        while await successor.turn():
            await successor.wait()
        await successor.stop()
        assert [number for _, number in told(receiver.heard)] == [1, 1, 2]
        assert len({each.headers["webhook-id"] for each in receiver.heard}) == 2


async def test_two_workers_send_each_delivery_once(world: World, receiver: Receiver) -> None:
    async with hooked(world, receiver) as shop:
        for number in NUMBERS:
            await shop.enrol(number)
            await shop.tell(1, number)
        other = shop.worker()
        while sum(await asyncio.gather(shop.channel.turn(), other.turn())):
            await asyncio.gather(shop.channel.wait(), other.wait())
        await other.stop()
        assert len(receiver.heard) == 8
        assert len({each.headers["webhook-id"] for each in receiver.heard}) == 8


async def test_what_is_older_than_30_days_is_gone(world: World, receiver: Receiver) -> None:
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        await shop.step()
        (item,) = await shop.deliveries()
        world.clock.forward(30 * DAY // SECOND - 60)
        await pruning.prune(world.ports)
        assert len(await shop.deliveries()) == 1
        world.clock.forward(120)
        await pruning.prune(world.ports)
        assert await shop.deliveries() == []
        gone = await shop.ask("GET", f"{DELIVERIES}/{item['id']}")
        assert gone.status_code == 404
        for table in ("body", "attempt", "delivery", "lane", "delivery_by_public", "waiting"):
            assert await rows(world.ports, f"SELECT COUNT(*) FROM webhook_{table}") == [(0,)]


async def test_others_see_and_change_nothing(world: World, receiver: Receiver) -> None:
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        await shop.step()
        (item,) = await shop.deliveries()
        _, other = await merchant(world, "Autre")
        hook = f"{WEBHOOKS}/{shop.hook['id']}"
        none = await other("GET", f"{WEBHOOKS}/whk_{'0' * 32}")
        body = {"url": "https://a.example/"}
        answers = [
            await other("GET", hook),
            await other("PUT", hook, body),
            await other("POST", f"{hook}/roll", {}),
            await other("DELETE", hook),
            await other("GET", f"{DELIVERIES}/{item['id']}"),
            await other("POST", f"{DELIVERIES}/{item['id']}/replay"),
            await other("GET", f"{DELIVERIES}?webhook={shop.hook['id']}"),
            await other("GET", f"{DELIVERIES}?card={item['card_id']}"),
        ]
        assert [each.status_code for each in answers] == [404] * 8
        assert {each.json()["detail"] for each in answers} == {none.json()["detail"]}
        assert (await other("GET", DELIVERIES)).json()["items"] == []
        assert (await shop.endpoint())["url"] == receiver.url


async def owner_with_mail(world: World) -> None:
    """Give the merchant's owner, user 1, an account with an address."""

    def work(tx: Any) -> None:
        tx.run(
            "INSERT INTO users (user_id, public_id, email, language, created_at)"
            " VALUES (1, ?, 'owner@shop.example', 'fr', 0)",
            bytes(16),
        )

    await world.ports.database.write(work)


async def mails(world: World) -> list[tuple[Any, ...]]:
    return await rows(world.ports, "SELECT subject FROM mail ORDER BY created_at, mail_id")

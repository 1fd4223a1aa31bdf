"""The main job on real input: a card in Apple Wallet that changes when its merchant pushes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.sandbox.fake_apple_orders import Answer as Order
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, PROGRAM, Shop, open_shop

NUMBER = NUMBERS[0]


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def all_pushed(shop: Shop, *phones: object) -> None:
    await shop.worker.step()
    for phone in phones:
        for push in list(shop.apple.pushes):
            if push.token == phone.push_token:
                await phone.pushed(push.topic)
    shop.apple.pushes.clear()


async def test_a_statement_reaches_the_phone_and_shows_its_change(shop: Shop) -> None:
    phone = await shop.held(NUMBER, seed=1)
    assert (await shop.tell(NUMBER, 1250)).json()["changed"] is True
    await all_pushed(shop, phone)
    assert [shown.text for shown in phone.lock_screen] == ["Points: 1,250"]
    assert (await shop.tell(NUMBER, 1300, tier="gold", balance=1250)).json()["changed"]
    await all_pushed(shop, phone)
    assert "Gold" in phone.lock_screen[-1].text


async def test_a_burst_makes_one_push_with_the_latest_state(shop: Shop) -> None:
    phone = await shop.held(NUMBER, seed=1)
    for sequence in range(1, 30):
        await shop.tell(NUMBER, sequence)
    await shop.worker.step()
    assert shop.pushed_to(phone) == 1
    assert await phone.list_changed("pass.example.portecarte") == list(phone.wallet)
    await phone.pull(next(iter(phone.wallet)))
    held = next(iter(phone.wallet.values())).opened
    assert any(field["value"] == 29 for field in held.fields().values())


async def test_a_statement_that_changes_nothing_pushes_nothing(shop: Shop) -> None:
    phone = await shop.held(NUMBER, seed=1)
    await shop.tell(NUMBER, 1, balance=10)
    await shop.worker.step()
    assert (await shop.tell(NUMBER, 2, balance=10)).json()["changed"] is False
    await shop.worker.step()
    assert shop.pushed_to(phone) == 1


async def test_every_holder_has_a_pass_of_his_own_and_each_device_is_pushed_once(
    shop: Shop,
) -> None:
    token = await shop.guest()
    cards = [await shop.card(token, number) for number in NUMBERS]
    phone, other = shop.phone(1), shop.phone(2)
    serials = [await shop.add_to(phone, card["id"], token) for card in cards]
    await shop.add_to(other, cards[0]["id"], token)
    assert len(set(serials)) == len(NUMBERS)
    for sequence, number in enumerate(NUMBERS, start=1):
        await shop.tell(number, sequence)
    await shop.worker.step()
    # Five changed cards of one phone are one push.
    assert (shop.pushed_to(phone), shop.pushed_to(other)) == (1, 1)
    assert sorted(await phone.list_changed("pass.example.portecarte")) == sorted(serials)


async def test_nothing_is_lost_while_apns_is_down_for_an_hour(shop: Shop) -> None:
    phones = [await shop.held(number, seed=n) for n, number in enumerate(NUMBERS)]
    await shop.apple.close()
    for sequence, number in enumerate(NUMBERS, start=1):
        await shop.tell(number, sequence)
    await shop.passing(shop.worker.step())
    shop.world.clock.forward(3600)
    assert sum(map(shop.pushed_to, phones)) == 0
    await shop.apple.start()
    while sum(map(shop.pushed_to, phones)) < len(phones):
        shop.world.clock.forward(60)
        await shop.passing(shop.worker.step())
    assert [shop.pushed_to(phone) for phone in phones] == [1, 1, 1, 1]


async def test_a_token_that_apple_no_longer_knows_is_pushed_no_more_until_it_registers_again(
    shop: Shop,
) -> None:
    phone = await shop.held(NUMBER, seed=1)
    shop.world.clock.forward(10)
    at_ms = shop.world.clock.wall() // 1000
    shop.apple.order(Order(410, "Unregistered", at_ms), token=phone.push_token)
    await shop.tell(NUMBER, 1)
    await shop.worker.step()
    await shop.tell(NUMBER, 2)
    await shop.worker.step()
    assert shop.pushed_to(phone) == 0
    shop.world.clock.forward(10)
    opened = next(iter(phone.wallet.values())).opened
    answer = await shop.ask(
        "POST",
        f"/apple/v1/devices/{phone.library_id}/registrations/{opened.pass_type}/{opened.serial}",
        {"pushToken": "ab" * 32},
        Authorization=f"ApplePass {opened.token}",
    )
    assert answer.status_code == 200
    await shop.tell(NUMBER, 3)
    await shop.worker.step()
    assert [push.token for push in shop.apple.pushes] == ["ab" * 32]


async def test_a_registration_newer_than_the_410_keeps_its_token(shop: Shop) -> None:
    phone = await shop.held(NUMBER, seed=1)
    before = shop.world.clock.wall() // 1000 - 60_000
    shop.apple.order(Order(410, "Unregistered", before), token=phone.push_token)
    await shop.tell(NUMBER, 1)
    await shop.worker.step()
    assert shop.pushed_to(phone) == 0
    shop.world.clock.forward(61)  # not at once: Apple said the same a moment ago
    await shop.worker.step()
    assert shop.pushed_to(phone) == 1


async def test_a_device_that_must_wait_waits_alone(shop: Shop) -> None:
    phone = await shop.held(NUMBERS[0], seed=1)
    other = await shop.held(NUMBERS[1], seed=2)
    shop.apple.order(Order(429, "TooManyRequests"), token=phone.push_token)
    await shop.tell(NUMBERS[0], 1)
    await shop.tell(NUMBERS[1], 1)
    await shop.worker.step()
    assert (shop.pushed_to(phone), shop.pushed_to(other)) == (0, 1)
    shop.world.clock.forward(61)
    await shop.worker.step()
    assert shop.pushed_to(phone) == 1


async def test_a_redesign_is_told_to_every_phone_and_changes_its_pass(shop: Shop) -> None:
    phones = [await shop.held(number, seed=n) for n, number in enumerate(NUMBERS)]
    changed = PROGRAM | {"name": "Maison Bleue"}
    put = await shop.ask("PUT", f"/v1/partner/programs/{shop.program_id}", changed, token=shop.key)
    assert put.status_code == 200, put.text
    await all_pushed(shop, *phones)
    for phone in phones:
        held = next(iter(phone.wallet.values())).opened
        assert held.document["organizationName"] == "Maison Bleue"


async def test_a_deleted_card_is_voided_on_the_phone_and_its_token_then_unknown(
    shop: Shop,
) -> None:
    token = await shop.guest()
    card = await shop.card(token, NUMBER)
    phone = shop.phone(1)
    serial = await shop.add_to(phone, card["id"], token)
    assert (await shop.ask("DELETE", f"/v1/cards/{card['id']}", token=token)).status_code == 204
    await all_pushed(shop, phone)
    assert phone.wallet[serial].opened.document["voided"] is True
    shop.world.clock.forward(31 * 86_400)
    opened = phone.wallet[serial].opened
    gone = await shop.ask(
        "GET",
        f"/apple/v1/passes/{opened.pass_type}/{serial}",
        Authorization=f"ApplePass {opened.token}",
    )
    assert gone.status_code == 401

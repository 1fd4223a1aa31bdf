"""A merchant tells what happened; the engine computes; the lock screen names what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.phone import Phone
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, Shop, open_shop
from tests.partners.hosted_shop import AT, PROGRAM

NUMBER = NUMBERS[0]


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


class Counter:
    """A hosted program of the shop, and one card of it on a phone."""

    def __init__(self, shop: Shop, program: str, phone: Phone) -> None:
        self.shop, self.program, self.phone = shop, program, phone

    async def happened(self, event_id: str, **event: Any) -> str:
        """Tell an event; return what the lock screen says."""
        self.shop.world.clock.forward(60)
        body = {"id": event_id, "card_number": NUMBER, "occurred_at": AT} | event
        path = f"/v1/partner/programs/{self.program}/events"
        answer = await self.shop.ask("POST", path, body, token=self.shop.key)
        assert answer.status_code == 201, answer.text
        await self.shop.worker.step()
        for push in list(self.shop.apple.pushes):
            await self.phone.pushed(push.topic)
        self.shop.apple.pushes.clear()
        return self.phone.lock_screen[-1].text


async def open_counter(shop: Shop, language: str) -> Counter:
    made = await shop.ask("POST", "/v1/partner/programs", PROGRAM, token=shop.key)
    assert made.status_code == 201, made.text
    program = made.json()["id"]
    guest = await shop.ask("POST", "/v1/guests", {"language": language})
    token = guest.json()["token"]
    body = {"program_id": program, "number": NUMBER}
    card = await shop.ask("POST", "/v1/cards", body, token=token)
    phone = shop.phone(1)
    await shop.add_to(phone, card.json()["id"], token)
    return Counter(shop, program, phone)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["+300 points: 300", "+30 points: 330", "Your tier: Gold", "Vouchers to use: 1"]),
        ("fr", ["+300 points : 300", "+30 points : 330", "Your tier: Gold", "Vouchers to use: 1"]),
    ],
)
async def test_an_event_reaches_the_phone_which_says_what_changed_and_by_how_much(
    shop: Shop, language: str, said: list[str]
) -> None:
    counter = await open_counter(shop, language)
    shown = [
        await counter.happened("A-1", type="purchase", amount_minor=15_000),
        await counter.happened("A-2", type="purchase", amount_minor=1_500),
        await counter.happened("A-3", type="purchase", amount_minor=5_000),
        await counter.happened("V-1", type="convert"),
    ]
    # What is the same on all cards speaks the phone's language, figures of one card its user's.
    assert shown == said


async def test_an_event_told_again_pushes_nothing(shop: Shop) -> None:
    counter = await open_counter(shop, "en")
    await counter.happened("A-1", type="purchase", amount_minor=15_000)
    await counter.happened("A-1", type="purchase", amount_minor=15_000)
    assert len(counter.phone.lock_screen) == 1


async def test_a_refund_says_what_went(shop: Shop) -> None:
    counter = await open_counter(shop, "en")
    await counter.happened("A-1", type="purchase", amount_minor=15_000)
    text = await counter.happened("R-1", type="refund", of="A-1", amount_minor=1_500)
    assert text == "-30 points: 270"

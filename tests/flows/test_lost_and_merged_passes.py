"""A lost card and a merged one on simulated iPhones: the old passes end, a new one shows the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, Shop, open_shop
from tests.flows.test_shared_passes import assert_blank, delivered, shared

LOST, NEW = NUMBERS[0], NUMBERS[1]


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def test_a_lost_phone_never_learns_the_new_number_and_the_holder_adds_it_again(
    shop: Shop,
) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, LOST)
    other, _ = await shared(shop, owner, card["id"])
    lost, friend = shop.phone(1), shop.phone(2)
    serials = (
        await shop.add_to(lost, card["id"], owner),
        await shop.add_to(friend, card["id"], other),
    )
    await shop.tell(LOST, 1250)
    await delivered(shop, lost, friend)
    path = f"/v1/partner/programs/{shop.program_id}/cards/{LOST}/renumber"
    renumbered = await shop.ask("POST", path, {"number": NEW}, token=shop.key)
    assert renumbered.status_code == 200, renumbered.text
    assert await delivered(shop, lost, friend) == [1, 1]
    for phone, serial in zip((lost, friend), serials, strict=True):
        assert_blank(phone, serial, (LOST, NEW, "1250", "1,250"))
    bought = shop.phone(3)
    serial = await shop.add_to(bought, card["id"], owner)
    document = bought.wallet[serial].opened.document
    assert serial not in serials and document["barcodes"][0]["message"] == NEW
    assert (await shop.tell(LOST, 1300)).json()["code"] == "card-not-found"
    assert (await shop.tell(NEW, 1300)).status_code == 200
    assert await delivered(shop, lost, bought) == [0, 1]


async def test_the_passes_of_a_card_that_was_merged_end_and_the_kept_ones_stay(shop: Shop) -> None:
    owner = await shop.guest()
    gone, kept = await shop.card(owner, LOST), await shop.card(owner, NEW)
    phone = shop.phone(1)
    old, new = (
        await shop.add_to(phone, gone["id"], owner),
        await shop.add_to(phone, kept["id"], owner),
    )
    await shop.tell(LOST, 70)
    await delivered(shop, phone)
    path = f"/v1/partner/programs/{shop.program_id}/cards/{LOST}/merge"
    merged = await shop.ask("POST", path, {"into": kept["id"]}, token=shop.key)
    assert merged.status_code == 200, merged.text
    assert (await delivered(shop, phone))[0] >= 1
    assert_blank(phone, old, (LOST, "70"))
    assert "voided" not in phone.wallet[new].opened.document
    (held,) = (await shop.ask("GET", "/v1/cards", token=owner)).json()["items"]
    assert held["id"] == kept["id"]

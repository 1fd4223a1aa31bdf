"""Members walk through a stamp card, a VIP level and a referral."""

from __future__ import annotations

from typing import Any

from tests.flows.conftest import World
from tests.flows.seed_world import open_seed

START = "2027-01-05T10:00:00Z"
COFFEE: dict[str, Any] = {"unit_minor": 300, "tags": ["coffee"]}


async def test_nine_stamps_are_a_coffee_and_the_rest_is_kept(world: World) -> None:
    shop = await open_seed(world, "coffee-stamps", start=START)
    ana = await shop.member()
    tea = {"unit_minor": 300, "qty": 2, "tags": ["tea"]}
    assert (await ana.buy("t1", lines=[COFFEE | {"qty": 8}, tea]))["earned"] == 8
    assert (await ana.refund("t1", "r1", lines=[[0, 2]]))["reversed"] == 2
    assert (await ana.balance(), await ana.vouchers()) == (6, [])
    await ana.buy("t2", lines=[COFFEE | {"qty": 5}])
    assert (await ana.balance(), await ana.vouchers()) == (2, [("free_coffee", 0, "issued")])
    await ana.refund("t2", "r2", lines=[[0, 5]])  # an issued coffee is not taken back
    assert await ana.vouchers() == [("free_coffee", 0, "issued")]
    assert await ana.balance() == 0
    free = await ana.ticket("t3", lines=[COFFEE], voucher_codes=[await ana.code()], tenders=[])
    assert (free.json()["flags"], free.json()["results"]["discount_minor"]) == ([], 0)
    assert await ana.vouchers() == [("free_coffee", 0, "used")]
    texts = [text for _, _, text in await ana.history()]
    assert texts and all(texts)


async def test_a_vip_by_frequency_keeps_the_level_through_grace(world: World) -> None:
    shop = await open_seed(world, "vip", start=START)
    ana, ben = await shop.member(), await shop.member()
    for number in range(9):
        await ana.buy(f"a{number}", 100)
    assert await ana.tier() == "member"
    await ana.buy("a9", 100)
    assert await ana.tier() == "vip"
    await ben.buy("b0", 49_999)
    assert await ben.tier() == "member"
    await ben.buy("b1", 1)
    assert await ben.tier() == "vip"
    shop.move_to("2028-01-20T10:00:00Z")  # the hold is over: grace of a month
    assert (await ana.tier(), await ben.tier()) == ("vip", "vip")
    await ana.buy("a10", 50_000)
    shop.move_to("2028-02-05T10:00:00Z")
    assert (await ana.tier(), await ben.tier()) == ("vip", "member")
    shop.move_to("2029-01-20T09:59:59Z")
    assert await ana.tier() == "vip"


async def test_a_sponsor_gets_points_and_the_friend_a_voucher(world: World) -> None:
    shop = await open_seed(world, "referral", start=START)
    ana = await shop.enrolled("ANA-1", display_name="Ana")
    ben = await shop.enrolled("BEN-1", referred_by="ANA-1")
    mine = {"number": "CY-1", "referred_by": "CY-1"}
    alone = await shop.merchant("POST", f"{shop.path}/cards", mine)
    assert 400 <= alone.status_code < 500
    await ben.buy("t1", 1_999)
    await shop.sweep()
    assert (await ana.balance(), await ben.vouchers()) == (0, [])
    await ben.buy("t2", 2_000)
    await shop.sweep()
    assert (await ana.balance(), await ben.vouchers()) == (200, [("welcome5", 500, "issued")])
    paid = await ana.done("p1", "pay", units=150)
    assert (paid["discount_minor"], await ana.balance()) == (750, 50)
    used = await ben.ticket("t3", amount_minor=3_000, voucher_codes=[await ben.code()])
    assert used.json()["results"]["discount_minor"] == 500
    await ben.buy("t4", 9_000)
    await shop.sweep()
    assert await ana.balance() == 50  # once a friend
    texts = [text for _, _, text in await ana.history()]
    assert texts and all(texts)

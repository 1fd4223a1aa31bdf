"""A member walks through Mexx Connect: points, seasons, cheques, levels, private sales."""

from __future__ import annotations

from typing import Any

import pytest

from app.sandbox import seed_programs
from tests.flows.conftest import World
from tests.flows.seed_world import SeedShop, open_seed


@pytest.fixture
async def shop(world: World) -> SeedShop:
    """Open the program in January 2027."""
    return await open_seed(world, "mexx-connect", start="2027-01-10T10:00:00Z")


async def test_points_become_a_cheque_at_the_start_of_the_season(shop: SeedShop) -> None:
    ana = await shop.member()
    assert await ana.tier() == "lin"  # on enrolment
    assert (await ana.buy("t1", 25_000))["earned"] == 500  # 2 points a euro
    assert (await ana.tier(), await ana.balance()) == ("lin", 500)  # not yet "plus de 250"
    refused = await ana.redeem("convert", rule="hotline")  # cheques on request are for Velours
    assert (refused.status_code, refused.json()["code"]) == (409, "not-allowed")

    await ana.stay_until("2027-02-28T22:59:59Z")
    assert await ana.balance() == 500
    shop.move_to("2027-02-28T23:00:00Z")  # midnight in Paris: the season starts
    assert await ana.balance() == 0
    assert await ana.vouchers() == [("cheque", 500, "issued")]  # one cent a point
    voucher = (await ana.account())["vouchers"][0]
    assert (voucher["kind"], voucher["expires_at"]) == ("amount", "2027-08-31T22:00:00Z")
    kinds = [(kind, units) for kind, units, _ in await ana.history()]
    assert kinds == [("burn", -500), ("earn", 500)]
    assert all(text for _, _, text in await ana.history())

    code = await ana.code()
    paid = await ana.ticket("t2", amount_minor=3_000, voucher_codes=[code])
    assert (paid.json()["flags"], paid.json()["results"]["discount_minor"]) == ([], 500)
    assert await ana.vouchers() == [("cheque", 500, "used")]
    again = await ana.ticket("t3", amount_minor=3_000, voucher_codes=[code])
    assert again.json()["flags"] == ["voucher-not-usable"]  # the sale stands


async def test_velours_asks_for_cheques_at_any_time(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 26_000)
    assert (await ana.tier(), await ana.balance()) == ("velours", 520)
    made = await ana.redeem("convert", rule="hotline")
    assert made.status_code == 201, made.text
    assert made.json()["results"]["converted"] == 520
    assert (await ana.balance(), await ana.vouchers()) == (0, [("cheque", 520, "issued")])
    again = await ana.redeem("convert", rule="hotline")
    assert (again.status_code, again.json()["code"]) == (409, "below-minimum")


async def test_levels_rise_at_once_hold_a_year_and_fall(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 25_001)
    assert await ana.tier() == "velours"
    await ana.buy("t2", 35_000)
    assert await ana.tier() == "soie"  # 600.01 euros
    shop.move_to("2028-01-10T09:59:59Z")
    assert await ana.tier() == "soie"
    shop.move_to("2028-01-10T10:00:00Z")
    assert await ana.tier() == "lin"


async def test_a_refund_takes_back_points_and_the_level(shop: SeedShop) -> None:
    ana = await shop.member()
    await ana.buy("t1", 26_050)
    assert (await ana.tier(), await ana.balance()) == ("velours", 520)
    assert (await ana.refund("t1", "r1", amount_minor=50))["reversed"] == 0
    assert await ana.tier() == "velours"
    assert (await ana.refund("t1", "r2", amount_minor=1_000))["reversed"] == 20
    assert (await ana.tier(), await ana.balance()) == ("lin", 500)
    over = await shop.till(
        "POST", "/v1/checkout/tickets/t1/refunds", {"id": "r3", "amount_minor": 25_001}
    )
    assert (over.status_code, over.json()["code"]) == (409, "over-refund")


async def test_higher_levels_enter_private_sales_earlier(world: World) -> None:
    shop = await open_seed(world, "mexx-connect")
    rules: dict[str, Any] = seed_programs.rules_of("mexx-connect")
    assert rules["access"][0]["opens"] == "2026-06-24T06:00:00Z"  # before this world begins
    ana = await shop.member()
    answer = await ana.ask("GET", f"/v1/cards/{ana.card}/access/presale-ss")
    assert answer.json() == {"allowed": True, "opens_at": "2026-06-23T06:00:00Z"}
    await ana.buy("t1", 60_001)
    answer = await ana.ask("GET", f"/v1/cards/{ana.card}/access/presale-ss")
    assert answer.json() == {"allowed": True, "opens_at": "2026-06-21T06:00:00Z"}
    unknown = await ana.ask("GET", f"/v1/cards/{ana.card}/access/nothing")
    assert unknown.status_code == 404

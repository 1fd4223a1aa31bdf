"""Members walk through the plain programs: points, items, cashback, vouchers, balances brought."""

from __future__ import annotations

from typing import Any

from tests.flows.conftest import World
from tests.flows.seed_world import open_seed

START = "2027-01-05T10:00:00Z"


async def test_ten_units_are_one_point_for_twelve_months(world: World) -> None:
    shop = await open_seed(world, "units10", start=START)
    ana = await shop.member()
    assert (await ana.buy("t1", 999))["earned"] == 0  # one cent short
    assert (await ana.buy("t2", 1_999))["earned"] == 1  # no part of a point
    assert (await ana.buy("t3", lines=[{"unit_minor": 600}, {"unit_minor": 600}]))["earned"] == 1
    account = await ana.account()
    assert account["next_expiry"] == {"at": "2028-01-05T10:00:00Z", "units": 2}
    assert (await ana.refund("t3", "r1", lines=[[0, 1]]))["reversed"] == 1
    assert await ana.balance() == 1
    shop.move_to("2028-01-05T09:59:59Z")
    assert await ana.balance() == 1
    shop.move_to("2028-01-05T10:00:00Z")
    assert await ana.balance() == 0


async def test_an_articles_price_is_rounded_up_to_whole_points(world: World) -> None:
    shop = await open_seed(world, "points24", start=START)
    ana = await shop.member()
    await ana.buy("t1", 10_000)
    assert (await ana.account())["next_expiry"]["at"] == "2029-01-05T10:00:00Z"  # 24 months
    item = await ana.done("i1", "redeem_item", unit_minor=2_995)
    assert (item["cost_units"], await ana.balance()) == (30, 70)
    two = await ana.done("i2", "redeem_item", unit_minor=2_950, qty=2)
    assert (two["cost_units"], await ana.balance()) == (60, 10)
    for own_id, price, code in (("i3", 2_499, "below-minimum"), ("i4", 2_500, "insufficient")):
        refused = await ana.event(own_id, "redeem_item", unit_minor=price)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    await ana.done("x1", "reverse_burn", of="i2")
    assert await ana.balance() == 70
    again = await ana.event("x2", "reverse_burn", of="i2")
    assert (again.status_code, again.json()["code"]) == (409, "already-reversed")
    assert (await ana.refund("t1", "r1", amount_minor=10_000))["reversed"] == 100
    assert await ana.balance() == -30  # the spent rest is owed
    await ana.buy("t2", 5_000)
    assert await ana.balance() == 20
    kinds = [kind for kind, _, _ in await ana.history()]
    assert kinds.count("earn") == 2 and kinds.count("burn") == 2 and "reverse" in kinds


async def test_cashback_is_a_share_of_what_was_paid_in_money(world: World) -> None:
    shop = await open_seed(world, "cashback", start=START)
    ana = await shop.member()
    assert (await ana.buy("t1", 1_999))["earned"] == 99  # 99.95
    assert (await ana.buy("t2", 50_000))["earned"] == 2_000  # at most 20.00
    scanned = await shop.till("POST", "/v1/checkout/scans", {"code": ana.number})
    (offer,) = scanned.json()["burns"]
    assert (offer["rule"], offer["units_max"]) == ("pay", 2_099)
    body = {"card_id": ana.card, "burn": {"rule": "pay", "units": 599}}
    held = (await shop.till("POST", "/v1/checkout/holds", body)).json()
    assert (held["discount_minor"], held["status"]) == (599, "open")
    tenders = [{"type": "points", "minor": 599}, {"type": "card", "minor": 1_401}]
    paid = await ana.buy("t3", 2_000, hold_id=held["id"], tenders=tenders)
    assert paid["earned"] == 70  # 5 % of 14.01
    assert await ana.balance() == 1_570
    for own_id, minor, reversed_units in (("r1", 3_333, 0), ("r2", 6_667, 0), ("r3", 10_000, 500)):
        told = await ana.refund("t2", own_id, amount_minor=minor)
        assert told["reversed"] == reversed_units  # the cap still hides the first 100.00


async def test_points_become_a_voucher_on_the_account_page_once(world: World) -> None:
    shop = await open_seed(world, "bon", start=START)
    ana = await shop.member()
    await ana.buy("t1", 25_000)
    path = f"/v1/cards/{ana.card}/redemptions"
    first = await ana.ask("POST", path, {"type": "convert"}, key="click")
    again = await ana.ask("POST", path, {"type": "convert"}, key="click")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["results"]["converted"] == 200
    assert again.headers["Idempotent-Replay"] == "true"
    assert (await ana.balance(), await ana.vouchers()) == (50, [("bon", 200, "issued")])
    listed = (await ana.ask("GET", f"/v1/cards/{ana.card}/vouchers")).json()["items"]
    assert [(each["value"], each["expires_at"]) for each in listed] == [
        (200, "2028-01-05T10:00:00Z")
    ]
    shop.move_to("2028-01-05T10:00:00Z")
    late = await ana.event("u1", "use_voucher", code=listed[0]["code"], basket_minor=5_000)
    assert (late.status_code, late.json()["code"]) == (409, "expired")


async def test_balances_brought_along_live_on_as_lots(world: World) -> None:
    shop = await open_seed(world, "bulk-start", start=START)
    ana = await shop.member()
    lots: list[dict[str, Any]] = [
        {"unit": "pts", "units": 150, "expires_at": "2027-01-31T23:00:00Z"},
        {"unit": "pts", "units": 90, "expires_at": "2027-06-30T22:00:00Z"},
    ]
    row = {"lots": lots}
    await ana.done("row-1", "opening", **row)
    same = await ana.done("row-1", "opening", occurred_at="2027-01-05T10:00:00Z", **row)
    assert same["replayed"] is True  # a file sent twice starts nothing twice
    account = await ana.account()
    assert account["next_expiry"] == {"at": "2027-01-31T23:00:00Z", "units": 150}
    assert [(lot["left"], lot["source"]) for lot in account["lots"]] == [
        (150, "import"),
        (90, "import"),
    ]
    await ana.buy("t1", 6_000)
    assert await ana.balance() == 300
    made = await ana.redeem("convert")
    assert made.json()["results"]["converted"] == 200  # first what dies first
    assert await ana.vouchers() == [("bon10", 1_000, "issued")]
    assert await ana.balance() == 100
    await ana.done("fix", "adjust", unit="pts", units=-10, reason="counted twice")
    shop.move_to("2027-06-30T22:00:00Z")
    assert await ana.balance() == 60  # the bought ones: 24 months, to the end of the month
    assert (await ana.account())["next_expiry"]["at"] == "2029-01-31T23:00:00Z"

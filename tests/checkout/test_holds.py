"""Holds: units set aside once, spent in part or whole, given back, timed out; proof where asked."""

from __future__ import annotations

from typing import Any

import pytest

from app.cards import codes
from app.cards.codes import draw_secret
from passes.google import rotating
from tests.cards.cards_world import card_row
from tests.checkout.till_world import HOLDS, SCANS, Shop, code_of, shop
from tests.flows.conftest import World

PAY_100 = {"rule": "pay", "units": 100}


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def resolve(here: Shop, hold: Any, how: str, **body: Any) -> Any:
    return await here.till("POST", f"{HOLDS}/{hold['id']}/{how}", body)


@pytest.mark.parametrize(
    ("burn", "units", "discount"),
    [
        (PAY_100, 100, 100),
        ({"rule": "steps", "units": 100}, 100, 500),
        ({"rule": "gift", "unit_minor": 995, "qty": 2}, 200, 1_990),
    ],
)
async def test_a_hold_sets_units_aside_until_it_is_captured(
    open_shop: Shop, burn: Any, units: int, discount: int
) -> None:
    card = await open_shop.card("4711", units=250)
    made = await open_shop.hold(card, burn)
    assert made.status_code == 201, made.text
    hold = made.json()
    assert hold["id"].startswith("hold_")
    expected = {"status": "open", "unit": "pts", "units": units, "discount_minor": discount}
    assert {name: hold[name] for name in expected} == expected
    assert await open_shop.balance(card) == 250 - units
    captured = await resolve(open_shop, hold, "capture")
    assert captured.json() == hold | {"status": "captured"}
    assert await open_shop.balance(card) == 250 - units


async def test_a_part_may_be_captured_and_the_rest_goes_back(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=250)
    hold = (await open_shop.hold(card, PAY_100)).json()
    assert code_of(await resolve(open_shop, hold, "capture", units=101)) == (409, "exceeds-hold")
    captured = (await resolve(open_shop, hold, "capture", units=30)).json()
    assert (captured["units"], captured["discount_minor"]) == (30, 30)
    assert await open_shop.balance(card) == 220
    again = await resolve(open_shop, hold, "capture", units=30)
    assert (again.status_code, again.json()) == (200, captured)
    for how, body in (("capture", {"units": 29}), ("capture", {}), ("void", {})):
        assert code_of(await resolve(open_shop, hold, how, **body)) == (409, "hold-closed")
    assert await open_shop.balance(card) == 220


async def test_a_voided_hold_gives_all_back_and_may_be_voided_again(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=250)
    hold = (await open_shop.hold(card, PAY_100)).json()
    for _ in range(2):
        voided = await resolve(open_shop, hold, "void")
        assert (voided.status_code, voided.json()["status"]) == (200, "voided")
    assert await open_shop.balance(card) == 250
    assert code_of(await resolve(open_shop, hold, "capture")) == (409, "hold-closed")


async def test_a_hold_times_out_to_the_second(world: World, open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=250)
    first = (await open_shop.hold(card, PAY_100, ttl_seconds=30)).json()
    second = (await open_shop.hold(card, PAY_100, ttl_seconds=31)).json()
    world.clock.forward(30)
    assert code_of(await resolve(open_shop, first, "capture")) == (409, "hold-closed")
    assert (await resolve(open_shop, second, "capture")).status_code == 200
    assert await open_shop.balance(card) == 150


@pytest.mark.parametrize(
    ("burn", "code"),
    [
        ({"rule": "pay", "units": 9}, "below-minimum"),
        ({"rule": "pay", "units": 251}, "insufficient"),
        ({"rule": "steps", "units": 99}, "not-a-step"),
        ({"rule": "steps", "units": 999}, "above-maximum"),
        ({"rule": "gift", "unit_minor": 2**53 - 1, "qty": 1_000_000}, "insufficient"),
    ],
)
async def test_a_hold_that_the_rules_refuse_takes_nothing(
    open_shop: Shop, burn: Any, code: str
) -> None:
    card = await open_shop.card("4711", units=250)
    assert code_of(await open_shop.hold(card, burn)) == (409, code)
    assert await open_shop.balance(card) == 250


async def test_a_repeated_hold_is_the_same_hold(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=250)
    body = {"card_id": card["id"], "burn": PAY_100}
    first = await open_shop.till("POST", HOLDS, body, key="k")
    again = await open_shop.till("POST", HOLDS, body, key="k")
    assert (again.content, again.headers["Idempotent-Replay"]) == (first.content, "true")
    assert await open_shop.balance(card) == 150
    headers = {"Authorization": f"Bearer {open_shop.till.token}"}
    answer = await open_shop.world.client.post(HOLDS, json=body, headers=headers)
    assert code_of(answer) == (400, "idempotency-key-missing")


async def test_holds_of_others_are_unknown(world: World, open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=250)
    hold = (await open_shop.hold(card, PAY_100)).json()
    stranger = await shop(world, "Other")
    for known_as in (hold["id"], "hold_" + "0" * 32, "nonsense"):
        for how in ("capture", "void"):
            answer = await stranger.till("POST", f"{HOLDS}/{known_as}/{how}", {})
            assert code_of(answer) == (404, "not-found")
    assert code_of(await stranger.hold(card, PAY_100)) == (404, "not-found")


async def test_a_scan_must_be_of_this_card_this_merchant_and_this_hour(
    world: World, open_shop: Shop
) -> None:
    card = await open_shop.card("4711", units=250)
    await open_shop.card("4712")
    scans = [
        (await open_shop.till("POST", SCANS, {"code": number})).json()["scan_id"]
        for number in ("4711", "4712")
    ]
    for scan_id in (scans[1], "scan_" + "0" * 32, scans[0][:-1] + "0"):
        if scan_id != scans[0]:
            answer = await open_shop.hold(card, PAY_100, scan_id=scan_id)
            assert code_of(answer) == (404, "not-found")
    assert (await open_shop.hold(card, PAY_100, scan_id=scans[0])).status_code == 201
    world.clock.forward(3601)
    assert code_of(await open_shop.hold(card, PAY_100, scan_id=scans[0])) == (404, "not-found")


async def test_a_large_burn_needs_the_scan_of_a_changing_code_where_a_program_says_so(
    world: World,
) -> None:
    here = await shop(world, settings={"proof_from_units": 100})
    card = await here.card("4711", units=500)
    plain = (await here.till("POST", SCANS, {"code": "4711"})).json()["scan_id"]
    assert (await here.hold(card, {"rule": "pay", "units": 99})).status_code == 201
    for more in ({}, {"scan_id": plain}):
        assert code_of(await here.hold(card, PAY_100, **more)) == (409, "proof-needed")
    card_id, drawn = await card_row(world.ports, card["id"]), draw_secret(world.ports.ids)
    now = world.clock.wall()
    secret = await world.ports.database.write(
        lambda tx: codes.secret_of(tx, world.ports.secrets, card_id, drawn=drawn, now=now)
    )
    code = rotating.value_at(secret, card["id"][5:], now // 1_000_000)
    proof = (await here.till("POST", SCANS, {"code": code})).json()["scan_id"]
    assert (await here.hold(card, PAY_100, scan_id=proof)).status_code == 201


async def test_a_tills_redemptions_are_limited_by_the_minute(world: World) -> None:
    here = await shop(world, settings={"till_redemptions_per_minute": 3})
    card = await here.card("4711", units=1_000)
    ten = {"rule": "pay", "units": 10}
    for _ in range(3):
        assert (await here.hold(card, ten)).status_code == 201
    refused = await here.hold(card, ten)
    assert code_of(refused) == (429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) > 0
    codes_held = (await here.vouchers(card)).values()
    sold = await here.sell(card, "t", amount_minor=500, voucher_codes=list(codes_held))
    assert sold.status_code == 429
    assert (await here.hold(card, ten, till=here.other)).status_code == 201
    assert (await here.sell(card, "t", amount_minor=500)).status_code == 201
    world.clock.forward(60)
    assert (await here.hold(card, ten)).status_code == 201


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"burn": {"rule": "none", "units": 1}}, "burn.rule"),
        ({"burn": {"rule": "pay"}}, "burn.units"),
        ({"burn": {"rule": "pay", "units": 0}}, "burn.units"),
        ({"burn": {"rule": "gift", "unit_minor": 0}}, "burn.unit_minor"),
        ({"burn": {}}, "burn.rule"),
        ({"ttl_seconds": 0}, "ttl_seconds"),
        ({"ttl_seconds": 3601}, "ttl_seconds"),
        ({"scan_id": "4711"}, "scan_id"),
        ({"status": "open"}, "status"),
    ],
)
async def test_a_bad_hold_names_the_field(open_shop: Shop, change: Any, path: str) -> None:
    card = await open_shop.card("4711", units=250)
    answer = await open_shop.till("POST", HOLDS, {"card_id": card["id"], "burn": PAY_100} | change)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text

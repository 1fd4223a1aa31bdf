"""Tickets and refunds: once by the till's own id, whole, and the sale always stands."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.cards import codes
from app.cards.codes import draw_secret
from app.clock import DAY, SECOND, rfc3339
from passes.google import rotating
from tests.cards.cards_world import card_row, program
from tests.checkout.till_world import HOSTED, TICKETS, Shop, code_of, rows, shop
from tests.flows.conftest import World


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def refund(here: Shop, ticket: str, own_id: str, **more: Any) -> Any:
    return await here.till("POST", f"{TICKETS}/{ticket}/refunds", {"id": own_id, **more})


async def test_a_ticket_earns_and_says_why(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    sold = await open_shop.sell(card, "T1-1", lines=[{"unit_minor": 2_995, "qty": 2}])
    assert sold.status_code == 201, sold.text
    told = sold.json()
    assert (told["id"], told["flags"]) == ("T1-1", [])
    assert told["ticket_id"].startswith("tick_")
    assert told["results"]["earned_units"] == {"pts": 59}
    (entry,) = told["entries"]
    assert (entry["kind"], entry["units"], "59.90 EUR" in entry["text"]) == ("earn", 59, True)
    assert told["card"]["balances"][0]["value"] == 59
    assert "display_name" not in told["card"]


async def test_the_same_ticket_again_is_answered_again(world: World, open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    at = open_shop.now
    body = {"id": "a/b 1", "card_id": card["id"], "occurred_at": at, "amount_minor": 1_000}
    first = await open_shop.till("POST", TICKETS, body)
    world.clock.forward(DAY // SECOND)
    again = await open_shop.other("POST", TICKETS, dict(reversed(body.items())))
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert again.json()["results"] == {**first.json()["results"], "replayed": True}
    assert again.json()["entries"] == first.json()["entries"]
    assert again.json()["ticket_id"] == first.json()["ticket_id"]
    assert await open_shop.balance(card) == 10
    other = await open_shop.till("POST", TICKETS, body | {"amount_minor": 1_001})
    assert code_of(other) == (422, "idempotency-conflict")
    neighbour = await open_shop.card("4712")
    moved = await open_shop.till("POST", TICKETS, body | {"card_id": neighbour["id"]})
    assert code_of(moved) == (422, "idempotency-conflict")


async def test_a_press_twice_at_once_is_one_ticket(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    for number in range(10):
        answers = await asyncio.gather(
            *(open_shop.sell(card, f"t-{number}", amount_minor=1_000) for _ in range(3))
        )
        assert {answer.status_code for answer in answers} == {201}
    assert await open_shop.balance(card) == 100


async def test_a_hold_and_vouchers_are_spent_with_the_sale(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    vouchers = await open_shop.vouchers(card)
    hold = (await open_shop.hold(card, {"rule": "pay", "units": 1_000})).json()
    sold = await open_shop.sell(
        card,
        "t",
        amount_minor=10_000,
        hold_id=hold["id"],
        voucher_codes=[vouchers["five"], vouchers["tenth"]],
    )
    told = sold.json()
    assert (sold.status_code, told["flags"]) == (201, []), sold.text
    assert told["results"]["discount_minor"] == 500 + 1_000
    assert told["results"]["earned_units"] == {"pts": 90}
    assert {entry["kind"] for entry in told["entries"]} == {"burn", "earn"}
    assert await open_shop.balance(card) == 90
    assert await open_shop.vouchers(card) == {}


async def test_no_reward_is_above_the_basket(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    codes_held = await open_shop.vouchers(card)
    hold = (await open_shop.hold(card, {"rule": "pay", "units": 800})).json()
    sold = await open_shop.sell(
        card, "t", amount_minor=300, hold_id=hold["id"], voucher_codes=[codes_held["five"]]
    )
    told = sold.json()
    assert (told["flags"], told["results"]["earned"]) == (["voucher-not-usable"], 0)
    assert await open_shop.balance(card) == 700  # only what the basket took
    assert "five" in await open_shop.vouchers(card)
    alone = await open_shop.sell(card, "u", amount_minor=300, voucher_codes=[codes_held["five"]])
    assert (alone.json()["flags"], alone.json()["results"]["discount_minor"]) == ([], 300)
    replayed = await open_shop.sell(card, "u", amount_minor=300, voucher_codes=[codes_held["five"]])
    assert replayed.json()["results"]["discount_minor"] == 300


async def test_an_empty_basket_takes_nothing_of_a_hold(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=500)
    hold = (await open_shop.hold(card, {"rule": "steps", "units": 300})).json()
    sold = await open_shop.sell(card, "t", amount_minor=0, hold_id=hold["id"])
    assert (sold.status_code, sold.json()["flags"]) == (201, [])
    assert await open_shop.balance(card) == 500


async def test_a_late_sale_stands_without_the_hold_that_has_timed_out(
    world: World, open_shop: Shop
) -> None:
    card = await open_shop.card("4711", units=500)
    hold = (await open_shop.hold(card, {"rule": "pay", "units": 100})).json()
    sold_at = open_shop.now
    world.clock.forward(3600)
    late = {"amount_minor": 1_000, "hold_id": hold["id"], "occurred_at": sold_at}
    for _ in range(2):  # the second is a repeat
        sold = await open_shop.sell(card, "t", **late)
        assert (sold.status_code, sold.json()["flags"]) == (201, ["hold-not-open"])
        assert sold.json()["results"]["earned"] == 10
    assert await open_shop.balance(card) == 510


async def test_a_hold_of_another_card_is_unknown(open_shop: Shop) -> None:
    card, other = await open_shop.card("4711", units=500), await open_shop.card("4712")
    hold = (await open_shop.hold(card, {"rule": "pay", "units": 100})).json()
    for hold_id in (hold["id"], "hold_" + "0" * 32):
        sold = await open_shop.sell(other, "t", amount_minor=1_000, hold_id=hold_id)
        assert code_of(sold) == (404, "not-found")


async def test_vouchers_that_do_not_count_are_kept_aside(world: World, open_shop: Shop) -> None:
    card, other = await open_shop.card("4711", units=1_000), await open_shop.card("4712")
    five = (await open_shop.vouchers(card))["five"]
    for number, more in enumerate(
        (
            {"amount_minor": 199, "voucher_codes": [five]},  # under its minimum
            {"amount_minor": 1_000, "voucher_codes": ["NOBODY"]},
            {"amount_minor": 1_000, "voucher_codes": [five, five]},
        )
    ):
        sold = await open_shop.sell(card, f"t-{number}", **more)
        assert (sold.status_code, sold.json()["flags"]) == (201, ["voucher-not-usable"])
    again = await open_shop.sell(card, "later", amount_minor=1_000, voucher_codes=[five])
    assert again.json()["flags"] == ["voucher-not-usable"]
    tenth = (await open_shop.vouchers(card))["tenth"]
    stolen = await open_shop.sell(other, "other", amount_minor=1_000, voucher_codes=[tenth])
    assert stolen.json()["flags"] == ["voucher-not-usable"]
    world.clock.forward(200 * DAY // SECOND)
    expired = await open_shop.sell(card, "expired", amount_minor=1_000, voucher_codes=[tenth])
    assert expired.json()["flags"] == ["voucher-not-usable"]


async def test_of_two_tills_exactly_one_wins_a_voucher(world: World) -> None:
    item = {"type": "voucher", "voucher": "five"}
    ladder = [
        {"id": "base"},
        {
            "id": "gold",
            "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 100_000},
            "grants": [item] * 10,
        },
    ]
    settings = {"till_redemptions_per_minute": 600}
    rules = HOSTED["rules"] | {"tiers": {"ladder": ladder}}
    here = await shop(world, rules=rules, settings=settings)
    for round_of in range(10):
        card = await here.card(str(4711 + round_of), units=1_000)
        seen = await here.till("POST", "/v1/checkout/scans", {"code": card["number"]})
        for code in [each["code"] for each in seen.json()["vouchers"]]:
            bought = {"amount_minor": 1_000, "voucher_codes": [code]}
            answers = await asyncio.gather(
                here.sell(card, f"one-{code}", **bought),
                here.sell(card, f"two-{code}", till=here.other, **bought),
            )
            assert [answer.status_code for answer in answers] == [201, 201]
            flags = sorted(answer.json()["flags"] for answer in answers)
            assert flags == [[], ["voucher-not-usable"]]


async def secret_of(world: World, card: Any) -> bytes:
    card_id, drawn = await card_row(world.ports, card["id"]), draw_secret(world.ports.ids)
    now = world.clock.wall()
    return await world.ports.database.write(
        lambda tx: codes.secret_of(tx, world.ports.secrets, card_id, drawn=drawn, now=now)
    )


async def test_a_till_that_was_offline_sends_the_code_it_read(
    world: World, open_shop: Shop
) -> None:
    card = await open_shop.card("4711", units=1_000)
    secret, five = await secret_of(world, card), (await open_shop.vouchers(card))["five"]
    read_at = world.clock.wall()
    code = rotating.value_at(secret, card["id"][5:], read_at // SECOND)
    world.clock.forward(7200)
    late = {"amount_minor": 1_000, "code": code, "occurred_at": rfc3339(read_at + 20 * SECOND)}
    sold = await open_shop.sell(card, "t", voucher_codes=[five], **late)
    assert (sold.status_code, sold.json()["flags"]) == (201, ["voucher-not-usable"]), sold.text
    assert await open_shop.balance(card) == 1_010
    again = await open_shop.sell(card, "t", voucher_codes=[five], **late)
    assert again.headers["Idempotent-Replay"] == "true"
    assert code_of(await open_shop.sell(card, "u", **late)) == (409, "code-already-used")
    wrong_time = late | {"occurred_at": rfc3339(read_at + 60 * SECOND)}
    assert code_of(await open_shop.sell(card, "v", **wrong_time)) == (410, "code-expired")
    world.clock.forward(31 * DAY // SECOND)
    assert code_of(await open_shop.sell(card, "w", **late)) == (410, "code-expired")


async def test_a_plain_number_may_be_sent_late_too(world: World, open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    five = (await open_shop.vouchers(card))["five"]
    sold = await open_shop.sell(card, "t", amount_minor=1_000, code="4711", voucher_codes=[five])
    assert (sold.status_code, sold.json()["flags"]) == (201, [])
    unknown = await open_shop.sell(card, "u", amount_minor=1_000, code="4712")
    assert code_of(unknown) == (404, "card-not-found")


async def test_refunds_take_back_the_same_whatever_the_way(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    lines = [{"unit_minor": 1_050, "qty": 2}, {"unit_minor": 399}]
    for ticket in ("whole", "split"):
        assert (await open_shop.sell(card, ticket, lines=lines)).json()["results"]["earned"] == 24
    whole = await refund(open_shop, "whole", "r1", amount_minor=2_499)
    assert (whole.status_code, whole.json()["results"]["reversed"]) == (201, 24), whole.text
    taken = []
    for own_id, more in (
        ("r2", {"lines": [[0, 1]]}),
        ("r3", {"amount_minor": 1_000}),
        ("r4", {"amount_minor": 449}),
    ):
        answer = await refund(open_shop, "split", own_id, **more)
        assert answer.status_code == 201, answer.text
        taken.append(answer.json()["results"]["reversed"])
    assert sum(taken) == 24
    assert await open_shop.balance(card) == 0
    over = await refund(open_shop, "split", "r5", amount_minor=1)
    assert code_of(over) == (409, "over-refund")


async def test_a_refund_is_done_once_and_named_either_way(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    sold = (await open_shop.sell(card, "A/42", amount_minor=1_000)).json()
    first = await refund(open_shop, "A%2F42", "r", amount_minor=500)
    assert first.status_code == 201, first.text
    assert first.json()["ticket_id"] == sold["ticket_id"]
    again = await refund(open_shop, sold["ticket_id"], "r", amount_minor=500)
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert await open_shop.balance(card) == 5
    other = await refund(open_shop, "A%2F42", "r", amount_minor=501)
    assert code_of(other) == (422, "idempotency-conflict")
    taken = await open_shop.sell(card, "r", amount_minor=500)
    assert code_of(taken) == (422, "idempotency-conflict")


async def test_tickets_of_others_and_unknown_ones_cannot_be_refunded(
    world: World, open_shop: Shop
) -> None:
    card = await open_shop.card("4711")
    sold = (await open_shop.sell(card, "t", amount_minor=1_000)).json()
    stranger = await shop(world, "Other")
    for ticket in ("t", sold["ticket_id"], "tick_" + "0" * 32, "nonsense"):
        answer = await refund(stranger, ticket, "r", amount_minor=1)
        assert code_of(answer) == (404, "not-found")


async def test_an_own_id_that_two_programs_know_is_ambiguous(world: World, open_shop: Shop) -> None:
    second = await program(open_shop.merchant, **(HOSTED | {"name": "Second"}))
    path = f"/v1/partner/programs/{second}/cards"
    there = (await open_shop.merchant("POST", path, {"number": "4711"})).json()
    here = await open_shop.card("4711")
    tickets = [
        (await open_shop.sell(card, "same", amount_minor=1_000)).json()["ticket_id"]
        for card in (here, there)
    ]
    answer = await refund(open_shop, "same", "r", amount_minor=1_000)
    assert code_of(answer) == (409, "ambiguous-id")
    assert tickets[0] != tickets[1]
    answer = await refund(open_shop, tickets[1], "r", amount_minor=1_000)
    assert (answer.status_code, answer.json()["card"]["id"]) == (201, there["id"]), answer.text


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"amount_minor": None}, "amount_minor"),
        ({"lines": [{"unit_minor": 1}]}, "amount_minor"),
        ({"code": "4711"}, "card_id"),
        ({"card_id": None}, "card_id"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": "2999-01-01T00:00:00Z"}, "occurred_at"),
        ({"occurred_at": "1969-12-31T23:59:59Z"}, "occurred_at"),
        ({"id": ""}, "id"),
        ({"id": "a\tb"}, "id"),
        ({"hold_id": "4711"}, "hold_id"),
        ({"voucher_codes": [""]}, "voucher_codes[0]"),
        ({"voucher_codes": ["A"] * 21}, "voucher_codes"),
        ({"tenders": [{"type": "card", "minor": -1}]}, "tenders[0].minor"),
        ({"earned": 1_000}, "earned"),
    ],
)
async def test_a_bad_ticket_names_the_field(open_shop: Shop, change: Any, path: str) -> None:
    card = await open_shop.card("4711")
    body = {"id": "t", "card_id": card["id"], "occurred_at": open_shop.now, "amount_minor": 1}
    answer = await open_shop.till("POST", TICKETS, body | change)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text
    assert await rows(open_shop.world.ports, "SELECT * FROM ticket") == []


async def test_a_refused_ticket_leaves_its_id_free(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    hold_id = "hold_" + "0" * 32
    refused = await open_shop.sell(card, "t", amount_minor=1_000, hold_id=hold_id)
    assert refused.status_code == 404
    assert (await open_shop.sell(card, "t", amount_minor=1_000)).status_code == 201


async def test_a_mirrored_cards_sale_is_its_merchants_own(world: World, open_shop: Shop) -> None:
    mirrored = await program(open_shop.merchant, name="Mirrored", tiers=[])
    path = f"/v1/partner/programs/{mirrored}/cards"
    card = (await open_shop.merchant("POST", path, {"number": "4006381333931"})).json()
    answer = await open_shop.sell(card, "t", amount_minor=1_000)
    assert code_of(answer) == (409, "wrong-authority")

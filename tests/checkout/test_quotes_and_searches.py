"""Quotes change nothing and give reasons; searches need the program's leave."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cards.cards_world import program
from tests.checkout.till_world import HOSTED, QUOTES, SEARCHES, Shop, code_of, rows, shop
from tests.flows.conftest import World


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def quote(here: Shop, card: Any, basket: Any, **more: Any) -> Any:
    return await here.till("POST", QUOTES, {"card_id": card["id"], "basket": basket, **more})


async def test_a_quote_tells_units_and_why_and_changes_nothing(
    world: World, open_shop: Shop
) -> None:
    card = await open_shop.card("4711")
    before = await rows(world.ports, "SELECT * FROM ledger_account")
    lines = [{"unit_minor": 2_995, "qty": 2}]
    told = (await quote(open_shop, card, {"lines": lines})).json()
    assert (told["earned_units"], told["burned_units"]) == ({"pts": 59}, {})
    assert (told["discount_minor"], told["refusals"]) == (0, [])
    (line,) = told["lines"]
    assert (line["line"], line["unit"], line["units"], line["rule"]) == (0, "pts", 59, "base")
    assert "59.90 EUR" in line["text"]
    assert await rows(world.ports, "SELECT * FROM ledger_account") == before


async def test_what_units_pay_earns_nothing(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    burn = {"rule": "pay", "units": 1_000}
    told = (await quote(open_shop, card, {"amount_minor": 5_000}, burn=burn)).json()
    assert (told["discount_minor"], told["burned_units"]) == (1_000, {"pts": 1_000})
    assert told["earned_units"] == {"pts": 40}
    sold = await open_shop.sell(card, "t", amount_minor=5_000)
    assert sold.json()["results"]["earned_units"] == {"pts": 50}


async def test_a_discount_is_never_above_the_basket(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    for burn, discount in (
        ({"rule": "pay", "units": 900}, 400),
        ({"rule": "steps", "units": 100}, 400),
        ({"rule": "gift", "unit_minor": 500}, 400),
    ):
        told = (await quote(open_shop, card, {"amount_minor": 400}, burn=burn)).json()
        assert (told["discount_minor"], told["earned_units"]["pts"]) == (discount, 0), told


@pytest.mark.parametrize(
    ("burn", "code"),
    [
        ({"rule": "pay", "units": 5}, "below-minimum"),
        ({"rule": "pay", "units": 101}, "insufficient"),
        ({"rule": "steps", "units": 150}, "not-a-step"),
        ({"rule": "steps", "units": 301}, "above-maximum"),
        ({"rule": "steps", "units": 300}, "insufficient"),
        ({"rule": "gift", "unit_minor": 1_011, "qty": 1}, "insufficient"),
    ],
)
async def test_a_quote_says_why_not_and_still_what_is_earned(
    open_shop: Shop, burn: Any, code: str
) -> None:
    card = await open_shop.card("4711", units=100)
    told = (await quote(open_shop, card, {"amount_minor": 1_000}, burn=burn)).json()
    assert [each["code"] for each in told["refusals"]] == [code]
    assert told["refusals"][0]["text"]
    assert (told["discount_minor"], told["burned_units"]) == (0, {})
    assert told["earned_units"] == {"pts": 10}


async def test_a_quote_may_look_ahead(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=100)
    burn, basket = {"rule": "pay", "units": 100}, {"amount_minor": 1_000}
    later = "2028-01-01T00:00:00Z"
    told = (await quote(open_shop, card, basket, burn=burn, at=later)).json()
    assert [each["code"] for each in told["refusals"]] == ["insufficient"]
    assert (await quote(open_shop, card, basket, burn=burn)).json()["refusals"] == []


async def test_a_card_that_waits_for_its_first_ticket_says_so(world: World) -> None:
    enrol_when = [{"type": "min_amount", "minor": 1_000}]
    here = await shop(world, rules=HOSTED["rules"] | {"enrol_when": enrol_when})
    card = await here.card("4711")
    told = (await quote(here, card, {"amount_minor": 500})).json()
    assert [each["code"] for each in told["refusals"]] == ["not-enrolled"]
    sold = await here.sell(card, "t", amount_minor=500)
    assert (sold.status_code, sold.json()["results"]) == (201, {"enrolled": False, "earned": 0})
    assert (await quote(here, card, {"amount_minor": 1_000})).json()["refusals"] == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"basket": {}}, "basket.amount_minor"),
        ({"basket": {"amount_minor": 1, "lines": [{"unit_minor": 1}]}}, "basket.amount_minor"),
        ({"basket": {"amount_minor": -1}}, "basket.amount_minor"),
        ({"basket": {"amount_minor": 1.5}}, "basket.amount_minor"),
        ({"basket": {"lines": []}}, "basket.lines"),
        ({"basket": {"lines": [{"unit_minor": 2**53 - 1, "qty": 2}]}}, "basket.lines"),
        ({"basket": {"lines": [{"unit_minor": 1, "qty": 0}]}}, "basket.lines[0].qty"),
        ({"burn": {"rule": "none", "units": 1}}, "burn.rule"),
        ({"burn": {"rule": "pay"}}, "burn.units"),
        ({"burn": {"rule": "pay", "units": 1, "unit_minor": 1}}, "burn.unit_minor"),
        ({"burn": {"rule": "gift", "units": 1}}, "burn.unit_minor"),
        ({"at": "tomorrow"}, "at"),
        ({"at": "2026-13-01T00:00:00Z"}, "at"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"card_id": "4711"}, "card_id"),
        ({"balance": 5}, "balance"),
    ],
)
async def test_a_bad_quote_names_the_field(open_shop: Shop, change: Any, path: str) -> None:
    card = await open_shop.card("4711")
    body = {"card_id": card["id"], "basket": {"amount_minor": 1}} | change
    answer = await open_shop.till("POST", QUOTES, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text


async def test_unknown_cards_and_others_cards_are_not_found_and_mirrored_ones_refused(
    world: World, open_shop: Shop
) -> None:
    stranger = await shop(world, "Other")
    card = await stranger.card("4711")
    for public in (card["id"], "card_" + "0" * 32):
        answer = await quote(open_shop, {"id": public}, {"amount_minor": 1})
        assert code_of(answer) == (404, "not-found")
    mirrored = await program(open_shop.merchant, name="Mirrored", tiers=[])
    path = f"/v1/partner/programs/{mirrored}/cards"
    made = (await open_shop.merchant("POST", path, {"number": "4006381333931"})).json()
    answer = await quote(open_shop, made, {"amount_minor": 1})
    assert code_of(answer) == (409, "wrong-authority")


async def searching_shop(world: World) -> Shop:
    """A shop whose tills may search, with some people."""
    here = await shop(world, settings={"till_search": True})
    for number, name, phone in (
        ("10001", "Ana Dubois", "+33 6 12 34 56 78"),
        ("10002", "Anatole France", "06.98.76.54.32"),
        ("10003", "Jean-Marc Ana", None),
        ("10004", "Chloe 100%", None),
    ):
        await here.card(number, display_name=name, **({"phone": phone} if phone else {}))
    return here


async def found(here: Shop, **wanted: Any) -> list[tuple[str, str]]:
    answer = await here.till("POST", SEARCHES, wanted)
    assert answer.status_code == 200, answer.text
    return [(each["first_name"], each["last_digits"]) for each in answer.json()["items"]]


async def test_people_are_found_by_the_beginning_of_a_name(world: World) -> None:
    here = await searching_shop(world)
    assert await found(here, name="ana") == [
        ("Ana", "0001"),
        ("Anatole", "0002"),
        ("Jean-Marc", "0003"),
    ]
    assert await found(here, name="DUB") == [("Ana", "0001")]
    assert await found(here, name="nobody") == []
    assert await found(here, name="100%") == [("Chloe", "0004")]
    assert await found(here, name="%%") == []


@pytest.mark.parametrize("phone", ["+33612345678", "06 12 34 56 78", "0033 6 12 34 56 78"])
async def test_people_are_found_by_phone_however_it_is_written(world: World, phone: str) -> None:
    here = await searching_shop(world)
    assert await found(here, phone=phone) == [("Ana", "0001")]


async def test_at_most_five_are_shown(world: World) -> None:
    here = await searching_shop(world)
    for number in range(20_000, 20_006):
        await here.card(str(number), display_name="Zoe")
    assert len(await found(here, name="zoe")) == 5


async def test_a_program_that_does_not_allow_it_is_not_searched(world: World) -> None:
    here = await shop(world)
    await here.card("4711", display_name="Ana")
    answer = await here.till("POST", SEARCHES, {"name": "ana"})
    assert code_of(answer) == (404, "not-found")
    other = await searching_shop(world)
    assert ("Ana", "4711") not in await found(other, name="ana")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "name"),
        ({"name": "a"}, "name"),
        ({"name": "ana", "phone": "061234567"}, "name"),
        ({"phone": "00000"}, "phone"),
        ({"phone": "call me"}, "phone"),
    ],
)
async def test_a_bad_search_names_the_field(world: World, body: Any, path: str) -> None:
    here = await shop(world, settings={"till_search": True})
    answer = await here.till("POST", SEARCHES, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text

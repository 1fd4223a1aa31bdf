"""A sale without a card: the code on its receipt brings the units later, once, to one card."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.checkout.till_controller import bring_left
from app.clock import DAY, SECOND
from tests.cards.cards_world import user
from tests.checkout.till_world import TICKETS, Shop, code_of, rows, shop
from tests.flows.conftest import World

RECEIPTS = "/v1/checkout/receipt-codes"


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def receipt(here: Shop, own_id: str = "r1", **more: Any) -> Any:
    body = {"id": own_id, "occurred_at": here.now, "amount_minor": 2_000} | more
    return await here.till("POST", RECEIPTS, body)


async def holder(here: Shop) -> tuple[Any, Any]:
    """Return somebody and his card."""
    ask = await user(here.world)
    made = await ask("POST", "/v1/cards", {"program_id": here.program})
    assert made.status_code == 201, made.text
    return ask, made.json()


async def claim(ask: Any, card: Any, code: str) -> Any:
    return await ask("POST", f"/v1/cards/{card['id']}/receipt-codes", {"code": code})


async def test_a_receipt_brings_its_units_once(world: World, open_shop: Shop) -> None:
    made = await receipt(open_shop)
    assert made.status_code == 201, made.text
    code = made.json()["code"]
    assert made.json()["url"].endswith("#" + code)
    assert "<svg" in made.json()["qr_svg"]
    assert (await receipt(open_shop)).json() == made.json()
    assert code_of(await receipt(open_shop, amount_minor=1)) == (422, "idempotency-conflict")
    (ana, hers), (bob, his) = await holder(open_shop), await holder(open_shop)
    assert code_of(await claim(ana, hers, "0000-0000-0000")) == (404, "not-found")
    assert code_of(await claim(ana, his, code)) == (404, "not-found")
    answers = await asyncio.gather(
        *(claim(ana, hers, code) for _ in range(2)), *(claim(bob, his, code) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 201, 409, 409]
    winner, loser = (hers, his) if answers[0].status_code == 201 else (his, hers)
    ask = ana if winner is hers else bob
    again = await claim(ask, winner, f" {code.lower().replace('-', '')} ")
    assert (again.status_code, again.headers["Idempotent-Replay"]) == (201, "true")
    assert again.json()["results"]["earned_units"] == {"pts": 20}
    assert [await open_shop.balance(each) for each in (winner, loser)] == [20, 0]
    (sale,) = (await open_shop.till("GET", TICKETS)).json()["items"]
    assert (sale["id"], sale["card_last_digits"]) == ("r1", winner["number"][-4:])
    voided = await open_shop.till("POST", f"{RECEIPTS}/r1/void", {})
    assert code_of(voided) == (409, "code-already-used")
    back = await open_shop.till("POST", f"{TICKETS}/r1/refunds", {"id": "x", "amount_minor": 2_000})
    assert back.status_code == 201
    assert await open_shop.balance(winner) == 0
    assert not await rows(world.ports, "SELECT 1 FROM receipt_code WHERE applied_at IS NULL")


async def test_what_was_taken_back_or_is_old_brings_nothing(world: World, open_shop: Shop) -> None:
    ana, hers = await holder(open_shop)
    taken, kept = (await receipt(open_shop, "a")).json(), (await receipt(open_shop, "b")).json()
    for _ in range(2):
        voided = await open_shop.till("POST", f"{RECEIPTS}/a/void", {})
        assert (voided.status_code, voided.json()) == (200, {"id": "a", "status": "voided"})
    assert code_of(await open_shop.till("POST", f"{RECEIPTS}/none/void", {})) == (404, "not-found")
    assert code_of(await claim(ana, hers, taken["code"])) == (409, "code-already-used")
    day = (await open_shop.till("GET", TICKETS)).json()
    assert {it["id"]: it["refunded_minor"] for it in day["items"]} == {"a": 2_000, "b": 0}
    sold = await open_shop.sell(hers, "c", amount_minor=100)
    assert sold.status_code == 201
    assert code_of(await receipt(open_shop, "c")) == (422, "idempotency-conflict")
    await open_shop.sell(hers, "d", amount_minor=100)
    for _ in range(2):  # a session lives for 30 days after it was used
        world.clock.forward(15 * DAY // SECOND)
        await ana("GET", f"/v1/cards/{hers['id']}")
    assert code_of(await claim(ana, hers, kept["code"])) == (410, "code-expired")
    assert code_of(await receipt(open_shop, "e", program="none")) == (400, "invalid-input")
    assert code_of(await receipt(open_shop, "e", lines=[])) == (400, "invalid-input")
    for _ in range(10):
        await claim(ana, hers, "wrong")
    assert code_of(await claim(ana, hers, "wrong")) == (429, "too-many-requests")


async def test_a_claim_that_a_crash_left_is_finished(world: World, open_shop: Shop) -> None:
    ana, hers = await holder(open_shop)
    code = (await receipt(open_shop)).json()["code"]
    card_id, now = (await rows(world.ports, "SELECT card_id FROM card"))[-1][0], world.clock.wall()

    def claimed(tx: Any) -> None:  # and the server dies
        tx.run("UPDATE receipt_code SET card_id = ?, claimed_at = ?", card_id, now)

    await world.ports.database.write(claimed)
    assert await open_shop.balance(hers) == 0
    world.clock.forward(6)
    assert await bring_left(world.ports) == 1
    assert await bring_left(world.ports) == 0
    assert await open_shop.balance(hers) == 20
    assert (await claim(ana, hers, code)).status_code == 201
    assert await open_shop.balance(hers) == 20

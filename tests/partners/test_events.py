"""Events of hosted cards over HTTP: every rule of specs api §6, on both engines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.cards.cards_world import NUMBER, NUMBERS, merchant, program
from tests.flows.conftest import World
from tests.partners.hosted_shop import AT, RULES, Shop, open_hosted, units


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_hosted(world)


async def test_a_purchase_is_answered_by_what_it_earned_and_why(shop: Shop) -> None:
    told = await shop.buy("A-1042")
    assert told["id"] == "A-1042"
    assert told["results"] == {
        "earned": 58,
        "earned_units": {"pts": 58, "late": 29},
        "enrolled": True,
    }
    entry = told["entries"][0]
    assert entry.pop("id").startswith("ent_")
    assert entry == {
        "kind": "earn",
        "unit": "pts",
        "units": 58,
        "at": AT,
        "rule": "base",
        "text": "58 points: 29.95 EUR, whole euros x 2",
    }
    card = told["card"]
    assert card["display_name"] == "Ana"
    assert "label" not in card
    assert units(card) == {"pts": 58, "late": 0}
    assert card["balances"][1]["pending"] == 29
    assert card["tier"] == {"id": "basic", "name": "Basic"}
    assert card["next_expiry"]["units"] == 58
    lot = card["lots"][0]
    assert (lot["unit"], lot["units"], lot["left"]) == ("pts", 58, 58)
    assert lot["source"].startswith("tick_")
    assert await shop.account() == card


async def test_the_same_event_again_is_answered_again_and_changes_nothing(shop: Shop) -> None:
    event = {"id": "A-1", "type": "purchase", "amount_minor": 1000}
    first = await shop.post(**event)
    turned = dict(reversed({"card_number": NUMBER, "occurred_at": AT, **event}.items()))
    again = await shop.world.client.post(
        f"{shop.path}/events",
        json=turned | {"channel": "store"},  # a default spelt out
        headers={"Authorization": f"Bearer {shop.ask.token}"},
    )
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert again.json()["results"] == {**first.json()["results"], "replayed": True}
    assert again.json()["entries"] == first.json()["entries"]
    assert units(again.json()["card"])["pts"] == 20
    other = await shop.post(**(event | {"amount_minor": 999}))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")


async def test_an_idempotency_key_is_looked_up_before_the_events_own_id(shop: Shop) -> None:
    event: dict[str, Any] = {"id": "A-1", "type": "purchase", "amount_minor": 1000}
    first = await shop.post(key="k", **event)
    again = await shop.post(key="k", **event)
    assert again.content == first.content
    assert again.headers["idempotent-replay"] == "true"
    other = await shop.post(key="k", **(event | {"id": "A-2"}))
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")
    assert units(await shop.account())["pts"] == 20


async def test_twins_that_arrive_together_count_once(shop: Shop) -> None:
    event: dict[str, Any] = {"id": "A-1", "type": "purchase", "amount_minor": 1000}
    answers = await asyncio.gather(*(shop.post(**event) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert sum("idempotent-replay" not in answer.headers for answer in answers) == 1
    assert units(await shop.account())["pts"] == 20


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"type": "enrol"}, "type"),
        ({"type": "reserve", "units": 3}, "type"),
        ({"type": "give"}, "type"),
        ({}, "type"),
        ({"type": "purchase"}, "amount_minor"),
        ({"type": "purchase", "amount_minor": 1, "lines": []}, "amount_minor"),
        ({"type": "purchase", "lines": [{"unit_minor": 5, "qty": 0}]}, "lines[0].qty"),
        ({"type": "purchase", "lines": [{"unit_minor": 2**53}]}, "lines[0].unit_minor"),
        ({"type": "purchase", "amount_minor": 1, "merchant": "x"}, "merchant"),
        ({"type": "refund", "of": "A"}, "amount_minor"),
        ({"type": "adjust", "unit": "pts", "units": 0, "reason": "x"}, "units"),
        ({"type": "adjust", "unit": "none", "units": 1, "reason": "x"}, "unit"),
        ({"type": "pay", "units": 1, "rule": "none"}, "rule"),
        ({"type": "use_voucher", "index": 0}, "index"),
        ({"type": "purchase", "amount_minor": 1, "occurred_at": "yesterday, at noon!!"},
         "occurred_at"),
        ({"type": "purchase", "amount_minor": 1, "occurred_at": "2026-09-24T00:00:00Z"},
         "occurred_at"),
        ({"type": "purchase", "amount_minor": 1, "occurred_at": "1969-09-24T00:00:00Z"},
         "occurred_at"),
        ({"type": "purchase", "amount_minor": 1, "id": "a\x1fb"}, "id"),
        ({"type": "opening", "lots": [{"unit": "pts", "units": 1,
                                       "expires_at": "2026-02-30T00:00:00Z"}]},
         "lots[0].expires_at"),
    ],
)  # fmt: skip
async def test_a_wrong_event_names_its_field(shop: Shop, event: dict[str, Any], path: str) -> None:
    answer = await shop.post(**({"id": "A-1"} | event))
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["path"] == path


async def test_each_kind_of_event_is_taken(shop: Shop) -> None:
    await shop.buy("A-1", 10_000)
    back = await shop.post(id="R-1", type="refund", of="A-1", amount_minor=5_000)
    assert back.json()["results"]["reversed"] == 100
    review = await shop.post(id="E-1", type="event", event="review")
    assert review.json()["results"]["earned"] == 10
    up = await shop.post(id="C-1", type="adjust", unit="pts", units=40, reason="a gift for Ana")
    assert up.json()["entries"][0]["text"] == "40 points: correction, a gift for Ana"
    lots = [{"unit": "pts", "units": 100, "expires_at": "2027-01-31T23:00:00Z"}]
    opening = await shop.post(id="O-1", type="opening", lots=lots)
    assert units(opening.json()["card"])["pts"] == 250
    paid = await shop.post(id="P-1", type="pay", units=50)
    assert paid.json()["results"]["discount_minor"] == 50
    undone = await shop.post(id="P-2", type="reverse_burn", of="P-1")
    assert units(undone.json()["card"])["pts"] == 250
    turned = await shop.post(id="V-1", type="convert")
    assert turned.json()["results"] == {"converted": 250}
    voucher = turned.json()["card"]["vouchers"][0]
    assert (voucher["template"], voucher["value"], voucher["status"]) == ("bon5", 250, "issued")
    used = await shop.post(id="U-1", type="use_voucher", code=voucher["code"])
    assert used.json()["results"] == {"discount_minor": 250}
    assert used.json()["card"]["vouchers"][0]["status"] == "used"
    played = await shop.post(id="G-1", type="play")
    assert played.json()["results"]["won"] == "2026-09-01T00:00:00Z"
    again = await shop.post(id="G-1", type="play")
    assert again.json()["results"]["won"] == "2026-09-01T00:00:00Z"


async def test_a_ticket_may_be_named_by_our_own_id(shop: Shop) -> None:
    source = (await shop.buy("A-1", 1_000))["card"]["lots"][0]["source"]
    back = await shop.post(id="R-1", type="refund", of=source, amount_minor=1_000)
    assert back.json()["results"]["reversed"] == 20


async def test_what_is_unknown_is_not_found(shop: Shop) -> None:
    unknown = [
        ({"type": "refund", "of": "A-9", "amount_minor": 1}, "not-found"),
        ({"type": "refund", "of": "tick_" + "0" * 32, "amount_minor": 1}, "not-found"),
        ({"type": "reverse_burn", "of": "A-9"}, "not-found"),
        ({"type": "use_voucher", "code": "NONE"}, "card-not-found"),
        ({"type": "play", "card_number": "9999"}, "card-not-found"),
        ({"type": "play", "card_number": "card_" + "0" * 32}, "card-not-found"),
    ]
    for number, (event, code) in enumerate(unknown):
        answer = await shop.post(id=f"X-{number}", **event)
        assert (answer.status_code, answer.json()["code"]) == (404, code), event


async def test_a_refusal_says_why_and_does_not_use_the_id_up(shop: Shop) -> None:
    refused = await shop.post(id="P-1", type="pay", units=50)
    assert refused.status_code == 409
    problem = refused.json()
    assert (problem["code"], problem["balance"], problem["needed"]) == ("insufficient", 0, 50)
    await shop.buy("A-1", 10_000)
    assert (await shop.post(id="P-1", type="pay", units=50)).status_code == 201


async def test_stock_is_given_once_to_whoever_asks_first(shop: Shop) -> None:
    await shop.buy("A-1", 10_000)
    first = await shop.post(id="M-1", type="catalogue", rule="mug")
    second = await shop.post(id="M-2", type="catalogue", rule="mug")
    assert (first.status_code, second.json()["code"]) == (201, "out-of-stock")
    assert (await shop.post(id="M-1", type="catalogue", rule="mug")).status_code == 201


async def test_a_referral_reaches_the_sponsor_at_once(shop: Shop) -> None:
    body = {"number": NUMBERS[1], "referred_by": NUMBER}
    assert (await shop.ask("POST", f"{shop.path}/cards", body)).status_code == 201
    await shop.buy("A-1", 1_000, card_number=NUMBERS[1])
    assert units(await shop.account(NUMBERS[1]))["pts"] == 70
    assert units(await shop.account())["pts"] == 100


async def test_an_unknown_sponsor_is_refused_and_nobody_refers_himself(shop: Shop) -> None:
    for sponsor in ("9999", NUMBERS[1], "card_" + "0" * 32):
        body = {"number": NUMBERS[1], "referred_by": sponsor}
        answer = await shop.ask("POST", f"{shop.path}/cards", body)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["path"] == "referred_by"


async def test_only_a_hosted_program_takes_events_and_only_its_own_merchants(
    world: World, shop: Shop
) -> None:
    mirrored = await program(shop.ask)
    path = f"/v1/partner/programs/{mirrored}/events"
    body = {"id": "A", "type": "play", "card_number": NUMBER, "occurred_at": AT}
    refused = await shop.ask("POST", path, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-authority")
    _, stranger = await merchant(world, "Stranger")
    assert (await stranger("POST", f"{shop.path}/events", body)).status_code == 404
    kind = {"Content-Type": "text/plain"}
    token = {"Authorization": f"Bearer {shop.ask.token}"}
    other = await world.client.post(f"{shop.path}/events", content=b"{}", headers=kind | token)
    assert other.status_code == 415


async def test_a_partner_of_a_coalition_reads_the_program_and_posts_events(world: World) -> None:
    _, partner = await merchant(world, "Partner")
    _, stranger = await merchant(world, "Stranger")
    shop = await open_hosted(
        world, rules=RULES | {"coalition": {"partners": [{"merchant": "partner"}]}}
    )
    event: dict[str, Any] = {"id": "A-1", "type": "purchase", "amount_minor": 10_000}
    assert (await shop.post(by=partner, **event)).status_code == 201
    # The ticket's merchant is the token's: the same id of another merchant is another event.
    assert (await shop.post(**event)).status_code == 422
    paid = await shop.post(id="P-1", type="pay", units=50)
    assert list(paid.json()["results"]["settlement"]) == ["partner>cafe"]
    for asking, status in ((partner, 200), (stranger, 404)):
        for path in ("", f"/cards/{NUMBER}", "/cards"):
            assert (await asking("GET", shop.path + path)).status_code == status, path
    body = await partner("GET", shop.path)
    changed = await partner("PUT", shop.path, {"name": "X", "authority": "ledger"})
    assert body.status_code == 200
    assert changed.status_code in {400, 404}

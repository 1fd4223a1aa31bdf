"""What a till knows of itself and of its day; training changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import DAY, SECOND
from tests.cards.cards_world import user
from tests.checkout.till_world import HOSTED, RULES, SCANS, TICKETS, Shop, code_of, rows, shop
from tests.flows.conftest import World

TILL = "/v1/checkout/till"
STAMPS: dict[str, Any] = {
    "rules": RULES
    | {
        "units": [*RULES["units"], {"id": "cups", "kind": "stamps", "negative": "write_off"}],
        "earn": [
            *RULES["earn"],
            {"type": "per_item", "id": "cup", "unit": "cups", "table": {"tag:coffee": 1, "7": 2}},
        ],
    },
    "units": [*HOSTED["units"], {"id": "cups", "name": {"fr": "Tampons", "en": "Stamps"}}],
    "languages": ["fr", "en"],
    "settings": {"open_numbers": True, "till_search": True, "proof_from_units": 300},
}


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world, **STAMPS)


async def test_a_till_knows_its_programs_and_its_day(world: World, open_shop: Shop) -> None:
    answer = await open_shop.till("GET", TILL)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["till"]["name"], told["till"]["location_name"]) == ("Till", "Paris")
    assert (told["till"]["merchant"], told["mode"]) == ("Maison Verte", "sandbox")
    (program,) = told["programs"]
    assert (program["currency"], program["time_zone"]) == ("EUR", "Europe/Paris")
    assert (program["till_search"], program["proof_from_units"]) == (True, 300)
    assert [(unit["id"], unit["kind"]) for unit in program["units"]] == [
        ("pts", "points"),
        ("cups", "stamps"),
    ]
    assert [(each["tag"], each["sku"], each["units"]) for each in program["stamps"]] == [
        (None, "7", 2),
        ("coffee", None, 1),
    ]
    card, other = await open_shop.card("4711"), await open_shop.card("4712")
    line = {"unit_minor": 0, "qty": 3, "tags": ["coffee"]}
    await open_shop.sell(card, "a", lines=[line])
    world.clock.forward(1)
    await open_shop.sell(card, "b", amount_minor=5_000)
    world.clock.forward(1)
    await open_shop.sell(card, "c", amount_minor=2_000)
    await open_shop.sell(card, "d", till=open_shop.other, amount_minor=9_000)
    body = {"card_id": other["id"], "new_id": "e"}
    await open_shop.till("POST", f"{TICKETS}/b/move", body)
    await open_shop.till("POST", f"{TICKETS}/c/refunds", {"id": "r", "amount_minor": 500})
    day = (await open_shop.till("GET", TICKETS)).json()
    seen = [
        (it["id"], it["card_last_digits"], it["refunded_minor"], it.get("moved_to"))
        for it in day["items"]
    ]
    assert seen == [
        ("c", "4711", 500, None),
        ("b", "4711", 5_000, "e"),
        ("e", "4712", 0, None),
        ("a", "4711", 0, None),
    ]
    assert day["totals"] == {
        "tickets": 3,
        "amounts_minor": {"EUR": 7_000},
        "refunded_minor": {"EUR": 500},
        "earned_units": {"pts": 70, "cups": 3},
        "burned_units": {},
    }
    assert (await open_shop.till("GET", f"{TICKETS}?day={day['day']}")).json() == day
    world.clock.forward(DAY // SECOND)
    assert (await open_shop.till("GET", TICKETS)).json()["items"] == []
    assert (await open_shop.till("GET", f"{TICKETS}?day={day['day']}")).json() == day
    for wrong in ("2026-13-01", "yesterday!", "20261125", "2026-W48-3", "0001-01-01"):
        answer = await open_shop.till("GET", f"{TICKETS}?day={wrong}")
        assert code_of(answer) == (400, "invalid-input"), wrong
    for path in (TILL, TICKETS):
        assert code_of(await open_shop.merchant("GET", path)) == (403, "wrong-token")


async def test_training_uses_no_code_up(world: World, open_shop: Shop) -> None:
    holder = await user(world)
    made = await holder("POST", "/v1/cards", {"program_id": open_shop.program})
    assert made.status_code == 201, made.text
    code = (await holder("POST", f"/v1/cards/{made.json()['id']}/one-time-codes")).json()["code"]
    for _ in range(2):
        seen = await open_shop.till("POST", SCANS, {"code": code, "training": True})
        assert seen.status_code == 200, seen.text
    assert not await rows(world.ports, "SELECT 1 FROM one_time_code WHERE used_at IS NOT NULL")
    card, body = made.json(), {"rule": "pay", "units": 300}
    await open_shop.sell(card, "t", amount_minor=50_000)
    hold = await open_shop.hold(card, body, scan_id=seen.json()["scan_id"])
    assert code_of(hold) == (409, "proof-needed")
    real = await open_shop.till("POST", SCANS, {"code": code})
    assert real.status_code == 200
    hold = await open_shop.hold(card, body, scan_id=real.json()["scan_id"])
    assert hold.status_code == 201
    assert code_of(await open_shop.till("POST", SCANS, {"code": code})) == (
        409,
        "code-already-used",
    )

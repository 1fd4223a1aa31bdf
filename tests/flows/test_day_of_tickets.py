"""A day's tickets, doubled, shuffled and sent all at once, end as if one had sent them in order."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from typing import Any

import httpx2

from app.loyalty import vectors
from app.loyalty.calendar import parse_instant, write_instant
from app.loyalty.events import Step
from app.loyalty.model import Refusal
from app.loyalty.replay import World as Serial
from app.loyalty.replay import world_of
from tests.flows.conftest import World
from tests.http.credentials import merchant_token

CARDS, TICKETS_A_CARD, AT_ONCE = 25, 20, 48
MINUTE = 60 * 1_000_000
RULES: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "day",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [
        {"id": "pts", "expiry": {"after": "P12M", "align": "end_of_month"}},
        {"id": "stars", "pending": "P3D"},
    ],
    "metrics": [
        {"id": "spend12", "agg": "net_amount", "window": {"rolling": "P12M"}},
        {"id": "visits", "agg": "tickets", "window": {"calendar": "month"}},
    ],
    "earn": [
        {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 150, "points": 2},
        {"type": "per_item", "id": "star", "unit": "stars", "table": {"tag:star": 1, "A": 3}},
        {"type": "per_event", "id": "review", "unit": "pts", "event": "review", "points": 7},
    ],
    "tiers": {
        "ladder": [
            {"id": "base"},
            {
                "id": "gold",
                "enter": {"type": "metric", "metric": "spend12", "op": "ge", "value": 30000},
                "hold": "P12M",
                "grants": [{"type": "voucher", "voucher": "five"}],
            },
        ]
    },
    "vouchers": [{"id": "five", "kind": "amount", "value": 500, "valid": "P6M"}],
}
Event = dict[str, Any]


def a_day(rng: random.Random, now: int) -> list[Event]:
    """Make the day's events: tickets of one to three lines, now and then a review."""
    events: list[Event] = []
    for card in range(CARDS):
        for place in range(TICKETS_A_CARD):
            at = now - rng.randrange(600) * MINUTE
            event: Event = {
                "id": f"t-{card}-{place}",
                "card_number": f"DAY{card}",
                "occurred_at": write_instant(at),
            }
            if rng.random() < 0.1:
                event |= {"type": "event", "event": "review", "object": f"o{place}"}
            else:
                event |= {
                    "type": "purchase",
                    "lines": [_line(rng) for _ in range(rng.choice((1, 2, 3)))],
                }
            events.append(event)
    return events


def _line(rng: random.Random) -> Event:
    line: Event = {"unit_minor": rng.randrange(1, 4000), "qty": rng.choice((1, 1, 2))}
    if rng.random() < 0.4:
        line["tags"] = ["star"]
    if rng.random() < 0.2:
        line["sku"] = "A"
    return line


def refunds_of(events: list[Event], rng: random.Random, now: int) -> list[Event]:
    """Take a line back of some tickets."""
    tickets = [event for event in events if event["type"] == "purchase"]
    return [
        {
            "id": f"r-{event['id']}",
            "type": "refund",
            "of": event["id"],
            "lines": [[0, 1]],
            "card_number": event["card_number"],
            "occurred_at": write_instant(now),
        }
        for event in rng.sample(tickets, 60)
    ]


def in_order(events: list[Event], now: int) -> Serial:
    """Do the same one by one, without server and database."""
    world = world_of(vectors.read_program(RULES))
    world.move_to(now)
    for event in events:
        raw = {key: value for key, value in event.items() if key not in {"type", "card_number"}}
        raw = {**raw, "do": event["type"]}
        raw.pop("occurred_at")
        at = parse_instant(event["occurred_at"])
        step = Step(event["id"], at, vectors.read_event(raw))
        assert not isinstance(world.take(event["card_number"], step, event), Refusal)
    return world


async def deliver(world: World, path: str, token: str, events: list[Event]) -> Counter[int]:
    """Post all events, many at once; what is still being done elsewhere is sent again."""
    limit, seen = asyncio.Semaphore(AT_ONCE), Counter[int]()
    headers = {"Authorization": f"Bearer {token}"}

    async def send(client: httpx2.AsyncClient, event: Event) -> None:
        async with limit:
            for _ in range(100):
                answer = await client.post(path, json=event, headers=headers)
                seen[answer.status_code] += 1
                if answer.status_code == 201:
                    return
                assert answer.status_code in {409, 503}, answer.text
                assert answer.headers["Retry-After"], answer.text
        raise AssertionError(f"{event['id']} was never taken")

    async with httpx2.AsyncClient(base_url=world.url, timeout=60, trust_env=False) as client:
        await asyncio.gather(*(send(client, event) for event in events))
    return seen


def shown(account: Any) -> Any:
    """Keep of an account what must not depend on the order."""
    lots = Counter(
        (lot["unit"], lot["units"], lot["left"], lot["earned_at"], lot["expires_at"])
        for lot in account["lots"]
        if lot["left"]
    )
    balances = {each["unit"]: (each["value"], each["pending"]) for each in account["balances"]}
    vouchers = [(each["template"], each["value"], each["status"]) for each in account["vouchers"]]
    return balances, account["tier"] and account["tier"]["id"], vouchers, lots


def expected(serial: Serial, card: str) -> Any:
    """Say the same of the card that was done in order."""
    shelf, state = serial.shelf(card), vectors.state(serial, card)
    lots = Counter(
        (
            lot.unit,
            lot.amount,
            lot.left,
            write_instant(lot.earned_at),
            None if lot.expires_at is None else write_instant(lot.expires_at),
        )
        for lot in shelf.lots.values()
        if lot.left > 0
    )
    sums = shelf.account.sums
    balances = {unit: (sums[unit].available, sums[unit].pending) for unit in ("pts", "stars")}
    return balances, state["tier"], [tuple(each) for each in state["vouchers"]], lots


async def test_a_thousand_shuffled_doubled_concurrent_deliveries_end_as_the_serial_day(
    world: World,
) -> None:
    now, rng = world.clock.wall(), random.Random(20261125)
    token = await merchant_token(world.ports)
    program = {
        "name": "Day",
        "authority": "ledger",
        "rules": RULES,
        "barcode": {"format": "QR_CODE"},
    }
    made = await _made(world, token, "/v1/partner/programs", program, key="day")
    path = f"/v1/partner/programs/{made['id']}"
    for card in range(CARDS):
        await _made(world, token, f"{path}/cards", {"number": f"DAY{card}"}, key=f"enrol{card}")
    events = a_day(rng, now)
    refunds = refunds_of(events, rng, now)
    doubled = [*events, *events]
    assert len(doubled) == 1_000
    rng.shuffle(doubled)
    await deliver(world, f"{path}/events", token, doubled)
    late = [*refunds, *refunds, *rng.sample(events, 40)]
    rng.shuffle(late)
    await deliver(world, f"{path}/events", token, late)
    serial = in_order([*events, *refunds], now)
    for card in range(CARDS):
        account = await _account(world, token, f"{path}/cards/DAY{card}")
        assert shown(account) == expected(serial, f"DAY{card}")


async def _made(world: World, token: str, path: str, body: Any, *, key: str) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    answer = await world.client.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def _account(world: World, token: str, path: str) -> Any:
    answer = await world.client.get(path, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    return answer.json()

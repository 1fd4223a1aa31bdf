"""Odd values in every field of tills' and events' bodies: refused or taken, never a 500."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from tests.checkout.till_world import HOLDS, QUOTES, SCANS, SEARCHES, TICKETS, Shop, shop
from tests.flows.conftest import World

LARGE = 2**53
ODD: list[Any] = [
    None, True, 0, -1, 1, 1.5, LARGE - 1, LARGE, LARGE + 1, -LARGE, 2**63, 2**64, "", " ",
    "a" * 300, "\u0000", "\u2028", "💳", "1e999", [], {}, [[]], [[0, LARGE]], {"": ""},
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "pts", "pay",
    "card_" + "0" * 32, "hold_" + "0" * 32, "vch_" + "0" * 32, "scan_" + "0" * 32, "tick_", "../..",
]  # fmt: skip
ROUNDS = 300
NEVER_TAKEN = {"searches", "use_voucher", "play"}  # this program allows or has none


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


def changed(body: Any, draw: random.Random) -> Any:
    """Return a body with up to two values, somewhere within it, replaced by odd ones."""
    made = msgspec.json.decode(msgspec.json.encode(body))
    for _ in range(draw.randrange(3)):
        place: Any = made
        while place:
            key = draw.choice(list(place) if isinstance(place, dict) else range(len(place)))
            inner = place[key]
            if not (isinstance(inner, dict | list) and inner and draw.random() < 0.7):
                place[key] = draw.choice(ODD)
                break
            place = inner
    return made


def requests(
    card: Any, hold: str, sold: str, own_id: str, *, at: str, events: str
) -> list[tuple[str, Any]]:
    """Return a good body of each write route and of each type of event."""
    known, now, own = card["id"], at, {"id": own_id}
    lines = [{"unit_minor": 2_995, "qty": 2, "sku": "a", "tags": ["b"]}]
    basket = {"lines": lines, "tenders": [{"type": "points", "minor": 5}], "channel": "store"}
    burn = {"rule": "pay", "units": 10}
    item = {"rule": "gift", "unit_minor": 2_500, "qty": 1}
    event = {"card_number": "4711", "occurred_at": now}
    return [
            (SCANS, {"code": "4711", "kind": "barcode"}),
            (SEARCHES, {"name": "Ana"}),
            (QUOTES, {"card_id": known, "basket": basket, "burn": burn, "at": now}),
            (QUOTES, {"card_id": known, "basket": {"amount_minor": 500}, "burn": item}),
            (HOLDS, {"card_id": known, "burn": item, "ttl_seconds": 60}),
            (f"{HOLDS}/{hold}/capture", {"units": 5}),
            (f"{HOLDS}/{hold}/void", {}),
            (TICKETS, own | basket | {"card_id": known, "occurred_at": now, "hold_id": hold,
                "voucher_codes": ["x"]}),
            (f"{TICKETS}/{sold}/refunds", own | {"occurred_at": now, "lines": [[0, 1]]}),
            (f"{TICKETS}/{sold}/refunds", own | {"amount_minor": 1}),
            (events, own | event | basket | {"type": "purchase", "country": "FR"}),
            (events, own | event | {"type": "refund", "of": f"{sold}", "amount_minor": 1}),
            (events, own | event | {"type": "event", "event": "review", "object": "a",
                "values": {"n": 1}}),
            (events, own | event | {"type": "redeem_item", "unit_minor": 2_500, "qty": 1}),
            (events, own | event | {"type": "pay", "units": 10}),
            (events, own | event | {"type": "ladder", "units": 100}),
            (events, own | event | {"type": "adjust", "unit": "pts", "units": 1, "reason": "a"}),
            (events, own | event | {"type": "opening", "lots": [{"unit": "pts", "units": 1,
                "expires_at": "2030-01-01T00:00:00Z"}]}),
            (events, own | event | {"type": "use_voucher", "code": "x", "basket_minor": 500}),
            (events, own | event | {"type": "play"}),
        ]  # fmt: skip


@pytest.mark.parametrize("seed", range(2))
async def test_no_odd_value_causes_a_server_error(open_shop: Shop, seed: int) -> None:
    draw, here = random.Random(seed), open_shop
    card = await here.card("4711", units=500)
    known, now = card["id"], here.now
    events = f"/v1/partner/programs/{here.program}/events"
    statuses: dict[str, set[int]] = {}
    for number in range(ROUNDS):
        sold = f"s{seed}-{number}"  # so that there is something to spend, and to take back
        await here.sell(card, sold, amount_minor=10_000)
        held = await here.merchant(
            "POST", HOLDS, {"card_id": known, "burn": {"rule": "pay", "units": 10}}
        )
        hold = held.json().get("id", "hold_" + "0" * 32)
        path, body = draw.choice(
            requests(card, hold, sold, f"t{seed}-{number}", at=now, events=events)
        )
        sent = changed(body, draw)
        ask = here.merchant  # a till's redemptions are limited by the minute
        answer = await ask("POST", path, sent)
        kind = str(body.get("type") or path.rpartition("/")[2])
        statuses.setdefault(kind, set()).add(answer.status_code)
        assert answer.status_code < 500, (path, sent, answer.text)
        if path == events:
            line = msgspec.json.encode(sent) + b"\n"
            headers = {"Authorization": f"Bearer {here.merchant.token}",
                "Content-Type": "application/x-ndjson"}  # fmt: skip
            bulk = await here.world.client.post(path, content=line, headers=headers)
            assert bulk.status_code == 200, (sent, bulk.text)
            assert b'"code":"internal' not in bulk.content.replace(b" ", b""), (sent, bulk.text)
            assert b'"done":true' in bulk.content.replace(b" ", b""), (sent, bulk.text)
    assert len(statuses) == 18, statuses
    for kind, seen in statuses.items():
        assert kind in NEVER_TAKEN or seen & {200, 201}, (kind, statuses)
    last = await here.till("POST", SCANS, {"code": "4711"})
    assert last.status_code == 200, last.text

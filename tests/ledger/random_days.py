"""Random days of a card: whatever may happen in a program that has a bit of everything."""

from __future__ import annotations

import random
from typing import Any

from app.clock import DAY, HOUR
from app.errors import AppError
from app.loyalty.events import (
    Adjust,
    AnyEvent,
    Capture,
    Convert,
    Interaction,
    LadderStep,
    NewLine,
    PayUnits,
    Purchase,
    RedeemItem,
    Refund,
    Reserve,
    ReverseBurn,
    UseVoucher,
    Void,
)
from tests.ledger.ledger_world import Ledger

RULES: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "all",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [
        {"id": "pts", "pending": "P3D", "expiry": {"after": "P2M", "align": "end_of_day"}},
        {"id": "stars", "spend_order": "fifo", "expiry": {"inactivity": "P1M"}},
        {"id": "cash", "kind": "cashback", "negative": "write_off", "restore": "new_lot",
         "expiry": {"after": "P1M"}},
    ],
    "metrics": [
        {"id": "spend", "agg": "net_amount", "window": {"rolling": "P2M"}},
        {"id": "visits", "agg": "tickets", "window": {"calendar": "month"}},
        {"id": "got", "agg": "earned", "unit": "pts"},
    ],
    "earn": [
        {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1},
        {"type": "per_item", "id": "star", "unit": "stars", "table": {"A": 2, "tag:b": 1}},
        {"type": "percent", "id": "cb", "unit": "cash", "bps": 250},
        {"type": "per_event", "id": "review", "unit": "pts", "event": "review", "points": 5,
         "limit": {"times": 2, "per": "day"}},
    ],
    "multipliers": [
        {"id": "gold2", "unit": "pts", "num": 3, "den": 2, "group": "tier",
         "when": [{"type": "tier_at_least", "tier": "gold"}]},
        {"id": "party", "unit": "pts", "num": 2, "group": "birthday",
         "when": [{"type": "birthday_within", "days_before": 9, "days_after": 9}]},
    ],
    "tiers": {
        "downgrade": "one_down",
        "ladder": [
            {"id": "base"},
            {"id": "silver",
             "enter": {"type": "metric", "metric": "visits", "op": "ge", "value": 4}},
            {"id": "gold", "hold": "P1M", "grace": "P7D",
             "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 60_000},
             "grants": [{"type": "voucher", "voucher": "bon"}]},
        ],
    },
    "vouchers": [{"id": "bon", "kind": "amount", "value": 500, "valid": "P1M"}],
    "burn": [
        {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1},
        {"type": "ladder", "id": "steps", "unit": "stars", "steps": [[2, 100], [5, 300]],
         "max_units": 9},
        {"type": "item_for_units", "id": "item", "unit": "cash", "minor_per_unit": 10},
        {"type": "convert", "id": "cheque", "unit": "pts", "voucher": "bon", "minor_per_unit": 1,
         "min_units": 50},
        {"type": "convert", "id": "season", "unit": "stars", "voucher": "bon",
         "minor_per_unit": 10, "min_units": 3, "mode": "scheduled", "at": ["10-15", "12-01"]},
    ],
}  # fmt: skip


class Days:
    """Draws what happens; the same for the same seed, whatever the ledger answers."""

    def __init__(self, seed: int, start: int) -> None:
        self._random = random.Random(seed)
        self.now = start
        self._number = 0
        self._ids: dict[str, list[str]] = {"t": [], "h": [], "b": []}

    def event(self) -> tuple[str, AnyEvent, int]:
        """Draw an event: its id, itself, when it occurred."""
        rng = self._random
        self._number += 1
        at = self.now - rng.choice((0, 0, 0, HOUR, 3 * DAY, 40 * DAY))
        kind = rng.choice("tttttttrrehhcvbbbbusaq")
        own_id = f"{kind}{self._number}"
        event: AnyEvent
        match kind:
            case "t":
                lines = tuple(
                    NewLine(rng.randrange(1, 9_000), rng.choice((1, 2)), rng.choice(("A", None)),
                            rng.choice(((), ("b",))))
                    for _ in range(rng.randrange(1, 4))
                )  # fmt: skip
                event = Purchase(lines=lines)
            case "r":
                event = Refund(of=self._one("t"), amount_minor=rng.randrange(1, 5_000))
            case "e":
                event = Interaction(event="review")
            case "h":
                event = Reserve(units=rng.randrange(1, 60), ttl=rng.choice(("PT10M", "P2D")))
            case "c":
                event = Capture(of=self._one("h"), units=rng.choice((None, 1)))
            case "v":
                event = Void(of=self._one("h"))
            case "b":
                event = rng.choice(
                    (PayUnits(units=rng.randrange(1, 80)), LadderStep(units=2), Convert(),
                     RedeemItem(unit_minor=rng.randrange(10, 900)))
                )  # fmt: skip
            case "u":
                event = UseVoucher(index=rng.randrange(4))
            case "s":
                event = ReverseBurn(of=self._one("b"))
            case _:
                unit = rng.choice(("pts", "stars", "cash"))
                event = Adjust(unit=unit, units=rng.choice((-7, 9)), reason="x")
        if kind in self._ids:
            self._ids[kind].append(own_id)
        return own_id, event, at

    def pause(self) -> int:
        """Draw how long nothing happens, in seconds."""
        rng = self._random
        seconds = rng.choice((0, 60, 3_600, 86_400, 3 * 86_400, 20 * 86_400))
        self.now += seconds * 1_000_000
        return seconds

    def _one(self, kind: str) -> str:
        known = self._ids[kind]
        return self._random.choice(known) if known else "none"


async def live(world: Ledger, card: int, days: Days, *, events: int, is_swept: bool) -> int:
    """Let events happen to a card; return how many were taken."""
    taken = 0
    for _ in range(events):
        own_id, event, at = days.event()
        try:
            await world.post(card, event, own_id, at=at)
            taken += 1
        except AppError as error:
            assert error.status < 500
        world.forward(days.pause())
        if is_swept:
            await world.sweep()
    return taken

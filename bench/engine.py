"""Decisions a second of one core, each whole: copy the account, catch up, decide.

Goal: 50,000 simple purchases a second, bar 25,000. Beside each stands what decoding the same
event from JSON with the bare library costs: the ratio says how much dearer a decision is. Storage
is not in it: bench/checkout.py measures a ticket with all of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from measure import ROUNDS, cpu_seconds, ratios, row, verdict

from app.loyalty import engine, events
from app.loyalty.calendar import DAY, MINUTE, parse_instant
from app.loyalty.events import AnyEvent, Step
from app.loyalty.model import Account, Refusal
from app.loyalty.program import Program
from app.loyalty.rules import Rules, Version
from app.loyalty.shelf import Shelf

DECISIONS = 20_000  # a round
BAR, GOAL = 25_000, 50_000
START = parse_instant("2026-01-05T10:00:00Z")
NOW = START + 60 * DAY
SIMPLE: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "simple",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P12M"}}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}],
}
FULL: dict[str, Any] = SIMPLE | {
    "metrics": [{"id": "spent", "agg": "net_amount", "window": {"rolling": "P12M"}}],
    "tiers": {
        "ladder": [
            {"id": "base"},
            {
                "id": "gold",
                "enter": {"type": "metric", "metric": "spent", "op": "ge", "value": 500_000},
                "hold": "P12M",
            },
        ]
    },
    "multipliers": [
        {
            "id": "tuesday",
            "unit": "pts",
            "num": 2,
            "when": [
                {"type": "local_time", "days": [2]},
                {"type": "tier_at_least", "tier": "base"},
            ],
        }
    ],
}
BUY = events.Purchase(amount_minor=1_999)


def main() -> None:
    """Print a line a kind of decision."""
    row("one core", "decisions/s", "decodings/s", "ratio", "reaches")
    simple, full = rules_of(SIMPLE), rules_of(FULL)
    measure("a purchase: steps of money, lots that expire", simple, BUY, goal=GOAL)
    measure("with tiers, a rolling metric, a multiplier", full, BUY)
    measure("20 lines of a ticket", simple, events.Purchase(lines=(events.NewLine(499),) * 20))
    measure("paying with units of 1 lot", simple, events.PayUnits(units=19))
    measure("paying with units of 20 lots", simple, events.PayUnits(units=19 * 20))
    measure("a refund of a part", full, events.Refund(of="t5", amount_minor=500))
    measure("a refusal: more than the balance", simple, events.PayUnits(units=10**6))


def measure(name: str, rules: Rules, event: AnyEvent, *, goal: int | None = None) -> None:
    """Decide the same event on the same card again and again, kept nowhere."""
    shelf = card_of(rules)
    decide, decode = deciding(shelf, rules, event), decoding(event)
    cpu_seconds(decide, 1_000)
    ours, bare, ratio = ratios(
        lambda: cpu_seconds(decide, DECISIONS), lambda: cpu_seconds(decode, DECISIONS), ROUNDS
    )
    reaches = "" if goal is None else verdict(1 / ours, bar=BAR, goal=goal, is_low_good=False)
    row(name, 1 / ours, 1 / bare, ratio, reaches)


def rules_of(document: dict[str, Any]) -> Rules:
    """Read a program as its only version."""
    return Rules((Version(1, 0, msgspec.convert(document, Program)),))


def card_of(rules: Rules) -> Shelf:
    """Open a card that has bought 30 times."""
    shelf = Shelf(Account(opened_at=START, caught_up_at=START))
    for place in range(30):
        at = START + place * DAY
        book = engine.Book(shelf, engine.copy_of(shelf.account), rules=rules, now=at)
        engine.catch_up(book)
        assert not isinstance(engine.decide(book, Step(f"t{place}", at, BUY)), Refusal)
        shelf.put(book)
    return shelf


def deciding(shelf: Shelf, rules: Rules, event: AnyEvent) -> Callable[[], object]:
    """Return a whole decision, as the ledger makes it."""
    step = Step("new", NOW - MINUTE, event)

    def decide() -> object:
        book = engine.Book(shelf, engine.copy_of(shelf.account), rules=rules, now=NOW)
        engine.catch_up(book)
        return engine.decide(book, step)

    return decide


def decoding(event: AnyEvent) -> Callable[[], object]:
    """Return the bare reading of the event's JSON."""
    decoder, text = msgspec.json.Decoder(AnyEvent), msgspec.json.encode(event)
    return lambda: decoder.decode(text)


if __name__ == "__main__":
    main()

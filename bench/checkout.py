"""Tills at work: scan, quote and ticket at 32 tills, on an empty database and on a big one.

    python bench/checkout.py [sqlite] [postgresql] [--cards N]

By default on both engines with a million accounts of ten entries each. The big database is made
first, by copying a card that went through the real doors: all in all about 15 minutes and several
GB in the folder for temporary files. `--cards 20000` shows the same in two minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, time

import measure  # first: it puts the project's folder in the search path

from bench import big_ledger
from bench.stage import Stage, stage
from bench.wire import Wire, request
from tests.storage.cluster import running

TILLS = 32
SECONDS = 8.0
ROUNDS = 3
TICKETS_OF_TEMPLATE = 10
ON_ONE_CARD = 10_000
EMPTY_CARDS = 500
DURABLE = ("fsync=on", "synchronous_commit=on", "shared_buffers=1GB", "max_wal_size=4GB")

RULES = {
    "format": "loyalty-program/1",
    "id": "bench",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P24M"}}],
    "metrics": [{"id": "spend12", "agg": "net_amount", "window": {"rolling": "P12M"}}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "tiers": {
        "ladder": [
            {"id": "base"},
            {
                "id": "gold",
                "enter": {"type": "metric", "metric": "spend12", "op": "ge", "value": 50000},
                "hold": "P12M",
            },
        ]
    },
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1, "min_units": 10}],
}
PROGRAM = {
    "name": "Bench",
    "authority": "ledger",
    "rules": RULES,
    "design": {},
    "barcode": {"format": "QR_CODE"},
    "locations": [],
    "links": [],
    "languages": ["en"],
    "settings": {},
}


async def make_program(wire: Wire, key: str) -> str:
    """Publish the bench's program and return its id."""
    answer = await wire.ask(
        request("POST", "/v1/partner/programs", token=key, body=PROGRAM, Idempotency_Key="bench")
    )
    assert answer.status == 201, answer
    return str(answer.json()["id"])


async def enrol(wire: Wire, key: str, program: str, number: str) -> None:
    """Enrol a card."""
    path = f"/v1/partner/programs/{program}/cards"
    body = {"number": number}
    answer = await wire.ask(
        request("POST", path, token=key, body=body, Idempotency_Key=f"enrol-{number}")
    )
    assert answer.status in {200, 201}, answer


def ticket(key: str, card_id: str, own_id: str) -> bytes:
    """Write the request that closes a sale."""
    body = {
        "id": own_id,
        "card_id": card_id,
        "occurred_at": _now(),
        "lines": [{"unit_minor": 450, "qty": 2, "sku": "A"}, {"unit_minor": 1095}],
        "tenders": [{"type": "card", "minor": 1995}],
    }
    return request("POST", "/v1/checkout/tickets", token=key, body=body)


def _now() -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(time()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def scan(wire: Wire, key: str, number: str) -> str:
    """Show a card at a till and return its id."""
    answer = await wire.ask(request("POST", "/v1/checkout/scans", token=key, body={"code": number}))
    assert answer.status == 200, answer
    card = answer.json()["card"]
    assert isinstance(card, dict)
    return str(card["id"])


async def tills(here: Stage, numbers: list[str], seconds: float) -> dict[str, list[float]]:
    """Let every till serve one customer after the other; return the seconds of each call."""
    taken: dict[str, list[float]] = {"scan": [], "quote": [], "ticket": []}
    end, count = perf_counter() + seconds, itertools.count()
    prefix = f"{time():.6f}"

    async def till(place: int) -> None:
        wire, chance = here.wire(), random.Random(place)
        while perf_counter() < end:
            begun = perf_counter()
            card = await scan(wire, here.keys.merchant_key, chance.choice(numbers))
            scanned = perf_counter()
            body = {"card_id": card, "basket": {"amount_minor": 1995}}
            answer = await wire.ask(
                request("POST", "/v1/checkout/quotes", token=here.keys.merchant_key, body=body)
            )
            assert answer.status == 200, answer
            quoted = perf_counter()
            own_id = f"{prefix}-{next(count)}"
            answer = await wire.ask(ticket(here.keys.merchant_key, card, own_id))
            assert answer.status == 201, answer
            taken["scan"].append(scanned - begun)
            taken["quote"].append(quoted - scanned)
            taken["ticket"].append(perf_counter() - quoted)
        wire.close()

    await asyncio.gather(*(till(place) for place in range(TILLS)))
    return taken


async def prepare(here: Stage) -> None:
    """Make the program, a card with ten tickets (the template), and some cards without any."""
    wire, key = here.wire(), here.keys.merchant_key
    program = await make_program(wire, key)
    await enrol(wire, key, program, "TEMPLATE")
    card = await scan(wire, key, "TEMPLATE")
    for place in range(TICKETS_OF_TEMPLATE):
        answer = await wire.ask(ticket(key, card, f"template-{place}"))
        assert answer.status == 201, answer
    for place in range(EMPTY_CARDS):
        await enrol(wire, key, program, f"EMPTY{place}")
    wire.close()


async def long_history(here: Stage) -> None:
    """Print how the 10,000th ticket of one card compares with its tenth."""
    wire, key = here.wire(), here.keys.merchant_key
    card = await scan(wire, key, "EMPTY0")
    taken = []
    for place in range(ON_ONE_CARD + 100):
        request_of = ticket(key, card, f"long-{place}")
        begun = perf_counter()
        answer = await wire.ask(request_of)
        taken.append(perf_counter() - begun)
        assert answer.status == 201, answer
    wire.close()
    early, late = sorted(taken[10:110])[50] * 1000, sorted(taken[-100:])[50] * 1000
    measure.row("", "10th to 110th", "10,000th", "ratio", "")
    measure.row(
        "a ticket of one card, median ms",
        early,
        late,
        late / early,
        measure.verdict(late / early, bar=1.5, goal=1.5),
    )


@contextmanager
def databases(engine: str) -> Iterator[tuple[str, str] | None]:
    """Yield the addresses of two empty databases; None where the engine is not installed."""
    if engine == "sqlite":
        with tempfile.TemporaryDirectory(prefix="portecarte-checkout-") as name:
            folder = Path(name)
            yield f"sqlite:///{folder}/small.db", f"sqlite:///{folder}/big.db"
        return
    with running(DURABLE) as cluster:
        yield None if cluster is None else (cluster.new(), cluster.new())


def measured(engine: str, cards: int) -> None:
    """Fill one database, leave the other empty, and serve both in turn."""
    with databases(engine) as found:
        if found is None:
            print(f"{engine}: skipped, it is not installed")
            return
        small, big = found
        with stage(DATABASE_URL=big) as here:
            asyncio.run(prepare(here))
        begun = perf_counter()
        entries = big_ledger.fill(big, "TEMPLATE", cards)
        print(
            f"{engine}: {cards:,} accounts, {entries:,} entries in {perf_counter() - begun:,.0f} s"
        )
        with stage(DATABASE_URL=small) as empty, stage(DATABASE_URL=big) as full:
            asyncio.run(prepare(empty))
            _compare(engine, empty, full, cards)
            asyncio.run(long_history(empty))


def _compare(engine: str, empty: Stage, full: Stage, cards: int) -> None:
    few = [f"EMPTY{place}" for place in range(EMPTY_CARDS)]
    many = [big_ledger.number_of(place) for place in range(cards)]
    found: dict[str, dict[str, list[float]]] = {"empty": {}, "full": {}}
    for _ in range(ROUNDS):
        for name, here, numbers in (("empty", empty, few), ("full", full, many)):
            for step, taken in asyncio.run(tills(here, numbers, SECONDS)).items():
                found[name].setdefault(step, []).extend(taken)
    measure.row(f"{engine}, {TILLS} tills", "p50 ms", "p99 ms", "p99 on empty", "ratio", "")
    for step in ("scan", "quote", "ticket"):
        full_ms = [1000 * each for each in found["full"][step]]
        p99, bare = measure.percentile(full_ms, 99), measure.percentile(
            [1000 * each for each in found["empty"][step]], 99
        )  # fmt: skip
        word = measure.verdict(p99 / bare, bar=2.0, goal=2.0) if step == "ticket" else ""
        measure.row(f"  {step}", measure.percentile(full_ms, 50), p99, bare, p99 / bare, word)


def main() -> None:
    """Measure the engines that are named, or both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=__doc__)
    parser.add_argument("engines", nargs="*", choices=["sqlite", "postgresql", []])
    parser.add_argument("--cards", type=int, default=1_000_000)
    given = parser.parse_args()
    for engine in given.engines or ["sqlite", "postgresql"]:
        measured(engine, given.cards)


if __name__ == "__main__":
    main()

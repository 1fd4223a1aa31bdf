"""Durable statements over HTTP, 64 connections, against an empty Litestar route in the same run."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from statistics import median
from time import perf_counter

import measure  # first: it puts the project's folder in the search path

from bench.stage import PROJECT, SERVER_CORE, Stage, free_port, numbers, stage
from bench.wire import Wire, request

CONNECTIONS = 64
CARDS = 2_000
SECONDS = 4
ROUNDS = 3


async def enrol(here: Stage, cards: list[str]) -> None:
    """Enrol the cards with the demo merchant."""
    program = here.keys.programs["mirrored"]

    async def some(part: list[str]) -> None:
        wire = here.wire()
        for number in part:
            answer = await wire.ask(
                request(
                    "POST",
                    f"/v1/partner/programs/{program}/cards",
                    token=here.keys.merchant_key,
                    body={"number": number},
                    Idempotency_Key=f"enrol-{number}",
                )
            )
            assert answer.status in {200, 201}, answer
        wire.close()

    await asyncio.gather(*(some(cards[n::8]) for n in range(8)))


async def load(port: int, make: object, seconds: float) -> tuple[float, list[float]]:
    """Return requests a second and each one's seconds."""
    taken: list[float] = []
    end = perf_counter() + seconds

    async def one(place: int) -> None:
        wire = Wire("127.0.0.1", port)
        while perf_counter() < end:
            body = make(place)  # type: ignore[operator]
            begun = perf_counter()
            answer = await wire.ask(body)
            taken.append(perf_counter() - begun)
            assert answer.status == 200, answer
        wire.close()

    begun = perf_counter()
    await asyncio.gather(*(one(place) for place in range(CONNECTIONS)))
    return len(taken) / (perf_counter() - begun), taken


def statements(here: Stage, cards: list[str]) -> object:
    """Return a maker of statements, each newer than the last of its card."""
    program, count = here.keys.programs["mirrored"], itertools.count(1)

    def make(_: int) -> bytes:
        n = next(count)
        return request(
            "PUT",
            f"/v1/partner/programs/{program}/cards/{cards[n % CARDS]}/statement",
            token=here.keys.merchant_key,
            body={"sequence": n, "as_of": "2026-11-21T20:05:00Z", "balance": n},
        )

    return make


def main() -> None:
    """Print both rates, their ratio, and CPU µs a statement."""
    folder = PROJECT / "bench"
    empty_port = free_port()
    with stage() as here:
        empty = subprocess.Popen(
            [sys.executable, str(folder / "empty_route.py"), str(empty_port)],
            preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),  # noqa: PLW1509
        )
        try:
            asyncio.run(measured(here, empty_port))
        finally:
            empty.terminate()
            empty.wait()


async def measured(here: Stage, empty_port: int) -> None:
    """Interleave both loads and print."""
    cards = numbers(CARDS)
    await enrol(here, cards)
    make = statements(here, cards)
    body = {"sequence": 1, "as_of": "2026-11-21T20:05:00Z", "balance": 1}
    empty_body = request("PUT", "/v1/1/statement", body=body)
    found = []
    for _ in range(ROUNDS):
        before = here.cpu_seconds()
        rate, taken = await load(here.port, make, SECONDS)
        cpu = (here.cpu_seconds() - before) / len(taken) * 1e6
        bare, _ = await load(empty_port, lambda _: empty_body, SECONDS)
        p99 = measure.percentile(taken, 99) * 1000
        found.append((rate, bare, rate / bare, p99, cpu))
    middle = [median(column) for column in zip(*found, strict=True)]
    measure.row("", "statements/s", "empty route/s", "ratio", "p99 ms", "CPU µs each")
    measure.row("durable statements, 64 connections", *middle)


if __name__ == "__main__":
    main()

"""kill -9 of a writing process: what it acknowledged is there, and nothing is there twice.

Run as a program it is the victim: `python -m tests.storage.killing URL 3,0,7…`, the last statement
each card acknowledged. It sends the following one of each card, over and over, and prints
`card sequence` after each commit.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path
from time import perf_counter

import msgspec

from app.clock import SystemClock
from app.storage.database import Transaction, Work
from app.storage.open import open_database

CARDS = 16
ROOT = Path(__file__).parent.parent.parent


class Tally(msgspec.Struct):
    """What happened over all kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    restarts: list[float] = []  # seconds from start to the database being open


def take(card_id: int, sequence: int) -> Work[None]:
    """Make the unit of work that takes a statement once, whoever repeats it."""

    def work(tx: Transaction) -> None:
        tx.run(
            "INSERT INTO card_revision (card_id, revision, events) VALUES (?, 0, 0)"
            " ON CONFLICT (card_id) DO NOTHING",
            card_id,
        )
        tx.value("SELECT revision FROM card_revision WHERE card_id = ?" + tx.for_update, card_id)
        is_new = tx.run(
            "INSERT INTO statement (card_id, sequence, as_of, received_at, balances)"
            " VALUES (?, ?, 0, 0, '{}') ON CONFLICT (card_id, sequence) DO NOTHING",
            card_id,
            sequence,
        )
        tx.run(
            "UPDATE card_revision SET revision = revision + ? WHERE card_id = ?", is_new, card_id
        )

    return work


async def kill_often(url: str, kills: int, *, seed: int, acknowledgements: int = 300) -> Tally:
    """Start, kill somewhere within so many acknowledgements, look, again."""
    draw = random.Random(seed)
    last = [0] * CARDS
    tally = Tally()
    for _ in range(kills):
        _run_and_kill(url, last, draw.randrange(1, acknowledgements), tally)
        database = await open_database(url, clock=SystemClock())
        try:
            await database.read(lambda tx: _check(tx, last, tally))
        finally:
            await database.close()
    return tally


def _run_and_kill(url: str, last: list[int], until: int, tally: Tally) -> None:
    command = [sys.executable, "-m", "tests.storage.killing", url, ",".join(map(str, last))]
    begun = perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "ready\n"
        tally.restarts.append(perf_counter() - begun)
        for number, line in enumerate(victim.stdout):
            if number == until:
                victim.kill()
            if line.endswith("\n"):  # what it wrote before it died counts, half a line does not
                card_id, sequence = map(int, line.split())
                last[card_id] = max(last[card_id], sequence)
                tally.acknowledged += 1
    tally.kills += 1


def _check(tx: Transaction, last: list[int], tally: Tally) -> None:
    for card_id, acknowledged in enumerate(last):
        sql = "SELECT sequence FROM statement WHERE card_id = ? ORDER BY sequence"
        there = tx.all(int, sql, card_id)
        revision = tx.value("SELECT revision FROM card_revision WHERE card_id = ?", card_id)
        tally.lost += len(set(range(1, acknowledged + 1)) - set(there))
        tally.doubled += abs(len(there) - int(revision or 0))


async def _victim(url: str, last: list[int]) -> None:
    database = await open_database(url, clock=SystemClock())
    print("ready", flush=True)  # noqa: T201  (how it tells its killer)

    async def client(card_id: int) -> None:
        sequence = last[card_id]
        while True:
            sequence += 1
            await database.write(take(card_id, sequence))
            print(card_id, sequence, flush=True)  # noqa: T201

    await asyncio.gather(*(client(card_id) for card_id in range(CARDS)))


if __name__ == "__main__":
    asyncio.run(_victim(sys.argv[1], [int(number) for number in sys.argv[2].split(",")]))

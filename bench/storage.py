"""Durable units of work a second: ours, one transaction a request, and the bare engine.

python bench/storage.py [seconds per measurement] — one run, interleaved, medians of three rounds.
"""

from __future__ import annotations

from measure import interleave, percentile, row, verdict  # first: it repairs the search path

import asyncio  # isort: skip
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import aiosqlite
import psycopg
import uvloop

from app.clock import SystemClock
from app.storage.database import Database
from app.storage.open import open_database
from app.storage.postgres import CONNECTIONS
from app.storage.sqlite_session import connect_writing
from bench import balance_update as work
from bench.disk import slow_disk
from bench.machine import print_machine
from tests.storage.cluster import DURABLE, running

CLIENTS = 64
SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
FOLDER = Path(tempfile.mkdtemp(prefix="bench-storage-"))
LATENCY: dict[str, list[float]] = {"ours": [], "bare": [], "aiosqlite": []}


SEQUENCE = itertools.count(1)  # never repeated, whoever draws


def jobs() -> Callable[[], tuple[int, int]]:
    """Draw cards, each time anew."""
    draw = random.Random(1)
    return lambda: (draw.randrange(work.CARDS), next(SEQUENCE))


def fresh() -> Path:
    path = FOLDER / f"{random.randrange(10**12)}.db"
    shutil.copy(FOLDER / "template.db", path)
    return path


async def load(database: Database, clients: int) -> float:
    """Let clients write in a closed loop; return units a second."""
    following = jobs()
    end = perf_counter() + SECONDS
    done = 0

    async def client() -> None:
        nonlocal done
        while (begun := perf_counter()) < end:
            await database.write(work.update(*following()))
            done += 1
            if clients == 1:
                LATENCY["ours"].append(perf_counter() - begun)

    begun = perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (perf_counter() - begun)


def ours(clients: int = CLIENTS) -> float:
    async def run() -> float:
        database = await open_database(f"sqlite:///{fresh()}", clock=SystemClock())
        try:
            return await load(database, clients)
        finally:
            await database.close()

    return uvloop.run(run())


def bare(group: int = CLIENTS) -> float:
    """The engine alone: one thread, no loop, no port, as many updates in a commit as clients."""
    connection = connect_writing(fresh())
    cursor = connection.cursor()
    execute = cursor.execute
    following = jobs()
    done = 0
    begun = perf_counter()
    while (now := perf_counter()) < begun + SECONDS:
        execute("BEGIN IMMEDIATE")
        for _ in range(group):
            card_id, sequence = following()
            balances, public, account, statement = work.steps(card_id, sequence)
            execute(work.READ, (card_id,)).fetchone()
            execute(work.ACCOUNT, account)
            execute(work.STATEMENT, statement)
            revision, events = execute(work.REVISION, (card_id,)).fetchone()
            execute(work.OUTBOX, (card_id, revision, work.NOW))
            execute(work.EVENT, (card_id, events, public, work.NOW, balances))
        execute("COMMIT")
        done += group
        if group == 1:
            LATENCY["bare"].append(perf_counter() - now)
    seconds = perf_counter() - begun
    connection.close()
    return done / seconds


def one_by_one(clients: int = CLIENTS) -> float:
    """The usual way: aiosqlite, one transaction a request, a hop to its thread a statement."""

    async def run() -> float:
        path = fresh()
        following = jobs()
        turn = asyncio.Lock()
        done = 0
        async with aiosqlite.Connection(lambda: connect_writing(path), 64) as connection:
            end = perf_counter() + SECONDS

            async def client() -> None:
                nonlocal done
                while (begun := perf_counter()) < end:
                    async with turn:
                        await _hops(connection, *following())
                    done += 1
                    if clients == 1:
                        LATENCY["aiosqlite"].append(perf_counter() - begun)

            begun = perf_counter()
            await asyncio.gather(*(client() for _ in range(clients)))
            return done / (perf_counter() - begun)

    return uvloop.run(run())


async def _hops(connection: aiosqlite.Connection, card_id: int, sequence: int) -> None:
    balances, public, account, statement = work.steps(card_id, sequence)
    await connection.execute("BEGIN IMMEDIATE")
    async with connection.execute(work.READ, (card_id,)) as cursor:
        await cursor.fetchone()
    await connection.execute(work.ACCOUNT, account)
    await connection.execute(work.STATEMENT, statement)
    async with connection.execute(work.REVISION, (card_id,)) as cursor:
        found = await cursor.fetchone()
    assert found is not None
    await connection.execute(work.OUTBOX, (card_id, found[0], work.NOW))
    await connection.execute(work.EVENT, (card_id, found[1], public, work.NOW, balances))
    await connection.commit()


def again_on_a_slow_disk() -> None:
    """Run this file once more for SQLite, each fsync 2 ms longer."""
    slow = slow_disk(2)
    if slow is None:
        print("SQLite on a slow disk: skipped, there is no C compiler to slow the disk down")
        return
    command = [sys.executable, __file__, str(SECONDS), "slow"]
    subprocess.run(command, env=os.environ | slow, check=True)


def sqlite(title: str) -> None:
    """Print what one SQLite file takes."""
    print_machine(FOLDER)
    from app.storage import migrate
    from app.storage.sqlite_session import SqliteTransaction

    connection = connect_writing(FOLDER / "template.db")
    migrate.upgrade_sqlite(connection)
    connection.execute("BEGIN")
    work.fill(SqliteTransaction(connection.cursor()))
    connection.execute("COMMIT")
    connection.close()

    found = interleave(ours=ours, bare=bare, one_by_one=one_by_one)
    row(f"{title}, {CLIENTS} clients", "units/s", "ours ÷ it", "")
    row("  ours", found["ours"])
    ratio = found["ours"] / found["bare"]
    row("  bare grouped sqlite3", found["bare"], ratio,
        verdict(ratio, bar=0.65, goal=0.80, is_low_good=False))  # fmt: skip
    ratio = found["ours"] / found["one_by_one"]
    row("  aiosqlite, one transaction a request", found["one_by_one"], ratio,
        verdict(ratio, bar=15, goal=15, is_low_good=False))  # fmt: skip

    interleave(ours=lambda: ours(1), bare=lambda: bare(1), aiosqlite=lambda: one_by_one(1))
    p50 = {name: percentile(figures, 50) * 1e3 for name, figures in LATENCY.items()}
    row(f"{title}, one client", "p50 ms", "ours ÷ it", "")
    row("  ours", p50["ours"])
    ratio = p50["ours"] / p50["bare"]
    row("  bare sqlite3, one by one", p50["bare"], ratio, "goal 1.15")
    ratio = p50["ours"] / p50["aiosqlite"]
    row("  aiosqlite, one by one", p50["aiosqlite"], ratio, verdict(ratio, bar=1.0, goal=1.0))


def postgres() -> None:
    """Print what PostgreSQL takes when each fsync lasts 2 ms longer."""
    slow = slow_disk(2)
    if slow is None:
        print("PostgreSQL: skipped, there is no C compiler to slow the disk down")
        return
    with running(DURABLE, slow) as cluster:
        if cluster is None:
            print("PostgreSQL: skipped, it is not installed")
            return
        url = cluster.new()
        asyncio.run(_prepared(url))
        found = interleave(
            ours=lambda: uvloop.run(_on_postgres(url)),
            bare=lambda: _bare_postgres(url, CLIENTS),
            as_many=lambda: _bare_postgres(url, CONNECTIONS),
        )
    row(f"PostgreSQL, +2 ms per fsync, {CLIENTS} clients", "units/s", "ours ÷ it", "")
    row("  ours", found["ours"])
    for name, threads in (("bare", CLIENTS), ("as_many", CONNECTIONS)):
        ratio = found["ours"] / found[name]
        row(f"  bare psycopg, {threads} threads", found[name], ratio,
            verdict(ratio, bar=0.8, goal=0.9, is_low_good=False))  # fmt: skip


async def _prepared(url: str) -> None:
    database = await open_database(url, clock=SystemClock())
    await database.write(work.fill)
    await database.close()


async def _on_postgres(url: str) -> float:
    database = await open_database(url, clock=SystemClock())
    try:
        return await load(database, CLIENTS)
    finally:
        await database.close()


def _bare_postgres(url: str, threads: int) -> float:
    """The statements alone, as many connections as threads."""
    following = jobs()
    texts = [text.replace("?", "%s") for text in (
        work.READ + " FOR UPDATE", work.ACCOUNT, work.STATEMENT, work.REVISION, work.OUTBOX,
        work.EVENT,
    )]  # fmt: skip
    read, set_account, add_statement, revise, touch, add_event = texts
    end = perf_counter() + SECONDS
    done = [0] * threads

    def client(number: int) -> None:
        with psycopg.connect(url) as connection:
            cursor = connection.cursor()
            while perf_counter() < end:
                card_id, sequence = following()
                balances, public, account, statement = work.steps(card_id, sequence)
                cursor.execute(read, (card_id,)).fetchone()
                cursor.execute(set_account, account)
                cursor.execute(add_statement, statement)
                found = cursor.execute(revise, (card_id,)).fetchone()
                assert found is not None
                cursor.execute(touch, (card_id, found[0], work.NOW))
                cursor.execute(add_event, (card_id, found[1], public, work.NOW, balances))
                connection.commit()
                done[number] += 1

    begun = perf_counter()
    clients = [threading.Thread(target=client, args=(number,)) for number in range(threads)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return sum(done) / (perf_counter() - begun)


if __name__ == "__main__":
    try:
        if sys.argv[2:] == ["slow"]:
            sqlite("SQLite, +2 ms per fsync")
        else:
            sqlite("SQLite")
            again_on_a_slow_disk()
            postgres()
    finally:
        shutil.rmtree(FOLDER)

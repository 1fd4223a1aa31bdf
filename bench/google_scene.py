"""A backlog for Google Wallet, a fake Google, and time that passes only while both wait."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import msgspec
import psycopg

from app.clock import SECOND, FrozenClock, SystemClock
from app.delivery.google import GoogleChannel
from app.google.documents import channel_of
from app.google.running import make_google
from app.http.ports import Ports
from app.http.secrets import Secrets, make_secrets
from app.ids import Ids, SeededRandomness
from app.outbox import queries
from app.outbox import service as outbox
from app.programs.issuers import FIRST_ISSUER, ensure_issuer, seal_issuer
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_tokens import GoogleAccount
from app.settings import Settings
from app.storage import migrate, migrate_postgres, sqlite_session
from app.storage.database import Transaction
from app.storage.open import open_database
from bench.google_cards import Card, Maker
from tests.google.accounts import EMAIL, GOOGLE_ISSUER, account_json, key
from tests.google.passing import Passing, Watch, WatchedDatabase, WatchedThreads

HOST = "http://google"
SHARES = (0.5, 0.2, 0.1, 0.05, 0.05, 0.03, 0.02, 0.02, 0.01, 0.01)  # of the first ten merchants
MERCHANTS = 40
TILL_UPDATES = 40
BURST_CARDS, BURST_ROUNDS = 1_000, 100


class Scene(msgspec.Struct, frozen=True):
    """A worker, a fake Google, and time that passes only while both wait."""

    ports: Ports
    clock: FrozenClock
    passing: Passing
    fake: FakeGoogle
    channel: GoogleChannel
    maker: Maker

    async def drain(self) -> None:
        """Deliver until nothing is due."""
        while await self.passing.until(self.channel.turn(), seconds=1e9):
            await self.passing.until(self.channel.wait(), seconds=1e9)


@contextlib.asynccontextmanager
async def scene(url: str, folder: Path) -> AsyncIterator[Scene]:
    """Open a database, stand a fake Google beside it, and a worker that is moved by hand."""
    clock, randomness, watch = FrozenClock(), SeededRandomness(7), Watch()
    _upgrade(url)
    threads = ThreadPoolExecutor(1)
    database = WatchedDatabase(await open_database(url, clock=SystemClock()), watch)
    ports = Ports(
        database=database,
        clock=clock,
        ids=Ids(randomness),
        settings=Settings(
            database_url=url,
            secrets_file=folder / "secrets.json",
            google_api_url=HOST,
            google_token_url=f"{HOST}/token",
        ),
        secrets=Secrets(make_secrets(randomness)),
        threads=WatchedThreads(threads, watch),
    )
    account = GoogleAccount(email=EMAIL, public_key=key().public_key(), key_id="0123abcd")
    fake = FakeGoogle(
        account, GOOGLE_ISSUER, clock=clock, randomness=SeededRandomness(5), base_url=HOST
    )
    await _keep_issuer(ports)
    google = make_google(ports, transport=httpx2.ASGITransport(app=fake.app))
    await google.load()
    channel = GoogleChannel(ports, google.issuers, google.teller)
    maker = Maker(ports, fake, GOOGLE_ISSUER)
    try:
        yield Scene(ports, clock, Passing(clock, watch), fake, channel, maker)
    finally:
        await channel.stop()
        await google.close()
        await database.close()
        threads.shutdown()


def _upgrade(url: str) -> None:
    if url.startswith("sqlite"):
        connection = sqlite_session.connect_writing(Path(url.removeprefix("sqlite:///")))
        migrate.upgrade_sqlite(connection)
        connection.close()
        return
    with psycopg.connect(url, autocommit=True) as session:
        migrate_postgres.upgrade_postgres(session)


async def _keep_issuer(ports: Ports) -> None:
    row = seal_issuer(
        GOOGLE_ISSUER,
        account_json(),
        issuer_id=FIRST_ISSUER,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )
    await ports.database.write(lambda tx: ensure_issuer(tx, row, server_public=b"s" * 16))


def sizes(cards: int) -> list[int]:
    """Share cards out very unequally: one merchant has half of them, most have a few."""
    found = [max(1, int(cards * share)) for share in SHARES]
    rest = MERCHANTS - len(found)
    found += [max(1, (cards - sum(found)) // rest)] * rest
    return found


async def backlog(here: Scene, cards: int) -> dict[str, Any]:
    """Tell a backlog while tills go on; return the figures."""
    made: list[Card] = []
    for size in sizes(cards):
        made += await here.maker.merchant(size)
    begun, started = here.clock.wall(), perf_counter()
    tills = asyncio.ensure_future(_tills(here, made, begun))
    await here.drain()
    asked = await here.passing.until(tills)
    await here.drain()
    wrong = await _wrong(here, made)
    calls = list(here.fake.calls)
    told_at: dict[str, list[int]] = defaultdict(list)
    for seen in calls:
        told_at[seen.path.rpartition("/")[2]].append(seen.at)
    waits = [
        min(at for at in told_at[card.object_id] if at >= since) - since for card, since in asked
    ]
    return {
        "cards": len(made),
        "merchants": len({card.merchant_id for card in made}),
        "calls": len(calls),
        "calls_per_card": len(calls) / len(made),
        "busiest_second": here.fake.busiest_second,
        "till_updates": len(asked),
        "till_worst_seconds": max(waits) / SECOND,
        "worst_gap_of_a_merchant_seconds": _worst_gap(made, told_at, begun) / SECOND,
        "cards_not_at_their_latest": wrong,
        "google_seconds": (here.clock.wall() - begun) / SECOND,
        "wall_seconds": perf_counter() - started,
    }


async def _tills(here: Scene, made: list[Card], begun: int) -> list[tuple[Card, int]]:
    """Change cards at tills while the backlog is told: spread over the time it takes."""
    chance, asked = random.Random(4), []
    lasts = 0.9 * len(made) / 19.2  # the last ones are told to everybody
    for place in range(TILL_UPDATES):
        wait = begun / SECOND + lasts * (place + 0.5) / TILL_UPDATES - here.clock.wall() / SECOND
        await here.clock.sleep(max(0.0, wait))
        card, since = await _waiting(here, chance.sample(made, 50)), here.clock.wall()
        work = partial(change, card_id=card.card_id, balance=1_000 + place, now=since)
        await here.ports.database.write(work)
        asked.append((card, since))
    return asked


async def _waiting(here: Scene, cards: list[Card]) -> Card:
    """Return one of these cards that Google was not told of yet, if there is any."""
    return await here.ports.database.read(
        lambda tx: next((card for card in cards if _is_waiting(tx, card)), cards[0])
    )


def _is_waiting(tx: Transaction, card: Card) -> bool:
    return (queries.done(tx, card.card_id, channel_of(FIRST_ISSUER)) or 0) < 2


def change(
    tx: Transaction, *, card_id: int, balance: int, now: int, priority: int = outbox.AT_TILL
) -> None:
    """Change a card: a unit of work."""
    balances = msgspec.json.encode({"pts": balance}).decode()
    tx.run("UPDATE account SET balances = ? WHERE card_id = ?", balances, card_id)
    outbox.touch(tx, card_id, now=now, priority=priority)


async def _wrong(here: Scene, made: list[Card]) -> int:
    """Count cards whose object is not what the card shows now."""
    rows = await here.ports.database.read(
        lambda tx: tx.all(lambda *row: row, "SELECT card_id, balances FROM account")
    )
    balances = {card_id: msgspec.json.decode(text)["pts"] for card_id, text in rows}
    shown = here.fake.memory.objects
    wrong = sum(
        shown[card.object_id].document["loyaltyPoints"]["balance"]
        != {"int": balances[card.card_id]}
        for card in made
    )
    behind = await here.ports.database.read(
        lambda tx: tx.value("SELECT COUNT(*) FROM outbox WHERE wanted > done")
    )
    assert isinstance(behind, int)
    return max(wrong, behind)


def _worst_gap(made: list[Card], told_at: dict[str, list[int]], begun: int) -> int:
    """Return the longest time a merchant with work waited for a call."""
    by_merchant: dict[int, list[int]] = defaultdict(list)
    for card in made:
        by_merchant[card.merchant_id] += told_at[card.object_id][:1]
    worst = 0
    for times in by_merchant.values():
        ordered = [begun, *sorted(times)]
        gaps = (later - earlier for earlier, later in itertools.pairwise(ordered))
        worst = max(worst, *gaps)
    return worst


async def burst(
    here: Scene, cards: int = BURST_CARDS, rounds: int = BURST_ROUNDS
) -> dict[str, Any]:
    """Change a thousand cards a hundred times each within seconds; return the figures."""
    made = await here.maker.merchant(cards, is_dirty=False)
    before, started = len(here.fake.calls), perf_counter()

    async def changes() -> None:
        for turn in range(rounds):
            now = here.clock.wall()
            works = [
                partial(
                    change, card_id=card.card_id, balance=turn + 2, now=now,
                    priority=outbox.SINGLE,
                )
                for card in made
            ]  # fmt: skip
            await here.ports.database.write_batch(works)
            await here.clock.sleep(0.2)

    changing = asyncio.ensure_future(changes())
    await here.passing.until(asyncio.sleep(0))
    while not changing.done():
        await here.drain()
        await here.passing.until(here.clock.sleep(0.05))
    await here.drain()
    return {
        "changes": cards * rounds,
        "on_cards": len(made),
        "calls": len(here.fake.calls) - before,
        "busiest_second": here.fake.busiest_second,
        "cards_not_at_their_latest": await _wrong(here, made),
        "wall_seconds": perf_counter() - started,
    }

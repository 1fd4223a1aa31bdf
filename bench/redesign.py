"""A redesign of a program with 100,000 cards: until the last phone was told, and tills meanwhile.

    python bench/redesign.py [--cards 100000] [--pulls 0.05]

Each card's pass is on an iPhone of its own. Tickets come at a steady pace, first while nothing
else is done, then while a new design goes to all phones; a share of the phones asks for its pass
at once, as those do that are awake. Three rounds in one run; ratios are taken within a round.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import sqlite3
import tempfile
from pathlib import Path
from time import perf_counter, time

import measure  # first: it puts the project's folder in the search path
import msgspec

from app.clock import SystemClock
from app.http.secrets import load_secrets
from app.ids import public_id
from app.sandbox.certificates import make_development_certificates
from app.sandbox.fake_apple import FakeApple, Push
from bench import big_ledger
from bench.checkout import PROGRAM, prepare, ticket
from bench.stage import Stage, apple_settings, stage
from bench.wire import Wire, request

CARDS = 100_000
PULLS = 0.05
ROUNDS = 3
IDLE_SECONDS = 12.0
TICKETS_PER_SECOND = 100
WAIT_SECONDS = 600.0
CONNECTIONS = 32
COLORS = ("#14532d", "#7c2d12", "#1e3a8a", "#581c87")


class Phones:
    """One for each card, by push token: when it was told, and some of them pull."""

    def __init__(self, here: Stage, pass_type: str, *, count: int, pulls: float) -> None:
        self._here, self._type, self._count = here, pass_type, count
        self._secrets = load_secrets(here.folder / "data" / "secrets.json")
        self._chance, self._pulls = random.Random(7), pulls
        self._asking: asyncio.Queue[int] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.told: dict[str, float] = {}
        self.all_told = asyncio.Event()
        self.pulled = 0

    def begin(self) -> None:
        """Forget who was told."""
        self.told.clear()
        self.all_told.clear()
        self.pulled = 0

    def start(self) -> None:
        """Let some connections carry what phones ask."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._carry(place)) for place in range(CONNECTIONS)]

    async def stop(self) -> None:
        """End the connections; a phone that was refused is told of here."""
        for task in self._tasks:
            task.cancel()
        for found in await asyncio.gather(*self._tasks, return_exceptions=True):
            if not isinstance(found, asyncio.CancelledError):
                raise found

    def pushed(self, push: Push) -> None:
        """Note a push; a phone that is awake asks."""
        self.told.setdefault(push.token, perf_counter())
        if len(self.told) == self._count:
            self.all_told.set()
        if self._chance.random() < self._pulls:
            self._asking.put_nowait(int(push.token, 16))

    async def _carry(self, place: int) -> None:
        wire = self._here.wire(source=f"127.0.2.{place + 1}")
        while True:
            serial = f"{await self._asking.get():016d}".encode()
            proof = f"ApplePass {self._secrets.pass_token(serial, 1)}"
            path = f"/apple/v1/passes/{self._type}/{serial.hex()}"
            answer = await wire.ask(request("GET", path, Authorization=proof))
            assert answer.status == 200, answer
            self.pulled += 1


def give_phones(database: Path, cards: int) -> str:
    """Put each copy's pass on a phone of its own; return the pass type."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    signer_id, pass_type = connection.execute(
        "SELECT s.signer_id, s.pass_type FROM program p JOIN signer s ON s.signer_id = p.signer_id"
        " JOIN card c ON c.program_id = p.program_id WHERE c.number = 'TEMPLATE'"
    ).fetchone()
    now = int(time() * 1_000_000)
    card, serial = f"{big_ledger.FIRST_ID} + n", "CAST(printf('%016d', n) AS BLOB)"
    connection.execute("BEGIN")
    for table, values in (
        (
            "pass (card_id, serial, user_id, wallet, signer_id, pass_key, served_card_revision,"
            " served_program_revision, modified, installed, created_at)",
            f"{card}, {serial}, 0, 'apple', {signer_id}, 1, 1, 1, {now // 1_000_000}, 1, {now}",
        ),
        ("pass_by_serial (serial, card_id)", f"{serial}, {card}"),
        (
            "registration (card_id, serial, device_id, registered_at)",
            f"{card}, {serial}, {card}, {now}",
        ),
        (
            "device (device_id, library_hash, push_token, token_at, created_at)",
            f"{card}, randomblob(32), printf('%064x', n), {now}, {now}",
        ),
        (
            "device_feed (device_id, pass_type, feed, pushed, listed, attempts, next_at,"
            " claimed_until)",
            f"{card}, '{pass_type}', 1, 1, 1, 0, {now}, 0",
        ),
        (
            "device_pass (device_id, pass_type, serial, card_id, told, told_revision)",
            f"{card}, '{pass_type}', {serial}, {card}, 1, 1",
        ),
    ):
        connection.execute(
            f"WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {cards - 1})"
            f" INSERT INTO {table} SELECT {values} FROM s"
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("ANALYZE")
    connection.close()
    return str(pass_type)


class Tills:
    """Tickets at a steady pace, whatever the answers take."""

    def __init__(self, here: Stage, cards: list[str]) -> None:
        self._here, self._cards, self._chance = here, cards, random.Random(3)
        self._free: asyncio.Queue[Wire] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            self._free.put_nowait(here.wire())
        self._ids = (f"{time():.6f}-{n}" for n in itertools.count())

    async def sell(self, until: asyncio.Event) -> list[float]:
        """Sell until the event; return the milliseconds of each ticket, waiting included."""
        taken: list[float] = []
        tasks: set[asyncio.Task[None]] = set()

        async def one() -> None:
            begun, wire = perf_counter(), await self._free.get()
            asked = ticket(
                self._here.keys.merchant_key, self._chance.choice(self._cards), next(self._ids)
            )
            try:
                answer = await wire.ask(asked)
            finally:
                self._free.put_nowait(wire)
            assert answer.status == 201, answer
            taken.append((perf_counter() - begun) * 1000)

        begun = perf_counter()
        for n in itertools.count():
            await asyncio.sleep(max(0.0, begun + n / TICKETS_PER_SECOND - perf_counter()))
            if until.is_set():
                break
            task = asyncio.create_task(one())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        await asyncio.gather(*tasks)
        return taken


class Round(msgspec.Struct, frozen=True):
    """Milliseconds of tickets at rest and meanwhile, and what the redesign took."""

    idle: list[float]
    meanwhile: list[float]
    enqueue_ms: float
    seconds: float
    pulled: int
    resident_mib: float


async def redesign(here: Stage, phones: Phones, tills: Tills, *, program: str, n: int) -> Round:
    """Sell at rest, then change the design and sell until the last phone was told."""
    rest = asyncio.Event()
    asyncio.get_running_loop().call_later(IDLE_SECONDS, rest.set)
    idle = await tills.sell(rest)
    phones.begin()
    done, wire = asyncio.Event(), here.wire()
    selling = asyncio.create_task(tills.sell(done))
    body = PROGRAM | {"design": {"background_color": COLORS[n % len(COLORS)], "headline": f"v{n}"}}
    begun = perf_counter()
    answer = await wire.ask(
        request("PUT", f"/v1/partner/programs/{program}", token=here.keys.merchant_key, body=body)
    )
    enqueued = perf_counter() - begun
    assert answer.status == 200, answer
    await asyncio.wait_for(phones.all_told.wait(), WAIT_SECONDS)
    last = max(phones.told.values(), default=begun)
    done.set()
    meanwhile = await selling
    wire.close()
    return Round(
        idle=idle,
        meanwhile=meanwhile,
        enqueue_ms=enqueued * 1000,
        seconds=last - begun,
        pulled=phones.pulled,
        resident_mib=here.resident_mib(),
    )


async def measured(here: Stage, phones: Phones, program: str, cards: int) -> None:
    """Print each round and what must hold."""
    certificates = make_development_certificates(
        here.folder / "certs" / "dev", now=SystemClock().wall()
    )
    apple = FakeApple(certificates, clock=SystemClock(), port=here.apns_port, on_push=phones.pushed)
    await apple.start()
    phones.start()
    chosen = random.Random(5).sample(range(cards), min(cards, 2_000))
    tills = Tills(here, [public_id_of(n) for n in chosen])
    measure.row("", "s to the last", "idle p99 ms", "meanwhile", "ratio", "pulls", "MiB")
    ratios, memory = [], []
    for n in range(ROUNDS):
        found = await redesign(here, phones, tills, program=program, n=n)
        p99 = [measure.percentile(each, 99) for each in (found.idle, found.meanwhile)]
        ratios.append(p99[1] / p99[0])
        memory.append(found.resident_mib)
        measure.row(
            f"{cards:,} phones", found.seconds, *p99, ratios[-1], found.pulled, found.resident_mib
        )
        measure.row("  answer to the merchant, ms", found.enqueue_ms)
    middle = sorted(ratios)[len(ratios) // 2]
    measure.row(
        "a ticket's p99, meanwhile ÷ idle", middle, measure.verdict(middle, bar=2.0, goal=1.5)
    )
    grown = memory[-1] - memory[0]
    measure.row("MiB from the first to the last", grown, measure.verdict(grown, bar=32.0, goal=8.0))
    measure.row("faults that the fake Apple saw", len(apple.violations), "0 expected")
    await phones.stop()
    await apple.close()


def public_id_of(n: int) -> str:
    """Return a copy's id outside."""
    return public_id("card", f"{n:016d}".encode())


async def first_card(here: Stage) -> str:
    """Make the program and a card with ten tickets, of which all others are copies."""
    await prepare(here)
    wire = here.wire()
    answer = await wire.ask(request("GET", "/v1/partner/programs", token=here.keys.merchant_key))
    wire.close()
    items = answer.json()["items"]
    assert isinstance(items, list)
    return next(str(each["id"]) for each in items if each["name"] == PROGRAM["name"])


def main() -> None:
    """Fill a database, give every card a phone, and redesign."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog=__doc__)
    parser.add_argument("--cards", type=int, default=CARDS)
    parser.add_argument("--pulls", type=float, default=PULLS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="portecarte-redesign-") as name:
        folder = Path(name)
        with stage(folder) as here:
            program = asyncio.run(first_card(here))
        database = folder / "data" / "portecarte.db"
        big_ledger.fill(f"sqlite:///{database}", "TEMPLATE", given.cards)
        pass_type = give_phones(database, given.cards)
        with stage(folder, **apple_settings()) as here:
            phones = Phones(here, pass_type, count=given.cards, pulls=given.pulls)
            asyncio.run(measured(here, phones, program, given.cards))


if __name__ == "__main__":
    main()

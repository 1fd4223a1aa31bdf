"""From the answer of a statement to the phone that shows it: 500 pushes, then under load."""

from __future__ import annotations

import asyncio
import sys
from time import perf_counter

import measure  # first: it puts the project's folder in the search path

from app.clock import SystemClock
from app.sandbox.certificates import make_development_certificates
from app.sandbox.fake_apple import FakeApple
from app.sandbox.phone import Phone
from bench.phones import Fleet, balance_of, fleet
from bench.stage import Stage, apple_settings, numbers, stage
from bench.wire import Wire, request

PHONES = 50
PUSHES = 500
LOAD_RATE = 500  # statements a second
LOAD_SECONDS = 60
DISTANCE_SECONDS = 0.05
WAIT_SECONDS = 10


class Watch:
    """Waits until phones show what was told."""

    def __init__(self, phones: Fleet) -> None:
        self._waiting: dict[tuple[str, int], asyncio.Future[float]] = {}
        phones.on_shown = self._shown

    def expect(self, phone: Phone, balance: int) -> asyncio.Future[float]:
        """Return the moment at which the phone shows the balance, or a later one."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self._waiting[phone.push_token, balance] = future
        return future

    def _shown(self, phone: Phone) -> None:
        shown = balance_of(phone)
        assert isinstance(shown, int)
        for token, balance in list(self._waiting):
            if token == phone.push_token and balance <= shown:
                self._waiting.pop((token, balance)).set_result(perf_counter())


async def tell(here: Stage, wire: Wire, number: str, sequence: int) -> float:
    """Push a balance; return the moment of the answer."""
    program = here.keys.programs["mirrored"]
    answer = await wire.ask(
        request(
            "PUT",
            f"/v1/partner/programs/{program}/cards/{number}/statement",
            token=here.keys.merchant_key,
            body={"sequence": sequence, "as_of": "2026-11-21T20:05:00Z", "balance": sequence},
        )
    )
    assert answer.status == 200, answer
    return perf_counter()


async def one_by_one(here: Stage, phones: Fleet, cards: dict[str, Phone]) -> list[float]:
    """Push to one phone after the other; return the seconds of each."""
    watch, wire, taken = Watch(phones), here.wire(), []
    for n in range(1, PUSHES + 1):
        number = list(cards)[n % len(cards)]
        shown = watch.expect(cards[number], n)
        answered = await tell(here, wire, number, n)
        taken.append(await asyncio.wait_for(shown, WAIT_SECONDS) - answered)
    wire.close()
    return taken


async def under_load(here: Stage, phones: Fleet, cards: dict[str, Phone]) -> list[float]:
    """Push 500 a second, open loop; return the seconds from answer to phone."""
    watch, taken, tasks = Watch(phones), [], set()
    free: asyncio.Queue[Wire] = asyncio.Queue()
    for _ in range(64):
        free.put_nowait(here.wire())

    async def one(n: int, number: str) -> None:
        wire = await free.get()
        shown = watch.expect(cards[number], n)
        try:
            answered = await tell(here, wire, number, n)
        finally:
            free.put_nowait(wire)
        taken.append(await asyncio.wait_for(shown, WAIT_SECONDS) - answered)

    begun, names = perf_counter(), list(cards)
    for n in range(LOAD_RATE * LOAD_SECONDS):
        await asyncio.sleep(max(0.0, begun + n / LOAD_RATE - perf_counter()))
        task = asyncio.create_task(one(1_000_000 + n, names[n % len(names)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return taken


async def measured(here: Stage, *, with_load: bool) -> None:
    """Print median and p99 in milliseconds."""
    measure.row("", "p50 ms", "p99 ms", "pushes")
    for name, run, count, delay in (
        ("one by one, no distance", one_by_one, PHONES, 0.0),
        ("one by one, 50 ms a round trip", one_by_one, PHONES, DISTANCE_SECONDS),
        *([("500 a second for 60 s", under_load, 1_000, 0.0)] if with_load else []),
    ):
        certificates = make_development_certificates(
            here.folder / "certs" / "dev", now=SystemClock().wall()
        )
        apple = FakeApple(certificates, clock=SystemClock(), port=here.apns_port)
        apple.delay_seconds = delay
        await apple.start()
        names = numbers(count, first=int(perf_counter() * 1000) % 10**9)
        phones = await fleet(here, apple, names, delay_seconds=delay)
        cards = dict(zip(names, phones.in_order, strict=True))
        taken = await run(here, phones, cards)
        figures = (measure.percentile(taken, 50) * 1000, measure.percentile(taken, 99) * 1000)
        measure.row(name, *figures, len(taken))
        phones.close()
        await apple.close()


if __name__ == "__main__":
    with stage(**apple_settings()) as running:
        asyncio.run(measured(running, with_load="--load" in sys.argv))

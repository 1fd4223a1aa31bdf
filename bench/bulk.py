"""100,000 statements in one call: the rate, the server's memory, and single updates meanwhile."""

from __future__ import annotations

import asyncio
from time import perf_counter

import measure  # first: it puts the project's folder in the search path
import msgspec

from bench.stage import Stage, numbers, stage
from bench.updates import CARDS, enrol
from bench.wire import request

LINES = 100_000
SMALL = 1_000


async def send(here: Stage, cards: list[str], lines: int, *, first: int) -> float:
    """Send that many statements as NDJSON, read every answer, and return the seconds."""
    encode = msgspec.json.Encoder().encode
    body = b"\n".join(
        encode(
            {
                "number": cards[n % len(cards)],
                "sequence": first + n,
                "as_of": "2026-11-21T20:05:00Z",
                "balance": first + n,
            }
        )
        for n in range(lines)
    )
    program = here.keys.programs["mirrored"]
    head = request(
        "POST",
        f"/v1/partner/programs/{program}/statements",
        token=here.keys.merchant_key,
        body=body,
        Content_Type="application/x-ndjson",
        Connection="close",
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", here.port)
    begun = perf_counter()

    async def push() -> None:
        for start in range(0, len(head), 1 << 16):
            writer.write(head[start : start + (1 << 16)])
            await writer.drain()

    sending = asyncio.create_task(push())
    answer = await reader.read()
    await sending
    writer.close()
    seconds = perf_counter() - begun
    assert f'"ok":{lines}'.encode() in answer.replace(b" ", b"")[-200:], answer[-300:]
    return seconds


async def singles(here: Stage, number: str, stop: asyncio.Event) -> list[float]:
    """Push single statements one after the other until told; return each one's seconds."""
    wire, taken, sequence = here.wire(), [], 10**9
    program = here.keys.programs["mirrored"]
    while not stop.is_set():
        sequence += 1
        begun = perf_counter()
        answer = await wire.ask(
            request(
                "PUT",
                f"/v1/partner/programs/{program}/cards/{number}/statement",
                token=here.keys.merchant_key,
                body={"sequence": sequence, "as_of": "2026-11-21T20:05:00Z", "balance": 1},
            )
        )
        assert answer.status == 200, answer
        taken.append(perf_counter() - begun)
        await asyncio.sleep(0.005)
    wire.close()
    return taken


async def measured(here: Stage) -> None:
    """Print the figures."""
    cards = numbers(CARDS)
    await enrol(here, cards)
    await send(here, cards[2:], SMALL, first=1)
    before = here.peak_mib()
    seconds = await send(here, cards[2:], LINES, first=10_000)
    after = here.peak_mib()
    idle, busy = asyncio.Event(), asyncio.Event()
    quiet = asyncio.create_task(singles(here, cards[0], idle))
    await asyncio.sleep(2)
    idle.set()
    meanwhile = asyncio.create_task(singles(here, cards[1], busy))
    await send(here, cards[2:], LINES, first=1_000_000)
    busy.set()
    p99 = [measure.percentile(await each, 99) * 1000 for each in (quiet, meanwhile)]
    again = here.peak_mib()
    measure.row("", "lines/s", "MiB, 1,000", "MiB, 100,000", "MiB, again", "p99 ms", "meanwhile")
    measure.row("100,000 statements in one call", LINES / seconds, before, after, again, *p99)


if __name__ == "__main__":
    with stage() as running:
        asyncio.run(measured(running))

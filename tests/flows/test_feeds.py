"""No iPhone's tag ever steps over a change, however many write and deliver at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.delivery.apple import AppleChannel
from app.delivery.worker import Worker
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, Shop, open_shop

WRITERS, WORKERS, ROUNDS = 8, 2, 12


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def test_eight_writers_and_two_workers_leave_no_pass_stale(shop: Shop) -> None:
    token, phone = await shop.guest(), shop.phone(1)
    for number in NUMBERS:
        card = await shop.card(token, number)
        await shop.add_to(phone, card["id"], token)
    pass_type = next(iter(phone.wallet.values())).opened.pass_type
    writing = asyncio.Event()
    last = dict.fromkeys(NUMBERS, 0)

    async def write(place: int) -> None:
        for n in range(ROUNDS):
            number, sequence = NUMBERS[(place + n) % len(NUMBERS)], n * WRITERS + place + 1
            answer = await shop.tell(number, sequence)
            assert answer.status_code in {200, 409}, answer.text
            last[number] = max(last[number], sequence)

    async def deliver() -> None:
        worker = Worker(shop.world.ports, [AppleChannel(shop.world.ports, shop.push)])
        while not writing.is_set():
            await worker.tell()
            await asyncio.sleep(0)  # with nothing due it gives nobody else a turn
        await worker.step()

    async def look() -> None:
        while not writing.is_set():
            for serial in await phone.list_changed(pass_type):
                await phone.pull(serial)

    others = [asyncio.create_task(deliver()) for _ in range(WORKERS)]
    others.append(asyncio.create_task(look()))
    await asyncio.gather(*(write(place) for place in range(WRITERS)))
    writing.set()
    await asyncio.gather(*others)
    await shop.worker.step()
    for serial in await phone.list_changed(pass_type):
        await phone.pull(serial)
    for held in phone.wallet.values():
        code = held.opened.barcode(ios=27)
        assert code is not None
        values = {field["value"] for field in held.opened.fields().values()}
        assert last[code["altText"]] in values
    assert await phone.list_changed(pass_type) == []

"""Simulated phones of a bench: guests who hold cards of the demo's mirrored program."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography import x509

from app.ids import SystemRandomness
from app.sandbox.certificates import found_in
from app.sandbox.fake_apple import FakeApple, Push
from app.sandbox.phone import Answer, Phone
from bench.stage import Stage
from bench.wire import Wire, request

CONNECTIONS = 32


class Fleet:
    """Phones by push token, a pool of connections, and what is done when one is pushed."""

    def __init__(self, here: Stage, *, delay_seconds: float = 0.0) -> None:
        self._here = here
        self._delay = delay_seconds
        self._free: asyncio.Queue[Wire] = asyncio.Queue()
        for n in range(CONNECTIONS):  # phones come from many addresses, and each has a limit
            self._free.put_nowait(here.wire(source=f"127.0.1.{n + 1}"))
        pem = found_in(here.folder / "certs" / "dev").root.read_bytes()
        self._root = x509.load_pem_x509_certificate(pem)
        self.phones: dict[str, Phone] = {}
        self.in_order: list[Phone] = []
        self.on_shown: Callable[[Phone], None] = lambda _: None
        self._busy: dict[str, bool] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Carry a phone's request, after the distance that is injected."""
        if self._delay:
            await asyncio.sleep(self._delay)
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        names = {name.replace("-", "_"): value for name, value in headers.items()}
        wire = await self._free.get()
        try:
            answer = await wire.ask(request(method, path, body=body or None, **names))
        finally:
            self._free.put_nowait(wire)
        lines = answer.head.decode("latin-1").split("\r\n")[1:]
        found = {
            k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)
        }
        return Answer(answer.status, found, answer.body)

    async def add(self, number: str) -> Phone:
        """Make a guest with one card, and a phone that holds its pass."""
        wire = await self._free.get()
        try:
            guest = await wire.ask(
                request("POST", "/v1/guests", body={}, Idempotency_Key=f"guest-{number}")
            )
            token = str(guest.json()["token"])
            card = await wire.ask(
                request(
                    "POST",
                    "/v1/cards",
                    token=token,
                    body={"program_id": self._here.keys.programs["mirrored"], "number": number},
                    Idempotency_Key=f"card-{number}",
                )
            )
            assert card.status in {200, 201}, card
            path = f"/v1/cards/{card.json()['id']}/apple.pkpass"
            packed = await wire.ask(request("GET", path, token=token))
            assert packed.status == 200, packed.head
        finally:
            self._free.put_nowait(wire)
        phone = Phone(self.ask, self._root, SystemRandomness())
        await phone.add(packed.body, modified=packed.header("last-modified"))
        self.phones[phone.push_token] = phone
        return phone

    def close(self) -> None:
        """Close the connections."""
        while not self._free.empty():
            self._free.get_nowait().close()

    def pushed(self, push: Push) -> None:
        """Be told by the fake APNs; a phone at work looks once more when it is done."""
        if push.token not in self.phones:
            return
        if push.token in self._busy:
            self._busy[push.token] = True
            return
        self._busy[push.token] = False
        task = asyncio.get_running_loop().create_task(self._work(push.token, push.topic))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, token: str, topic: str) -> None:
        phone, again = self.phones[token], True
        while again:
            self._busy[token] = False
            await phone.pushed(topic)
            self.on_shown(phone)
            again = self._busy[token]
        del self._busy[token]


async def fleet(
    here: Stage, apple: FakeApple, numbers: list[str], *, delay_seconds: float = 0.0
) -> Fleet:
    """Make a phone for each number, some at a time, and let the fake APNs push them."""
    found = Fleet(here, delay_seconds=0.0)
    gate = asyncio.Semaphore(8)

    async def one(number: str) -> None:
        async with gate:
            await found.add(number)

    await asyncio.gather(*(one(number) for number in numbers))
    by_number = {shown_number(phone): phone for phone in found.phones.values()}
    found.in_order = [by_number[number] for number in numbers]
    found._delay = delay_seconds  # distance begins after the set-up
    apple.on_push = found.pushed
    return found


def shown_number(phone: Phone) -> str:
    """Return the number of the card that the phone holds: the text under its code."""
    code = next(iter(phone.wallet.values())).opened.barcode(ios=27)
    assert code is not None
    return code["altText"]


def balance_of(phone: Phone) -> object:
    """Return what the phone shows as the first unit's balance."""
    opened = next(iter(phone.wallet.values())).opened
    fields = opened.fields()
    return next((f["value"] for key, f in fields.items() if key.startswith("unit")), None)

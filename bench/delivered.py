"""Updates a second all the way: statement, commit, push, list, signed pass, verified by a phone.

The figure is set beside the sum of its parts, each measured alone in the same run: a statement for
a card that no phone holds, a push over a kept connection, a list, and the making of a pass.
"""

from __future__ import annotations

import asyncio
import sys
from statistics import median
from time import perf_counter, process_time

import measure  # first: it puts the project's folder in the search path
import msgspec

from app.apple.apns import Apns
from app.apple.credentials import CertificateCredential
from app.clock import SystemClock
from app.ids import SystemRandomness
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates
from app.sandbox.fake_apple import FakeApple
from app.sandbox.phone import Phone
from bench.journey import Watch, tell
from bench.phones import Fleet, fleet
from bench.stage import PROJECT, Stage, apple_settings, numbers, stage
from bench.updates import enrol, load, statements
from bench.wire import request
from passes.apple.document import Issue, Issuer, pass_json
from passes.apple.package import package, prepare
from passes.apple.signing import load_signer
from passes.content import Balance, PassContent, ProgramContent, Unit
from passes.templates.artwork import artwork

PHONES = 128
SECONDS = 6
ROUNDS = 3
PUSHES = 5_000
PASSES = 300
LISTS, LISTERS = 8_000, 32


async def all_the_way(here: Stage, phones: Fleet, cards: dict[str, Phone], first: int) -> float:
    """Let every card's next statement follow as soon as its phone shows the last; return 1/s."""
    watch, shown_count = Watch(phones), 0
    end = perf_counter() + SECONDS

    async def one(number: str) -> None:
        nonlocal shown_count
        wire, n = here.wire(), first
        while perf_counter() < end:
            n += 1
            shown = watch.expect(cards[number], n)
            await tell(here, wire, number, n)
            await asyncio.wait_for(shown, 30)
            shown_count += 1
        wire.close()

    begun = perf_counter()
    await asyncio.gather(*(one(number) for number in cards))
    return shown_count / (perf_counter() - begun)


async def statement_cpu(here: Stage, make: object) -> float:
    """Return the server's CPU seconds of a statement that nobody's phone shows."""
    before = here.cpu_seconds()
    _, taken = await load(here.port, make, SECONDS / 2)
    return (here.cpu_seconds() - before) / len(taken)


async def list_cpu(here: Stage, phone: Phone) -> float:
    """Return the server's CPU seconds of a list."""
    opened = next(iter(phone.wallet.values())).opened
    path = f"/apple/v1/devices/{phone.library_id}/registrations/{opened.pass_type}"
    asked, before = request("GET", path), here.cpu_seconds()

    async def some(source: str) -> None:
        wire = here.wire(source=source)
        for _ in range(LISTS // LISTERS):
            assert (await wire.ask(asked)).status == 200
        wire.close()

    await asyncio.gather(*(some(f"127.0.2.{n + 1}") for n in range(LISTERS)))
    return (here.cpu_seconds() - before) / LISTS


async def push_cpu(certificates: DevelopmentCertificates) -> float:
    """Return our client's CPU seconds of a push, to a fake in a process of its own."""
    signer = certificates.signers[0]
    credential = CertificateCredential(
        certificate=signer.certificate.read_bytes(), key=signer.key.read_bytes()
    )
    apple = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "app.sandbox.fake_apple",
            "--folder",
            str(certificates.root.parent),
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=PROJECT,
    )
    assert apple.stdout is not None
    said = msgspec.json.decode(await apple.stdout.readline())
    client = Apns(
        {signer.pass_type: credential}.get,
        clock=SystemClock(),
        randomness=SystemRandomness(),
        url=said["url"],
        ca_file=certificates.apns_ca,
    )
    await client.push("ab" * 32, topic=signer.pass_type)
    begun = process_time()
    gate = asyncio.Semaphore(100)

    async def one(n: int) -> None:
        async with gate:
            answer = await client.push(f"{n:064x}", topic=signer.pass_type)
            assert answer.status == 200, answer

    await asyncio.gather(*(one(n) for n in range(PUSHES)))
    taken = (process_time() - begun) / PUSHES
    await client.close()
    apple.terminate()
    await apple.wait()
    return taken


def pass_cpu(certificates: DevelopmentCertificates) -> float:
    """Return the CPU seconds of making one pass of new content."""
    signer = certificates.signers[0]
    loaded = load_signer(
        certificate=signer.certificate.read_bytes(),
        key=signer.key.read_bytes(),
        wwdr=certificates.wwdr.read_bytes(),
    )
    unit = Unit(id="pts", name={"en": "Points"})
    program = ProgramContent(name="Bench", description={"en": "Card"}, units=(unit,))
    issuer = Issuer(pass_type=signer.pass_type, team=signer.team, web_service_url="https://x/apple")
    template = prepare(program, issuer, artwork("Bench", "#2e7d32", "#ffffff"))
    values = iter(range(10**9))

    def make() -> None:
        content = PassContent(
            program=program,
            number="4006381333931",
            barcode_value="4006381333931",
            barcode_format="EAN_13",
            balances=(Balance(unit=unit, value=next(values)),),
        )
        issue = Issue(serial_number="a1", authentication_token="t" * 43)
        document = pass_json(template.skeleton, content, issue)
        package(template, document, signer=loaded, at=SystemClock().wall())

    return measure.cpu_seconds(make, PASSES)


async def with_rsa_program(here: Stage) -> Stage:
    """Return the stage with a program of the first signer: the key is RSA, as in `pass_cpu`."""
    body = {
        "name": "Delivered",
        "authority": "merchant",
        "units": [{"id": "pts", "name": {"en": "Points"}}],
        "barcode": {"format": "EAN_13"},
        "languages": ["en"],
        "settings": {"open_numbers": True},
    }
    asked = request(
        *("POST", "/v1/partner/programs"),
        token=here.keys.merchant_key,
        body=body,
        Idempotency_Key="delivered",
    )
    made = await here.wire().ask(asked)
    assert made.status == 201, made
    programs = here.keys.programs | {"mirrored": str(made.json()["id"])}
    keys = msgspec.structs.replace(here.keys, programs=programs)
    return msgspec.structs.replace(here, keys=keys)


async def measured(here: Stage) -> None:
    """Print the rate, the parts, and the ratio."""
    here = await with_rsa_program(here)
    certificates = make_development_certificates(
        here.folder / "certs" / "dev", now=SystemClock().wall()
    )
    apple = FakeApple(certificates, clock=SystemClock(), port=here.apns_port)
    await apple.start()
    names = numbers(PHONES)
    phones = await fleet(here, apple, names)
    cards = dict(zip(names, phones.in_order, strict=True))
    others = numbers(2_000, first=1_000_000)
    await enrol(here, others)
    make = statements(here, others)
    found = []
    for place in range(ROUNDS):
        rate = await all_the_way(here, phones, cards, place * 1_000_000)
        parts = (
            await statement_cpu(here, make),
            await push_cpu(certificates),
            await list_cpu(here, phones.in_order[0]),
            pass_cpu(certificates),
        )
        found.append((rate, *(part * 1e3 for part in parts), rate * sum(parts)))
    middle = [median(column) for column in zip(*found, strict=True)]
    measure.row("", "updates/s", "statement ms", "push ms", "list ms", "pass ms", "ratio")
    measure.row(
        "all the way to a verified pass",
        *middle,
        measure.verdict(middle[-1], bar=0.5, goal=0.7, is_low_good=False),
    )
    phones.close()
    await apple.close()


if __name__ == "__main__":
    with stage(**apple_settings()) as running:
        asyncio.run(measured(running))

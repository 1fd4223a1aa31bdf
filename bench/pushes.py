"""Pushes a second over one kept connection, at several distances, and what faults cost.

    python bench/pushes.py

The other side is a process of its own on the other core. Bars: at distance 0 and 100 streams at
least 5,000 a second and at most 0.2 ms CPU each; at 50 ms at least 0.8 of min(5,000, streams ÷
round trip); of 10⁵ pushes with 1,000 GOAWAYs none lost, at most 1 % twice.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import uvloop
from measure import ROUNDS, row, verdict

from app.apple.apns import Apns  # isort: skip
from app.apple.credentials import CertificateCredential
from app.clock import SystemClock
from app.ids import SystemRandomness
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates

SECONDS = 2.0  # of each measurement
RATE_BAR = 5_000
FAULTS = 1_000
PUSHES = 100_000
HERE = Path(__file__).parent


def pin(core: int, process: int = 0) -> None:
    """Keep a process (0: this one) to one core, where there are two."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


@contextmanager
def running(*command: str) -> Iterator[tuple[str, dict]]:
    """Run the other side; the dictionary holds what it says in the end."""
    process = subprocess.Popen(
        [sys.executable, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE.parent,
    )
    pin(1, process.pid)
    said: dict = {}
    try:
        yield json.loads(process.stdout.readline())["url"], said
    finally:
        process.stdin.close()
        said.update(json.loads(process.stdout.readline() or "{}"))
        process.wait(10)


def client(certificates: DevelopmentCertificates, url: str) -> tuple[Apns, str]:
    """Make a client that pushes by certificate; return it and its topic."""
    signer = certificates.signers[0]
    credential = CertificateCredential(
        certificate=signer.certificate.read_bytes(), key=signer.key.read_bytes()
    )
    apns = Apns(
        lambda topic: credential,
        clock=SystemClock(),
        randomness=SystemRandomness(),
        url=url,
        ca_file=certificates.apns_ca,
    )
    return apns, signer.pass_type


async def flood(apns: Apns, topic: str, streams: int, seconds: float) -> tuple[float, float]:
    """Keep all streams busy; return pushes a second and CPU seconds of each."""
    counts = [0] * streams
    await apns.push("00", topic=topic)
    until = perf_counter() + seconds

    async def worker(number: int) -> None:
        token = f"{number:064x}"
        while perf_counter() < until:
            answer = await apns.push(token, topic=topic)
            counts[number] += answer.status == 200

    begun, cpu = perf_counter(), process_time()
    await asyncio.gather(*(worker(number) for number in range(streams)))
    spent, cpu = perf_counter() - begun, process_time() - cpu
    return sum(counts) / spent, cpu / max(sum(counts), 1)


def measured(
    certificates: DevelopmentCertificates, folder: str, streams: int, delay_ms: int
) -> tuple[float, float]:
    """Measure one distance and number of streams, median of the rounds."""

    async def once(url: str) -> tuple[float, float]:
        apns, topic = client(certificates, url)
        try:
            return await flood(apns, topic, streams, SECONDS)
        finally:
            await apns.close()

    figures = []
    for _ in range(ROUNDS):
        with running("bench/push_responder.py", folder, str(streams), str(delay_ms)) as (url, _):
            figures.append(uvloop.run(once(url)))
    return median(rate for rate, _ in figures), median(cpu for _, cpu in figures)


async def survive(apns: Apns, topic: str, streams: int) -> int:
    """Push once to each device, again until it is told; return how often that was needed."""
    devices = iter(range(PUSHES))
    again = 0

    async def worker() -> None:
        nonlocal again
        for number in devices:
            while (await apns.push(f"{number:064x}", topic=topic)).status != 200:
                again += 1
                await asyncio.sleep(0.5)  # what a delivery worker does, but shorter

    try:
        await asyncio.gather(*(worker() for _ in range(streams)))
    finally:
        await apns.close()
    return again


def faults(certificates: DevelopmentCertificates, folder: str, *kinds: str) -> None:
    """Have a fault at every hundredth device; the strict fake counts what arrived."""
    command = ["-m", "app.sandbox.fake_apple", "--folder", folder]
    command += ["--faults", str(FAULTS), "--every", str(PUSHES // FAULTS), "--kinds", *kinds]
    begun = perf_counter()
    with running(*command) as (url, said):
        apns, topic = client(certificates, url)
        again = uvloop.run(survive(apns, topic, 100))
    rate = PUSHES / (perf_counter() - begun)
    print(f"\n{PUSHES:,} pushes, {FAULTS:,} faults ({', '.join(kinds)}), strict fake, 100 streams")
    row("lost", PUSHES - said["devices"])
    row("twice", said["pushes"] - said["devices"])
    row("connections", said["connections"])
    row("given back to the caller", again)
    row("HTTP/2 rules broken", len(said["violations"]))
    row("pushes/s, all in all", rate)


def main() -> None:
    pin(0)
    with tempfile.TemporaryDirectory() as folder:
        certificates = make_development_certificates(Path(folder), now=SystemClock().wall())
        row("streams, round trip", "pushes/s", "CPU µs", "of min(…)", "", "CPU")
        own_rate = 0.0
        for delay_ms in (0, 10, 50, 100):
            for streams in (100, 1_000):
                rate, cpu = measured(certificates, folder, streams, delay_ms)
                own_rate = own_rate or rate
                by_distance = streams * 1000 / delay_ms if delay_ms else float("inf")
                bar, goal = min(RATE_BAR, by_distance), min(own_rate, by_distance)
                word = "bar" if rate >= (0.8 * bar if delay_ms else bar) else "MISSED"
                word = "goal" if rate >= 0.9 * goal else word
                row(
                    f"{streams} streams, {delay_ms} ms",
                    *(rate, cpu * 1e6, rate / goal, word),
                    verdict(cpu * 1e3, bar=0.2, goal=0.02),
                )
        faults(certificates, folder, "goaway")
        faults(certificates, folder, "goaway", "429", "503", "reset")


if __name__ == "__main__":
    main()

"""A server of its own process on one core, with demo data in a folder that goes away afterwards."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from bench.wire import Wire, request

READY_SECONDS = 60
SERVER_CORE, LOAD_CORE = 0, 1
PROJECT = Path(__file__).parent.parent


class Keys(msgspec.Struct, frozen=True):
    """What `up --demo` wrote for programs."""

    base_url: str
    user_token: str
    merchant_key: str
    programs: dict[str, str]


class Stage(msgspec.Struct, frozen=True):
    """A running server. `folder`: its certificates and data."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    keys: Keys
    apns_port: int

    def wire(self, *, source: str | None = None) -> Wire:
        """Make a connection to it."""
        return Wire("127.0.0.1", self.port, source=source)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds the server has used, children included."""
        clock = os.sysconf("SC_CLK_TCK")
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / clock

    def resident_mib(self) -> float:
        """Return the memory the server has now, MiB."""
        return self._status("VmRSS")

    def peak_mib(self) -> float:
        """Return the most memory the server had at any time, MiB."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith(name))
        return int(line.split()[1]) / 1024


@contextmanager
def stage(at: Path | None = None, **settings: str) -> Iterator[Stage]:
    """Start `portecarte up --demo` on the first core; the load has the other.

    `at`: a folder of the caller's own, which stays, so that a server may start there again.
    """
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {LOAD_CORE})
    with ExitStack() as stack:
        place = tempfile.TemporaryDirectory(prefix="portecarte-bench-")
        folder, port = at or Path(stack.enter_context(place)), free_port()
        process = _start(folder, port, settings)
        apns_port = int(settings.get("APNS_URL", ":0").rpartition(":")[2])
        try:
            yield Stage(folder, port, process, _ready(folder, port, process), apns_port)
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def apple_settings() -> dict[str, str]:
    """Return settings that send pushes to a fake of the bench's own, at a port that is free now."""
    return {"APNS_URL": f"https://127.0.0.1:{free_port()}", "APNS_CA_FILE": "certs/dev/apns_ca.pem"}


def numbers(count: int, *, first: int = 0) -> list[str]:
    """Return EAN-13 numbers of the in-store range."""
    found = []
    for n in range(first, first + count):
        body = f"29{n:010d}"
        total = sum(int(digit) * weight for digit, weight in zip(body, (1, 3) * 6, strict=True))
        found.append(body + str(-total % 10))
    return found


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found


def _start(folder: Path, port: int, settings: dict[str, str]) -> subprocess.Popen[bytes]:
    given = {
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder}/data/portecarte.db",
        "SANDBOX_APNS_PORT": str(free_port()),
        "LOG_LEVEL": "warning",
        **settings,
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTECARTE_")}
    environment |= {f"PORTECARTE_{name}": value for name, value in given.items()}
    environment["PYTHONPATH"] = str(PROJECT)

    def pin() -> None:
        if (os.cpu_count() or 1) > 1:
            os.sched_setaffinity(0, {SERVER_CORE})

    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--demo"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            preexec_fn=pin,  # noqa: PLW1509  # no thread of ours runs yet
        )


def _ready(folder: Path, port: int, process: subprocess.Popen[bytes]) -> Keys:
    begun, keys = time.monotonic(), folder / "data" / "demo-keys.json"
    while time.monotonic() - begun < READY_SECONDS:
        if process.poll() is not None:
            break
        if keys.exists() and asyncio.run(_answers(port)):
            return msgspec.json.decode(keys.read_bytes(), type=Keys)
        time.sleep(0.1)
    log = (folder / "server.log").read_text(errors="replace")
    raise SystemExit(f"the server did not start:\n{log[-4000:]}")


async def _answers(port: int) -> bool:
    wire = Wire("127.0.0.1", port)
    try:
        return (await wire.ask(request("GET", "/readyz"))).status == 200
    except (OSError, asyncio.IncompleteReadError):
        return False
    finally:
        wire.close()

"""Starts `portecarte up --demo` in an empty folder, as a stranger would, and stops it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60


class RunningDemo(msgspec.Struct, frozen=True):
    """Where it runs and what it has printed."""

    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    environment: dict[str, str]

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours beside the server."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def printed(self) -> str:
        """Return what the server has printed so far."""
        return (self.folder / "printed").read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        """Wait until the server prints a text."""
        end = time.monotonic() + READY_SECONDS
        while text not in self.printed():
            ended = self.process.poll() is not None
            assert not ended and time.monotonic() < end, self.printed()
            time.sleep(0.02)  # another process prints it: there is nothing to wait on


@contextmanager
def running_demo(folder: Path) -> Iterator[RunningDemo]:
    """Run the demo until the block ends; it must end well."""
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTECARTE_")}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "PORTECARTE_PORT": str(port),
        "PORTECARTE_SANDBOX_APNS_PORT": str(free_port()),
        "PORTECARTE_SIGN_IN_CODES_PER_IP": "1000",
        "PORTECARTE_LOG_LEVEL": "warning",
    }
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "up", "--demo"],
            cwd=folder,
            env=environment,
            stdout=printed,
            stderr=printed,
        )
    demo = RunningDemo(folder, f"http://127.0.0.1:{port}", process, environment)
    try:
        demo.wait_for("Keys of the demo")
        yield demo
        process.terminate()
        assert process.wait(30) == 0, demo.printed()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found

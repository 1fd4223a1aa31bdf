"""Workers alone and many processes, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.sandbox.demo_server import READY_SECONDS, ROOT, free_port

pytestmark = pytest.mark.postgres


@contextmanager
def started(folder: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    """Run a command of ours until the block ends; it must end well."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PORTECARTE_")}
    environment |= {f"PORTECARTE_{name}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
        process.terminate()
        assert process.wait(30) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def certificates(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-m", "app.cli", "certs"],
        cwd=folder,
        env=environment,
        check=True,
        capture_output=True,
    )


def test_a_worker_alone_starts_and_ends(tmp_path: Path, postgres_url: str) -> None:
    certificates(tmp_path)
    with started(tmp_path, "worker", DATABASE_URL=postgres_url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "Portecarte delivers.\n"


def test_many_processes_serve_one_port(tmp_path: Path, postgres_url: str) -> None:
    certificates(tmp_path)
    port, folder = free_port(), tmp_path / "certs" / "dev"
    settings = {
        "MODE": "live",
        "WORKERS": "2",
        "PORT": str(port),
        "DATABASE_URL": postgres_url,
        "PASS_URL": "https://cards.example.org",
        "SMTP_URL": "smtp://127.0.0.1:25",
        "APNS_URL": f"https://127.0.0.1:{free_port()}",
        "APPLE_PASS_TYPE_ID": "pass.example.portecarte",
        "APPLE_TEAM_ID": "PORTECARTE",
        "APPLE_CERT_FILE": str(folder / "pass.pem"),
        "APPLE_KEY_FILE": str(folder / "pass.key"),
        "APPLE_WWDR_FILE": str(folder / "wwdr.pem"),
    }
    with started(tmp_path, "up", **settings) as process:
        end = time.monotonic() + READY_SECONDS
        while not answers(port):
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)  # another process starts: there is nothing to wait on


def answers(port: int) -> bool:
    try:
        url = f"http://127.0.0.1:{port}/readyz"
        return httpx2.get(url, trust_env=False).status_code == 200
    except httpx2.HTTPError:
        return False

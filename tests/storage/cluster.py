"""A throwaway PostgreSQL server for tests and benches, where its programs are installed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg

# A test's data may be lost; what durability costs is measured in bench/.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
MEMORY = Path("/dev/shm")  # mkdtemp makes a folder of our own there
MEMORY_LEAST = 4 << 30  # bytes free: some containers have 64 MiB there
DURABLE = ("fsync=on", "synchronous_commit=on", "full_page_writes=on")


class Cluster:
    """A running server with a migrated template, copied for each test."""

    def __init__(
        self, folder: Path, programs: Path, settings: tuple[str, ...], environment: dict[str, str]
    ) -> None:
        self.folder = folder
        self._environment = os.environ | environment
        self._programs = programs
        self._settings = settings
        self._made = 0

    def url(self, name: str = "postgres") -> str:
        """Return the address of a database; the server listens on a socket in its folder only."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [f"-c {setting}" for setting in self._settings]
        options += ["-c listen_addresses=", f"-c unix_socket_directories={self.folder}"]
        options += ["-c max_connections=120", "-c shared_buffers=64MB"]
        self._run("pg_ctl", "-w", "-l", str(self.folder / "log"), "-o", " ".join(options), "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast`, or `immediate` as a crash would."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def make(self) -> None:
        """Make the data folder."""
        self._run(
            "initdb", "--no-sync", "-U", "postgres", "-E", "UTF8", "--locale=C", "-A", "trust"
        )

    def new(self, template: str = "template1") -> str:
        """Make a database, as a copy of another one, and return its address."""
        self._made += 1
        name = f"test_{self._made}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._programs / program), "-D", str(self.folder / "data"), *arguments],
            check=True,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=_other_user(),
        )


def programs() -> Path | None:
    """Find PostgreSQL's programs in PATH or where Debian puts them; None where there are none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    return newest_first[0].parent if newest_first else None


def _memory() -> Path | None:
    """Return where files live in memory: there a database is copied in a tenth of the time."""
    is_there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK)
    return MEMORY if is_there and shutil.disk_usage(MEMORY).free >= MEMORY_LEAST else None


@contextlib.contextmanager
def running(
    settings: tuple[str, ...] = FAST, environment: dict[str, str] | None = None
) -> Iterator[Cluster | None]:
    """Run a server for a while; yields None where PostgreSQL is not installed."""
    where = programs()
    if where is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_memory() if settings == FAST else None))
    cluster = Cluster(folder, where, settings, environment or {})
    try:
        user = _other_user()
        if user is not None:
            shutil.chown(folder, user)
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"

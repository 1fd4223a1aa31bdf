"""Puts a slower disk under a process: a small library that makes each fsync take longer."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent / "slow_disk.c"


def slow_disk(milliseconds: float) -> dict[str, str] | None:
    """Return the environment for such a process; None where there is no C compiler.

    The delay is slept within fsync and fdatasync, before the real call: what waits behind a commit
    waits as it would behind a disk.
    """
    library = preloaded()
    if library is None:
        return None
    return {"LD_PRELOAD": str(library), "SLOW_DISK_US": str(round(milliseconds * 1000))}


def preloaded() -> Path | None:
    """Build the library for this machine."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="slow-disk-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user
    library = folder / "slow_disk.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"], check=True
    )
    return library

"""Kills a writing process hundreds of times on each engine and counts what was lost or doubled.

python bench/kill.py [kills per engine, 200]
"""

from __future__ import annotations

from measure import percentile, row  # first: it repairs the search path

import asyncio  # isort: skip
import shutil
import sys
import tempfile
from pathlib import Path

from tests.storage.cluster import DURABLE, running
from tests.storage.killing import kill_often

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 200


def report(engine: str, url: str) -> None:
    """Kill, look, print."""
    tally = asyncio.run(kill_often(url, KILLS, seed=1))
    verdict = "goal" if not tally.lost and not tally.doubled else "MISSED"
    row(engine, tally.kills, tally.acknowledged, tally.lost, tally.doubled, verdict)
    restarts = (percentile(tally.restarts, 50), max(tally.restarts))
    row("  seconds to be open again: median, longest", *restarts)


if __name__ == "__main__":
    row("kill -9 while writing", "kills", "acknowledged", "lost", "twice")
    folder = Path(tempfile.mkdtemp(prefix="bench-kill-"))
    try:
        report("SQLite", f"sqlite:///{folder}/kill.db")
    finally:
        shutil.rmtree(folder)
    with running(DURABLE) as cluster:
        if cluster is None:
            print("PostgreSQL: skipped, it is not installed")
        else:
            report("PostgreSQL", cluster.new())

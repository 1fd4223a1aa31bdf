"""A backlog for Google Wallet: 100,000 changed cards at 20 calls a second, tills in between.

    python bench/google_backlog.py [--cards 100000] [--database postgresql://…]

Hours of Google's time pass in minutes: the clock is moved by hand, from one slot to the next,
and only while nobody has anything to do. The fake Google counts, strictly, on the same clock.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path
from typing import Any

import measure  # first: it puts the project's folder in the search path
import msgspec

from bench.google_scene import backlog, burst, scene


async def measured(url: str, cards: int, *, has_burst: bool = True) -> list[dict[str, Any]]:
    """Run both parts on one database."""
    with tempfile.TemporaryDirectory(prefix="portecarte-google-", dir=_place()) as folder:
        async with scene(url or f"sqlite:///{folder}/google.db", Path(folder)) as here:
            found = [{"part": "backlog"} | await backlog(here, cards)]
            if has_burst:
                found.append({"part": "burst"} | await burst(here))
    return found


def _place() -> Path | None:
    """Return a folder in memory where there is one: a disk's time is not what is measured."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


def main() -> None:
    """Print the figures, one line of JSON each, and what they must be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--database", default="", help="an empty database; a SQLite file if none")
    given = parser.parse_args()
    for figures in asyncio.run(measured(given.database, given.cards)):
        print(msgspec.json.encode(figures).decode(), flush=True)
        calls_max = figures.get("cards", 0) or 2 * figures.get("on_cards", 0)
        measure.row("calls", figures["calls"], f"<= {calls_max}")
        measure.row("the busiest second", figures["busiest_second"], "<= 20")
        measure.row("cards not at their latest", figures["cards_not_at_their_latest"], "0")


if __name__ == "__main__":
    main()

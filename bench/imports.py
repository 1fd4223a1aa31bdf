"""5,000 cards of another app in one call, with progress: seconds, beside reading the file alone.

Each card is a unit of work of its own. On PostgreSQL: `python bench/imports.py postgresql`.
"""

from __future__ import annotations

import contextlib
import csv
import sys
from collections.abc import Iterator
from io import StringIO
from time import perf_counter

import httpx2
import msgspec
from measure import row, verdict  # first: it puts the project in the search path

from bench.stage import stage
from tests.storage.cluster import DURABLE, running

CARDS = 5_000
BAR_SECONDS = 10.0


def catima_file() -> bytes:
    """Write cards of 500 shops as Catima would, notes over several lines among them."""
    out = StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    out.write("2\r\n\r\n")
    rows.writerows([["_id"], ["Shops"], []])
    rows.writerow(["_id", "store", "note", "cardid", "barcodetype", "headercolor", "starstatus"])
    for card in range(1, CARDS + 1):
        note = f"Card {card}\n\nof {CARDS}" if card % 10 == 0 else ""
        rows.writerow(
            [card, f"Shop {card % 500}", note, f"{card:08}X", "CODE_128", "-9977996", "0"]
        )
    rows.writerows([[], ["cardId", "groupId"]])
    rows.writerows([card, "Shops"] for card in range(1, CARDS + 1))
    return out.getvalue().encode()


def sent(client: httpx2.Client, content: bytes, *, dry_run: bool) -> tuple[float, int, int, int]:
    """Send the file; return seconds, lines of progress, cards imported and skipped."""
    begun = perf_counter()
    answer = client.post(
        f"/v1/imports?dry_run={str(dry_run).lower()}",
        files={"file": ("catima.csv", content, "text/csv")},
        headers={"Accept": "application/x-ndjson"},
    )
    took = perf_counter() - begun
    lines = [msgspec.json.decode(line) for line in answer.content.splitlines() if line]
    return took, len(lines) - 1, lines[-1]["imported"], lines[-1]["skipped"]


@contextlib.contextmanager
def settings(engine: str) -> Iterator[dict[str, str]]:
    """Return what a server of this engine needs; raises SystemExit where it is not installed."""
    if engine == "sqlite":
        yield {}
        return
    with running(DURABLE) as cluster:
        if cluster is None:
            raise SystemExit("PostgreSQL is not installed")
        yield {"DATABASE_URL": cluster.new()}


def main() -> None:
    """Print a line a call: look at the file, import it, send it again."""
    engine = sys.argv[1] if len(sys.argv) > 1 else "sqlite"
    content = catima_file()
    with settings(engine) as chosen, stage(**chosen) as scene:
        base = f"http://127.0.0.1:{scene.port}"
        with httpx2.Client(base_url=base, trust_env=False, timeout=120) as client:
            guest = client.post("/v1/guests", json={}, headers={"Idempotency-Key": "bench-imports"})
            client.headers["Authorization"] = f"Bearer {guest.json()['token']}"
            row(f"{CARDS} cards on {engine}", "seconds", "progress", "imported", "skipped", "")
            for name, dry_run in (("dry run", True), ("import", False), ("again", False)):
                took, *counts = sent(client, content, dry_run=dry_run)
                said = verdict(took, bar=BAR_SECONDS, goal=BAR_SECONDS / 2)
                row(name, took, *counts, said)


if __name__ == "__main__":
    main()

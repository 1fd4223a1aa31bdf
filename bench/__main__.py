"""Runs every measurement of README, one after the other, each with the command that gives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
NAMES = (
    *("passes", "barcodes", "pushes", "storage", "kill", "powercut"),
    *("updates", "bulk", "journey", "delivered", "engine", "checkout", "save_links", "callbacks"),
    *("google_backlog", "photos", "imports", "redesign"),
)


def main() -> int:
    """Run all, or those that the arguments name; end with 1 when one of them failed."""
    failed = 0
    for name in sys.argv[1:] or NAMES:
        print(f"\n$ python bench/{name}.py", flush=True)
        ended = subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], check=False)
        failed += ended.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The command line: `portecarte COMMAND` (specs: api.md §10)."""

from __future__ import annotations

import os
import sys

from app.commands.group import portecarte


def main() -> None:
    """Run the command that the arguments name."""
    try:
        portecarte(prog_name="portecarte")
    except SystemExit as end:
        sys.stdout.flush()
        sys.stderr.flush()
        # Without tearing the interpreter down: the barcode library would complain on stderr.
        os._exit(end.code if isinstance(end.code, int) else 1)


if __name__ == "__main__":
    main()

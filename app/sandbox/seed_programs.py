"""The programs of the real world, as rules files: to try the engine with, and to start from."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import msgspec

_FOLDER = files("app.sandbox") / "programs"


def names() -> list[str]:
    """List the programs that stand here, sorted."""
    return sorted(
        each.name.removesuffix(".json") for each in _FOLDER.iterdir() if each.name.endswith(".json")
    )


def rules_of(name: str) -> dict[str, Any]:
    """Read a program's rules (`loyalty-program/1`). Raises KeyError: there is none of that name."""
    if name not in names():
        raise KeyError(name)
    rules: dict[str, Any] = msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes())
    return rules

"""Writes plain objects as YAML 1.2: blocks for lists and objects, JSON's own texts and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_/.-]*")


def written(value: Any) -> str:
    """Return a document; scalars are JSON's, which YAML reads as they are."""
    return "\n".join(_lines(value, "")) + "\n"


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, child in value.items():
            yield from _member(f"{indent}{_key(str(name))}:", child, indent + "  ")
    elif isinstance(value, list) and value:
        for child in value:
            yield from _member(f"{indent}-", child, indent + "  ")
    else:
        yield indent + _scalar(value)


def _member(head: str, value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, dict | list) and value:
        yield head
        yield from _lines(value, indent)
    else:
        yield f"{head} {_scalar(value)}"


def _key(name: str) -> str:
    # `on`, `no` and the like are truths to readers of YAML 1.1.
    is_plain = _PLAIN_KEY.fullmatch(name) and name.lower() not in {
        "y",
        "n",
        "yes",
        "no",
        "on",
        "off",
    }
    return name if is_plain and name.lower() not in {"true", "false", "null"} else _scalar(name)


def _scalar(value: Any) -> str:
    return msgspec.json.encode(value).decode()

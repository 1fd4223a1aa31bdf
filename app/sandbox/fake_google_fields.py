"""Partial answers: `?fields=id,loyaltyPoints(balance)` (Google: Partial response)."""

from __future__ import annotations

import re
from typing import Any

from app.sandbox.fake_google_answers import Refused

_PARTS = re.compile(r"[A-Za-z]+|\*|[(),/]", re.ASCII)
Tree = dict[str, Any]  # name → what of it; {} is everything


def selected(content: Any, fields: str | None) -> Any:
    """Keep only what a caller asks for; everything for None. Raises Refused 400."""
    if not fields:
        return content
    parts = _PARTS.findall(fields)
    if "".join(parts) != fields:
        raise _bad(fields)
    tree, rest = _read(parts, fields)
    if rest:
        raise _bad(fields)
    return _keep(content, tree)


def _read(parts: list[str], fields: str) -> tuple[Tree, list[str]]:
    """Read names parted by commas."""
    tree: Tree = {}
    while True:
        name, tree_of_name, parts = _read_one(parts, fields)
        tree[name] = tree_of_name
        if parts[:1] != [","]:
            return tree, parts
        parts = parts[1:]


def _read_one(parts: list[str], fields: str) -> tuple[str, Tree, list[str]]:
    """Read a name and what of it."""
    if not parts or parts[0] in "(),/":
        raise _bad(fields)
    name, parts = parts[0], parts[1:]
    if parts[:1] == ["/"]:
        inner_name, inner, parts = _read_one(parts[1:], fields)
        return name, {inner_name: inner}, parts
    if parts[:1] == ["("]:
        tree, parts = _read(parts[1:], fields)
        if parts[:1] != [")"]:
            raise _bad(fields)
        return name, tree, parts[1:]
    return name, {}, parts


def _keep(content: Any, tree: Tree) -> Any:
    if not tree:
        return content
    if isinstance(content, list):
        return [_keep(item, tree) for item in content]
    if not isinstance(content, dict):
        return content
    wanted: Tree = dict.fromkeys(content, tree["*"]) if "*" in tree else tree
    return {name: _keep(content[name], inner) for name, inner in wanted.items() if name in content}


def _bad(fields: str) -> Refused:
    return Refused(400, "invalidParameter", f"Invalid field selection {fields[:80]}")

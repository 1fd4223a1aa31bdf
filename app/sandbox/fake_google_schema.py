"""Checks a body against Google's own schema: unknown names, wrong types, unknown enum values.

The names are those of the discovery document walletobjects v1, revision 20260806.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from app.sandbox.fake_google_answers import Refused

_INT32_MAX, _INT64_MAX = 2**31 - 1, 2**63 - 1


@cache
def schema() -> dict[str, dict[str, Any]]:
    """Return each message's members: a kind, a list of one kind, or the values of an enum."""
    text = (files("app.sandbox") / "google_schema.json").read_bytes()
    read: dict[str, dict[str, Any]] = msgspec.json.decode(text)
    return read


def check(content: Any, message: str, path: str = "") -> None:
    """Compare with a message of the schema. Raises Refused 400 that names the field."""
    if not isinstance(content, dict):
        raise _wrong(path or message, message, content)
    members = schema()[message]
    for name, value in content.items():
        here = f"{path}.{name}" if path else name
        if name not in members:
            at = f" at '{path}'" if path else ""
            raise _refused(f'Unknown name "{name}"{at}: Cannot find field.')
        if value is None:
            raise _refused(f"null at '{here}': leave the field out.")
        _check_value(value, members[name], here)


def _check_value(value: Any, kind: Any, path: str) -> None:
    if isinstance(kind, list):
        if not isinstance(value, list):
            raise _wrong(path, "a list", value)
        for index, item in enumerate(value):
            _check_value(item, kind[0], f"{path}[{index}]")
    elif isinstance(kind, dict):
        if value not in kind["enum"]:
            raise _wrong(path, "an enum", value)
    elif kind in schema():
        check(value, kind, path)
    elif not _FITS[kind](value):
        raise _wrong(path, f"TYPE_{kind.upper()}", value)


def _is_int64(value: Any) -> bool:
    """Accept an int64 as text, the way Google writes it."""
    if not isinstance(value, str) or len(value) > 20 or not value.isascii():
        return False
    return value.removeprefix("-").isdigit() and abs(int(value)) <= _INT64_MAX


_FITS: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "double": lambda value: type(value) in {int, float},
    "int32": lambda value: type(value) is int and abs(value) <= _INT32_MAX,
    "int64": _is_int64,
}


def _wrong(path: str, kind: str, value: Any) -> Refused:
    shown = msgspec.json.encode(value)[:60].decode("utf-8", "replace")
    return Refused(400, "badRequest", f"Invalid value at '{path}' ({kind}), {shown}")


def _refused(text: str) -> Refused:
    return Refused(400, "badRequest", f"Invalid JSON payload received. {text}")

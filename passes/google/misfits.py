"""Every place where a document does not fit its types, each with its path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from passes.finding import Finding

_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def decoded(document: bytes, kind: type[Any], name: str) -> Any:
    """Return the document in its types, or the list of findings that it is none.

    `name`: what the document is called where no member is to blame.
    """
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError as error:
        reason = str(error)  # but it may be broken JSON behind the first member that does not fit
    except _UNREADABLE:
        return [Finding(name, "is no JSON in UTF-8, or too deep")]
    try:
        value = msgspec.json.decode(document)
    except _UNREADABLE:
        return [Finding(name, "is no JSON in UTF-8, or too deep")]
    found = list(_misfits(inspect.type_info(kind), value, ""))
    return [Finding(each.path or name, each.text) for each in found] or [Finding(name, reason)]


def _misfits(kind: inspect.Type, value: Any, path: str) -> Iterator[Finding]:
    match kind, value:
        case _, None:
            yield Finding(path, "is null: leave it out")
        case inspect.StructType(), dict():
            yield from _of_object(kind, value, path)
        case inspect.ListType(), list():
            if kind.max_length is not None and len(value) > kind.max_length:
                yield Finding(path, f"{len(value)} given, at most {kind.max_length} are taken")
            if kind.min_length is not None and len(value) < kind.min_length:
                yield Finding(path, f"at least {kind.min_length} must be given")
            for place, each in enumerate(value):
                yield from _misfits(kind.item_type, each, f"{path}[{place}]")
        case _:
            text = _refusal(kind, value)
            if text:
                yield Finding(path, text)


def _of_object(kind: inspect.StructType, value: dict[str, Any], path: str) -> Iterator[Finding]:
    known = {each.encode_name: each for each in kind.fields}
    for name, inner in value.items():
        here = f"{path}.{name}" if path else name
        if name in known:
            yield from _misfits(known[name].type, inner, here)
        else:
            yield Finding(here, "is no member Google knows here, or one that must not be sent")
    for name, each in known.items():
        if each.required and name not in value:
            yield Finding(f"{path}.{name}" if path else name, "is missing")


def _refusal(kind: inspect.Type, value: Any) -> str | None:
    match kind, value:
        case inspect.StrType(), str():
            return _text_refusal(kind, value)
        case inspect.BoolType(), bool():
            return None
        case inspect.FloatType(), float():
            return _number_refusal(kind, value)
        case ((inspect.IntType() | inspect.FloatType()), int()) if not isinstance(value, bool):
            return _number_refusal(kind, value)
        case inspect.LiteralType(), str():
            return (
                None
                if value in kind.values
                else f"must be one of {', '.join(map(str, kind.values))}"
            )
    return f"must be {_NAMES.get(type(kind), 'something else')}"


def _text_refusal(kind: inspect.StrType, value: str) -> str | None:
    if len(value) < (kind.min_length or 0):
        return f"must have at least {kind.min_length} characters"
    if kind.pattern is not None and re.search(kind.pattern, value) is None:
        return f"must match {kind.pattern}"
    return None


def _number_refusal(kind: inspect.IntType | inspect.FloatType, value: float) -> str | None:
    lowest, beyond, highest = kind.ge, kind.lt, kind.le
    if lowest is not None and value < lowest:
        return f"must be at least {lowest}"
    if (beyond is not None and value >= beyond) or (highest is not None and value > highest):
        return f"must be at most {highest if beyond is None else beyond - 1}"
    return None


_NAMES = {
    inspect.StructType: "an object",
    inspect.ListType: "a list",
    inspect.StrType: "a text",
    inspect.LiteralType: "a text",
    inspect.BoolType: "true or false",
    inspect.IntType: "a whole number, not a text",
    inspect.FloatType: "a number, not a text",
}

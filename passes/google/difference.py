"""What Google has not been told of a document yet, and by which call it is told."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

_VERSION = b"\x01"
_NAME, _VALUE, _SHAPE = 3, 8, 3  # bytes of each hash
_ROW = _NAME + _VALUE + _SHAPE
_IDS = ("id", "classId")
_FACES = ("loyaltyPoints", "secondaryLoyaltyPoints")

_encode = msgspec.json.Encoder(order="deterministic").encode
Told = dict[bytes, tuple[bytes, bytes]]  # by the name's hash: those of value and shape


class Change(msgspec.Struct, frozen=True):
    """A call to make. `body` has no notifyPreference; `members`: what in it is new or different.

    `has_moved`: a balance on the face is known to be another, not just its label.
    """

    method: Literal["PATCH", "PUT"]
    body: dict[str, Any]
    members: tuple[str, ...]
    has_moved: bool = False


def fingerprint(document: dict[str, Any]) -> bytes:
    """Return what to keep of a document once Google has it; holds nothing that can be read."""
    return _packed(_hashes(document))


def difference(told: bytes | None, document: dict[str, Any]) -> Change | None:
    """Say how to make Google's copy equal to the document; None: it is.

    `told`: the fingerprint of the last one, None when nobody knows. A PATCH merges objects, so it
    cannot take a member away: where one is gone, or a balance has another kind, the whole document
    replaces the old one. So does a blank one of which nobody knows what it has to wipe out.
    """
    known = None if told is None else _read(told)
    now = _hashes(document)
    if known is None:
        return _all(document)
    changed = tuple(name for name in document if known.get(_name(name)) != now[_name(name)])
    is_other = any(name in _IDS for name in changed)
    is_reshaped = any(
        name not in now or (hashes[1] != now[name][1]) for name, hashes in known.items()
    )
    has_moved = any(known.get(name) != now[name] for name in _BALANCES if name in now)
    if is_reshaped or is_other:
        return Change("PUT", document, changed, has_moved)
    if not changed:
        return None
    return Change("PATCH", {name: document[name] for name in changed}, changed, has_moved)


def doubted(told: bytes | None, document: dict[str, Any], change: Change) -> bytes | None:
    """Return what to keep after a call without an answer: what it held is sent again in any case.

    Even if the document is by then what it was before the call, which may have been done.
    """
    known = None if told is None else _read(told)
    if known is None:
        return None
    now, nothing = _hashes(document), bytes(_VALUE)
    names = {_name(name) for name in change.members}
    names |= {name for face, name in zip(_FACES, _BALANCES, strict=True) if _name(face) in names}
    for name in names & now.keys():
        # After a PUT nobody knows either what was taken away: then all is replaced again.
        known[name] = (nothing, bytes(_SHAPE) if change.method == "PUT" else now[name][1])
    return _packed(known)


def _packed(hashes: Told) -> bytes:
    return _VERSION + b"".join(sorted(name + b"".join(pair) for name, pair in hashes.items()))


def _all(document: dict[str, Any]) -> Change:
    members = tuple(name for name in document if name not in _IDS)
    if document.get("state") == "INACTIVE":
        return Change("PUT", document, members)
    return Change("PATCH", {name: document[name] for name in members}, members)


def _hashes(document: dict[str, Any]) -> Told:
    found = {_name(name): _both(value) for name, value in document.items()}
    for face, name in zip(_FACES, _BALANCES, strict=True):
        if face in document:
            found[name] = _both(document[face].get("balance"))
    return found


def _both(value: Any) -> tuple[bytes, bytes]:
    return _hash(value, _VALUE), _hash(_shape(value), _SHAPE)


def _read(told: bytes) -> Told | None:
    if told[:1] != _VERSION or len(told) % _ROW != 1:
        return None
    rows = (told[start : start + _ROW] for start in range(1, len(told), _ROW))
    return {row[:_NAME]: (row[_NAME:-_SHAPE], row[-_SHAPE:]) for row in rows}


def _shape(value: Any) -> Any:
    """Keep which members objects have; what stands in a list does not matter: it is replaced."""
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return None


def _name(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=_NAME).digest()


def _hash(value: Any, size: int) -> bytes:
    return hashlib.blake2b(_encode(value), digest_size=size).digest()


_BALANCES = tuple(_name(f"{face}.balance") for face in _FACES)

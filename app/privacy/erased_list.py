"""The list of who was erased, beside the backups: a restored one erases them again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.storage.queries import Erased


class Line(msgspec.Struct, frozen=True):
    """A user or card that is gone for good; `at`: Unix microseconds."""

    kind: str
    id: str
    at: int


async def append(ports: Ports, gone: Sequence[Erased]) -> None:
    """Add lines, on the disk before it returns. Raises OSError.

    A line that is there already does no harm.
    """
    if gone:
        loop, path = asyncio.get_running_loop(), ports.settings.erased_list
        await loop.run_in_executor(ports.threads, _append, path, list(gone))


def read(path: Path) -> list[Erased] | None:
    """Read the list; None: there is none. A line cut by a crash is left out."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    found: dict[tuple[str, bytes], Erased] = {}
    for line in text.splitlines():
        try:
            told = msgspec.json.decode(line, type=Line)
        except msgspec.MsgspecError:
            continue
        raw = parse_public_id(told.kind, told.id)
        if raw is not None:
            found.setdefault((told.kind, raw), Erased(told.kind, raw, told.at))
    return list(found.values())


def _append(path: Path, gone: Sequence[Erased]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [Line(each.kind, public_id(each.kind, each.public_id), each.at) for each in gone]
    # A line of its own before, should a crash have cut the last one.
    text = b"".join(b"\n" + msgspec.json.encode(line) for line in lines) + b"\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, text)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Keeps what the fake Google knows over a restart of the sandbox, as Google herself would."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.sandbox.fake_google_memory import Memory, Stored
from app.sandbox.private_files import write_private


class _Kept(msgspec.Struct, frozen=True):
    classes: list[Stored]
    objects: list[Stored]


def write_memory(memory: Memory, path: Path) -> None:
    """Write classes and objects into a file that only its owner reads."""
    kept = _Kept([*memory.classes.values()], [*memory.objects.values()])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, msgspec.json.encode(kept))


def read_memory(memory: Memory, path: Path) -> bool:
    """Read them back; False: there is no such file, or none that can be read."""
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
        classes = {it.document["id"]: it for it in kept.classes}
        objects = {it.document["id"]: it for it in kept.objects}
    except (OSError, msgspec.MsgspecError, KeyError):
        return False
    memory.restore(classes, objects)
    return True

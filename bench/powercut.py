"""Replays power cuts: what a disk may hold after one, opened again. Needs strace.

python bench/powercut.py [cuts, 400] — a writer on SQLite runs under strace, which notes each write
and sync. At random moments the disk is built as it would be: what was written before the file's
last finished sync is there; each later write survives, is lost, or is torn at a random byte. Then
the file is opened: it must be sound, each card's statements must have no gap, and each one
acknowledged before the cut must be there. `synchronous=NORMAL` shows that the replay finds losses.
It does not model lost directory entries.
"""

from __future__ import annotations

from measure import row  # first: it repairs the search path

import asyncio  # isort: skip
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from app.clock import SystemClock
from app.storage.open import open_database
from tests.storage.killing import CARDS, ROOT, take

CUTS = int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else 400
COMMITS = 20_000  # enough for the log to be copied back into the file several times
_CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(.*)$")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


class Call(msgspec.Struct, frozen=True):
    """A write to a file, a finished sync of it, or an acknowledgement (file `ack`)."""

    kind: str  # write, sync, truncate, ack
    file: str
    data: bytes = b""
    offset: int = 0


async def victim(path: str, level: str) -> None:
    """Write and acknowledge until so many commits are done; runs under strace."""
    database = await open_database(f"sqlite:///{path}", clock=SystemClock())
    database._writer._conn.execute(f"PRAGMA synchronous = {level}")  # type: ignore[attr-defined]

    async def client(card_id: int) -> None:
        for sequence in range(1, COMMITS // CARDS):
            await database.write(take(card_id, sequence))
            sys.stdout.write(f"{card_id} {sequence}\n")
            sys.stdout.flush()

    # A few clients, so that there are many commits of few units of work.
    await asyncio.gather(*(client(card_id) for card_id in range(CARDS)))
    await database.close()


def record(folder: Path, level: str) -> tuple[bytes, list[Call]]:
    """Run the victim on a prepared file; return the file before, and what it did to the disk."""
    path = folder / "cut.db"
    asyncio.run(_prepare(path))
    before = path.read_bytes()
    log = folder / "strace.log"
    traced = "trace=openat,pwrite64,fsync,fdatasync,ftruncate,write"
    command = ["strace", "-f", "-xx", "-s", "70000", "-e", traced, "-o", str(log)]
    command += [sys.executable, __file__, "victim", str(path), level]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return before, list(calls(log))


async def _prepare(path: Path) -> None:
    await (await open_database(f"sqlite:///{path}", clock=SystemClock())).close()


def calls(log: Path) -> Iterator[Call]:
    """Read strace's lines: a write counts from its start, a sync from its end."""
    files: dict[str, str] = {}
    begun: dict[str, str] = {}  # thread → the arguments of a call that has not returned
    for line in log.open():
        match = _CALL.match(line)
        if match is None:
            continue
        thread, name, rest = line.split()[0], match[1], match[2]
        is_resumed = "resumed>" in rest
        is_begun = rest.rstrip().endswith("<unfinished ...>")
        arguments = begun.pop(thread, "") if is_resumed else rest
        if is_begun:
            begun[thread] = rest
        result = rest.rsplit("= ", 1)[-1].split()[0] if not is_begun else ""
        if name == "openat" and result.isdigit():
            files[result] = Path(_bytes(arguments).decode(errors="replace")).name
        descriptor = re.match(r"\((\d+)", arguments)
        file = files.get(descriptor[1], "") if descriptor else ""
        if name == "write" and descriptor and descriptor[1] == "1" and not is_resumed:
            yield Call("ack", "ack", _bytes(arguments))
        elif not file.startswith("cut.db") or file.endswith(("-shm", ".lock")):
            continue
        elif name == "pwrite64" and not is_resumed:
            offset = re.search(r", (\d+)\)? *(?:=|<unf)", arguments)
            assert offset is not None, line[-200:]
            yield Call("write", file, _bytes(arguments), int(offset[1]))
        elif name == "ftruncate" and not is_resumed:
            size = re.search(r"\(\d+, (\d+)", arguments)
            assert size is not None
            yield Call("truncate", file, offset=int(size[1]))
        elif name in {"fsync", "fdatasync"} and result == "0":
            yield Call("sync", file)


def _bytes(arguments: str) -> bytes:
    text = _TEXT.search(arguments)
    return bytes.fromhex(text[1].replace("\\x", "")) if text else b""


class Disk(msgspec.Struct):
    """What is surely on the disk, what may be, and what the callers were told."""

    synced: dict[str, bytearray]
    pending: dict[str, list[Call]]
    told: list[int]


def replay(before: bytes, log: list[Call], folder: Path, draw: random.Random) -> tuple[int, int]:
    """Cut at random moments; return how many cuts lost what was told, and how many broke it."""
    ready = next(number for number, call in enumerate(log) if call.kind == "ack")
    moments = sorted(draw.randrange(ready, len(log)) for _ in range(CUTS))
    files = {"cut.db": bytearray(before), "cut.db-wal": bytearray()}
    disk = Disk(files, {name: [] for name in files}, [0] * CARDS)
    lossy = broken = done = 0
    for moment in moments:
        for call in log[done:moment]:
            _follow(call, disk)
        done = moment
        lost, is_sound = _open_after_cut(folder, disk, draw)
        lossy += lost > 0
        broken += not is_sound
    return lossy, broken


def _follow(call: Call, disk: Disk) -> None:
    if call.kind == "ack":
        for line in call.data.decode().splitlines():
            card_id, sequence = map(int, line.split())
            disk.told[card_id] = max(disk.told[card_id], sequence)
    elif call.kind == "sync":
        for write in disk.pending[call.file]:
            _apply(disk.synced[call.file], write, len(write.data))
        disk.pending[call.file].clear()
    elif call.file in disk.pending:
        disk.pending[call.file].append(call)


def _apply(content: bytearray, call: Call, count: int) -> None:
    if call.kind == "truncate":
        del content[call.offset :]
        return
    if len(content) < call.offset:
        content.extend(bytes(call.offset - len(content)))
    content[call.offset : call.offset + count] = call.data[:count]


def _open_after_cut(folder: Path, disk: Disk, draw: random.Random) -> tuple[int, bool]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in disk.synced.items():
        file = bytearray(content)
        for write in disk.pending[name]:
            fate = draw.random()
            if fate < 1 / 3:
                _apply(file, write, len(write.data))
            elif fate < 2 / 3 and write.data:
                _apply(file, write, draw.randrange(len(write.data)))  # torn
        (folder / name).write_bytes(file)
    try:
        connection = sqlite3.connect(folder / "cut.db")
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        lost = 0
        for card_id, sequence in enumerate(disk.told):
            sql = "SELECT sequence FROM statement WHERE card_id = ? ORDER BY sequence"
            there = [number for (number,) in connection.execute(sql, (card_id,))]
            sound = sound and there == list(range(1, len(there) + 1))
            lost += len(there) < sequence
        connection.close()
    except sqlite3.Error:
        return 0, False
    return lost, sound


def main() -> None:
    """Record and replay with FULL, which we use, and with NORMAL, which loses."""
    if shutil.which("strace") is None:
        print("skipped: strace is not installed")
        return
    row("power cuts", "cuts", "writes", "syncs", "lossy", "broken")
    for level in ("FULL", "NORMAL"):
        folder = Path(tempfile.mkdtemp(prefix="bench-powercut-"))
        try:
            before, log = record(folder, level)
            lossy, broken = replay(before, log, folder / "disk", random.Random(1))
            counts = [sum(call.kind == kind for call in log) for kind in ("write", "sync")]
            row(f"synchronous={level}", CUTS, *counts, lossy, broken)
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["victim"]:
        asyncio.run(victim(sys.argv[2], sys.argv[3]))
    else:
        main()

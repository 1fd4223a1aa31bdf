"""A disk whose fsync fails: nobody is told of a commit, reads go on, it heals."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from bench.disk import preloaded
from tests.storage.killing import ROOT

VICTIM = """
import asyncio, os, sys
from pathlib import Path
from app import errors
from app.clock import SystemClock
from app.storage.open import open_database

def put(number):
    sql = "INSERT INTO card_revision (card_id, revision, events) VALUES (?, 0, 0)"
    return lambda tx: tx.run(sql, number)

def all_of_them(tx):
    return tx.all(int, "SELECT card_id FROM card_revision ORDER BY card_id")

async def main():
    database = await open_database(sys.argv[1], clock=SystemClock())
    failing = Path(os.environ["FAILING_DISK"])
    await database.write(put(1))
    failing.touch()
    works = [database.write(put(number)) for number in range(2, 50)]
    results = await asyncio.gather(*works, return_exceptions=True)
    assert {type(result) for result in results} == {errors.Unavailable}, results
    assert await database.read(all_of_them) == [1]
    assert await database.read_point(all_of_them) == [1]
    failing.unlink()
    await database.write(put(50))
    assert await database.read(all_of_them) == [1, 50]
    assert await database.read(lambda tx: tx.value("PRAGMA integrity_check")) == "ok"
    await database.close()

asyncio.run(main())
"""


async def test_a_failed_fsync_is_503_and_leaves_nothing_half_done(
    sqlite_url: str, tmp_path: Path
) -> None:
    library = preloaded()
    if library is None:
        pytest.skip("there is no C compiler to build the failing disk")
    environment = os.environ | {"LD_PRELOAD": str(library), "FAILING_DISK": str(tmp_path / "fail")}
    victim = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", VICTIM, sqlite_url), env=environment, cwd=ROOT
    )
    assert await victim.wait() == 0

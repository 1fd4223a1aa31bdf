"""A few kill -9; bench/kill.py does hundreds."""

from __future__ import annotations

from tests.storage.killing import kill_often


async def test_what_was_acknowledged_survives_kill_9_and_nothing_is_there_twice(
    database_url: str,
) -> None:
    tally = await kill_often(database_url, 4, seed=1)
    assert tally.kills == 4
    assert tally.acknowledged > 4
    assert (tally.lost, tally.doubled) == (0, 0)

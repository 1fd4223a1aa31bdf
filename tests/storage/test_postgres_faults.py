"""PostgreSQL away, restarted, in the way of itself: retried, or 503; never anything else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest

from app import errors
from app.clock import SystemClock
from app.storage.database import Database, DatabaseRefused, Transaction, Work
from app.storage.open import open_database
from tests.storage.cluster import DURABLE, Cluster, running

pytestmark = pytest.mark.postgres
REVISION = "SELECT revision FROM card_revision WHERE card_id = ?"


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """Run a server that only this test stops and starts."""
    with running(DURABLE) as server:
        if server is None:
            pytest.skip("PostgreSQL is not installed: its tests are skipped")
        yield server


@pytest.fixture
async def opened(postgres_url: str) -> AsyncIterator[Database]:
    database = await open_database(postgres_url, clock=SystemClock())
    yield database
    await database.close()


def put(card_id: int) -> Work[int]:
    sql = (
        "INSERT INTO card_revision (card_id, revision, events) VALUES (?, 1, 0)"
        " ON CONFLICT (card_id) DO UPDATE SET revision = card_revision.revision + 1"
    )
    return lambda tx: tx.run(sql, card_id)


async def test_a_restart_of_the_server_is_503_meanwhile_and_heals(own_cluster: Cluster) -> None:
    database = await open_database(own_cluster.new(), clock=SystemClock())
    await asyncio.gather(*(database.write(put(number)) for number in range(40)))
    own_cluster.stop("immediate")
    results = await asyncio.gather(
        *(database.write(put(number)) for number in range(40)), return_exceptions=True
    )
    assert {type(result) for result in results} == {errors.Unavailable}
    with pytest.raises(errors.Unavailable):
        await database.read(lambda tx: tx.value("SELECT 1"))
    own_cluster.start()
    assert await asyncio.gather(*(database.write(put(number)) for number in range(40))) == [1] * 40
    await database.close()


async def test_a_restart_between_two_calls_is_never_seen(own_cluster: Cluster) -> None:
    database = await open_database(own_cluster.new(), clock=SystemClock())
    await asyncio.gather(*(database.write(put(number)) for number in range(40)))
    own_cluster.stop("immediate")
    own_cluster.start()
    assert await asyncio.gather(*(database.write(put(number)) for number in range(40))) == [1] * 40
    assert await database.read(lambda tx: tx.value("SELECT SUM(revision) FROM card_revision")) == 80
    await database.close()


async def test_a_deadlock_is_run_again_whole(opened: Database) -> None:
    await opened.write_batch([put(1), put(2)])
    both_hold_one = threading.Barrier(2)
    runs: list[int] = []

    def crosswise(first: int, second: int) -> Work[None]:
        def work(tx: Transaction) -> None:
            runs.append(first)
            tx.value(REVISION + tx.for_update, first)
            if len(runs) <= 2:
                both_hold_one.wait(timeout=30)
            for card_id in (first, second):
                put(card_id)(tx)

        return work

    await asyncio.gather(opened.write(crosswise(1, 2)), opened.write(crosswise(2, 1)))
    assert len(runs) == 3
    assert await opened.read(lambda tx: tx.all(int, "SELECT revision FROM card_revision")) == [3, 3]


async def test_what_meets_a_conflict_each_time_ends_with_503(opened: Database) -> None:
    runs: list[int] = []

    def unlucky(tx: Transaction) -> None:
        runs.append(1)
        tx.run("INSERT INTO card_revision (card_id, revision, events) VALUES (5, 1, 0)")
        raise psycopg.errors.SerializationFailure("as if")

    with pytest.raises(errors.Unavailable):
        await opened.write(unlucky)
    assert len(runs) == 5
    assert await opened.read(lambda tx: tx.value(REVISION, 5)) is None


async def test_two_who_insert_the_same_key_end_as_one_insert_and_one_update(
    opened: Database,
) -> None:
    both_looked = threading.Barrier(2)
    runs: list[int] = []

    def look_then_insert(tx: Transaction) -> None:
        runs.append(1)
        seen = tx.value(REVISION, 9)
        if len(runs) <= 2:
            both_looked.wait(timeout=30)
        if seen is None:
            tx.run("INSERT INTO card_revision (card_id, revision, events) VALUES (9, 1, 0)")
        else:
            put(9)(tx)

    await asyncio.gather(opened.write(look_then_insert), opened.write(look_then_insert))
    assert await opened.read(lambda tx: tx.value(REVISION, 9)) == 2


async def test_a_row_locked_by_others_is_503_and_heals(opened: Database, postgres_url: str) -> None:
    await opened.write(put(1))
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT 1 FROM card_revision WHERE card_id = 1 FOR UPDATE")
        with pytest.raises(errors.Unavailable):
            await opened.write(put(1))
        assert await opened.read_point(lambda tx: tx.value(REVISION, 1)) == 1
    assert await opened.write(put(1)) == 1


async def test_a_unit_of_work_that_swallows_a_failed_statement_commits_nothing(
    opened: Database,
) -> None:
    def careless(tx: Transaction) -> None:
        put(1)(tx)
        with pytest.raises(psycopg.Error):
            tx.run("SELECT no_such_thing")

    with pytest.raises(AssertionError):
        await opened.write(careless)
    assert await opened.read(lambda tx: tx.value(REVISION, 1)) is None


async def test_skip_locked_passes_over_what_others_hold(
    opened: Database, postgres_url: str
) -> None:
    await opened.write_batch([put(1), put(2)])
    with psycopg.connect(postgres_url) as other:
        other.execute("SELECT 1 FROM card_revision WHERE card_id = 1 FOR UPDATE")
        claimed = await opened.write(
            lambda tx: tx.all(int, "SELECT card_id FROM card_revision" + tx.skip_locked)
        )
    assert claimed == [2]


async def test_a_server_that_is_not_there_refuses_the_start_with_a_sentence() -> None:
    with pytest.raises(DatabaseRefused, match="PostgreSQL cannot be used"):
        await open_database("postgresql://x:secret@127.0.0.1:1/x", clock=SystemClock())


def test_question_marks_and_percent_signs_keep_their_meaning() -> None:
    from app.storage.postgres_session import translate

    assert translate("a = ? AND b LIKE '%?''?' -- ?\n AND c = ?") == (
        "a = %s AND b LIKE '%%?''?' -- ?\n AND c = %s"
    )

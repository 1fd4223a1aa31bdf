"""What the database port promises, on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from app import errors
from app.storage.database import Database, Transaction

ADD = (
    "INSERT INTO card_revision (card_id, revision, events) VALUES (?, ?, 0)"
    " ON CONFLICT (card_id) DO UPDATE SET revision = card_revision.revision + excluded.revision"
)


def add(card_id: int, by: int = 1) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run(ADD, card_id, by)
        return by

    return work


def revision(card_id: int) -> Callable[[Transaction], object]:
    def work(tx: Transaction) -> object:
        return tx.value("SELECT revision FROM card_revision WHERE card_id = ?", card_id)

    return work


def failing(card_id: int, error: Exception) -> Callable[[Transaction], int]:
    def work(tx: Transaction) -> int:
        tx.run(ADD, card_id, 1)
        raise error

    return work


async def test_what_was_written_is_read_by_both_kinds_of_reads(database: Database) -> None:
    assert await database.write(add(1, 5)) == 5
    assert await database.read(revision(1)) == 5
    assert await database.read_point(revision(1)) == 5


async def test_a_unit_of_work_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(errors.StaleStatement):
        await database.write(failing(1, errors.StaleStatement(3)))
    assert await database.read(revision(1)) is None


async def test_one_failure_among_many_at_once_undoes_only_itself(database: Database) -> None:
    works = [failing(n, KeyError(n)) if n % 7 == 0 else add(n) for n in range(1, 60)]
    results = await asyncio.gather(*(database.write(w) for w in works), return_exceptions=True)
    for number, result in enumerate(results, start=1):
        assert isinstance(result, KeyError) == (number % 7 == 0)
    assert await database.read(lambda tx: tx.value("SELECT COUNT(*) FROM card_revision")) == 51


async def test_hot_rows_lose_no_update(database: Database) -> None:
    await asyncio.gather(*(database.write(add(n % 3)) for n in range(300)))
    assert [await database.read_point(revision(n)) for n in range(3)] == [100, 100, 100]


async def test_a_batch_keeps_its_order_and_answers_each(database: Database) -> None:
    stale = errors.StaleStatement(1)
    results = await database.write_batch([add(1, 2), failing(2, stale), add(1, 3)])
    assert results[0] == 2
    assert isinstance(results[1], errors.StaleStatement)
    assert results[2] == 3
    assert await database.read(revision(1)) == 5
    assert await database.read(revision(2)) is None
    assert await database.write_batch([]) == []


async def test_the_same_key_twice_is_a_conflict_and_spares_its_neighbours(
    database: Database,
) -> None:
    def insert(tx: Transaction) -> None:
        tx.run("INSERT INTO card_revision (card_id, revision, events) VALUES (1, 1, 0)")

    await database.write(insert)
    with pytest.raises(errors.Conflict):
        await database.write(insert)
    results = await database.write_batch([insert, insert])
    assert [type(result) for result in results] == [errors.Conflict, errors.Conflict]


async def test_on_conflict_is_usable_inside_a_unit_of_work(database: Database) -> None:
    def claim(tx: Transaction) -> int:
        return tx.run(
            "INSERT INTO card_by_public (public_id, card_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            b"\x00" * 16,
            7,
        )

    assert [await database.write(claim), await database.write(claim)] == [1, 0]


@pytest.mark.parametrize("value", ["a\x00b", "\ud800", 2**63, -(2**70)])
async def test_a_value_no_column_takes_is_invalid_input(
    database: Database, value: int | str
) -> None:
    def insert(tx: Transaction) -> None:
        if isinstance(value, str):
            tx.run("INSERT INTO user_by_email (email, user_id) VALUES (?, 1)", value)
        else:
            tx.run("INSERT INTO user_by_email (email, user_id) VALUES ('a', ?)", value)

    if value == "a\x00b" and database.engine == "sqlite":
        await database.write(insert)  # SQLite keeps NUL; schemas refuse it before
    else:
        with pytest.raises(errors.InvalidInput):
            await database.write(insert)


async def test_values_come_back_as_the_same_types(database: Database) -> None:
    def store(tx: Transaction) -> None:
        tx.run("INSERT INTO image (sha256, png) VALUES (?, ?)", b"\x00\xff" * 16, b"%s ? \x00")
        tx.run("INSERT INTO user_by_email (email, user_id) VALUES ('100%?', ?)", 2**62)
        tx.run("INSERT INTO card_revision (card_id, revision, events) VALUES (1, ?, ?)", True, 2)

    await database.write(store)

    def look(tx: Transaction) -> list[object]:
        return [
            tx.value("SELECT png FROM image WHERE sha256 = ?", b"\x00\xff" * 16),
            tx.value("SELECT user_id FROM user_by_email WHERE email = '100%?' -- what?"),
            tx.value("SELECT email FROM user_by_email WHERE email LIKE '1%' AND user_id > ?", 0),
            tx.value("SELECT SUM(user_id) FROM user_by_email"),
            tx.value("SELECT revision = 1 FROM card_revision WHERE card_id = ?", 1),
            tx.value("SELECT COUNT(*) FROM card"),
        ]

    for values in (await database.read(look), await database.read_point(look)):
        assert values == [b"%s ? \x00", 2**62, "100%?", 2**62, 1, 0]
        assert [type(value) for value in values] == [bytes, int, str, int, int, int]


async def test_rows_become_what_the_caller_asks_for(database: Database) -> None:
    def many(tx: Transaction) -> None:
        tx.run_many(ADD, [(number, number * 10) for number in (1, 2, 3)])

    await database.write(many)

    def look(tx: Transaction) -> object:
        sql = "SELECT card_id, revision FROM card_revision WHERE card_id > ? ORDER BY card_id"
        return (
            tx.all(lambda *row: row, sql, 1),
            tx.one(lambda *row: row, sql, 0),
            tx.one(int, sql, 9),
        )

    assert await database.read(look) == ([(2, 20), (3, 30)], (1, 10), None)


async def test_a_read_sees_one_snapshot(database: Database) -> None:
    await database.write(add(1))
    loop = asyncio.get_running_loop()

    def look(tx: Transaction) -> list[object]:
        before = revision(1)(tx)
        asyncio.run_coroutine_threadsafe(database.write(add(1)), loop).result(timeout=30)
        return [before, revision(1)(tx)]

    assert await database.read(look) == [1, 1]
    assert await database.read(revision(1)) == 2


async def test_a_caller_who_stops_waiting_leaves_a_working_writer(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(add(1))) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert sum(result == 1 for result in results) >= 25
    answered = sum(result == 1 for result in results)
    seen = await database.read(revision(1))
    assert isinstance(seen, int)
    assert answered <= seen <= 50
    assert await database.write(add(2)) == 1


async def test_after_closing_nothing_is_taken_and_what_was_queued_is_written(
    database_url: str,
) -> None:
    from app.clock import SystemClock
    from app.storage.open import open_database

    database = await open_database(database_url, clock=SystemClock())
    tasks = [asyncio.create_task(database.write(add(1))) for _ in range(20)]
    await asyncio.sleep(0)
    await database.close()
    assert await asyncio.gather(*tasks) == [1] * 20
    with pytest.raises(errors.Unavailable):
        await database.write(add(1))
    await database.close()
    again = await open_database(database_url, clock=SystemClock(), read_only=True)
    assert await again.read(revision(1)) == 20
    with pytest.raises(errors.Unavailable):
        await again.write(add(1))
    await again.close()

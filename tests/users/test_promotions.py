"""The cap on promotional messages: three in seven days per person, whoever sends them."""

from __future__ import annotations

from app.loyalty.calendar import write_instant
from app.loyalty.figures import push_cap
from app.storage.database import Database
from app.users import promotions, queries
from tests.flows.conftest import World

DAY = 24 * 3600 * 1_000_000
START = 1_767_600_000_000_000


async def _person(database: Database, user_id: int) -> None:
    row = queries.UserRow(user_id, user_id.to_bytes(16, "big"), None, None, "fr", START)
    await database.write(lambda tx: queries.insert_user(tx, row))


async def _take(database: Database, user_id: int, promotion_id: int, now: int) -> bool:
    return await database.write(lambda tx: promotions.take(tx, user_id, promotion_id, now=now))


async def test_three_promotions_pass_in_seven_days_and_the_fourth_does_not(world: World) -> None:
    database = world.ports.database
    await _person(database, 5)
    taken = [await _take(database, 5, each, START + each * DAY) for each in (1, 2, 3, 4)]
    assert taken == [True, True, True, False]
    # Exactly seven days later the first has left the window; a second earlier it had not.
    assert not await _take(database, 5, 9, START + 8 * DAY - 1)
    assert await _take(database, 5, 9, START + 8 * DAY)


async def test_the_same_promotion_is_counted_once(world: World) -> None:
    database = world.ports.database
    await _person(database, 6)
    assert all([await _take(database, 6, 1, START + n) for n in range(5)])
    assert await _take(database, 6, 2, START)


async def test_who_is_gone_gets_none(world: World) -> None:
    assert not await _take(world.ports.database, 7, 1, START)


async def test_the_table_agrees_with_the_pure_function(world: World) -> None:
    database = world.ports.database
    await _person(database, 8)
    moments = [START + hours * DAY // 24 for hours in (0, 5, 30, 31, 100, 167, 168, 173, 200, 340)]
    taken = [await _take(database, 8, place, at) for place, at in enumerate(moments)]
    pushes = [{"at": write_instant(at), "kind": "promo"} for at in moments]
    assert taken == push_cap(promotions.PROMOTIONS_MAX, promotions.WINDOW_DAYS, pushes)

"""Erasure at Google: every object it ever had of a user goes blank, saved or not."""

from __future__ import annotations

import base64
import sqlite3
from contextlib import closing

import msgspec

from app.privacy import erasing
from tests.cards.cards_world import NUMBER, Asking, user
from tests.google.delivery_world import Outlet, phone_of
from tests.google.door_world import Door

NAME, LABEL = "Zephyrine Canary", "Quokkaetiquette"


def held(outlet: Outlet) -> bytes:
    """Write out all objects as the fake Google keeps them in its file."""
    return msgspec.json.encode([each.document for each in outlet.fake.memory.objects.values()])


async def test_a_saved_object_goes_blank_and_its_link_is_forgotten(door: Door) -> None:
    outlet = Outlet(door)
    await door.owner("PATCH", "/v1/me", {"display_name": NAME})
    object_id = await outlet.save()
    assert NUMBER.encode() in held(outlet)
    assert (await door.owner("DELETE", "/v1/me")).status_code == 204
    assert await door.rows("SELECT link FROM google_object") == [(None,)]
    await outlet.work()
    assert outlet.shown(object_id)["state"] == "INACTIVE"
    for trace in (NUMBER, NAME):
        assert trace.encode() not in held(outlet)
    assert await outlet.pending() == 0


async def test_an_object_that_nobody_has_saved_any_more_goes_blank_too(door: Door) -> None:
    outlet = Outlet(door)
    object_id = await outlet.save()
    await door.remove(phone_of(outlet), object_id)
    await outlet.work()
    assert not await door.rows("SELECT card_id FROM outbox")
    assert (await door.owner("DELETE", "/v1/me")).status_code == 204
    await outlet.work()
    assert outlet.shown(object_id)["state"] == "INACTIVE"
    assert NUMBER.encode() not in held(outlet)
    assert not await door.rows("SELECT card_id FROM outbox"), "its channel closes again"


async def test_a_link_that_is_used_after_the_erasure_makes_a_blank_object(door: Door) -> None:
    outlet = Outlet(door)
    token = await door.link()
    claims = base64.urlsafe_b64decode(token.split(".")[1] + "==")
    assert NUMBER.encode() in claims, "the link itself holds the card"
    assert (await door.owner("DELETE", "/v1/me")).status_code == 204
    await door.save(door.phone(), token)
    await outlet.work()
    assert NUMBER.encode() not in held(outlet)


async def test_thirty_days_later_nothing_is_known_of_its_objects(door: Door) -> None:
    outlet = Outlet(door)
    await outlet.save()
    assert (await door.owner("DELETE", "/v1/me")).status_code == 204
    await outlet.work()
    assert len(await door.rows("SELECT serial FROM google_object")) == 1
    door.world.clock.forward(31 * 24 * 3600)
    while await erasing.sweep(outlet.ports):
        pass
    assert not await door.rows("SELECT serial FROM google_object")
    assert not await door.rows("SELECT kind FROM erasure")


async def test_a_shops_name_goes_with_its_last_holder_and_comes_with_the_next(door: Door) -> None:
    outlet = Outlet(door)
    shop = {"shop_name": "Quokkathek", "number": "A-1"}

    async def saved(who: Asking) -> None:
        card = (await who("POST", "/v1/cards", shop)).json()
        await outlet.save_card(card["id"], account=str(who.token), who=who)

    def classes() -> bytes:
        return msgspec.json.encode([each.document for each in outlet.fake.memory.classes.values()])

    async def left(who: Asking) -> None:
        assert (await who("DELETE", "/v1/me")).status_code == 204
        await outlet.work()

    one, other, third = [await user(door.world) for _ in range(3)]
    await saved(one)
    await saved(other)
    await left(one)
    assert b"Quokkathek" in classes()
    assert ("Quokkathek",) in await door.rows("SELECT shop_name FROM google_class")
    await left(other)
    assert b"Quokkathek" not in classes()
    assert ("Quokkathek",) not in await door.rows("SELECT shop_name FROM google_class")
    await saved(third)
    assert b"Quokkathek" in classes()


async def test_who_still_has_a_shops_card_is_asked_by_the_class(sqlite_url: str) -> None:
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        asked = connection.execute(
            "EXPLAIN QUERY PLAN SELECT 1 FROM google_object o JOIN card c ON c.card_id = o.card_id"
            " WHERE o.issuer_id = 1 AND o.class_suffix = 'shop.x' AND c.voided_at IS NULL"
        ).fetchall()
    assert "google_object_class" in str(asked)

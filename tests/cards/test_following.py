"""Pages hear of their user's cards as they change, and of nobody else's."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from app.cards import live
from app.http import gate
from tests.cards.cards_world import NUMBER, Asking, card_row, merchant, program, rows, user
from tests.cards.following import following, looking
from tests.flows.conftest import World


async def own(ask: Asking) -> Any:
    answer = await ask("POST", "/v1/cards", {"shop_name": "Boulangerie", "number": NUMBER})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_page_hears_of_cards_that_come_change_and_go(world: World) -> None:
    ask, other = await user(world), await user(world)
    async with following(world, ask) as stream:
        await own(other)
        card = await own(ask)
        path = f"/v1/cards/{card['id']}"
        assert await stream.after_a_look() == ("card", {"id": card["id"], "revision": 1})
        await ask("PATCH", path, {"shop_name": "Autre"})
        assert await stream.after_a_look() == ("card", {"id": card["id"], "revision": 2})
        await ask("PATCH", path, {"label": "Pain"})  # his own side: the passes show no label
        assert (await stream.after_a_look())[1]["id"] == card["id"]
        await ask("DELETE", path)
        assert await stream.after_a_look() == ("gone", {"id": card["id"]})


async def test_a_stream_begins_with_the_name_of_what_it_has_seen(world: World) -> None:
    ask = await user(world)
    card = await own(ask)
    async with following(world, ask) as stream:
        before = stream.state
    async with following(world, ask) as stream:
        assert stream.state == before
    await ask("PATCH", f"/v1/cards/{card['id']}", {"label": "Pain"})
    async with following(world, ask) as stream:
        assert stream.state != before
        page = await world.client.get("/", headers={"Cookie": f"__Host-session={ask.token}"})
        assert f'data-state="{stream.state}"' in page.text


async def test_a_statement_reaches_the_page(world: World) -> None:
    _, shop = await merchant(world)
    program_id = await program(shop)
    ask = await user(world)
    card = (await ask("POST", "/v1/cards", {"program_id": program_id, "number": NUMBER})).json()
    async with following(world, ask) as stream:
        told = await shop(
            "PUT", f"/v1/partner/programs/{program_id}/cards/{NUMBER}/statement",
            {"sequence": 1, "as_of": "2026-11-21T20:05:00Z", "balance": 1300},
        )  # fmt: skip
        assert told.status_code == 200, told.text
        revision = await rows(
            world.ports, "SELECT revision FROM card_revision WHERE card_id = ?",
            await card_row(world.ports, card["id"]),
        )  # fmt: skip
        assert await stream.after_a_look() == (
            "card",
            {"id": card["id"], "revision": revision[0][0]},
        )


async def test_two_pages_of_one_user_hear_the_same(world: World) -> None:
    ask = await user(world)
    async with following(world, ask) as one, following(world, ask) as two:
        card = await own(ask)
        assert await one.after_a_look() == await two.after_a_look()
        assert card["access"] == "owner"


async def test_a_quiet_stream_is_kept_open_by_comments(world: World) -> None:
    ask = await user(world)
    async with following(world, ask) as stream:
        assert await stream.after_a_look() == ("beat", None)


async def test_the_stream_ends_with_its_session_and_with_no_other(world: World) -> None:
    ask = await user(world)
    second = await user(world)
    async with following(world, ask) as stream, following(world, second) as others:
        assert (await ask("POST", "/v1/sign-out")).status_code == 204
        await stream.ends()
        await own(second)
        name = "beat"
        while name == "beat":
            name, _ = await others.after_a_look()
        assert name == "card"


async def test_a_session_that_runs_out_ends_its_stream(world: World) -> None:
    ask = await user(world)
    async with following(world, ask) as stream:
        world.clock.forward(31 * 24 * 3600)
        await stream.ends()


async def test_a_pages_cookie_opens_the_stream_on_its_own_origin_only(world: World) -> None:
    ask = await user(world)
    cookie = {"Cookie": f"__Host-session={ask.token}"}
    async with following(world, ask, **cookie, **{"Sec-Fetch-Site": "same-origin"}) as stream:
        await own(ask)
        assert (await stream.after_a_look())[0] == "card"
    foreign = {**cookie, "Sec-Fetch-Site": "cross-site"}
    assert (await world.client.get("/v1/me/events", headers=foreign)).status_code == 401
    assert (await world.client.get("/v1/me/events")).status_code == 401


async def test_one_user_opens_so_many_streams_and_closed_ones_count_no_more(world: World) -> None:
    ask = await user(world)
    async with AsyncExitStack() as stack:
        for _ in range(live.PER_USER_MAX):
            await stack.enter_async_context(following(world, ask))
        refused = await ask("GET", "/v1/me/events")
        assert (refused.status_code, refused.json()["code"]) == (429, "too-many-requests")
        assert refused.headers["retry-after"]
        async with following(world, await user(world)):
            pass
    async with looking(world):
        for _ in range(200):
            if not world.app.state.live.count:
                break
            await asyncio.sleep(0.01)
    async with following(world, ask):
        pass


async def test_open_streams_take_no_place_from_other_readers(world: World) -> None:
    ask = await user(world)
    counts = world.app.asgi_handler._in_flight  # type: ignore[attr-defined]
    async with following(world, ask), following(world, ask):
        assert counts == {"read": 0, "write": 0}
        assert (await ask("GET", "/v1/me")).status_code == 200
    assert counts == {"read": 0, "write": 0}
    assert gate.READS_MAX + gate.WRITES_MAX + live.FOLLOWERS_MAX < 2_048  # taken from the socket


async def test_many_users_are_looked_at_in_few_reads(world: World) -> None:
    askers = [await user(world) for _ in range(60)]
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(following(world, ask)) for ask in askers]
        for ask in askers[:3]:
            await own(ask)
        for stream in streams[:3]:
            assert (await stream.after_a_look())[0] == "card"

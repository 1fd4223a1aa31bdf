"""Guests, sessions and one's own profile."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import DAY, HOUR, SECOND
from app.users import service
from tests.flows.conftest import World
from tests.users.people import ask_for_code, bearer, guest, me, sign_in, user_with

ANA = "ana@example.com"


async def test_a_guest_has_no_address(world: World) -> None:
    found = await guest(world)
    shown = await me(world, found["token"])
    assert shown.json() == found["user"]
    assert shown.json()["email"] is None
    assert shown.json()["language"] == "fr"


async def test_a_guest_speaks_the_language_he_asks_for(world: World) -> None:
    answer = await world.client.post(
        "/v1/guests", json={"language": "en"}, headers={"Idempotency-Key": "g"}
    )
    assert (answer.status_code, answer.json()["user"]["language"]) == (201, "en")


async def test_the_same_key_makes_one_guest(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    first = await world.client.post("/v1/guests", headers=headers)
    second = await world.client.post("/v1/guests", headers=headers)
    assert first.content == second.content
    assert second.headers["Idempotent-Replay"] == "true"
    other = await world.client.post("/v1/guests", json={"language": "en"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")


async def test_a_guest_needs_a_key(world: World) -> None:
    answer = await world.client.post("/v1/guests")
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize("body", [{"language": "de"}, {"language": 1}, {"email": ANA}, []])
async def test_a_bad_guest_is_refused(world: World, body: Any) -> None:
    answer = await world.client.post("/v1/guests", json=body, headers={"Idempotency-Key": "g"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


async def test_a_new_address_becomes_the_guests(world: World) -> None:
    found = await guest(world)
    answer = await sign_in(world, ANA, await ask_for_code(world, ANA), token=found["token"])
    assert answer.status_code == 201
    assert answer.json()["user"]["id"] == found["user"]["id"]
    assert answer.json()["user"]["email"] == ANA
    assert (await me(world, found["token"])).json()["email"] == ANA


async def test_a_guest_who_types_the_address_of_a_user_becomes_that_user(world: World) -> None:
    owner = await me(world, await user_with(world, ANA))
    found, moved = await guest(world), []

    async def move(ports: Any, from_user: int, to_user: int) -> None:
        moved.append((from_user, to_user))

    world.app.state["move_cards"] = move
    answer = await sign_in(world, ANA, await ask_for_code(world, ANA), token=found["token"])
    assert answer.json()["user"] == owner.json()
    assert len(moved) == 1
    assert moved[0][0] != moved[0][1]
    assert (await me(world, found["token"])).status_code == 401, "the guest is gone"


async def test_a_user_with_an_address_who_types_another_one_just_signs_in(world: World) -> None:
    ana = await user_with(world, ANA)
    ben = "ben@example.com"
    answer = await sign_in(world, ben, await ask_for_code(world, ben), token=ana)
    assert answer.json()["user"]["email"] == ben
    assert (await me(world, ana)).json()["email"] == ANA


async def test_a_session_lasts_thirty_days_after_its_last_use(world: World) -> None:
    token = (await guest(world))["token"]
    for _ in range(3):
        world.clock.forward(29 * DAY / SECOND)
        assert (await me(world, token)).status_code == 200
    world.clock.forward(30 * DAY / SECOND)
    assert (await me(world, token)).status_code == 401


async def test_a_use_is_noted_once_an_hour_at_most(world: World) -> None:
    token = (await guest(world))["token"]

    async def used() -> str:
        answer = await world.client.get("/v1/sessions", headers=bearer(token))
        return str(answer.json()["items"][0]["last_used_at"])

    first = await used()
    world.clock.forward(HOUR / SECOND - 1)
    assert await used() == first
    world.clock.forward(1)
    assert await used() != first


async def test_signing_out_ends_this_session_only(world: World) -> None:
    one, other = await user_with(world, ANA), await user_with(world, ANA)
    answer = await world.client.post("/v1/sign-out", headers=bearer(one))
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await me(world, one)).status_code == 401
    assert (await me(world, other)).status_code == 200


async def test_sessions_are_listed_and_ended_one_by_one(world: World) -> None:
    one, other = await user_with(world, ANA), await user_with(world, ANA)
    listed = (await world.client.get("/v1/sessions", headers=bearer(one))).json()
    assert [item["is_current"] for item in listed["items"]] == [True, False]
    assert listed["next"] is None
    path = f"/v1/sessions/{listed['items'][1]['id']}"
    assert (await world.client.delete(path, headers=bearer(one))).status_code == 204
    assert (await me(world, other)).status_code == 401
    assert (await world.client.delete(path, headers=bearer(one))).status_code == 404


async def test_sessions_come_in_pages(world: World) -> None:
    token = await user_with(world, ANA)
    for _ in range(2):
        await user_with(world, ANA)
    first = await world.client.get("/v1/sessions?limit=2", headers=bearer(token))
    assert len(first.json()["items"]) == 2
    rest = await world.client.get(
        "/v1/sessions", params={"after": first.json()["next"]}, headers=bearer(token)
    )
    assert (len(rest.json()["items"]), rest.json()["next"]) == (1, None)
    for query in ("limit=0", "limit=101", "limit=x", "after=nonsense"):
        answer = await world.client.get(f"/v1/sessions?{query}", headers=bearer(token))
        assert answer.status_code == 400


async def test_another_users_session_is_as_unknown_as_any(world: World) -> None:
    ana, ben = await user_with(world, ANA), (await guest(world))["token"]
    listed = await world.client.get("/v1/sessions", headers=bearer(ana))
    session_id = listed.json()["items"][0]["id"]
    answers = [
        await world.client.delete(f"/v1/sessions/{text}", headers=bearer(ben))
        for text in (session_id, "sess_" + "0" * 32, "nonsense", "user_" + "0" * 32)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (await me(world, ana)).status_code == 200


async def test_a_user_has_a_hundred_sessions_at_most_and_the_oldest_ends(world: World) -> None:
    ports, now = world.ports, world.clock.wall()
    first = service.draw(ports, now)
    user = await ports.database.write(
        lambda tx: service.make_guest(tx, first, language="fr", now=now)
    )
    for _ in range(service.SESSIONS_MAX):
        drawn = service.draw(ports, now)
        await ports.database.write(
            lambda tx, drawn=drawn: service.open_session(tx, user.user_id, drawn, now=now)
        )
    assert (await me(world, first.token)).status_code == 401
    assert (await me(world, drawn.token)).status_code == 200


async def test_a_profile_changes_where_it_is_told_to(world: World) -> None:
    token = await user_with(world, ANA)
    changed = await world.client.patch(
        "/v1/me", json={"display_name": "Ana", "language": "en"}, headers=bearer(token)
    )
    assert changed.status_code == 200
    assert (changed.json()["display_name"], changed.json()["language"]) == ("Ana", "en")
    kept = await world.client.patch("/v1/me", json={}, headers=bearer(token))
    assert kept.json() == changed.json()
    cleared = await world.client.patch("/v1/me", json={"display_name": None}, headers=bearer(token))
    assert (cleared.json()["display_name"], cleared.json()["language"]) == (None, "en")
    assert (await me(world, token)).json() == cleared.json()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"display_name": ""}, "display_name"),
        ({"display_name": "x" * 81}, "display_name"),
        ({"display_name": "a\nb"}, "display_name"),
        ({"display_name": 3}, "display_name"),
        ({"language": None}, "language"),
        ({"language": "xx"}, "language"),
        ({"email": "else@example.com"}, "email"),
        ({"id": "user_0"}, "id"),
    ],
)
async def test_a_bad_profile_names_the_field_and_changes_nothing(
    world: World, body: dict, path: str
) -> None:
    found = await guest(world)
    answer = await world.client.patch("/v1/me", json=body, headers=bearer(found["token"]))
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)
    assert (await me(world, found["token"])).json() == found["user"]


async def test_routes_of_users_need_a_users_token(world: World) -> None:
    asked = [("GET", "/v1/me"), ("PATCH", "/v1/me"), ("GET", "/v1/sessions")]
    asked += [("POST", "/v1/sign-out"), ("DELETE", "/v1/sessions/sess_0")]
    for method, path in asked:
        for headers in ({}, bearer("pcu_test_" + "a" * 43), bearer("pcu_live_" + "a" * 43)):
            answer = await world.client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path


async def test_what_has_expired_is_pruned(world: World) -> None:
    await ask_for_code(world, ANA)
    token = (await guest(world))["token"]
    world.clock.forward(15 * DAY / SECOND)
    await me(world, token)
    await guest(world, "another")
    ports = world.ports
    assert (
        await ports.database.write(lambda tx: service.prune(tx, now=world.clock.wall(), limit=100))
        == 1
    )
    assert (await me(world, token)).status_code == 200
    world.clock.forward(31 * DAY / SECOND)
    assert (
        await ports.database.write(lambda tx: service.prune(tx, now=world.clock.wall(), limit=100))
        == 2
    )

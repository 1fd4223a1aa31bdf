"""A new address: a code goes there, few tries, a short life; the address before is told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import World
from tests.users.people import (
    ANA,
    ask_for_change,
    ask_for_code,
    bearer,
    change_email,
    guest,
    mailed_to,
    me,
    sign_in,
    user_with,
    wrong,
)

NEW = "ana@new.example"


async def test_a_user_moves_to_a_new_address_and_the_old_one_is_told(world: World) -> None:
    token = await user_with(world, ANA)
    before = (await me(world, token)).json()
    code = await ask_for_change(world, token, NEW)
    assert (await me(world, token)).json() == before
    answer = await change_email(world, token, "Ana@New.Example", code)
    assert (answer.status_code, answer.json()) == (200, before | {"email": NEW})
    assert (await me(world, token)).json() == answer.json()
    told = (await mailed_to(world, ANA))[-1]
    assert "adresse" in told.subject
    assert NEW not in told.body
    again = await sign_in(world, NEW, await ask_for_code(world, NEW))
    assert again.json()["user"] == answer.json()
    other = await sign_in(world, ANA, await ask_for_code(world, ANA))
    assert other.json()["user"]["id"] != before["id"]


async def test_a_guest_gets_his_first_address_and_nobody_is_told(world: World) -> None:
    begun = await guest(world)
    code = await ask_for_change(world, begun["token"], ANA)
    answer = await change_email(world, begun["token"], ANA, code)
    assert answer.json() == begun["user"] | {"email": ANA}
    assert len(await mailed_to(world, ANA)) == 1


async def test_a_code_is_for_one_user_one_address_and_one_use(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, "ben@example.com")
    code = await ask_for_change(world, ana, NEW)
    for_sign_in = await ask_for_code(world, NEW)
    assert (await change_email(world, ana, NEW, for_sign_in)).status_code == 400
    assert (await sign_in(world, NEW, code)).status_code == 401
    assert (await change_email(world, ben, NEW, code)).status_code == 400
    assert (await change_email(world, ana, "x@new.example", code)).status_code == 400
    assert (await change_email(world, ana, NEW, f" {code[:4]} {code[4:]} ")).status_code == 200
    again = await change_email(world, ana, NEW, code)
    assert (again.status_code, again.json()["email"]) == (200, NEW)
    back = await ask_for_change(world, ana, ANA)
    assert (await change_email(world, ana, ANA, back)).status_code == 200
    assert (await change_email(world, ana, NEW, code)).status_code == 400


async def test_five_wrong_tries_end_a_code_and_a_new_code_ends_the_one_before(
    world: World,
) -> None:
    token = await user_with(world, ANA)
    first = await ask_for_change(world, token, NEW)
    second = await ask_for_change(world, token, NEW)
    if first != second:
        assert (await change_email(world, token, NEW, first)).status_code == 400
    for _ in range(4):
        answer = await change_email(world, token, NEW, wrong(second))
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "code")
    assert (await change_email(world, token, NEW, second)).status_code == 400
    third = await ask_for_change(world, token, NEW)
    assert (await change_email(world, token, NEW, third)).status_code == 200


async def test_a_code_lives_ten_minutes(world: World) -> None:
    token = await user_with(world, ANA)
    code = await ask_for_change(world, token, NEW)
    world.clock.forward(600)
    answer = await change_email(world, token, NEW, code)
    assert (answer.status_code, answer.json()["code"]) == (410, "code-expired")
    assert (await me(world, token)).json()["email"] == ANA


async def test_taken_and_free_addresses_are_asked_for_alike(world: World) -> None:
    token = await user_with(world, ANA)
    await user_with(world, "ben@example.com")
    answers = [
        await world.client.post("/v1/me/email-codes", json={"email": email}, headers=bearer(token))
        for email in ("ben@example.com", NEW)
    ]
    assert answers[0].content == answers[1].content


async def test_codes_to_one_address_are_limited_as_those_of_sign_in_are(world: World) -> None:
    token = await user_with(world, ANA)
    for _ in range(5):
        await ask_for_change(world, token, NEW)
    answer = await world.client.post(
        "/v1/me/email-codes", json={"email": NEW}, headers=bearer(token)
    )
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_ones_own_address_stays_as_it_is(world: World) -> None:
    token = await user_with(world, ANA)
    before = (await me(world, token)).json()
    answer = await change_email(world, token, ANA, await ask_for_change(world, token, ANA))
    assert (answer.status_code, answer.json()) == (200, before)
    assert len(await mailed_to(world, ANA)) == 2


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "email"),
        ({"email": "x", "code": "1"}, "email"),
        ({"email": "a@b.example"}, "code"),
        ({"email": "a@b.example", "code": ""}, "code"),
        ({"email": "a@b.example", "code": "1", "merge": 1}, "merge"),
        ({"email": "a@b..example", "code": "1"}, "email"),
    ],
)
async def test_a_wrong_form_names_its_field(world: World, body: dict[str, Any], path: str) -> None:
    token = await user_with(world, ANA)
    answer = await world.client.put("/v1/me/email", json=body, headers=bearer(token))
    assert answer.status_code == 400
    assert path in answer.json()["detail"]

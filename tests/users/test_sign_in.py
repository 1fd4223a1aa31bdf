"""Sign-in by a mailed code: alike for everybody, few tries, a short life."""

from __future__ import annotations

import asyncio

import pytest

from tests.flows.conftest import World
from tests.users.people import ask_for_code, bearer, guest, mails, me, sign_in, user_with, wrong

ANA = "ana@example.com"


async def test_a_mailed_code_signs_in_and_makes_the_user(world: World) -> None:
    answer = await sign_in(world, ANA, await ask_for_code(world, ANA))
    assert answer.status_code == 201
    found = answer.json()
    assert found["token"].startswith("pcu_test_")
    assert found["user"]["email"] == ANA
    assert found["user"]["id"].startswith("user_")
    shown = await me(world, found["token"])
    assert (shown.status_code, shown.json()) == (200, found["user"])


async def test_a_code_is_asked_for_alike_by_known_and_unknown_addresses(world: World) -> None:
    await user_with(world, ANA)
    known = await world.client.post("/v1/sign-in/codes", json={"email": ANA})
    unknown = await world.client.post("/v1/sign-in/codes", json={"email": "new@example.com"})
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.status_code == 202
    assert len(await mails(world)) == 3


async def test_the_same_address_in_another_case_is_the_same_user(world: World) -> None:
    first = await me(world, await user_with(world, ANA))
    second = await me(world, await user_with(world, "ANA@Example.COM"))
    assert first.json()["id"] == second.json()["id"]


async def test_a_code_works_once(world: World) -> None:
    code = await ask_for_code(world, ANA)
    assert (await sign_in(world, ANA, code)).status_code == 201
    assert (await sign_in(world, ANA, code)).status_code == 401


async def test_a_code_typed_with_a_space_works(world: World) -> None:
    code = await ask_for_code(world, ANA)
    assert (await sign_in(world, ANA, f"{code[:4]} {code[4:]}")).status_code == 201


async def test_a_wrong_code_is_refused_alike_for_known_and_unknown_addresses(world: World) -> None:
    code = await ask_for_code(world, ANA)
    tried = await sign_in(world, ANA, wrong(code))
    unasked = await sign_in(world, "nobody@example.com", wrong(code))
    assert tried.status_code == unasked.status_code == 401
    one, other = tried.json(), unasked.json()
    assert one.pop("request_id") != other.pop("request_id")
    assert one == other
    assert one["code"] == "unauthorized"


async def test_the_fifth_wrong_try_is_the_last(world: World) -> None:
    code = await ask_for_code(world, ANA)
    for _ in range(4):
        assert (await sign_in(world, ANA, wrong(code))).status_code == 401
    assert (await sign_in(world, ANA, code)).status_code == 201
    code = await ask_for_code(world, ANA)
    for _ in range(5):
        assert (await sign_in(world, ANA, wrong(code))).status_code == 401
    assert (await sign_in(world, ANA, code)).status_code == 401


async def test_of_tries_at_the_same_time_each_counts(world: World) -> None:
    code = await ask_for_code(world, ANA)
    tried = await asyncio.gather(*(sign_in(world, ANA, wrong(code)) for _ in range(5)))
    assert {answer.status_code for answer in tried} == {401}
    assert (await sign_in(world, ANA, code)).status_code == 401


async def test_a_code_typed_twice_at_the_same_time_signs_in_once(world: World) -> None:
    code = await ask_for_code(world, ANA)
    tried = await asyncio.gather(*(sign_in(world, ANA, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in tried) == [201, 401, 401, 401]


async def test_a_new_code_voids_the_one_before(world: World) -> None:
    first = await ask_for_code(world, ANA)
    second = await ask_for_code(world, ANA)
    assert first != second
    assert (await sign_in(world, ANA, first)).status_code == 401
    assert (await sign_in(world, ANA, second)).status_code == 201


async def test_a_code_lasts_ten_minutes(world: World) -> None:
    code = await ask_for_code(world, ANA)
    world.clock.forward(599)
    assert (await sign_in(world, ANA, code)).status_code == 201
    code = await ask_for_code(world, ANA)
    world.clock.forward(600)
    late = await sign_in(world, ANA, code)
    assert (late.status_code, late.json()["code"]) == (410, "code-expired")


async def test_a_sixth_code_within_an_hour_is_refused_until_there_is_room(world: World) -> None:
    for _ in range(5):
        await ask_for_code(world, ANA)
    answer = await world.client.post("/v1/sign-in/codes", json={"email": ANA})
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert (await ask_for_code(world, "ben@example.com")).isdigit()
    world.clock.forward(3600)
    await ask_for_code(world, ANA)


async def test_one_machine_asks_for_twenty_codes_an_hour_at_most(world: World) -> None:
    for number in range(20):
        await ask_for_code(world, f"user{number}@example.com")
    answer = await world.client.post(
        "/v1/sign-in/codes",
        json={"email": ANA},
        headers={"X-Forwarded-For": "203.0.113.9"},  # believed of nobody
    )
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("accepted", "word"), [("en-GB,en;q=0.9", "Hello"), ("fr-FR", "Bonjour"), ("de", "Bonjour")]
)
async def test_the_mail_speaks_the_language_of_the_page(
    world: World, accepted: str, word: str
) -> None:
    code = await ask_for_code(world, ANA, **{"Accept-Language": accepted})
    (mail,) = await mails(world)
    assert mail.recipient == ANA
    assert mail.body.startswith(word)
    assert code not in mail.subject


async def test_neither_codes_nor_tokens_are_kept_in_clear(world: World) -> None:
    code = await ask_for_code(world, ANA)
    token = (await guest(world))["token"]

    def texts(tx) -> str:
        rows = tx.all(lambda *row: row, "SELECT code_hash, address_hash FROM sign_in_code")
        rows += tx.all(lambda *row: row, "SELECT token_hash, public_id FROM session")
        return repr([bytes(part) for row in rows for part in row])

    kept = await world.ports.database.read(texts)
    assert code not in kept
    assert ANA not in kept
    assert token not in kept


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "email"),
        ({"email": None}, "email"),
        ({"email": 5}, "email"),
        ({"email": "nobody"}, "email"),
        ({"email": "a@b@c"}, "email"),
        ({"email": "a..b@example.com"}, "email"),
        ({"email": "a@example.com\n"}, "email"),
        ({"email": "a\u0000@example.com"}, "email"),
        ({"email": "a" * 300 + "@example.com"}, "email"),
        ({"email": "élan@example.com"}, "email"),
        ({"email": ANA, "code": "1"}, "code"),
    ],
)
async def test_a_bad_request_for_a_code_names_the_field(
    world: World, body: dict, path: str
) -> None:
    answer = await world.client.post("/v1/sign-in/codes", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["path"] == path


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"email": ANA}, "code"),
        ({"email": ANA, "code": 12345678}, "code"),
        ({"email": ANA, "code": ""}, "code"),
        ({"email": ANA, "code": "1" * 33}, "code"),
        ({"email": ANA, "code": "12345678", "user_id": "x"}, "user_id"),
    ],
)
async def test_a_bad_sign_in_names_the_field(world: World, body: dict, path: str) -> None:
    answer = await world.client.post("/v1/sign-in", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)


async def test_a_bad_token_beside_a_sign_in_is_refused(world: World) -> None:
    code = await ask_for_code(world, ANA)
    body = {"email": ANA, "code": code}
    answer = await world.client.post("/v1/sign-in", json=body, headers=bearer("pcu_test_x"))
    assert answer.status_code == 401
    assert (await sign_in(world, ANA, code)).status_code == 201

"""A merchant's tills: paired by a code once, seen to sell, revoked at once and alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.programs import tills, tills_controller
from tests.flows.conftest import World
from tests.flows.test_programs import PROGRAM, Partner, key_of

TILL = {"name": "Till 1", "location_id": "paris"}
TILLS, PAIR = "/v1/partner/tills", "/v1/checkout/pair"


@pytest.fixture
async def partner(world: World) -> Partner:
    """A merchant with one program, at one place."""
    partner = Partner(world, await key_of(world))
    assert (await partner.ask("POST", "/v1/partner/programs", PROGRAM)).status_code == 201
    return partner


async def made(partner: Partner, **changes: Any) -> dict[str, Any]:
    """Make a till and return it with its code."""
    answer = await partner.ask("POST", TILLS, TILL | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pairs(world: World, code: str, **headers: str) -> Any:
    """Send a pairing code, without a credential."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await world.client.post(PAIR, json={"code": code}, headers=given)


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_code_pairs_a_till_and_the_list_shows_it(world: World, partner: Partner) -> None:
    till = await made(partner)
    (listed,) = (await partner.ask("GET", TILLS)).json()["items"]
    assert (listed["id"], listed["paired_at"]) == (till["id"], None)
    paired = (await pairs(world, till["code"])).json()
    assert paired["token"].startswith("pct_test_")
    assert {name: paired["till"][name] for name in ("id", "name", "location_id", "merchant")} == {
        "id": till["id"],
        "name": "Till 1",
        "location_id": "paris",
        "merchant": "Maison Verte",
    }
    (listed,) = (await partner.ask("GET", TILLS)).json()["items"]
    assert listed["paired_at"] is not None
    assert "code" not in listed and "token" not in listed


async def test_only_hashes_of_code_and_token_are_kept(world: World, partner: Partner) -> None:
    till = await made(partner)
    token = (await pairs(world, till["code"], Idempotency_Key="k")).json()["token"]

    def kept(tx: Any) -> str:
        found = tx.all(lambda *row: row, "SELECT * FROM till")
        found += tx.all(lambda *row: row, "SELECT * FROM pairing_code")
        found += tx.all(lambda *row: row, "SELECT * FROM till_by_token")
        found += tx.all(lambda *row: row, "SELECT answer_sealed FROM idempotency")
        return repr([bytes(v) if isinstance(v, memoryview) else v for row in found for v in row])

    text = await world.ports.database.read(kept)
    assert token not in text
    assert till["code"] not in text and till["code"].replace("-", "") not in text


async def test_a_code_is_read_however_it_is_typed(world: World, partner: Partner) -> None:
    for write in (str.lower, lambda code: code.replace("-", ""), lambda code: f" {code} "):
        till = await made(partner)
        assert (await pairs(world, write(till["code"]))).status_code == 200


async def test_a_code_pairs_once_and_for_ten_minutes(world: World, partner: Partner) -> None:
    used, late = await made(partner), await made(partner)
    assert code_of(await pairs(world, "2222-2222")) == (404, "not-found")
    assert (await pairs(world, used["code"])).status_code == 200
    assert code_of(await pairs(world, used["code"])) == (409, "code-already-used")
    world.clock.forward(599)
    assert (await pairs(world, (await made(partner))["code"])).status_code == 200
    world.clock.forward(1)
    assert code_of(await pairs(world, late["code"])) == (410, "code-expired")


async def test_of_two_devices_with_one_code_exactly_one_is_paired(
    world: World, partner: Partner
) -> None:
    for _ in range(10):
        code = (await made(partner))["code"]
        answers = await asyncio.gather(*(pairs(world, code) for _ in range(3)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_a_till_that_lost_the_answer_gets_it_again_with_its_key(
    world: World, partner: Partner
) -> None:
    code = (await made(partner))["code"]
    first = await pairs(world, code, Idempotency_Key="once")
    again = await pairs(world, code, Idempotency_Key="once")
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["Idempotent-Replay"] == "true"


async def test_wrong_codes_are_counted_by_address(world: World, partner: Partner) -> None:
    till = await made(partner)
    for _ in range(tills_controller.WRONG_CODES_PER_HOUR):
        assert (await pairs(world, "2222-2222")).status_code == 404
    refused = await pairs(world, till["code"])
    assert code_of(refused) == (429, "too-many-requests")
    assert int(refused.headers["Retry-After"]) > 0
    world.clock.forward(3600)
    assert code_of(await pairs(world, till["code"])) == (410, "code-expired")


async def test_a_revoked_till_is_unknown_at_once_and_its_open_code_too(
    world: World, partner: Partner
) -> None:
    till, other = await made(partner), await made(partner, name="Till 2")
    token = (await pairs(world, till["code"])).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert (await world.client.get("/v1/me", headers=headers)).status_code == 403
    for each in (till, other):
        assert (await partner.ask("DELETE", f"{TILLS}/{each['id']}")).status_code == 204
        assert (await partner.ask("DELETE", f"{TILLS}/{each['id']}")).status_code == 404
    assert (await world.client.get("/v1/me", headers=headers)).status_code == 401
    assert code_of(await pairs(world, other["code"])) == (404, "not-found")
    assert (await partner.ask("GET", TILLS)).json()["items"] == []


async def test_another_merchants_till_is_as_unknown_as_any(world: World, partner: Partner) -> None:
    till, other = await made(partner), Partner(world, await key_of(world, "Other"))
    for known_as in (till["id"], "till_" + "0" * 32, "nonsense"):
        assert (await other.ask("DELETE", f"{TILLS}/{known_as}")).status_code == 404
    assert (await other.ask("GET", TILLS)).json()["items"] == []
    assert (await pairs(world, till["code"])).status_code == 200


async def test_tills_need_the_scope_admin_and_a_key(world: World, partner: Partner) -> None:
    writer = Partner(world, await key_of(world, "Writer", "read", "write"))
    for method, path in (("GET", TILLS), ("POST", TILLS), ("DELETE", f"{TILLS}/till_{'0' * 32}")):
        body = TILL if method == "POST" else None
        answer = await writer.ask(method, path, body)
        assert code_of(answer) == (403, "missing-scope"), method
    admin = {"Authorization": f"Bearer {await key_of(world, 'Third')}"}
    answer = await world.client.post(TILLS, json=TILL, headers=admin)
    assert code_of(answer) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (TILL | {"location_id": "lyon"}, "location_id"),
        (TILL | {"location_id": ""}, "location_id"),
        (TILL | {"location_id": "a b"}, "location_id"),
        ({"name": "a"}, "location_id"),
        ({"location_id": "paris"}, "name"),
        (TILL | {"name": "a\tb"}, "name"),
        (TILL | {"code": "mine"}, "code"),
    ],
)
async def test_a_bad_till_names_the_field(partner: Partner, body: Any, path: str) -> None:
    answer = await partner.ask("POST", TILLS, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text


async def test_a_merchant_without_places_names_its_own(world: World) -> None:
    partner = Partner(world, await key_of(world, "Nowhere"))
    assert (await made(partner, location_id="market"))["location_id"] == "market"


async def test_a_repeat_answers_the_same_till(partner: Partner) -> None:
    first = await partner.ask("POST", TILLS, TILL, Idempotency_Key="k")
    again = await partner.ask("POST", TILLS, TILL, Idempotency_Key="k")
    assert again.content == first.content
    assert len((await partner.ask("GET", TILLS)).json()["items"]) == 1


async def test_tills_are_listed_by_pages(partner: Partner) -> None:
    names = [f"Till {number}" for number in range(5)]
    for name in names:
        await made(partner, name=name)
    shown, after = [], ""
    while True:
        page = (await partner.ask("GET", f"{TILLS}?limit=2{after}")).json()
        shown += [till["name"] for till in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert shown == names


async def test_a_merchant_has_so_many_tills_at_most(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tills, "TILLS_MAX", 2)
    await made(partner)
    second = await made(partner)
    assert code_of(await partner.ask("POST", TILLS, TILL)) == (409, "conflict")
    await partner.ask("DELETE", f"{TILLS}/{second['id']}")
    await made(partner)

"""A merchant's keys: shown once, rolled with an overlap, revoked at once, bound to addresses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import World
from tests.flows.test_programs import PROGRAM, Partner, key_of

ALL = ["admin", "read", "write"]


@pytest.fixture
async def partner(world: World) -> Partner:
    return Partner(world, await key_of(world))


async def reads(world: World, token: str) -> int:
    """Return the status of a read with a token."""
    return int((await Partner(world, token).ask("GET", "/v1/partner/programs")).status_code)


async def test_a_repeat_answers_the_same_token_and_keeps_it_sealed(
    world: World, partner: Partner
) -> None:
    body = {"name": "shop", "scopes": ["read", "write", "admin"]}
    first = await partner.ask("POST", "/v1/partner/keys", body, Idempotency_Key="k")
    again = await partner.ask("POST", "/v1/partner/keys", body, Idempotency_Key="k")
    assert (first.status_code, first.content) == (201, again.content)
    assert again.headers["Idempotent-Replay"] == "true"
    made = first.json()
    assert made["scopes"] == ALL
    assert made["token"].startswith(made["prefix"])
    assert len((await partner.ask("GET", "/v1/partner/keys")).json()["items"]) == 2

    def kept(tx: Any) -> str:
        rows = tx.all(lambda *row: row, "SELECT answer_sealed, request_hash FROM idempotency")
        rows += tx.all(lambda *row: row, "SELECT token_hash, public_id FROM merchant_key")
        return repr([bytes(part) for row in rows for part in row])

    assert made["token"] not in await world.ports.database.read(kept)


async def test_a_key_needs_an_idempotency_key_to_be_made_and_to_be_rolled(
    world: World, partner: Partner
) -> None:
    made = (
        await partner.ask("POST", "/v1/partner/keys", {"name": "a", "scopes": ["admin"]})
    ).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    for path, body in (
        ("/v1/partner/keys", {"name": "b", "scopes": ["read"]}),
        (f"/v1/partner/keys/{made['id']}/roll", {}),
    ):
        answer = await world.client.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


async def test_without_an_overlap_the_former_token_ends_at_once(
    world: World, partner: Partner
) -> None:
    made = (await partner.ask("POST", "/v1/partner/keys", {"name": "a", "scopes": ["read"]})).json()
    path = f"/v1/partner/keys/{made['id']}/roll"
    rolled = await partner.ask("POST", path, {}, Idempotency_Key="roll")
    assert rolled.status_code == 200
    again = await partner.ask("POST", path, {}, Idempotency_Key="roll")
    assert again.content == rolled.content
    assert await reads(world, made["token"]) == 401
    assert await reads(world, rolled.json()["token"]) == 200


async def test_of_three_tokens_only_the_last_two_are_valid(world: World, partner: Partner) -> None:
    made = (await partner.ask("POST", "/v1/partner/keys", {"name": "a", "scopes": ["read"]})).json()
    path = f"/v1/partner/keys/{made['id']}/roll"
    second = (await partner.ask("POST", path, {"overlap_seconds": 600})).json()
    third = (await partner.ask("POST", path, {"overlap_seconds": 600})).json()
    statuses = [await reads(world, key["token"]) for key in (made, second, third)]
    assert statuses == [401, 200, 200]
    assert len({made["token"], second["token"], third["token"]}) == 3


async def test_a_revoked_key_is_refused_with_both_its_tokens(
    world: World, partner: Partner
) -> None:
    made = (await partner.ask("POST", "/v1/partner/keys", {"name": "a", "scopes": ["read"]})).json()
    path = f"/v1/partner/keys/{made['id']}"
    rolled = (await partner.ask("POST", f"{path}/roll", {"overlap_seconds": 600})).json()
    assert (await partner.ask("DELETE", path)).status_code == 204
    assert [await reads(world, key["token"]) for key in (made, rolled)] == [401, 401]
    assert (await partner.ask("POST", f"{path}/roll", {})).status_code == 404


async def test_a_key_bound_to_addresses_is_worthless_elsewhere(
    world: World, partner: Partner
) -> None:
    for ips, status in ((["10.0.0.0/8"], 401), (["::1"], 401), (["127.0.0.0/8", "::1"], 200)):
        body = {"name": "bound", "scopes": ["read"], "ips": ips}
        made = (await partner.ask("POST", "/v1/partner/keys", body)).json()
        assert made["ips"] == ips
        assert await reads(world, made["token"]) == status


async def test_another_merchants_key_is_as_unknown_as_any(world: World, partner: Partner) -> None:
    other = Partner(world, await key_of(world, "Other"))
    (mine,) = (await partner.ask("GET", "/v1/partner/keys")).json()["items"]
    for key_id in (mine["id"], "key_" + "0" * 32, "nonsense"):
        assert (await other.ask("DELETE", f"/v1/partner/keys/{key_id}")).status_code == 404
        rolled = await other.ask("POST", f"/v1/partner/keys/{key_id}/roll", {})
        assert rolled.status_code == 404
    assert (await partner.ask("GET", "/v1/partner/keys")).status_code == 200


async def test_keys_need_the_scope_admin(world: World) -> None:
    writer = Partner(world, await key_of(world, "Writer", "read", "write"))
    for method, path, body in (
        ("GET", "/v1/partner/keys", None),
        ("POST", "/v1/partner/keys", {"name": "a", "scopes": ["admin"]}),
        ("POST", "/v1/partner/programs", PROGRAM),
    ):
        answer = await writer.ask(method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope"), path


async def test_the_last_use_of_a_key_is_noted_once_a_minute(world: World, partner: Partner) -> None:
    async def used() -> Any:
        return (await partner.ask("GET", "/v1/partner/keys")).json()["items"][0]["last_used_at"]

    first = await used()
    world.clock.forward(59)
    assert await used() == first
    world.clock.forward(2)
    assert await used() != first


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "a"}, "scopes"),
        ({"name": "a", "scopes": []}, "scopes"),
        ({"name": "a", "scopes": ["root"]}, "scopes[0]"),
        ({"name": "a", "scopes": "read"}, "scopes"),
        ({"name": "a", "scopes": ["read"], "ips": ["localhost"]}, "ips[0]"),
        ({"name": "a", "scopes": ["read"], "ips": ["10.0.0.0/33"]}, "ips[0]"),
        ({"name": "a", "scopes": ["read"], "ips": [1]}, "ips[0]"),
        ({"name": "a", "scopes": ["read"], "token": "mine"}, "token"),
        ({"name": "a\tb", "scopes": ["read"]}, "name"),
    ],
)
async def test_a_bad_key_names_the_field(partner: Partner, body: Any, path: str) -> None:
    answer = await partner.ask("POST", "/v1/partner/keys", body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text


@pytest.mark.parametrize("overlap", [-1, 2_592_001, 1.5, "60", None])
async def test_a_bad_overlap_is_refused(partner: Partner, overlap: Any) -> None:
    (mine,) = (await partner.ask("GET", "/v1/partner/keys")).json()["items"]
    answer = await partner.ask(
        "POST", f"/v1/partner/keys/{mine['id']}/roll", {"overlap_seconds": overlap}
    )
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "overlap_seconds")

"""Every route of a card, asked by its owner, by holders, by who was one, and by a stranger."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.clock import rfc3339
from app.web.openapi import handlers
from tests.cards.cards_world import NUMBER, NUMBERS, Asking, user
from tests.cards.sharing_world import invited, named, number_only, path_of, shared
from tests.flows.conftest import World
from tests.partners.hosted_shop import open_hosted
from tests.passes.pictures import picture

ALL = {"owner", "full", "read"}
SPENDERS = {"owner", "full"}
OWNER = {"owner"}
ROLES = ("owner", "full", "read", "revoked", "stranger")
PICTURE = "/pictures/front"
# What is asked, in this order, and who may: (method, path of the route, path asked, body, roles).
MATRIX: list[tuple[str, str, str, Any, set[str]]] = [
    ("GET", "", "", None, ALL),
    ("PATCH", "", "", {"label": "x", "is_favorite": True}, ALL),
    ("GET", "/barcode.svg", "/barcode.svg", None, ALL),
    ("GET", "/barcode.png", "/barcode.png", None, ALL),
    ("GET", "/history", "/history", None, ALL),
    ("GET", "/vouchers", "/vouchers", None, ALL),
    ("GET", "/access/{sale}", "/access/sale", None, ALL),
    ("GET", "/apple.pkpass", "/apple.pkpass", None, ALL),
    ("POST", "/links", "/links", {}, ALL),
    ("GET", "/google", "/google", None, ALL),
    ("PUT", "/pictures/{side}", PICTURE, "picture", ALL),
    ("GET", "/pictures/{side}", PICTURE, None, ALL),
    ("DELETE", "/pictures/{side}", PICTURE, None, ALL),
    ("POST", "/redemptions", "/redemptions", {"type": "convert"}, SPENDERS),
    ("POST", "/one-time-codes", "/one-time-codes", {}, SPENDERS),
    ("POST", "/shares", "/shares", {"access": "read"}, OWNER),
    ("GET", "/shares", "/shares", None, OWNER),
    ("DELETE", "/shares/{share_id}", "/shares/{share}", None, OWNER),
    ("GET", "/holders", "/holders", None, ALL),
    ("DELETE", "/holders/{user_id}", "/holders/{other}", None, OWNER),
    ("GET", "/consents", "/consents", None, OWNER),
    ("PUT", "/consents", "/consents", {}, OWNER),
    ("POST", "/missing-points", "/missing-points", {"receipt": "R-7"}, SPENDERS),
    ("GET", "/missing-points", "/missing-points", None, SPENDERS),
    ("POST", "/receipt-codes", "/receipt-codes", "receipt", SPENDERS),
    ("POST", "/reissue", "/reissue", {}, ALL),
    ("DELETE", "", "", None, ALL),
]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A hosted card, who plays which role, and what is named in paths."""

    card: str
    roles: dict[str, Asking]
    named: dict[str, str]


async def cast(world: World) -> Cast:
    """Share a card with three people, and take it from one of them again."""
    shop = await open_hosted(world)
    program_id = shop.program
    owner, (other, other_id), stranger = (
        await user(world),
        await named(world, "Ben"),
        await user(world),
    )
    made = await owner("POST", "/v1/cards", {"program_id": program_id, "number": NUMBER})
    assert made.status_code == 201, made.text
    card = made.json()
    roles = {"owner": owner, "stranger": stranger}
    for role in ("full", "read"):
        roles[role] = await user(world)
        await shared(owner, card, roles[role], role)
    await shared(owner, card, other)
    roles["revoked"], revoked_id = await named(world, "Eve")
    await shared(owner, card, roles["revoked"], "full")
    gone = await owner("DELETE", f"/v1/cards/{card['id']}/holders/{revoked_id}")
    assert gone.status_code == 204, gone.text
    share = await invited(owner, card)
    sale = {"id": "bare-1", "occurred_at": rfc3339(world.clock.wall()), "amount_minor": 2_300}
    receipt = await shop.ask("POST", "/v1/checkout/receipt-codes", sale)
    assert receipt.status_code == 201, receipt.text
    known = {"share": share["id"], "other": other_id, "receipt": receipt.json()["code"]}
    return Cast(card=card["id"], roles=roles, named=known)


def filled(found: Cast, body: Any) -> Any:
    """Name in a body what only this cast knows."""
    return {"code": found.named["receipt"]} if body == "receipt" else body


async def asked(ask: Asking, method: str, path: str, body: Any) -> Any:
    """Ask; a picture goes as what it is."""
    if body == "picture":
        return await ask.world.client.request(
            method,
            path,
            content=picture(8, 8),
            headers={"Authorization": f"Bearer {ask.token}", "Content-Type": "image/png"},
        )
    return await ask(method, path, body)


def test_the_matrix_names_every_route_of_a_card(world: World) -> None:
    prefix = "/v1/cards/{card_id}"
    served = {
        (method.upper(), path.removeprefix(prefix))
        for path, method, handler in handlers(world.app)
        if path.startswith(prefix) and "user" in (handler.opt.get("callers") or ())
    }
    assert {(method, path) for method, path, *_ in MATRIX} == served


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_what_it_may_and_nothing_else(world: World, role: str) -> None:
    found = await cast(world)
    ask = found.roles[role]
    for method, _, tail, body, allowed in MATRIX:
        path = f"/v1/cards/{found.card}" + tail.format(**found.named)
        sent = filled(found, body)
        answer = await asked(ask, method, path, sent)
        said = (role, method, tail, answer.status_code, answer.text[:200])
        if role in allowed:  # 503: the certificates and accounts are not of this test
            assert answer.status_code in {200, 201, 204, 409, 503}, said
        elif role in ALL:
            assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope"), said
        else:
            assert answer.status_code == 404, said
            unknown = path.replace(found.card, "card_" + "0" * 32)
            other = (await asked(ask, method, unknown, sent)).json()
            assert answer.json() | {"request_id": ""} == other | {"request_id": ""}, said


@pytest.mark.parametrize("role", ["full", "read", "revoked", "stranger"])
async def test_nothing_of_the_owners_is_changed_by_others(world: World, role: str) -> None:
    found = await cast(world)
    owner, ask, path = found.roles["owner"], found.roles[role], f"/v1/cards/{found.card}"
    before = (await owner("GET", path)).json()
    for method, _, tail, body, _ in MATRIX:
        if tail not in {"/redemptions", "/receipt-codes"}:  # what spenders may
            await asked(ask, method, path + tail.format(**found.named), body)
    after = (await owner("GET", path)).json()
    moving = {"as_of": ""}
    assert before | moving == after | moving
    holders = (await owner("GET", path + "/holders")).json()["items"]
    assert found.named["other"] in {each["user_id"] for each in holders}
    assert len((await owner("GET", path + "/shares")).json()["items"]) == 1


@pytest.mark.parametrize("access", ["read", "full"])
async def test_no_holder_edits_a_number_only_card(world: World, access: str) -> None:
    owner, other = await user(world), await user(world)
    card = await number_only(owner)
    await shared(owner, card, other, access)
    path = f"/v1/cards/{card['id']}"
    for change in (
        {"number": NUMBERS[1]}, {"shop_name": "x"}, {"barcode_value": "1"},
        {"barcode_format": "QR_CODE"}, {"expires_at": None}, {"label": "x", "own_balance": None},
    ):  # fmt: skip
        answer = await other("PATCH", path, change)
        assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope"), change
    assert (await owner("GET", path)).json() == card


async def test_a_holder_leaves_by_either_way_and_the_owner_stays(world: World) -> None:
    (owner, owner_id), (ana, ana_id), (ben, _) = [await named(world, n) for n in ("C", "A", "B")]
    card = await number_only(owner)
    path = f"/v1/cards/{card['id']}"
    for other in (ana, ben):
        await shared(owner, card, other, "full")
    assert (await ana("DELETE", f"{path}/holders/{ana_id}")).status_code == 204
    assert (await ana("DELETE", f"{path}/holders/{ana_id}")).status_code == 404
    assert (await ben("DELETE", path)).status_code == 204
    assert (await ana("GET", "/v1/cards")).json()["items"] == []
    own = await owner("DELETE", f"{path}/holders/{owner_id}")
    assert (own.status_code, own.json()["code"]) == (409, "conflict")
    assert len((await owner("GET", f"{path}/holders")).json()["items"]) == 1


async def test_a_used_invitation_lets_nobody_back_in_who_left_or_was_revoked(world: World) -> None:
    owner, (other, other_id) = await user(world), await named(world, "Ana")
    card = await number_only(owner)
    for leave in (other, owner):
        share = await invited(owner, card)
        assert (await other("POST", path_of(share))).status_code == 200
        gone = await leave("DELETE", f"/v1/cards/{card['id']}/holders/{other_id}")
        assert gone.status_code == 204
        assert (await other("POST", path_of(share))).status_code == 404


async def test_the_code_of_one_who_was_revoked_ends_with_his_share(world: World) -> None:
    found = await cast(world)
    owner, full, path = found.roles["owner"], found.roles["full"], f"/v1/cards/{found.card}"
    made = await full("POST", f"{path}/one-time-codes", {})
    assert made.status_code == 201
    me = (await full("GET", "/v1/me")).json()["id"]
    assert (await owner("DELETE", f"{path}/holders/{me}")).status_code == 204
    kept = await world.ports.database.read(
        lambda tx: tx.all(int, "SELECT expires_at FROM one_time_code")
    )
    assert kept == [world.clock.wall()]

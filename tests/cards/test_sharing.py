"""Inviting to a card and accepting: one use, seven days, at most ten, and who may what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.cards import sharing
from app.cards.service import move_cards
from app.cards.sharing import INVITED_MAX, OPEN_SHARES_MAX
from app.clock import DAY, rfc3339
from tests.cards.cards_world import NUMBERS, Asking, card_row, rows, user
from tests.cards.following import following
from tests.cards.sharing_world import invited, mirrored, named, number_only, path_of, shared
from tests.flows.conftest import World


async def test_an_invitation_is_a_link_whose_token_no_server_sees(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner)
    answer = await owner("POST", f"/v1/cards/{card['id']}/shares", {"access": "full"})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    share = answer.json()
    url, _, token = share["url"].partition("#")
    assert url == f"{world.ports.settings.public_url}/share"
    assert len(token) == 43  # 256 bits
    assert share["id"].startswith("shr_") and share["access"] == "full"
    assert share["expires_at"] == rfc3339(world.clock.wall() + 7 * DAY)
    assert share["qr_svg"].startswith("<svg ") and "caisse" in share["warning"]
    await owner("PATCH", "/v1/me", {"language": "en"})
    assert "till" in (await invited(owner, card))["warning"]
    for table in ("share", "share_by_token"):
        for row in await rows(world.ports, f"SELECT * FROM {table}"):
            assert token.encode() not in b"".join(str(value).encode() for value in row)


async def test_who_accepts_holds_the_card_with_his_own_side_of_it(world: World) -> None:
    owner, (other, _) = await user(world), await named(world, "Ana")
    card = await number_only(owner)
    await owner("PATCH", f"/v1/cards/{card['id']}", {"label": "Pain", "note": "à moi"})
    seen = await shared(owner, card, other)
    assert (seen["id"], seen["number"], seen["access"]) == (card["id"], card["number"], "read")
    assert (seen["label"], seen["note"]) == (None, None)
    changed = await other(
        "PATCH", f"/v1/cards/{card['id']}", {"label": "Mamie", "color": "#112233"}
    )
    assert changed.json()["label"] == "Mamie"
    assert (await owner("GET", f"/v1/cards/{card['id']}")).json()["label"] == "Pain"
    assert [each["id"] for each in (await other("GET", "/v1/cards")).json()["items"]] == [
        card["id"]
    ]


async def test_an_invitation_is_for_one_and_the_same_one_may_repeat_it(world: World) -> None:
    owner, ana, ben = [await user(world) for _ in range(3)]
    card = await number_only(owner)
    path = path_of(await invited(owner, card))
    first = await ana("POST", path)
    assert first.status_code == 200
    assert (await ana("POST", path)).json() == first.json()
    late = await ben("POST", path)
    assert (late.status_code, late.json()["code"]) == (410, "link-expired")
    assert (await ben("GET", f"/v1/cards/{card['id']}")).status_code == 404


async def test_of_two_who_accept_one_invitation_at_once_one_wins(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner)
    path = path_of(await invited(owner, card))
    others = [await user(world) for _ in range(8)]
    answers = await asyncio.gather(*(other("POST", path) for other in others))
    assert sorted(answer.status_code for answer in answers) == [200] + [410] * 7
    card_id = await card_row(world.ports, card["id"])
    held = await rows(world.ports, "SELECT COUNT(*) FROM holder WHERE card_id = ?", card_id)
    assert held == [(2,)]


async def test_an_invitation_lasts_seven_days(world: World) -> None:
    owner, other, late = [await user(world) for _ in range(3)]
    card = await number_only(owner)
    first, second = await invited(owner, card), await invited(owner, card)
    world.clock.forward(7 * 86_400 - 1)
    assert (await other("POST", path_of(first))).status_code == 200
    world.clock.forward(1)
    answer = await late("POST", path_of(second))
    assert (answer.status_code, answer.json()["code"]) == (410, "link-expired")


async def test_an_unknown_or_revoked_invitation_leads_nowhere(world: World) -> None:
    owner, other = await user(world), await user(world)
    card = await number_only(owner)
    share = await invited(owner, card)
    path = f"/v1/cards/{card['id']}/shares"
    assert (await owner("DELETE", f"{path}/{share['id']}")).status_code == 204
    assert (await owner("DELETE", f"{path}/{share['id']}")).status_code == 404
    texts = []
    for token in (path_of(share).rpartition("/")[2], "x", "A" * 43, "é"):
        answer = await other("POST", f"/v1/shares/{token}")
        assert answer.status_code == 404, token
        texts.append(answer.json() | {"request_id": ""})
    assert all(text == texts[0] for text in texts)


async def test_open_invitations_are_listed_without_their_links(world: World) -> None:
    owner, other = await user(world), await user(world)
    card = await number_only(owner)
    path = f"/v1/cards/{card['id']}/shares"
    first, second = await invited(owner, card), await invited(owner, card, "full")
    await other("POST", path_of(first))
    listed = (await owner("GET", path)).json()
    members = ("id", "access", "created_at", "expires_at")
    assert listed == {"items": [{name: second[name] for name in members}], "next": None}
    world.clock.forward(7 * 86_400)
    assert (await owner("GET", path)).json()["items"] == []


async def test_the_same_request_twice_makes_one_invitation(world: World) -> None:
    owner = await user(world)
    path = f"/v1/cards/{(await number_only(owner))['id']}/shares"
    first = await owner("POST", path, {"access": "read"}, key="k1")
    again = await owner("POST", path, {"access": "read"}, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replay"] == "true"
    assert (await owner("POST", path, {"access": "full"}, key="k1")).status_code == 422
    assert len((await owner("GET", path)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "access"),
        ({"access": "owner"}, "access"),
        ({"access": "read", "more": 1}, "more"),
        ({"access": None}, "access"),
    ],
)
async def test_a_wrong_invitation_names_its_field(
    world: World, body: dict[str, Any], path: str
) -> None:
    owner = await user(world)
    card = await number_only(owner)
    answer = await owner("POST", f"/v1/cards/{card['id']}/shares", body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)


async def test_at_most_ten_people_hold_a_card_beside_its_owner(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner)
    others = [await user(world) for _ in range(INVITED_MAX + 1)]
    for other in others[:-1]:
        await shared(owner, card, other)
    share = await invited(owner, card)
    refused = await others[-1]("POST", path_of(share))
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    left = (await others[0]("DELETE", f"/v1/cards/{card['id']}")).status_code
    assert left == 204  # makes room, and the invitation was not used up
    assert (await others[-1]("POST", path_of(share))).status_code == 200


async def test_of_several_who_accept_at_once_only_so_many_hold_the_card(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner)
    for _ in range(INVITED_MAX - 1):
        await shared(owner, card, await user(world))
    paths = [path_of(await invited(owner, card)) for _ in range(4)]
    others = [await user(world) for _ in paths]
    answers = await asyncio.gather(
        *(other("POST", path) for other, path in zip(others, paths, strict=True))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


async def test_so_many_invitations_wait_for_a_card(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner)
    for _ in range(OPEN_SHARES_MAX):
        await invited(owner, card)
    path = f"/v1/cards/{card['id']}/shares"
    assert (await owner("POST", path, {"access": "read"})).status_code == 409
    world.clock.forward(7 * 86_400)
    await invited(owner, card)


async def test_an_invitation_to_more_raises_and_one_to_less_changes_nothing(world: World) -> None:
    owner, other = await user(world), await user(world)
    card = await number_only(owner)
    assert (await shared(owner, card, other, "read"))["access"] == "read"
    assert (await shared(owner, card, other, "full"))["access"] == "full"
    less = await invited(owner, card, "read")
    assert (await other("POST", path_of(less))).json()["access"] == "full"
    assert (await owner("POST", path_of(less))).json()["access"] == "owner"
    assert (await shared(owner, card, await user(world)))["access"] == "read"
    assert len((await owner("GET", f"/v1/cards/{card['id']}/shares")).json()["items"]) == 1


async def test_the_owner_sees_all_holders_a_holder_the_owner_and_himself(world: World) -> None:
    (owner, owner_id), (ana, ana_id), (ben, ben_id) = [
        await named(world, name) for name in ("Camille", "Ana", "Ben")
    ]
    card = await number_only(owner)
    path = f"/v1/cards/{card['id']}/holders"
    assert (await owner("GET", path)).json()["warning"] is None
    await shared(owner, card, ana)
    world.clock.forward(5)
    await shared(owner, card, ben, "full")
    found = (await owner("GET", path)).json()
    assert [(each["user_id"], each["display_name"], each["access"]) for each in found["items"]] == [
        (owner_id, "Camille", "owner"),
        (ana_id, "Ana", "read"),
        (ben_id, "Ben", "full"),
    ]
    assert [each["is_you"] for each in found["items"]] == [True, False, False]
    assert "caisse" in found["warning"]
    seen = (await ben("GET", path)).json()
    assert [each["user_id"] for each in seen["items"]] == [owner_id, ben_id]
    assert seen["warning"] is None
    assert (await (await user(world))("GET", path)).status_code == 404


async def test_a_crash_between_card_and_wallet_is_finished_by_the_repeat(world: World) -> None:
    owner, other = await user(world), await user(world)
    card = await number_only(owner)
    path = path_of(await invited(owner, card))
    me = (await other("GET", "/v1/me")).json()["id"]
    (other_id,) = (
        await rows(
            world.ports,
            "SELECT user_id FROM user_by_public WHERE public_id = ?",
            bytes.fromhex(me[5:]),
        )
    )[0]
    hashed = (await rows(world.ports, "SELECT token_hash FROM share"))[0][0]
    now = world.clock.wall()
    await world.ports.database.write(
        lambda tx: sharing.accept(tx, other_id, bytes(hashed), now=now)
    )  # and here the server died
    assert (await other("GET", "/v1/cards")).json()["items"] == []
    assert (await other("POST", path)).status_code == 200
    assert len((await other("GET", "/v1/cards")).json()["items"]) == 1


async def test_an_owner_who_leaves_takes_his_invitations_and_shares_with_him(world: World) -> None:
    owner, ana, ben = [await user(world) for _ in range(3)]
    _, card = await mirrored(world, owner)
    await shared(owner, card, ana)
    share = await invited(owner, card)
    assert (await owner("DELETE", f"/v1/cards/{card['id']}")).status_code == 204
    assert (await ana("GET", f"/v1/cards/{card['id']}")).status_code == 404
    assert (await ana("GET", "/v1/cards")).json()["items"] == []
    assert (await ben("POST", path_of(share))).status_code == 404
    assert await rows(world.ports, "SELECT * FROM share_by_token") == []


async def test_expired_invitations_are_forgotten(world: World) -> None:
    owner = await user(world)
    card = await number_only(owner, NUMBERS[1])
    await invited(owner, card)
    world.clock.forward(8 * 86_400)
    now = world.clock.wall()
    assert await world.ports.database.write(lambda tx: sharing.prune(tx, now=now, limit=10)) == 1
    assert await rows(world.ports, "SELECT * FROM share") == []


async def test_pages_of_both_hear_of_a_share_and_of_its_end(world: World) -> None:
    owner, (other, other_id) = await user(world), await named(world, "Ana")
    card = await number_only(owner)
    async with following(world, owner) as mine, following(world, other) as theirs:
        await shared(owner, card, other)
        for stream in (mine, theirs):
            name, told = await stream.after_a_look()
            assert (name, told["id"]) == ("card", card["id"])
        gone = await owner("DELETE", f"/v1/cards/{card['id']}/holders/{other_id}")
        assert gone.status_code == 204
        assert await theirs.after_a_look() == ("gone", {"id": card["id"]})


async def _internal(world: World, ask: Asking) -> int:
    me = (await ask("GET", "/v1/me")).json()["id"]
    found = await rows(
        world.ports, "SELECT user_id FROM user_by_public WHERE public_id = ?", bytes.fromhex(me[5:])
    )
    return int(found[0][0])


async def test_shares_and_invitations_go_with_a_guests_cards_to_his_account(world: World) -> None:
    guest, account, ana, ben = [await user(world) for _ in range(4)]
    card, other = await number_only(guest), await number_only(ana, NUMBERS[1])
    await shared(guest, card, ana)
    await shared(ana, other, guest, "full")
    await shared(ana, other, account, "read")
    waiting = await invited(guest, card, "full")
    from_user, to_user = await _internal(world, guest), await _internal(world, account)
    await move_cards(world.ports, from_user, to_user)
    held = {
        each["id"]: each["access"] for each in (await account("GET", "/v1/cards")).json()["items"]
    }
    assert held == {card["id"]: "owner", other["id"]: "full"}
    assert (await ana("GET", f"/v1/cards/{card['id']}")).json()["access"] == "read"
    assert (await ben("POST", path_of(waiting))).json()["access"] == "full"
    assert (await guest("GET", f"/v1/cards/{card['id']}")).status_code == 404

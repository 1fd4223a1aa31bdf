"""Passes for users: the file, bundles, links for one client (specs: api §4, security §1)."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest

from app.sandbox.pkpass_reader import open_pass
from tests.apple.iphone_world import House
from tests.cards.cards_world import Asking, user

MIME = "application/vnd.apple.pkpass"


async def test_the_owner_gets_a_pass_file_that_nobody_may_keep(house: House) -> None:
    answer = await house.owner("GET", f"/v1/cards/{house.card_id}/apple.pkpass")
    assert answer.headers["content-type"] == MIME
    assert answer.headers["content-disposition"].startswith('attachment; filename="')
    assert ".pkpass" in answer.headers["content-disposition"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["last-modified"].endswith("GMT")
    assert open_pass(answer.content, house.root).document["formatVersion"] == 1


async def test_serial_and_token_of_a_pass_never_change(house: House) -> None:
    first = await house.download()
    await house.tell(5)
    second = await house.download()
    assert (first.serial, first.token) == (second.serial, second.token)


async def test_strangers_and_nobody_get_no_pass(house: House) -> None:
    path = f"/v1/cards/{house.card_id}/apple.pkpass"
    stranger = await user(house.world)
    assert (await stranger("GET", path)).status_code == 404
    assert (await Asking(house.world, None)("GET", path)).status_code == 401
    assert (await house.partner("GET", path)).status_code == 403
    for wrong in ("card_" + "0" * 32, "x", "card_", "prog_" + "0" * 32):
        assert (await house.owner("GET", f"/v1/cards/{wrong}/apple.pkpass")).status_code == 404


async def test_several_passes_come_in_one_bundle(house: House) -> None:
    second = await house.add_card("2000000000015")
    answer = await house.owner("GET", f"/v1/wallet.pkpasses?card={house.card_id}&card={second}")
    assert answer.headers["content-type"] == "application/vnd.apple.pkpasses"
    assert "attachment" in answer.headers["content-disposition"]
    with ZipFile(BytesIO(answer.content)) as bundle:
        opened = [open_pass(bundle.read(name), house.root) for name in bundle.namelist()]
    assert len({each.serial for each in opened}) == 2


async def test_a_bundle_names_one_to_ten_different_cards_of_ones_own(house: House) -> None:
    stranger = await user(house.world)
    queries = {
        "": 400,
        f"?card={house.card_id}&card={house.card_id}": 400,
        "?" + "&".join(f"card=card_{n:032x}" for n in range(11)): 400,
        "?card=x": 404,
    }
    for query, status in queries.items():
        answer = await house.owner("GET", f"/v1/wallet.pkpasses{query}")
        assert answer.status_code == status, query
    answer = await stranger("GET", f"/v1/wallet.pkpasses?card={house.card_id}")
    assert answer.status_code == 404


async def _link(house: House, owner: Asking | None = None) -> str:
    answer = await (owner or house.owner)("POST", f"/v1/cards/{house.card_id}/links", {})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert set(document) == {"url", "expires_at"}
    base = house.world.ports.settings.public_url
    assert document["url"].startswith(f"{base}/v1/links/")
    return str(document["url"]).removeprefix(base)


async def _open(house: House, path: str, agent: str = "phone") -> Any:
    return await house.world.client.get(path, headers={"User-Agent": agent})


async def test_a_link_opens_the_pass_without_any_credential(house: House) -> None:
    answer = await _open(house, await _link(house))
    assert answer.headers["content-type"] == MIME
    assert open_pass(answer.content, house.root).serial == (await house.download()).serial


async def test_a_link_is_for_one_client_within_a_minute_of_its_first_use(house: House) -> None:
    path = await _link(house)
    assert (await _open(house, path)).status_code == 200
    house.world.clock.forward(59)
    assert (await _open(house, path)).status_code == 200
    other = await _open(house, path, agent="another phone")
    assert (other.status_code, other.json()["code"]) == (410, "link-expired")
    house.world.clock.forward(2)
    late = await _open(house, path)
    assert (late.status_code, late.json()["code"]) == (410, "link-expired")


async def test_a_link_ends_after_15_minutes(house: House) -> None:
    path = await _link(house)
    house.world.clock.forward(15 * 60 + 1)
    answer = await _open(house, path)
    assert (answer.status_code, answer.json()["code"]) == (410, "link-expired")


async def test_a_changed_link_is_unknown(house: House) -> None:
    path = await _link(house)
    for wrong in (path[:-1], path + "A", path[:-2] + "..", "/v1/links/x", "/v1/links/" + "A" * 75):
        assert (await _open(house, wrong)).status_code == 404, wrong
    flipped = path[:40] + ("A" if path[40] != "A" else "B") + path[41:]
    assert (await _open(house, flipped)).status_code == 404


@pytest.mark.parametrize("ask", ["stranger", "partner", "nobody"])
async def test_only_the_holder_makes_links(house: House, ask: str) -> None:
    callers = {"stranger": await user(house.world), "partner": house.partner}
    caller = callers.get(ask, Asking(house.world, None))
    answer = await caller("POST", f"/v1/cards/{house.card_id}/links", {})
    assert answer.status_code == {"stranger": 404, "partner": 403, "nobody": 401}[ask]


async def test_a_card_that_ended_has_no_pass_and_no_link(house: House) -> None:
    path = await _link(house)
    await house.owner("DELETE", f"/v1/cards/{house.card_id}")
    assert (await house.owner("GET", f"/v1/cards/{house.card_id}/apple.pkpass")).status_code == 404
    assert (await _open(house, path)).status_code == 404


async def test_the_claim_token_of_a_joined_card_gets_its_pass_and_links(house: House) -> None:
    nobody = Asking(house.world, None)
    joined = await nobody("POST", f"/v1/programs/{house.program_id}/join", {})
    assert joined.status_code == 201, joined.text
    card, claim = joined.json()["card"]["id"], Asking(house.world, joined.json()["claim_token"])
    answer = await claim("GET", f"/v1/cards/{card}/apple.pkpass")
    opened = open_pass(answer.content, house.root)
    assert (await claim("GET", f"/v1/cards/{house.card_id}/apple.pkpass")).status_code == 404
    link = await claim("POST", f"/v1/cards/{card}/links", {})
    path = link.json()["url"].removeprefix(house.world.ports.settings.public_url)
    assert open_pass((await _open(house, path)).content, house.root).serial == opened.serial

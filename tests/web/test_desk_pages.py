"""The desk's pages: led to the sign-in, one's own programs only, names as text, no name in a URL."""

from __future__ import annotations

from typing import Any

from app.web.pages_routes import ROUTES
from tests.flows.conftest import World
from tests.flows.test_programs import PROGRAM, Partner
from tests.partners.test_staff import owner, session_of

ODD = '<b>Ana</b> "O\'Neil"'
PAGES = ("members", "figures", "messages", "missing")
DESK = ("keys", "tills", "staff", "webhooks", "health")


async def looks(world: World, path: str, token: str | None, **form: str) -> Any:
    """Load a page as a browser does; with a form, send it."""
    headers = {"Accept": "text/html", "Accept-Language": "en"}
    if token is not None:
        headers["Cookie"] = f"__Host-session={token}"
    if form:
        return await world.client.post(path, data=form, headers=headers)
    return await world.client.get(path, headers=headers, follow_redirects=False)


async def enrolled(shop: Partner, program: str, number: str, name: str) -> str:
    answer = await shop.ask(
        "POST",
        f"/v1/partner/programs/{program}/cards",
        {"number": number, "display_name": name},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_the_desk_shows_ones_own_members_and_no_others(world: World) -> None:
    shop, other = await owner(world), await owner(world, "Other", "other@example.org")
    wanted = {**PROGRAM, "barcode": {"format": "CODE_128"}}
    mine = (await shop.ask("POST", "/v1/partner/programs", wanted)).json()
    theirs = (await other.ask("POST", "/v1/partner/programs", wanted)).json()
    card = await enrolled(shop, mine["id"], "AB-1", ODD)
    foreign = await enrolled(other, theirs["id"], "AB-2", "Ben")
    token = await session_of(world, "owner@example.org")
    here = f"/merchant/p/{mine['slug']}"

    listed = await looks(world, f"{here}/members", token)
    assert listed.status_code == 200
    assert "<b>Ana" not in listed.text and "&lt;b&gt;Ana" in listed.text
    assert "Ben" not in listed.text and card in listed.text
    for text, is_found in (("AB-1", True), ("ana", True), ("AB-2", False), ("%", False)):
        found = await looks(world, f"{here}/members", token, text=text)
        assert (found.status_code, card in found.text) == (200, is_found), text
    shown = await looks(world, f"{here}/members/{card}", token)
    assert shown.status_code == 200 and "AB-1" in shown.text
    assert (await looks(world, f"{here}/members?after=nonsense", token)).status_code == 200
    assert (await looks(world, f"{here}/figures?from=2026-13-99", token)).status_code == 200

    # Another's card and program are the page of an address that shows nothing.
    nowhere = f"{here}/members/card_{'0' * 32}"
    none = (await looks(world, nowhere, token)).text.replace(nowhere, "")
    for path in (
        f"{here}/members/{foreign}",
        f"/merchant/p/{theirs['slug']}/members",
        f"/merchant/p/{theirs['id']}/members/{foreign}",
        *(f"/merchant/p/{theirs['slug']}/{page}" for page in PAGES),
        *(f"/merchant/p/nothing/{page}" for page in PAGES),
    ):
        answer = await looks(world, path, token)
        assert answer.status_code == 404, path
        assert answer.text.replace(path, "") == none, path


async def test_strangers_are_led_to_the_sign_in_and_who_works_nowhere_to_a_start(
    world: World,
) -> None:
    await owner(world)
    nobody = await session_of(world, "nobody@example.org")
    paths = [f"/merchant/{page}" for page in DESK]
    paths += [f"/merchant/p/shop/{page}" for page in PAGES] + ["/merchant/p/shop/members/x"]
    assert len([it for it in ROUTES if "/merchant/p/" in str(it.paths)]) >= len(PAGES)
    for path in paths:
        stranger, user = await looks(world, path, None), await looks(world, path, nobody)
        assert stranger.status_code == user.status_code == 303, path
        assert stranger.headers["Location"].startswith("/sign-in?next=/merchant"), path
        assert user.headers["Location"] == "/merchant/sign-up", path


async def test_only_owners_are_drawn_what_needs_an_owner(world: World) -> None:
    boss = await owner(world)
    for role, is_drawn in (("viewer", False), ("staff", False), ("owner", True)):
        email = f"{role}@example.com"
        await boss.ask("POST", "/v1/partner/staff", {"email": email, "role": role})
        token = await session_of(world, email)
        for page in ("keys", "tills", "staff", "webhooks"):
            answer = await looks(world, f"/merchant/{page}", token)
            assert answer.status_code == 200
            assert ('<form id="new"' in answer.text) == is_drawn, (role, page)
        assert (await looks(world, "/merchant/health", token)).status_code == 200

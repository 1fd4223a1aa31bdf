"""Who is let into the console, for which merchant, and what others see there."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from app.http.cookies import COOKIE
from app.partners.starting import start_merchant
from tests.cards.cards_world import PROGRAM
from tests.flows.conftest import World
from tests.partners.test_staff import session_of
from tests.web.people import Browser, guest

PAGES = ("", "/rules", "/publish", "/poster")
OWNER = "owner@example.org"


async def owner(world: World, *shops: str, email: str = OWNER) -> Browser:
    """Start merchants of one owner, and sign him in."""
    for shop in shops:
        await start_merchant(world.ports, shop, email)
    return Browser(world, await session_of(world, email))


async def made(browser: Browser, name: str, **headers: str) -> dict[str, Any]:
    """Make a program as a page does."""
    path, body = "/v1/partner/programs", PROGRAM | {"name": name}
    return dict(await browser.ask("POST", path, body, **headers))


async def look(world: World, browser: Browser | None, path: str, **cookies: str) -> httpx2.Response:
    """Go to a page without following where it leads."""
    held = {} if browser is None else {COOKIE: browser.token}
    header = "; ".join(f"{name}={value}" for name, value in {**held, **cookies}.items())
    sent = {"Accept-Language": "en", "Accept": "text/html", "Cookie": header}
    return await world.client.get(path, headers=sent, follow_redirects=False)


async def test_a_stranger_and_a_guest_are_led_to_sign_in_and_back(world: World) -> None:
    for browser in (None, await guest(world)):
        for path in ("/merchant", "/merchant/new", "/merchant/sign-up", "/merchant/p/x/rules"):
            answer = await look(world, browser, path)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/sign-in?next={path}"


async def test_who_has_no_shop_yet_is_led_to_start_one(world: World) -> None:
    browser = await owner(world)
    answer = await look(world, browser, "/merchant")
    assert (answer.status_code, answer.headers["location"]) == (303, "/merchant/sign-up")
    page = await look(world, browser, "/merchant/sign-up")
    assert page.status_code == 200 and 'id="sign-up"' in page.text


async def test_an_owner_sees_his_programs_and_each_of_their_pages(world: World) -> None:
    browser = await owner(world, "Café du Port")
    first = await look(world, browser, "/merchant")
    assert "Your first program" in first.text
    program = await made(browser, "Carte <b>")
    listed = await look(world, browser, "/merchant")
    assert "Carte &lt;b&gt;" in listed.text and "<b>" not in listed.text
    for page in PAGES:
        for named in (program["slug"], program["id"]):
            answer = await look(world, browser, f"/merchant/p/{named}{page}")
            assert answer.status_code == 200, answer.text
            assert "<b>" not in answer.text and "style=" not in answer.text
            assert "script-src 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("page", PAGES)
async def test_anothers_program_is_the_page_of_none(world: World, page: str) -> None:
    mine, theirs = await owner(world, "Mine"), await owner(world, "Theirs", email="b@example.org")
    program = await made(theirs, "Secret")
    paths = [f"/merchant/p/{named}{page}" for named in (program["slug"], program["id"], "none")]
    answers = [await look(world, mine, path) for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    plain = {answer.text.replace(path, "") for answer, path in zip(answers, paths, strict=True)}
    assert len(plain) == 1 and "Secret" not in plain.pop()


async def test_who_works_for_several_chooses_and_a_programs_address_chooses_by_itself(
    world: World,
) -> None:
    browser = await owner(world, "One", "Two")
    works = (await browser.ask("GET", "/v1/merchants"))["items"]
    ids = {it["name"]: it["id"] for it in works}
    program = await made(browser, "Of Two", **{"X-Merchant": ids["Two"]})
    chosen = await look(world, browser, f"/merchant?merchant={ids['Two']}")
    assert "Of Two" in chosen.text and f"merchant={ids['Two']}" in chosen.headers["set-cookie"]
    kept = await look(world, browser, "/merchant", merchant=ids["Two"])
    assert "Of Two" in kept.text
    other = await look(world, browser, "/merchant", merchant=ids["One"])
    assert "Of Two" not in other.text
    direct = await look(world, browser, f"/merchant/p/{program['slug']}", merchant=ids["One"])
    assert direct.status_code == 200 and f'data-merchant="{ids["Two"]}"' in direct.text
    strange = await look(world, browser, "/merchant", merchant="mer_" + "0" * 32)
    assert strange.status_code == 200


async def test_a_viewer_sees_designs_and_no_button_that_he_may_not_press(world: World) -> None:
    browser = await owner(world, "Shop")
    program = await made(browser, "Card")
    body = {"email": "viewer@example.org", "role": "viewer"}
    await browser.ask("POST", "/v1/partner/staff", body)
    viewer = Browser(world, await session_of(world, "viewer@example.org"))
    listed = await look(world, viewer, "/merchant")
    assert "Card" in listed.text and 'href="/merchant/new"' not in listed.text
    assert (await look(world, viewer, "/merchant/new")).headers["location"] == "/merchant"
    page = await look(world, viewer, f"/merchant/p/{program['slug']}/publish")
    assert page.status_code == 200 and 'id="go"' not in page.text

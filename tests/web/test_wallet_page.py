"""The wallet's pages: whose cards they show, in which order, and nothing to anybody else."""

from __future__ import annotations

import re

from app.web.wallet_view import initials
from tests.flows.conftest import World
from tests.web.people import guest


def tiles(html: str, *, old: bool = False) -> list[str]:
    """Return the names in the list, or those among the archived."""
    shown, _, archived = html.partition('class="tiles tiles-old"')
    return re.findall(r"<strong>([^<]+)</strong>", archived if old else shown)


async def test_a_stranger_is_told_what_this_is_and_asked_nothing(world: World) -> None:
    answer = await world.client.get("/", headers={"Accept-Language": "en"})
    assert answer.status_code == 200 and 'href="/add"' in answer.text
    assert "<input" not in answer.text and "set-cookie" not in answer.headers
    assert answer.headers["page-owner"] == ""


async def test_cards_stand_in_the_users_order_with_favourites_first_and_archived_apart(
    world: World,
) -> None:
    ana = await guest(world)
    made = [await ana.add(name, str(10_000 + at)) for at, name in enumerate("ABCDE")]
    await ana.ask("PATCH", f"/v1/cards/{made[3]['id']}", {"is_favorite": True})
    await ana.ask("PATCH", f"/v1/cards/{made[1]['id']}", {"is_archived": True})
    await ana.ask("PATCH", f"/v1/cards/{made[0]['id']}", {"position": 100, "groups": ["Food"]})
    page = (await ana.page("/")).text
    assert tiles(page) == ["D", "C", "E", "A"]
    assert tiles(page, old=True) == ["B"]
    assert 'data-group="Food"' in page and "1 archived card" in page


async def test_names_that_users_chose_are_text_and_never_markup(world: World) -> None:
    ana = await guest(world)
    nasty = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    card = await ana.add(nasty, "12345")
    body = {"label": nasty, "note": nasty + "{{ 7*7 }}", "groups": [nasty]}
    await ana.ask("PATCH", f"/v1/cards/{card['id']}", body)
    for path in ("/", f"/cards/{card['id']}"):
        text = (await ana.page(path)).text
        assert "<script>alert" not in text and "<img src=x" not in text
        assert "&lt;script&gt;" in text and "{{ 7*7 }}" in text


async def test_a_card_page_shows_its_holder_the_code_and_both_wallets(world: World) -> None:
    ana = await guest(world)
    card = await ana.add()
    for agent, first in (("iPhone", "apple"), ("Android 15", "google"), ("X11; Linux", "apple")):
        answer = await ana.page(f"/cards/{card['id']}", **{"User-Agent": f"Mozilla/5.0 ({agent})"})
        wallets = re.findall(r'data-wallet="(\w+)"', answer.text)
        assert (
            answer.status_code == 200
            and wallets[0] == first
            and set(wallets)
            == {
                "apple",
                "google",
            }
        )
    assert "<svg xmlns" in answer.text and "40170725" in answer.text


async def test_another_users_card_an_unknown_one_and_a_strangers_view_are_the_same_page(
    world: World,
) -> None:
    ana, ben = await guest(world), await guest(world)
    card = await ana.add()
    found = []
    for path in (f"/cards/{card['id']}", "/cards/card_" + "0" * 32, "/cards/x"):
        answer = await ben.page(path)
        assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")
        found.append(answer.text.replace(path, ""))
    assert len(set(found)) == 1
    stranger = await world.client.get(f"/cards/{card['id']}")
    assert stranger.status_code == 404 and "40170725" not in stranger.text


async def test_a_link_of_another_site_leads_to_ones_own_page(world: World) -> None:
    ana = await guest(world)
    await ana.add()
    answer = await ana.page("/", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200 and tiles(answer.text) == ["Boulangerie du Port"]


async def test_a_page_names_its_owner_so_that_devices_forget_the_former_one(world: World) -> None:
    ana, ben = await guest(world), await guest(world)
    owners = {(await one.page("/")).headers["page-owner"] for one in (ana, ana, ben)}
    assert len(owners) == 2 and "" not in owners
    await ana.ask("POST", "/v1/sign-out")
    assert (await ana.page("/")).headers["page-owner"] == ""


async def test_a_codes_address_changes_with_what_is_drawn(world: World) -> None:
    ana = await guest(world)
    card = await ana.add()
    before = re.search(r'data-code-url="([^"]+)"', (await ana.page("/")).text)
    body = {"number": "4006381333931", "barcode_format": "EAN_13"}
    await ana.ask("PATCH", f"/v1/cards/{card['id']}", body)
    after = re.search(r'data-code-url="([^"]+)"', (await ana.page("/")).text)
    assert before and after and before[1] != after[1]
    assert (await ana.page(after[1], **{"Sec-Fetch-Site": "same-origin"})).status_code == 200


async def test_what_was_kept_offline_is_done_once_though_sent_twice(world: World) -> None:
    ana = await guest(world)
    card = await ana.add()
    path, key = f"/v1/cards/{card['id']}", {"Idempotency-Key": "kept-1"}
    await ana.ask("PATCH", path, {"note": "written offline"}, **key)
    await ana.ask("PATCH", path, {"note": "written later elsewhere"})
    await ana.ask("PATCH", path, {"note": "written offline"}, **key)
    assert (await ana.ask("GET", path))["note"] == "written later elsewhere"
    numbered = {"Idempotency-Key": "kept-2"}
    await ana.ask("PATCH", path, {"shop_name": "Offline"}, **numbered)
    await ana.ask("PATCH", path, {"shop_name": "Later"})
    await ana.ask("PATCH", path, {"shop_name": "Offline"}, **numbered)
    assert (await ana.ask("GET", path))["shop_name"] == "Later"


def test_initials_are_one_or_two_letters_of_the_shops_name() -> None:
    assert initials("Boulangerie du Port") == "BP"
    assert initials("Décathlon") == "Dé"
    assert initials("la vie claire") == "LC"
    assert initials("E.Leclerc") == "EL"
    assert initials("L'Occitane") == "LO"
    assert initials("7") == "7"
    assert initials("- '") == "-"

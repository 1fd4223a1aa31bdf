"""Pages that add, join, claim, sign in and set: what a server says before a script runs."""

from __future__ import annotations

import re

import pytest

from tests.cards.cards_world import merchant, program
from tests.flows.conftest import World
from tests.web.people import guest

PAGES = ("/add", "/import", "/sign-in", "/settings", "/claim", "/share")
IN_APPS = {
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 [FBAN/FBIOS;FBAV/450]": "Safari",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Chrome/130": "Chrome",
    "Mozilla/5.0 (Linux; Android 15) Chrome/130 Mobile musical_ly_2024 BytedanceWebview": "Chrome",
}


@pytest.mark.parametrize("path", PAGES)
async def test_pages_open_for_anybody_in_both_languages(world: World, path: str) -> None:
    for language in ("fr", "en"):
        answer = await world.client.get(path, headers={"Accept-Language": language})
        assert answer.status_code == 200 and f'<html lang="{language}"' in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers
        assert len(re.findall(r"<h1", answer.text)) >= 1


async def test_a_posters_page_is_found_by_id_and_by_slug(world: World) -> None:
    _, ask = await merchant(world)
    known_as = await program(
        ask,
        design={"background_color": "#ffee00", "terms": {"fr": "Un point", "en": "One point"}},
    )
    slug = (await ask("GET", f"/v1/partner/programs/{known_as}")).json()["slug"]
    for name in (known_as, slug):
        answer = await world.client.get(f"/join/{name}", headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "The Maison Verte card" in answer.text and "One point" in answer.text
        assert f'data-program="{known_as}"' in answer.text
        assert "ink-dark" in answer.text and 'fill="#ffee00"' in answer.text
    french = await world.client.get(f"/join/{slug}", headers={"Accept-Language": "fr"})
    assert "Un point" in french.text and "Argent" in french.text
    for name in ("nobody", "prog_" + "0" * 32, "prog_x", "%F0%9F%92%B3"):
        answer = await world.client.get(f"/join/{name}")
        assert answer.status_code == 404 and answer.headers["content-type"].startswith("text/html")


async def test_a_programs_texts_are_text_and_never_markup(world: World) -> None:
    nasty = '"><script>alert(1)</script>{{ 7*7 }}'
    _, ask = await merchant(world)
    known_as = await program(
        ask, name=nasty, design={"terms": nasty, "description": nasty, "how_to_leave": nasty}
    )
    text = (await world.client.get(f"/join/{known_as}")).text
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") >= 4 and "{{ 7*7 }}" in text


async def test_the_wallet_of_the_phone_comes_first_and_the_other_stays(world: World) -> None:
    _, ask = await merchant(world)
    known_as = await program(ask)
    for agent, first in (("iPhone", "apple"), ("Linux; Android 15", "google")):
        answer = await world.client.get(
            f"/join/{known_as}", headers={"User-Agent": f"Mozilla/5.0 ({agent})"}
        )
        wallets = re.findall(r'data-wallet="(\w+)"', answer.text)
        assert wallets[0] == first and set(wallets) == {"apple", "google"}
        assert 'class="box qr"' not in answer.text
    desktop = await world.client.get(f"/join/{known_as}", headers={"User-Agent": "X11; Linux"})
    assert 'class="box qr"' in desktop.text


@pytest.mark.parametrize("agent", IN_APPS)
async def test_a_browser_inside_an_app_is_told_which_one_to_open(world: World, agent: str) -> None:
    for path in ("/add", "/claim", "/share", "/sign-in"):
        inside = await world.client.get(
            f"{path}?next=/x", headers={"User-Agent": agent, "Accept-Language": "en"}
        )
        assert f"Open this page in {IN_APPS[agent]}" in inside.text
        assert f'data-copy="http://127.0.0.1:8000{path}"' in inside.text
        ordinary = await world.client.get(path, headers={"User-Agent": "Mozilla/5.0 (iPhone)"})
        assert "data-way-out" not in ordinary.text


async def test_passkeys_are_offered_where_the_server_has_a_name(world: World) -> None:
    port = world.url.rsplit(":", 1)[1]
    by_name = await world.client.get("/sign-in", headers={"Host": f"localhost:{port}"})
    by_address = await world.client.get("/sign-in", headers={"Host": f"127.0.0.1:{port}"})
    assert 'id="passkey"' in by_name.text and 'id="passkey"' not in by_address.text


async def test_settings_show_a_strangers_a_guests_and_a_users_own(world: World) -> None:
    stranger = (await world.client.get("/settings", headers={"Accept-Language": "en"})).text
    assert 'data-user=""' in stranger and "No account is needed" in stranger
    assert "erase-open" not in stranger and "/v1/export" not in stranger
    ana = await guest(world)
    shown = (await ana.page("/settings")).text
    assert 'data-user="guest"' in shown and "kept for this browser only" in shown
    for part in ("erase-open", "/v1/export/catima.zip", "/v1/me/export", "session-list"):
        assert part in shown

"""GET /v1/export/…: what a user gets, whose cards are in it, and what live cards leave behind."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

import pytest

from tests.cards.cards_world import NUMBER, Asking, merchant, program, user
from tests.flows.conftest import World
from tests.imports.catima_reader import read_zip
from tests.passes.pictures import picture
from tests.users.people import bearer

CATIMA, OURS = "/v1/export/catima.zip", "/v1/export/portecarte.json"
KEYS = [
    "id",
    "shop_name",
    "number",
    "barcode_value",
    "barcode_format",
    "label",
    "note",
    "groups",
    "color",
    "is_favorite",
    "is_archived",
    "position",
    "valid_from",
    "expires_at",
    "own_balance",
    "last_used_at",
]
LIVE_KEYS = [*KEYS[:2], "program_id", *KEYS[2:], "live"]


@pytest.fixture
async def ana(world: World) -> Asking:
    return await user(world)


async def books(ask: Asking) -> str:
    """Keep a number-only card with a picture."""
    answer = await ask("POST", "/v1/cards", {"shop_name": "Livres", "number": "12-34"})
    card_id = str(answer.json()["id"])
    change = {"groups": ["Été"], "own_balance": {"value": "12.50", "currency": "EUR"}}
    await ask("PATCH", f"/v1/cards/{card_id}", {**change, "note": "a\r\nb"})
    assert ask.token is not None
    headers = bearer(ask.token) | {"Content-Type": "image/png"}
    path = f"/v1/cards/{card_id}/pictures/front"
    await ask.world.client.put(path, content=picture(9, 6), headers=headers)
    return card_id


async def live(ask: Asking) -> None:
    """Link a card whose merchant has told a balance and a tier."""
    _, shop = await merchant(ask.world)
    program_id = await program(shop, settings={"open_numbers": True})
    made = await shop("POST", f"/v1/partner/programs/{program_id}/cards", {"number": NUMBER})
    assert made.status_code == 201, made.text
    told = {"sequence": 3, "as_of": "2026-11-21T20:00:00Z", "tier": "gold"}
    told |= {"balances": {"pts": 1250, "stamps": 4}}
    path = f"/v1/partner/programs/{program_id}/cards/{NUMBER}/statement"
    assert (await shop("PUT", path, told)).status_code == 200
    linked = await ask("POST", "/v1/cards", {"program_id": program_id, "number": NUMBER})
    assert linked.status_code == 201, linked.text


async def test_our_own_file_holds_everything_in_one_order(ana: Asking) -> None:
    card_id = await books(ana)
    await live(ana)
    answer = await ana("GET", OURS)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="portecarte.json"'
    assert "no-store" in answer.headers["cache-control"]
    told = answer.json()
    assert list(told) == ["format", "exported_at", "groups", "cards"]
    assert (told["format"], told["groups"]) == ("portecarte/1", ["Été"])
    first, second = told["cards"]
    assert list(first) == [*KEYS, "pictures"]
    assert list(second) == LIVE_KEYS
    assert first["id"] == card_id
    assert first["own_balance"] == {"value": "12.50", "currency": "EUR"}
    assert base64.b64decode(first["pictures"]["front"]).startswith(b"\x89PNG")
    assert list(second["live"]) == ["authority", "balances", "tier", "as_of", "sequence"]
    assert second["live"]["tier"] == {"id": "gold", "name": "Or"}
    assert [unit["value"] for unit in second["live"]["balances"]] == [1250, 4]
    assert (await ana("GET", OURS)).content == answer.content


async def test_catimas_file_shows_of_a_live_card_figure_tier_and_date(ana: Asking) -> None:
    await books(ana)
    await live(ana)
    answer = await ana("GET", CATIMA)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="catima.zip"'
    first, second = read_zip(answer.content)
    assert first["note"] == "a\nb"
    assert first["balance"] == ("12.50", "EUR")
    assert list(first["pictures"]) == ["front"]
    assert (second["store"], second["number"]) == ("Maison Verte", NUMBER)
    assert (second["type"], second["balance"]) == ("EAN_13", ("1250", None))
    assert "Or" in second["note"] and "2026-11-21" in second["note"] and "4" in second["note"]


@pytest.mark.parametrize("password", ["secret", "clé 🔑 100%"])
async def test_a_password_encrypts_every_entry(ana: Asking, password: str) -> None:
    await books(ana)
    assert ana.token is not None
    headers = {**bearer(ana.token), "X-Export-Password": quote(password)}
    answer = await ana.world.client.get(CATIMA, headers=headers)
    assert b"Livres" not in answer.content
    with pytest.raises(RuntimeError):
        read_zip(answer.content)
    assert len(read_zip(answer.content, password=password)) == 1


async def test_a_password_that_is_no_text_is_refused(ana: Asking) -> None:
    assert ana.token is not None
    for given in ("%ff", "x" * 257):
        headers = {**bearer(ana.token), "X-Export-Password": given}
        answer = await ana.world.client.get(CATIMA, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input")


async def test_an_empty_wallet_is_an_empty_file(ana: Asking) -> None:
    assert read_zip((await ana("GET", CATIMA)).content) == []
    assert (await ana("GET", OURS)).json()["cards"] == []


async def test_nobody_gets_the_cards_of_somebody_else(ana: Asking, world: World) -> None:
    await books(ana)
    ben = await user(world)
    assert (await ben("GET", OURS)).json()["cards"] == []
    for path in (CATIMA, OURS):
        assert (await Asking(world, None)("GET", path)).status_code == 401


async def test_gs1_128_leaves_for_catima_as_the_code_that_it_draws(ana: Asking) -> None:
    value = "[8018]123456789012345675"
    body: dict[str, Any] = {"shop_name": "Gros", "number": "7", "barcode_value": value}
    made = await ana("POST", "/v1/cards", body | {"barcode_format": "GS1_128"})
    assert made.status_code == 201, made.text
    (card,) = read_zip((await ana("GET", CATIMA)).content)
    assert (card["type"], card["value"]) == ("CODE_128", "8018123456789012345675")
    assert (await ana("GET", OURS)).json()["cards"][0]["barcode_value"] == value

"""A holder's pictures of a card over HTTP: kept, read, replaced, deleted; nobody else sees them."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from app.cards import pictures
from tests.cards.cards_world import Asking, rows, user
from tests.flows.conftest import World
from tests.passes.pictures import opened, picture
from tests.users.people import ask_for_code, bearer, guest, sign_in, user_with


@pytest.fixture
async def ana(world: World) -> Asking:
    return await user(world)


async def card(ask: Asking) -> str:
    body = {"shop_name": "Le Marché", "number": "A-1"}
    return str((await ask("POST", "/v1/cards", body)).json()["id"])


async def put(ask: Asking, path: str, data: bytes, kind: str = "image/png") -> Any:
    assert ask.token is not None
    headers = {**bearer(ask.token), "Content-Type": kind}
    return await ask.world.client.put(path, content=data, headers=headers)


@pytest.mark.parametrize("side", ["front", "back", "icon"])
async def test_a_picture_is_kept_read_and_deleted(ana: Asking, side: str) -> None:
    path = f"/v1/cards/{await card(ana)}/pictures/{side}"
    assert (await ana("GET", path)).status_code == 404
    answer = await put(ana, path, picture(40, 30))
    assert answer.status_code == 200, answer.text
    assert answer.json()["side"] == side
    read = await ana("GET", path)
    assert read.headers["content-type"] == "image/png"
    assert read.headers["cache-control"] == "private, no-store"
    assert len(read.content) == answer.json()["bytes"]
    assert opened(read.content).size == (40, 30)
    assert (await ana("GET", "/v1/cards")).json()["items"][0]["pictures"] == [side]
    assert (await put(ana, path, picture(50, 30))).status_code == 200
    assert opened((await ana("GET", path)).content).size == (50, 30)
    assert (await ana("DELETE", path)).status_code == 204
    assert (await ana("GET", path)).status_code == 404
    assert (await ana("DELETE", path)).status_code == 404


async def test_a_photo_of_the_camera_is_kept_as_png(ana: Asking) -> None:
    out = BytesIO()
    Image.effect_noise((1_600, 1_000), 30).convert("RGB").save(out, "JPEG")
    path = f"/v1/cards/{await card(ana)}/pictures/front"
    assert (await put(ana, path, out.getvalue(), "image/jpeg")).status_code == 200
    assert opened((await ana("GET", path)).content).size == (1_024, 640)


async def test_nobody_else_sees_or_changes_a_picture(ana: Asking, world: World) -> None:
    path = f"/v1/cards/{await card(ana)}/pictures/front"
    await put(ana, path, picture(8, 8))
    ben = await user(world)
    assert (await ben("GET", path)).status_code == 404
    assert (await put(ben, path, picture(9, 9))).status_code == 404
    assert (await ben("DELETE", path)).status_code == 404
    assert opened((await ana("GET", path)).content).size == (8, 8)


async def test_what_is_no_picture_is_refused(ana: Asking) -> None:
    path = f"/v1/cards/{await card(ana)}/pictures/front"
    for data in (b"", b"<svg/>", picture(8, 8)[:40]):
        answer = await put(ana, path, data)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-picture")
    assert (await put(ana, path, picture(8, 8), "text/plain")).status_code == 415
    assert (await put(ana, path, bytes(5 * 1024 * 1024 + 1))).status_code == 413
    other = path.replace("front", "inside")
    assert (await put(ana, other, picture(8, 8))).status_code == 404


async def test_pictures_of_a_wallet_have_a_limit(
    ana: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/v1/cards/{await card(ana)}/pictures/"
    first = (await put(ana, path + "front", picture(30, 30))).json()["bytes"]
    monkeypatch.setattr(pictures, "BYTES_MAX", first)
    assert (await put(ana, path + "front", picture(30, 30))).status_code == 200
    answer = await put(ana, path + "back", picture(30, 30))
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_a_card_that_leaves_takes_its_pictures_along(ana: Asking) -> None:
    name = await card(ana)
    await put(ana, f"/v1/cards/{name}/pictures/front", picture(8, 8))
    assert (await ana("DELETE", f"/v1/cards/{name}")).status_code == 204
    assert await rows(ana.world.ports, "SELECT count(*) FROM card_picture") == [(0,)]


async def test_a_guests_pictures_come_along_when_he_signs_in(world: World) -> None:
    await user_with(world, "ana@example.com")
    token = (await guest(world))["token"]
    name = await card(Asking(world, token))
    await put(Asking(world, token), f"/v1/cards/{name}/pictures/icon", picture(8, 8))
    code = await ask_for_code(world, "ana@example.com")
    answer = await sign_in(world, "ana@example.com", code, token=token)
    ana = Asking(world, answer.json()["token"])
    assert (await ana("GET", f"/v1/cards/{name}/pictures/icon")).status_code == 200
    assert await rows(world.ports, "SELECT count(*) FROM card_picture") == [(1,)]

"""The demo's Android phones save every card, say what they are told and stand on the page."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from litestar import Request

from app.sandbox.android_faces import android_screens
from app.sandbox.faces import Fact, Screen
from app.sandbox.google_mount import PATH
from app.sandbox.phone import Answer
from app.sandbox.pixels import PHONES, Pixels
from app.web.pages import render
from tests.sandbox.google_world import OBJECT_ID, GoogleWorld, card_class, card_object, points

LINKS = "http://127.0.0.1:8000/v1/cards/"
LOGO = {"sourceUri": {"uri": "https://cards.example.org/pictures/logo.png"}}


class Home:
    """Carries the phones' requests: to the fake, or to a server that has one save link."""

    def __init__(self) -> None:
        self.world = GoogleWorld()
        self.world.google.base_url = f"https://cards.example.org{PATH}"
        self.notes: list[str] = []
        self.asked: list[str] = []
        self.link = self.world.link(
            classes=[card_class(programLogo=LOGO)], objects=[card_object(accountId="<7>")]
        )

    async def ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Answer as the server would."""
        self.asked.append(url)
        if url.startswith(LINKS):
            if headers.get("Authorization") != "Bearer t" or "nobody" in url:
                return Answer(404, {}, b"{}")
            return Answer(200, {}, msgspec.json.encode({"save_url": self.link, "saved": False}))
        path = url.partition(PATH)[2]
        answer = await self.world.client.request(method, path, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    def pixels(self, **options) -> Pixels:
        """Start the phones."""
        pixels = Pixels(self.world.google, self.ask, self.notes.append, **options)
        pixels.start()
        return pixels

    async def hold(self, pixels: Pixels, *cards: str) -> None:
        """Save cards on all phones."""
        links = [f"{LINKS}{card}/google" for card in cards]
        await pixels.hold(links, {"Authorization": "Bearer t"})


@pytest.fixture
def home() -> Home:
    return Home()


async def test_both_phones_save_each_card_and_say_so(home) -> None:
    pixels = home.pixels()
    await home.hold(pixels, "card_1", "card_nobody")
    assert home.notes == [
        "Camille's Pixel holds Maison Verte",
        "Camille's Pixel: a save link was answered 404",
        "Sam's Galaxy holds Maison Verte",
        "Sam's Galaxy: a save link was answered 404",
    ]
    home.link = home.link[:-9] + "AAAAAAAAA"
    await home.hold(pixels, "card_1")
    assert "could not save a card" in home.notes[-1]
    await pixels.close()


async def test_a_push_becomes_a_line_of_each_phone_in_its_language(home) -> None:
    pixels = home.pixels()
    await home.hold(pixels, "card_1")
    sent = {"loyaltyPoints": points(4321), "notifyPreference": "NOTIFY_ON_UPDATE"}
    await home.world.call("PATCH", f"/loyaltyObject/{OBJECT_ID}", sent)
    assert home.notes[-2:] == [
        "Camille's Pixel shows: Maison Verte: Pts: 4321",
        "Sam's Galaxy shows: Maison Verte: Points: 4321",
    ]
    pixel, galaxy = android_screens(pixels, now=home.world.clock.wall())
    assert (pixel.name, pixel.language, galaxy.name) == ("Camille's Pixel", "fr", "Sam's Galaxy")
    (face,) = pixel.cards
    assert face.rows[0][0] == Fact("Pts", "4321")
    assert face.logo == "/pictures/logo.png"
    assert face.code is not None and face.code.text == "4006381333931"
    assert face.code.drawing is not None and face.code.drawing.startswith("<svg")
    assert galaxy.notices[0].text == "Points: 4321"
    assert face.key == galaxy.cards[0].key, "one card on all phones"
    await pixels.close()


async def test_texts_of_a_card_are_escaped_on_the_page(home) -> None:
    evil = {"id": "t", "header": "<script>", "body": '"><img src=x>'}
    home.link = home.world.link(
        classes=[card_class(programName="<i>Zoë", programLogo=LOGO)],
        objects=[card_object(textModulesData=[evil])],
    )
    pixels = home.pixels()
    await home.hold(pixels, "card_1")
    page = drawn(android_screens(pixels, now=home.world.clock.wall()))
    assert "&lt;script&gt;" in page
    for never in ("<script>", "<i>", "<img src=x>"):
        assert never not in page


async def test_a_picture_from_elsewhere_is_not_shown(home) -> None:
    home.link = home.world.link(classes=[card_class()], objects=[card_object()])
    pixels = home.pixels()
    await home.hold(pixels, "card_1")
    assert "<img" not in drawn(android_screens(pixels, now=home.world.clock.wall()))


def drawn(screens: list[Screen]) -> str:
    """Return what the page writes of phones."""
    request = Request[Any, Any, Any](
        {"type": "http", "path": "/", "headers": [], "query_string": b""}
    )
    answer = render(
        request, "sandbox-now.html", page="sandbox", screens=screens, happenings=[], mails=[]
    )
    return bytes(answer.content).decode()


async def test_what_google_knows_outlives_a_restart(home, tmp_path) -> None:
    kept = tmp_path / "google.json"
    pixels = home.pixels(memory=kept)
    await home.hold(pixels, "card_1")
    await asyncio.sleep(0)
    home.world.clock.forward(1)
    assert pixels.keeper is not None
    await pixels.keeper.settle()
    kept.unlink()  # it was written without waiting for the end
    await pixels.close()
    assert kept.stat().st_mode & 0o777 == 0o600
    second = Home()
    again = second.pixels(memory=kept)
    assert set(again.phones["Sam's Galaxy"].wallet) == {OBJECT_ID}
    assert (await second.world.call("GET", f"/loyaltyObject/{OBJECT_ID}")).json()["hasUsers"]
    kept.write_bytes(b"{")
    third = Home().pixels(memory=kept)
    assert not third.phones["Sam's Galaxy"].wallet


async def test_a_callback_that_was_not_heard_becomes_a_line(home) -> None:
    pixels = home.pixels()
    home.world.shop.statuses = [503]
    await home.hold(pixels, "card_1")
    await home.world.google.callbacks.settle()
    assert "a callback of Google (save) was answered 503" in home.notes
    home.world.clock.forward(1)
    await home.world.google.callbacks.settle()
    assert [it.status for it in home.world.google.callbacks.sent] == [503, 200, 200]
    await pixels.close()


async def test_addresses_lead_to_where_the_server_listens(home) -> None:
    pixels = home.pixels()
    pixels.reach("http://127.0.0.1:9")
    assert pixels.reached("https://cards.example.org/google/callbacks") == (
        "http://127.0.0.1:9/google/callbacks"
    )
    assert pixels.reached("https://cards.example.org.evil/x") == "https://cards.example.org.evil/x"


async def test_without_a_google_there_are_no_such_phones() -> None:
    notes: list[str] = []

    async def never(*_: object) -> Answer:
        raise AssertionError

    pixels = Pixels(None, never, notes.append)
    pixels.start()
    await pixels.hold(["x"], {})
    assert android_screens(pixels, now=0) == []
    assert (pixels.reached("http://x/y"), notes, list(pixels.phones)) == ("http://x/y", [], [])
    await pixels.close()
    assert len(PHONES) == 2

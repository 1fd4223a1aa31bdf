"""POST /v1/imports with zips, passwords, links, photos and pictures, and how far it is."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from passes.barcode import draw_png
from tests.flows.conftest import World
from tests.imports.made import (
    CATIMA,
    catima_zip,
    locked,
    own_export,
    pkpass,
    png,
    stocard,
    zipped,
)
from tests.users.people import guest

TABLE = b"_id,store,cardid\n" + b"".join(b"%d,Shop %d,%d\n" % (n, n, n) for n in range(1, 251))


class Traveller:
    """A user who arrives with files."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.headers = {"Authorization": f"Bearer {token}"}

    async def send(
        self, content: bytes, *, accept: str = "application/json", dry: bool = False, **form: str
    ) -> Any:
        """Upload a file."""
        return await self.world.client.post(
            "/v1/imports",
            params={"dry_run": "true"} if dry else {},
            headers={**self.headers, "Accept": accept},
            data=form,
            files={"file": ("export", content, "application/octet-stream")},
        )

    async def wallet(self) -> list[dict[str, Any]]:
        """List the cards."""
        answer = await self.world.client.get("/v1/cards?limit=100", headers=self.headers)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def picture(self, card: dict[str, Any], side: str) -> Any:
        """Fetch a picture of a card."""
        path = f"/v1/cards/{card['id']}/pictures/{side}"
        return await self.world.client.get(path, headers=self.headers)


@pytest.fixture
async def ana(world: World) -> Traveller:
    return Traveller(world, (await guest(world))["token"])


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_pictures_arrive_with_their_cards(ana: Traveller) -> None:
    answer = await ana.send(zipped(catima_zip()))
    assert answer.status_code == 200, answer.text
    four, bains = answer.json()["cards"]
    shown = await ana.picture(four, "front")
    assert shown.status_code == 200, shown.text
    assert Image.open(BytesIO(shown.content)).size == (40, 25)
    assert (await ana.picture(four, "icon")).status_code == 200
    assert (await ana.picture(four, "back")).status_code == 404
    assert (await ana.picture(bains, "front")).status_code == 404
    again = (await ana.send(zipped(catima_zip()))).json()
    assert [it["reason"] for it in again["skipped_rows"]] == ["already-there"] * 2


async def test_a_missing_picture_is_filled_in_and_one_of_ours_is_kept(ana: Traveller) -> None:
    bare = {"catima.csv": CATIMA, "card_3_front.png": png("red")}
    (four, _) = (await ana.send(zipped(bare))).json()["cards"]
    before = (await ana.picture(four, "front")).content
    answer = (await ana.send(zipped(catima_zip()))).json()
    assert [it["reason"] for it in answer["skipped_rows"]] == ["merged", "already-there"]
    assert (await ana.picture(four, "front")).content == before
    assert (await ana.picture(four, "icon")).status_code == 200


async def test_a_broken_picture_is_dropped_and_its_card_kept(ana: Traveller) -> None:
    for broken in (b"<svg/>", png()[:60], png(size=(3_000, 2_000)), b""):
        content = zipped({"catima.csv": CATIMA, "card_3_front.png": broken})
        answer = (await ana.send(content)).json()
        (warned,) = answer["warnings"]
        assert (warned["row"], warned["reason"]) == ("card_3_front.png", "bad-picture")
    assert len(await ana.wallet()) == 2
    assert {it["reason"] for it in answer["skipped_rows"]} == {"already-there"}


async def test_a_form_may_hold_the_password(ana: Traveller) -> None:
    content = locked(catima_zip(), "sésame")
    assert code(await ana.send(content)) == (422, "password-needed")
    assert code(await ana.send(content, password="no")) == (422, "password-wrong")
    assert code(await ana.send(content, password="x" * 300)) == (400, "invalid-input")
    assert (await ana.send(content, password="sésame")).json()["imported"] == 2


async def test_a_link_is_sent_as_json_or_pasted_as_a_file(ana: Traveller) -> None:
    link = "https://catima.app/share#store%3DBains%26note%3D%26cardid%3D77"
    post = ana.world.client.post
    dry = await post("/v1/imports?dry_run=true", headers=ana.headers, json={"link": f"  {link}\n"})
    assert dry.status_code == 200, dry.text
    assert await ana.wallet() == []
    assert (await ana.send(link.encode())).json()["imported"] == 1
    (card,) = await ana.wallet()
    assert (card["shop_name"], card["number"]) == ("Bains", "77")
    answer = await post("/v1/imports", headers=ana.headers, json={"link": "\U0001f600"})
    assert code(answer) == (422, "unknown-file")


async def test_a_photo_becomes_a_card(ana: Traveller) -> None:
    photo = draw_png("EAN_13", "4006381333931", scale=4)
    answer = (await ana.send(photo, dry=True)).json()
    assert [it["reason"] for it in answer["warnings"]] == ["unknown-shop"]
    answer = (await ana.send(photo, shop_name="Le Four")).json()
    (card,) = answer["cards"]
    assert answer["warnings"] == []
    assert (card["shop_name"], card["number"]) == ("Le Four", "4006381333931")
    assert card["barcode_format"] == "EAN_13"
    assert code(await ana.send(png())) == (422, "no-barcode-found")
    assert code(await ana.send(photo[:100])) == (422, "no-barcode-found")
    assert code(await ana.send(png(size=(3_000, 2_000)))) == (413, "too-big")


async def test_passes_and_folders_name_entries_as_rows(ana: Traveller) -> None:
    bundle = zipped({"1.pkpass": pkpass(), "2.pkpass": b"?"})
    answer = (await ana.send(bundle)).json()
    assert [(it["row"], it["reason"]) for it in answer["failed"]] == [("2.pkpass", "bad-record")]
    answer = (await ana.send(zipped(stocard()))).json()
    assert answer["imported"] == 3
    assert all(it["detail"] for it in answer["skipped_rows"] + answer["failed"])


async def test_labels_and_order_come_back_from_our_own_export(ana: Traveller) -> None:
    cards = [
        {"shop_name": f"Shop {n}", "number": str(n), "barcode_format": "none", "label": f"l{n}"}
        for n in (3, 1, 2)
    ]
    answer = (await ana.send(own_export(cards))).json()
    assert [(it["label"], it["position"]) for it in answer["cards"]] == [
        ("l3", 0),
        ("l1", 1),
        ("l2", 2),
    ]


async def test_a_live_cards_balance_is_never_taken_from_a_file(ana: Traveller) -> None:
    live = {"authority": "ledger", "balances": [{"unit": "points", "value": 99}], "tier": "gold"}
    card = {"shop_name": "Le Four", "number": "1", "program_id": "prog_x", "live": live}
    (made,) = (await ana.send(own_export([card]))).json()["cards"]
    assert (made["authority"], made["program_id"], made["balances"]) == ("none", None, [])


async def test_only_the_ticked_cards_are_made(ana: Traveller) -> None:
    dry = (await ana.send(TABLE, dry=True)).json()
    wanted = [card["id"] for card in dry["cards"][5:7]]
    answer = (await ana.send(TABLE, only=",".join(wanted))).json()
    assert [card["id"] for card in answer["cards"]] == wanted
    assert [card["shop_name"] for card in await ana.wallet()] == ["Shop 6", "Shop 7"]


async def test_who_accepts_lines_is_told_how_far_it_is(ana: Traveller) -> None:
    answer = await ana.send(TABLE, accept="application/x-ndjson")
    assert answer.headers["content-type"] == "application/x-ndjson"
    *told, last = map(json.loads, answer.text.splitlines())
    assert told == [{"done": n, "of": 250} for n in (100, 200, 250)]
    assert (last["imported"], len(last["cards"])) == (250, 250)
    refused = await ana.send(b"hello", accept="application/x-ndjson")
    assert code(refused) == (422, "unknown-file"), "a file that is not read has a status"

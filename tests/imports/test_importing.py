"""POST /v1/imports: what a user sends, what he gets, and what stands in his wallet afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.storage.database import Transaction
from tests.flows.conftest import World
from tests.users.people import guest

FILE = (Path(__file__).parent / "files" / "v2.csv").read_bytes()
COUNTS = {"imported": 5, "skipped": 0}


class Traveller:
    """A user who arrives with a file."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.headers = {"Authorization": f"Bearer {token}"}

    async def send(self, content: bytes = FILE, **query: Any) -> Any:
        """Upload a file."""
        return await self.world.client.post(
            "/v1/imports",
            params=query,
            headers=self.headers,
            files={"file": ("export.csv", content, "text/csv")},
        )

    async def wallet(self) -> list[dict[str, Any]]:
        """List the cards."""
        answer = await self.world.client.get("/v1/cards?limit=100", headers=self.headers)
        items: list[dict[str, Any]] = answer.json()["items"]
        return items


@pytest.fixture
async def ana(world: World) -> Traveller:
    return Traveller(world, (await guest(world))["token"])


async def test_a_file_becomes_cards_in_its_order(ana: Traveller) -> None:
    answer = await ana.send()
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert {name: told[name] for name in COUNTS} == COUNTS
    assert [(it["row"], it["reason"]) for it in told["failed"]] == [
        (8, "bad-record"),
        (17, "payment-card"),
    ]
    assert all(it["detail"] for it in told["warnings"])
    assert told["cards"] == await ana.wallet()
    books = next(card for card in told["cards"] if card["number"] == "1002")
    assert (books["authority"], books["program_id"], books["balances"]) == ("none", None, [])
    assert books["own_balance"] == {"value": "12.50", "currency": "EUR"}
    assert books["groups"] == ["Quartier", "Vacances"]
    assert (books["is_favorite"], books["color"]) == (True, "#67bf74")
    assert books["expires_at"] == "2030-03-17T17:46:40Z"


async def test_every_imported_card_has_a_barcode_or_its_number(ana: Traveller) -> None:
    for card in (await ana.send()).json()["cards"]:
        answer = await ana.world.client.get(
            f"/v1/cards/{card['id']}/barcode.svg", headers=ana.headers
        )
        is_drawn = card["barcode_format"] != "none" and card["barcode_value"].isascii()
        assert answer.status_code < 500
        assert (answer.status_code == 200) == is_drawn, (card["number"], answer.text)


async def test_the_same_file_again_changes_nothing(ana: Traveller) -> None:
    await ana.send()
    before = await ana.wallet()
    again = (await ana.send()).json()
    assert (again["imported"], again["skipped"], again["cards"]) == (0, 5, [])
    assert {it["reason"] for it in again["skipped_rows"]} == {"already-there"}
    assert await ana.wallet() == before


async def test_a_dry_run_gives_the_same_answer_and_changes_nothing(ana: Traveller) -> None:
    dry = (await ana.send(dry_run="true")).json()
    assert await ana.wallet() == []
    real = (await ana.send()).json()
    for name in ("imported", "skipped", "skipped_rows", "failed", "warnings"):
        assert dry[name] == real[name]
    for would_be, card in zip(dry["cards"], real["cards"], strict=True):
        assert {**would_be, "created_at": ""} == {**card, "created_at": ""}


async def test_what_is_empty_is_filled_and_nothing_is_overwritten(ana: Traveller) -> None:
    header = b"_id,store,cardid,note,headercolor,expiry\n"
    (card,) = (await ana.send(header + b"1,Bains,77,,,\n")).json()["cards"]
    path = f"/v1/cards/{card['id']}"
    mine = {"note": "mine"}
    changed = await ana.world.client.patch(path, json=mine, headers=ana.headers)
    assert changed.status_code == 200, changed.text
    answer = (await ana.send(header + b"1,BAINS,77,theirs,-9977996,1900000000000\n")).json()
    assert [it["reason"] for it in answer["skipped_rows"]] == ["merged"]
    (now,) = await ana.wallet()
    assert (now["note"], now["color"]) == ("mine", "#67bf74")
    assert now["expires_at"] == "2030-03-17T17:46:40Z"


async def test_one_card_twice_in_a_file_is_one_card(ana: Traveller) -> None:
    table = (
        b"_id,store,cardid,barcodetype\n"
        b"1,Bains,036000291452,UPC_A\n2,b\xc3\xa4ins,0036000291452,EAN_13\n3,Bains,78,\n"
    )
    answer = (await ana.send(table)).json()
    assert (answer["imported"], answer["skipped"]) == (2, 1)


async def test_a_card_that_was_deleted_comes_back(ana: Traveller) -> None:
    (card,) = (await ana.send(b"_id,store,cardid\n1,Bains,77\n")).json()["cards"]
    await ana.world.client.delete(f"/v1/cards/{card['id']}", headers=ana.headers)
    (back,) = (await ana.send(b"_id,store,cardid\n1,Bains,77\n")).json()["cards"]
    assert back["id"] != card["id"]
    assert [it["id"] for it in await ana.wallet()] == [back["id"]]


async def test_what_a_crash_left_is_finished_by_the_same_file(ana: Traveller) -> None:
    table = b"_id,store,cardid\n1,Bains,77\n2,Bains,78\n"
    (first, _second) = (await ana.send(table)).json()["cards"]
    ports = ana.world.ports

    def lose(tx: Transaction) -> None:
        tx.run("DELETE FROM holding WHERE position = 0")

    await ports.database.write(lose)  # as if the server had stopped between card and holding
    again = (await ana.send(table)).json()
    assert [card["id"] for card in again["cards"]] == [first["id"]]
    assert len(await ana.wallet()) == 2


async def test_another_users_wallet_is_another_wallet(world: World, ana: Traveller) -> None:
    await ana.send()
    bo = Traveller(world, (await guest(world, "guest-2"))["token"])
    assert (await bo.send()).json()["imported"] == 5
    assert len(await ana.wallet()) == 5


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"hello", 422, "unknown-file"),
        (b"PK\x03\x04rest", 422, "bad-zip"),
        (b"9\n\n", 422, "unsupported-version"),
        (b"_id,store,cardid\n1,\xff,1\n", 422, "bad-encoding"),
        (b"_id,store,cardid\n" + b"1,Shop,1\n" * 5_001, 413, "too-big"),
    ],
)
async def test_a_file_that_cannot_be_read_is_refused_with_its_code(
    ana: Traveller, content: bytes, status: int, code: str
) -> None:
    answer = await ana.send(content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_bad_forms_name_what_is_wrong(ana: Traveller) -> None:
    post = ana.world.client.post
    form = {**ana.headers, "Content-Type": "multipart/form-data; boundary=x"}
    bodies = (b"", b"--x--\r\n", b"--x\r\n\r\n", b'--x\r\nContent-Disposition: form-data; name="a"')
    for content in bodies:
        answer = await post("/v1/imports", headers=form, content=content)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-input"), content
    form["Content-Type"] = "multipart/form-data"
    assert (await post("/v1/imports", headers=form, content=b"--x--")).status_code == 400
    form["Content-Type"] = "text/csv"
    assert (await post("/v1/imports", headers=form, content=FILE)).status_code == 415
    link = await post("/v1/imports", headers=ana.headers, json={"link": "https://x.example"})
    assert (link.status_code, link.json()["code"]) == (422, "unknown-file")
    assert (await post("/v1/imports", headers=ana.headers, json={"url": "x"})).status_code == 400
    assert (await post("/v1/imports", json={"link": "x"})).status_code == 401


async def test_remarks_are_written_in_the_users_language(ana: Traveller) -> None:
    world, told = ana.world, {}
    for language in ("fr", "en"):
        await world.client.patch("/v1/me", json={"language": language}, headers=ana.headers)
        answer = (await ana.send(b"_id,store,cardid\n1,,7\n")).json()
        told[language] = answer["failed"][0]["detail"]
    assert told["fr"].startswith("Le nom")
    assert told["en"].startswith("The shop")

"""The demo as `make run` starts it, and the commands beside it."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.sandbox.demo_server import RunningDemo, running_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """Run one demo for all tests of this file."""
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


def keys(demo: RunningDemo) -> dict[str, object]:
    """Ask for the demo's keys as a program does."""
    found: dict[str, object] = json.loads(demo.command("demo-keys").stdout)
    return found


def unmoved(cards: object) -> list[dict[str, object]]:
    """Take out when hosted cards were looked at, which is now."""
    assert isinstance(cards, list)
    return [
        {name: value for name, value in card.items() if name != "as_of"}
        if card["authority"] == "ledger"
        else card
        for card in cards
    ]


def test_its_keys_open_every_door_they_name(demo: RunningDemo) -> None:
    found = keys(demo)
    assert set(found) == {
        *("base_url", "user_token", "merchant_key", "till_token", "programs", "cards")
    }
    assert found["base_url"] == demo.url
    assert found["till_token"].startswith("pct_test_")
    cards = found["cards"]
    assert isinstance(cards, list)
    assert {card["authority"] for card in cards} == {"ledger", "merchant", "none"}
    assert stat.S_IMODE((demo.folder / "data" / "demo-keys.json").stat().st_mode) == 0o600
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        merchant = {"Authorization": f"Bearer {found['merchant_key']}"}
        programs = client.get("/v1/partner/programs", headers=merchant).json()["items"]
        assert {it["id"] for it in programs} == set(found["programs"].values())  # type: ignore[attr-defined]
        user = {"Authorization": f"Bearer {found['user_token']}"}
        assert unmoved(client.get("/v1/cards", headers=user).json()["items"]) == unmoved(cards)


def test_its_till_reads_the_cards_of_both_programs(demo: RunningDemo) -> None:
    found = keys(demo)
    till = {"Authorization": f"Bearer {found['till_token']}"}
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        for card in found["cards"]:  # type: ignore[attr-defined]
            scan = {"code": card["barcode_value"]}
            answer = client.post("/v1/checkout/scans", json=scan, headers=till)
            if card["authority"] == "none":
                assert answer.status_code == 404
            else:
                assert answer.json()["card"]["id"] == card["id"]


def test_both_phones_hold_a_pass_of_every_card(demo: RunningDemo) -> None:
    printed = demo.printed()
    for name in ("Camille's iPhone", "Sam's iPhone"):
        assert printed.count(f"{name} holds") == 5


def test_both_android_phones_hold_every_card_too(demo: RunningDemo) -> None:
    printed = demo.printed()
    for name in ("Camille's Pixel", "Sam's Galaxy"):
        assert printed.count(f"{name} holds") == 5
    assert "a callback of Google" not in printed, "each was heard at once"
    found = keys(demo)
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        user = {"Authorization": f"Bearer {found['user_token']}"}
        for card in found["cards"]:  # type: ignore[attr-defined]
            link = client.get(f"/v1/cards/{card['id']}/google", headers=user).json()
            assert link["saved"] is True
            page = client.get(link["save_url"])
            assert (page.status_code, "<button>Add</button>" in page.text) == (200, True)
        shown = client.get("/sandbox").text
        pictures = set(re.findall(r'class="pass-logo" src="([^"]+)"', shown))
        assert len(pictures) == 10, "five out of passes, five as Google knows them"
        for picture in pictures:
            assert client.get(picture).headers["content-type"] == "image/png"
        assert client.get("/sandbox/pictures/none.png").status_code == 404


def test_a_balance_reaches_all_four_phones_in_their_language(demo: RunningDemo) -> None:
    found = keys(demo)
    url = f"/v1/partner/programs/{found['programs']['mirrored']}/cards/4006381333931/statement"  # type: ignore[index]
    told = {"sequence": 7, "as_of": "2026-11-21T20:05:00Z", "balance": 4321}
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {found['merchant_key']}"}
        assert client.put(url, json=told, headers=headers).status_code == 200
    demo.wait_for("Sam's iPhone shows: Points: 4,321")
    demo.wait_for("Camille's iPhone shows: Points : 4\u202f321")
    demo.wait_for("Sam's Galaxy shows: Maison Verte: Points: 4321")
    demo.wait_for("Camille's Pixel shows: Maison Verte: Points: 4321")
    page = httpx2.get(f"{demo.url}/sandbox", trust_env=False).text
    assert "Points: 4,321" in page
    for figure, phones in (("4\u202f321", 1), ("4,321", 1), ("4321", 2)):
        assert page.count(f"<dt>Points</dt><dd>{figure}</dd>") == phones, "on every phone"


def test_only_its_own_page_has_the_demo_act(demo: RunningDemo) -> None:
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        url, page = "/sandbox/acts/sale", {"Sec-Fetch-Site": "same-origin"}
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://example.org"}):
            assert client.post(url, headers=headers).status_code == 404
        assert client.post("/sandbox/acts/none", headers=page).status_code == 400
        told = client.post(url, headers=page)
        assert (told.status_code, told.json()) == (200, {"points": 6, "earned": 6})
        demo.wait_for("Sam's Galaxy shows: Maison Verte Café: Points: 6")
        first = client.get("/sandbox/now")
        same = client.get("/sandbox/now", headers={"If-None-Match": first.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")


def test_a_mail_is_printed_kept_and_read_by_its_address(demo: RunningDemo) -> None:
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        client.post("/v1/sign-in/codes", json={"email": "bo@example.org"})
        demo.wait_for("mail to b…@example.org")  # whole only where it can be erased
        (mail,) = client.get("/sandbox/mails", params={"to": "Bo@example.org"}).json()["items"]
        assert set(mail) == {"to", "subject", "text", "at"}
        assert client.get("/sandbox/mails", params={"to": "x@example.org"}).json() == {"items": []}


def test_commands_that_write_go_through_the_server(demo: RunningDemo) -> None:
    (demo.folder / "cards.csv").write_text("_id,store,cardid\n1,Bains,77\n")
    first = json.loads(demo.command("import", "cards.csv", "--user", "demo@example.org").stdout)
    assert first["imported"] == 1
    again = json.loads(demo.command("import", "cards.csv", "--user", "demo@example.org").stdout)
    assert (again["imported"], again["skipped"]) == (0, 1)
    key = demo.command("merchants", "add", "Chez Ana", "--owner", "ana@example.org").stdout
    assert key.startswith("pck_test_")
    refused = demo.command("import", "cards.csv", "--user", "nobody@example.org")
    assert (refused.returncode, "user" in refused.stderr) == (1, True)


def test_commands_that_read_work_beside_the_server(demo: RunningDemo) -> None:
    for card in keys(demo)["cards"]:  # type: ignore[attr-defined]
        shown = json.loads(demo.command("show", card["id"], "--apple").stdout)
        assert shown["serialNumber"] != "0" * 32, "the pass that the phones hold"
    assert demo.command("backup", "kept.backup").returncode == 0
    assert "nothing was changed" in demo.command("migrate").stdout


def test_the_operators_door_is_shut_without_its_token(demo: RunningDemo) -> None:
    beside = demo.folder / "data" / "portecarte.db.operator.json"
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    token = json.loads(beside.read_text())["token"]
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        for headers in ({}, {"x-operator-token": "x"}, {"x-operator-token": "é".encode()}):
            answer = client.post(
                "/operator/merchants",
                headers={**headers, "Content-Type": "application/octet-stream"},
                content=b"{}",
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        told = {"x-operator-token": token, "Content-Type": "application/octet-stream"}
        bad = client.post("/operator/merchants", headers=told, content=b"{}")
        assert bad.status_code == 400
        forwarded = {**told, "X-Forwarded-For": "203.0.113.9"}
        assert client.post("/operator/merchants", headers=forwarded).status_code == 404


def test_a_second_server_on_the_file_is_refused_with_a_sentence(demo: RunningDemo) -> None:
    second = demo.command("up")
    assert second.returncode == 1
    assert second.stderr.startswith("Error:")


def test_a_second_start_finds_what_the_first_one_made(tmp_path: Path) -> None:
    with running_demo(tmp_path) as first:
        before = keys(first)
    assert first.command("demo-keys").returncode == 1, "no demo runs now"
    assert not (tmp_path / "data" / "portecarte.db.operator.json").exists()
    with running_demo(tmp_path) as second:
        after = keys(second)
    for name in ("user_token", "merchant_key", "till_token", "programs"):
        assert after[name] == before[name], name
    assert unmoved(after["cards"]) == unmoved(before["cards"])

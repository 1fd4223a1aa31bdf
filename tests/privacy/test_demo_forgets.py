"""A stranger's search: fifty values planted in a running demo, and none of them found after."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.browser.people import Keys, keys_of, mailed_code
from tests.passes.pictures import picture
from tests.privacy.life import hits
from tests.sandbox.demo_server import RunningDemo, running_demo

EMAIL = "zephyrine.quokka@canary-mail.example"
WANTED = "zephyrine.wanted@canary-mail.example"
PATIENCE_SECONDS = 40
PNG = {"Content-Type": "image/png"}
JSON = {"Accept": "application/json"}
CARDS = 9  # of shops, with five values each


class Person:
    """Somebody who asks over HTTP with a token of his own."""

    def __init__(self, demo: RunningDemo, token: str) -> None:
        self._client = httpx2.Client(base_url=demo.url, trust_env=False, timeout=30)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._asked = 0

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """Ask; fails on a problem."""
        self._asked += 1
        headers |= self._headers | {"Idempotency-Key": f"{id(self)}-{self._asked}"}
        content = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = self._client.request(method, path, headers=headers, **content)
        assert answer.status_code < 400, f"{method} {path}: {answer.text}"
        return answer


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[RunningDemo]:
    """Run a demo of this test's own: its files are searched."""
    with running_demo(tmp_path) as running:
        yield running


def planted_cards(person: Person) -> tuple[dict[str, str], list[str]]:
    """Make cards of shops; return what they were made of and their ids."""
    planted: dict[str, str] = {}
    made = []
    for card in range(CARDS):
        values = {
            "shop_name": f"Boutique Quokkanarie {card}",
            "number": f"QUOKKA-NUMERO-{card}",
            "barcode_value": f"QUOKKA-BARRES-{card}",
            "label": f"Étiquette quokka numéro {card}",
            "note": f"Note très personnelle quokka {card}",
        }
        planted |= {f"{name} of card {card}": value for name, value in values.items()}
        body = values | {"barcode_format": "CODE_128"}
        made.append(person.ask("POST", "/v1/cards", body).json()["id"])
    return planted, made


def member(demo: RunningDemo, person: Person, keys: Keys) -> dict[str, str]:
    """Join the demo's mirrored program, as its shop knows people; return what was told of him."""
    shop = Person(demo, keys.merchant_key)
    told = {
        "number of a program": "2900000000018",
        "name at the shop": "Mme Z. Quokka du Comptoir",
        "phone": "+33699887766",
        "message of a statement": "Bonjour Zephyrine quokkamessage",
    }
    number, cards = told["number of a program"], f"/v1/partner/programs/{keys.programs['mirrored']}"
    contact = {"display_name": told["name at the shop"], "phone": told["phone"]}
    link = shop.ask("POST", f"{cards}/cards", {"number": number, **contact}).json()["link_token"]
    body = {"program_id": keys.programs["mirrored"], "number": number, "link_token": link}
    person.ask("POST", "/v1/cards", body)
    statement = {"sequence": 1, "as_of": "2026-11-21T20:05:00Z", "balance": 1300}
    statement["message"] = told["message of a statement"]
    shop.ask("PUT", f"{cards}/cards/{number}/statement", statement)
    return told


def kept(demo: RunningDemo) -> dict[str, bytes]:
    """Read everything that the demo keeps and shows: files, what it printed, the sandbox."""
    found = {
        str(path.relative_to(demo.folder)): path.read_bytes()
        for path in demo.folder.rglob("*")
        if path.is_file()
    }
    for page in ("/sandbox", "/sandbox/mails", "/metrics"):
        found[page] = httpx2.get(f"{demo.url}{page}", trust_env=False).content
    return found


def test_fifty_planted_values_are_found_nowhere_after_an_erasure(demo: RunningDemo) -> None:
    keys, stranger = keys_of(demo), Person(demo, "")
    stranger.ask("POST", "/v1/sign-in/codes", {"email": EMAIL})
    code = mailed_code(demo.url, EMAIL)
    token = stranger.ask("POST", "/v1/sign-in", {"email": EMAIL, "code": code}).json()["token"]
    person = Person(demo, token)
    planted, cards = planted_cards(person)
    planted |= member(demo, person, keys)
    planted |= {"address": EMAIL, "wanted address": WANTED, "name": "Zephyrine Quokka-Canary"}
    person.ask("PATCH", "/v1/me", {"display_name": planted["name"]})
    person.ask("POST", "/v1/me/email-codes", {"email": WANTED})
    mailed_code(demo.url, WANTED)
    photo = person.ask("PUT", f"/v1/cards/{cards[0]}/pictures/front", picture(40, 30), **PNG)
    assert photo.status_code == 200
    drawn = person.ask("GET", f"/v1/cards/{cards[0]}/pictures/front").content
    device, push_token = "quokka-device-0123456789abcdef", "0badc0ffee" * 8
    for card in cards[:3]:
        with_apple(demo, person, card, device=device, push_token=push_token)
        with_google(demo, person, card)
    traces = {name: value.encode() for name, value in planted.items()}
    traces |= {"push token": push_token.encode(), "picture": drawn, "session": token.encode()}
    assert len(traces) >= 50
    found = {hit.partition(" in ")[0] for hit in hits(kept(demo), traces)}
    assert len(found) >= 45, "what is not found before proves nothing after"

    assert person.ask("DELETE", "/v1/me").status_code == 204
    until(lambda: hits(kept(demo), traces))


def until(left: Callable[[], Any]) -> None:
    """Wait until nothing is left; another process does it."""
    end = time.monotonic() + PATIENCE_SECONDS
    while found := left():
        assert time.monotonic() < end, "\n".join(found) if isinstance(found, list) else found
        time.sleep(0.2)


def pass_json(content: bytes) -> Any:
    """Read what a pass says."""
    with zipfile.ZipFile(io.BytesIO(content)) as zipped:
        return json.loads(zipped.read("pass.json"))


def with_apple(
    demo: RunningDemo, person: Person, card: str, *, device: str, push_token: str
) -> None:
    """Register a phone for a card's pass, as an iPhone does."""
    passed = person.ask("GET", f"/v1/cards/{card}/apple.pkpass").content
    document = pass_json(passed)
    registered = httpx2.post(
        f"{demo.url}/apple/v1/devices/{device}/registrations"
        f"/{document['passTypeIdentifier']}/{document['serialNumber']}",
        json={"pushToken": push_token},
        headers={"Authorization": f"ApplePass {document['authenticationToken']}"},
        trust_env=False,
    )
    assert registered.status_code == 201, registered.text


def with_google(demo: RunningDemo, person: Person, card: str) -> None:
    """Save a card into an account of the fake Google, and wait until it has called back."""
    save_url = person.ask("GET", f"/v1/cards/{card}/google").json()["save_url"]
    saved = httpx2.post(save_url, data={"account": EMAIL}, headers=JSON, trust_env=False)
    assert saved.status_code < 400, saved.text
    until(lambda: not person.ask("GET", f"/v1/cards/{card}/google").json()["saved"])

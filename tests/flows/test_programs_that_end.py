"""A program ends: its cards say so at once, expire after the last day, and its doors are shut."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.cards.content import content_of
from app.partners import exporting
from passes.google.lint import lint_object
from passes.google.loyalty_object import ObjectIssue, loyalty_object
from tests.cards.cards_world import card_row, rows
from tests.flows.conftest import World
from tests.flows.phones import Shop, open_shop
from tests.flows.test_events_on_phones import NUMBER, Counter, open_counter
from tests.partners.hosted_shop import AT

ENDING = {
    "last_day": "2026-09-30",
    "notice": {"en": "Spend your points by then.", "fr": "Dépensez vos points d'ici là."},
}
DAY_SECONDS = 86_400


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def end(counter: Counter, **changes: Any) -> Any:
    """Announce the end."""
    path = f"/v1/partner/programs/{counter.program}/ending"
    return await counter.shop.ask("POST", path, ENDING | changes, token=counter.shop.key)


async def pulled(counter: Counter) -> Any:
    """Let the worker tell, the phone pull, and return pass.json."""
    await counter.shop.worker.step()
    for push in list(counter.shop.apple.pushes):
        await counter.phone.pushed(push.topic)
    counter.shop.apple.pushes.clear()
    return next(iter(counter.phone.wallet.values())).opened.document


def back(document: Any, key: str) -> str:
    """Return a back field's value."""
    fields = document["storeCard"]["backFields"]
    return str(next(field["value"] for field in fields if field["key"] == key))


async def test_passes_tell_the_end_at_once_and_expire_after_the_last_day(shop: Shop) -> None:
    counter = await open_counter(shop, "fr")
    await counter.happened("A-1", type="purchase", amount_minor=10_000)
    answer = await end(counter)
    assert answer.status_code == 200, answer.text
    assert answer.json()["ending"] == ENDING | {"ended_at": None}
    document = await pulled(counter)
    told = "Ce programme s'arrête après le 30 septembre 2026. Dépensez vos points d'ici là."
    assert back(document, "message") == told
    assert counter.phone.lock_screen[-1].text == told
    assert document["expirationDate"] == "2026-09-30T22:00:00Z"  # midnight in Paris
    assert "voided" not in document
    again = await end(counter)
    assert again.status_code == 200
    assert await counter.shop.worker.step() == 0  # the same again tells nobody

    shop.world.clock.forward(10 * DAY_SECONDS)
    document = await pulled(counter)
    assert document["voided"] is True and document["expirationDate"] == "2026-09-30T22:00:00Z"
    assert "s'est arrêté" in back(document, "message")
    shown = await shop.ask("GET", f"/v1/partner/programs/{counter.program}", token=shop.key)
    assert shown.json()["ending"]["ended_at"] is not None
    ((card,),) = await rows(shop.world.ports, "SELECT public_id FROM card")
    card_id = await card_row(shop.world.ports, f"card_{card.hex()}")
    ((user_id,),) = await rows(shop.world.ports, "SELECT user_id FROM holder")
    found = await shop.world.ports.database.read(
        lambda tx: content_of(tx, card_id, user_id=user_id, now=shop.world.clock.wall())
    )
    assert found is not None
    issue = ObjectIssue(object_id="3388.a", class_id="3388.b")
    written = loyalty_object(found.content, issue)
    assert written["state"] == "EXPIRED" and written["loyaltyPoints"]["balance"]
    assert written["validTimeInterval"]["end"]["date"] == "2026-10-01T00:00:00+02:00"
    assert not lint_object(json.dumps(written).encode(), issuer="3388")


async def test_an_end_can_be_moved_and_taken_back_until_the_day_is_over(shop: Shop) -> None:
    counter = await open_counter(shop, "en")
    await end(counter)
    await pulled(counter)
    moved = await end(counter, last_day="2026-12-31", notice="Later, after all.")
    assert moved.json()["ending"]["last_day"] == "2026-12-31"
    document = await pulled(counter)
    assert "31 December 2026. Later" in back(document, "message")
    path = f"/v1/partner/programs/{counter.program}/ending"
    assert (await shop.ask("DELETE", path, token=shop.key)).status_code == 204
    document = await pulled(counter)
    assert "expirationDate" not in document and "program" not in back(document, "message")
    none = await shop.ask("DELETE", path, token=shop.key)
    assert (none.status_code, none.json()["code"]) == (409, "conflict")
    for wrong in (
        {"last_day": "2026-09-20"},
        {"last_day": "2026-02-30"},
        {"last_day": "2099-01-01"},
        {"notice": ""},
        {"notice": {"fr": "seul"}},
    ):
        assert (await end(counter, **wrong)).status_code == 400, wrong
    assert (await end(counter, last_day="2026-09-21")).status_code == 200  # today is not too late
    shop.world.clock.forward(DAY_SECONDS)
    for how in ("POST", "DELETE"):
        body = ENDING if how == "POST" else None
        late = await shop.ask(how, path, body, token=shop.key)
        assert late.json()["code"] == "program-ended"


async def test_after_the_last_day_doors_are_shut_and_reads_go_on(shop: Shop) -> None:
    counter = await open_counter(shop, "en")
    await counter.happened("A-1", type="purchase", amount_minor=10_000)
    path = f"/v1/partner/programs/{counter.program}"
    card = (await shop.ask("GET", f"{path}/cards/{NUMBER}", token=shop.key)).json()["id"]
    await end(counter)
    shop.world.clock.forward(
        10 * DAY_SECONDS
    )  # nobody has looked yet: the doors know by themselves
    now = "2026-10-01T12:00:00Z"
    sale = {"card_id": card, "amount_minor": 500, "tenders": []}
    hold = {"card_id": card, "burn": {"rule": "pay", "units": 50}}
    quote = {"card_id": card, "basket": {"amount_minor": 500}}
    event = {"card_number": NUMBER, "occurred_at": now}
    shut = [
        ("POST", f"/v1/programs/{counter.program}/join", {}),
        ("POST", f"{path}/cards", {"number": "4006381333948"}),
        ("POST", "/v1/checkout/tickets", sale | {"id": "T-1", "occurred_at": now}),
        ("POST", "/v1/checkout/holds", hold),
        ("POST", "/v1/checkout/quotes", quote),
        ("POST", f"{path}/events", event | {"id": "A-2", "type": "purchase", "amount_minor": 500}),
        ("POST", f"{path}/events", event | {"id": "A-3", "type": "convert"}),
    ]
    for method, where, body in shut:
        refused = await shop.ask(method, where, body, token=shop.key)
        assert refused.status_code == 409, (where, refused.text)
        assert refused.json()["code"] == "program-ended", refused.text
        assert refused.json()["last_day"] == "2026-09-30"
    open_still = [
        # what was done before is answered again; a ticket of before may come late
        ({"id": "A-1", "type": "purchase", "amount_minor": 10_000, "occurred_at": AT}, 201),
        ({"id": "A-4", "type": "purchase", "amount_minor": 500, "occurred_at": AT}, 201),
        ({"id": "R-1", "type": "refund", "of": "A-1", "amount_minor": 500, "occurred_at": now}, 201),
        ({"id": "C-1", "type": "adjust", "unit": "pts", "units": 5, "reason": "goodwill",
          "occurred_at": now}, 201),
    ]  # fmt: skip
    for body, status in open_still:
        answer = await shop.ask(
            "POST", f"{path}/events", {"card_number": NUMBER} | body, token=shop.key
        )
        assert answer.status_code == status, answer.text
    for where in (path, f"{path}/cards", f"{path}/cards/{NUMBER}", "/v1/directory?q=coin"):
        assert (await shop.ask("GET", where, token=shop.key)).status_code == 200
    await counter.shop.worker.step()
    shops = (await shop.ask("GET", "/v1/directory?q=coin", token=shop.key)).json()["items"]
    assert all(each["program_id"] != counter.program for each in shops)


async def test_members_and_ledger_can_be_taken_along(shop: Shop) -> None:
    counter = await open_counter(shop, "en")
    await counter.happened("A-1", type="purchase", amount_minor=10_000)
    await counter.happened("C-1", type="adjust", unit="pts", units=-5, reason="=1+1")
    path = f"/v1/partner/programs/{counter.program}"
    body = {"number": "2900000000018", "display_name": "=cmd|' /C calc'!A0", "phone": "+33 6 01"}
    assert (await shop.ask("POST", f"{path}/cards", body, token=shop.key)).status_code == 201
    answer = await shop.ask("GET", f"{path}/export.zip", token=shop.key)
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        members, ledger = (
            list(csv.DictReader(io.StringIO(file.read(name).decode("utf-8-sig"))))
            for name in ("members.csv", "ledger.csv")
        )
        program = json.loads(file.read("program.json"))
    assert program["id"] == counter.program
    assert [(each["number"], each["balance:pts"]) for each in members] == [
        (NUMBER, "195"),
        ("2900000000018", "0"),
    ]
    assert members[1]["display_name"].startswith("'=") and members[1]["phone"] == "'+33 6 01"
    told = [(each["kind"], each["unit"], each["units"], each["reason"]) for each in ledger]
    assert told == [
        ("earn", "pts", "200", ""),
        ("earn", "late", "100", ""),
        ("adjust", "pts", "-5", "'=1+1"),
    ]


async def test_statements_are_taken_along_and_pages_of_them_lose_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("4006381333931", "2900000000018"):
        await shop.card(await shop.guest(), number)
        for sequence in range(1, 8):
            await shop.tell(number, sequence)
    path = f"/v1/partner/programs/{shop.program_id}/export.zip"
    seen = []
    for at_once in (2, 3, 1_000):
        monkeypatch.setattr(exporting, "LINES_AT_ONCE", at_once)
        monkeypatch.setattr(exporting, "CARDS_AT_ONCE", min(at_once, 50))
        answer = await shop.ask("GET", path, token=shop.key)
        with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
            seen.append([file.read(name) for name in ("members.csv", "ledger.csv")])
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1].count(b"\r\n") == 1 + 2 * 7

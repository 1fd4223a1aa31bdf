"""The export over HTTP: everything that is held about a user, and no secret."""

from __future__ import annotations

import csv
import importlib
import io
import re
import zipfile
from typing import Any

import msgspec
import pytest

from app.privacy import archive, sections
from tests.cards.cards_world import Asking, user
from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.privacy.life import lived
from tests.schema import ROOT, query_files

# Of these tables a user gets nothing, because they hold nothing but ids and hashes of his.
UNTOLD = {
    "user_by_public": "his id, which is in his profile",
    "user_by_email": "his address, which is in his profile",
    "session_by_token": "hashes of tokens",
    "sign_in_code": "hash of a code, ten minutes",
    "passkey_by_credential": "hashes of credentials",
    "share_by_token": "hashes of tokens",
    "claim_by_token": "hashes of tokens",
    "link_code": "hash of a code, ten minutes",
    "card_secret": "what codes are drawn from",
    "card_by_number": "numbers, which are in his cards",
    "device_by_library": "hashes of library ids",
    "idempotency": "sealed copies of what he was answered",
    "missing_points_by_public": "random ids, which are in his requests",
    "webhook_body": "copies of his cards and their events",
    "webhook_attempt": "what merchants' systems answered",
    "webhook_delivery": "when a merchant's system was told",
    "webhook_lane": "when a merchant's system is told next",
    "webhook_delivery_by_public": "random ids and where they stand",
}


async def taken(ask: Asking) -> dict[str, bytes]:
    """Export, and open the zip."""
    answer = await ask("GET", "/v1/me/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


async def test_an_export_holds_every_trace_in_json_and_csv(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    files = await taken(life.ask)
    whole = msgspec.json.decode(files["everything.json"])
    assert whole["format"] == archive.FORMAT
    secret = {"push token", "claim token", "credential of a passkey", "public key of a passkey"}
    tables = b"".join(content for name, content in files.items() if name.startswith("csv/"))
    for name, trace in life.traces.items():
        if name == "picture":
            assert trace in files.values()
        elif name in secret:
            assert not any(trace in content for content in files.values()), name
        else:
            # CSV doubles quotes and JSON escapes nothing here: both hold the words as they are.
            assert trace in files["everything.json"], name
            assert trace in tables, name
    for name, trace in life.hashed.items():
        assert not any(trace in content for content in files.values()), name


async def test_an_export_reads_like_the_api(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    files = await taken(life.ask)
    whole = msgspec.json.decode(files["everything.json"])
    me = (await life.ask("GET", "/v1/me")).json()
    (profile,) = whole["profile"]
    assert (profile["user_id"], profile["created_at"]) == (me["id"], me["created_at"])
    listed = (await life.ask("GET", "/v1/cards")).json()["items"]
    assert [card["card_id"] for card in whole["cards"]] == [card["id"] for card in listed]
    hosted = life.cards["hosted"]["id"]
    told = (await life.ask("GET", f"/v1/cards/{hosted}/history")).json()["items"]
    ours = [line for line in whole["history"] if line["card_id"] == hosted]
    assert [line["text"] for line in ours] == [line["text"] for line in told]
    rows = list(csv.DictReader(io.StringIO(files["csv/cards.csv"].decode("utf-8-sig"))))
    assert [row["number"] for row in rows] == [card["number"] for card in listed]
    for name, section in whole.items():
        if isinstance(section, list):
            assert f"csv/{name}.csv" in files


async def test_a_guest_without_cards_gets_an_archive_too(world: World) -> None:
    whole = msgspec.json.decode((await taken(await user(world)))["everything.json"])
    assert len(whole["profile"]) == 1
    assert whole["cards"] == []


async def test_a_holder_gets_the_shared_card_but_not_its_owners_side(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    whole = (await taken(life.other))["everything.json"]
    assert life.traces["number of a shop's card"] in whole
    for name in ("note", "label", "name", "address"):
        assert life.traces[name] not in whole, name


async def test_exports_are_limited_by_the_hour(world: World) -> None:
    ask = await user(world)
    for _ in range(20):
        await taken(ask)
    assert (await ask("GET", "/v1/me/export")).status_code == 429


def statements() -> dict[str, str]:
    """Collect what the export reads."""
    return {**sections.OF_USER, **sections.OF_CARD}


def test_every_table_that_is_erased_is_exported_or_says_why_not() -> None:
    told = {
        table for sql in statements().values() for table in re.findall(r"(?:FROM|JOIN) (\w+)", sql)
    }
    erased: set[str] = set()
    for path in query_files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        erased |= getattr(importlib.import_module(module), "ERASE", {}).keys()
    assert sorted(erased - told - UNTOLD.keys()) == []


def test_every_rooms_statements_are_read() -> None:
    for path in query_files():
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        listed: dict[str, str] = getattr(importlib.import_module(module), "EXPORT", {})
        assert listed.items() <= statements().items(), module


@pytest.mark.parametrize("sql", statements().values(), ids=statements())
def test_no_statement_reads_a_secret(sql: str) -> None:
    columns = sections.columns_of(sql)
    assert len(columns) == len(set(columns))
    assert not [name for name in columns if re.search(r"hash|token|secret|seal|key$|seed", name)]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (True, "true"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+33 699887766", "+33 699887766"),
        ("+cmd|x", "'+cmd|x"),
        (-5, "-5"),
        (["é"], '["é"]'),
    ],
)
def test_a_spreadsheet_runs_no_formula(value: Any, cell: str) -> None:
    assert archive._cell(value) == cell

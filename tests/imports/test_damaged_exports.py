"""Every format damaged: cut, a byte changed, doubled, mixed; read or refused, never an error."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import AppError
from app.imports.archive import Archive
from app.imports.detecting import read_file
from app.imports.found import FoundFile, Given
from app.imports.pass_strings import read_strings
from app.imports.reasons import sentence
from tests.imports.made import (
    CARDABASE,
    FIDME,
    NOW,
    STOCARD,
    VOUCHERS,
    catima_zip,
    locked,
    own_export,
    pkpass,
    read,
    reasons,
    stocard,
    zipped,
)
from tests.imports.zip_crypto import zip_crypto

OWN = own_export([{"shop_name": f"Shop {n}", "number": str(n), "note": "é" * n} for n in range(9)])
FILES: dict[str, bytes] = {
    "catima": zipped(catima_zip()),
    "catima-aes": locked({"catima.csv": catima_zip()["catima.csv"]}, "1"),
    "fidme": zipped(FIDME),
    "fidme-stored": zipped(FIDME, compression=zipfile.ZIP_STORED),
    "stocard": zipped(stocard(), compression=zipfile.ZIP_STORED),
    "stocard-locked": zip_crypto(
        {name: it for name, it in stocard().items() if name.endswith("content.json")}, "1"
    ),
    "vouchers": json.dumps(VOUCHERS).encode(),
    "cardabase": zipped({"cards/cards": json.dumps(CARDABASE), "images/a1-f.png": b"?"}),
    "cardabase-list": json.dumps(CARDABASE).encode(),
    "pass": pkpass(**{"en.lproj/pass.strings": '"a" = "b";'.encode("utf-16")}),
    "passes": zipped({"1.pkpass": pkpass(), "2.pkpass": pkpass()}),
    "own": OWN,
    "link": b"https://catima.app/share#store%3DBains%26note%3D%26cardid%3D77%26expiry%3D1",
}
GIVEN = Given(password="1", language="fr", now=NOW)
named = pytest.mark.parametrize("name", FILES)


def read_or_refuse(content: bytes) -> FoundFile | None:
    """Read any bytes; what is wrong is told by a refusal of ours."""
    try:
        file = read_file(content, GIVEN)
    except AppError as refusal:
        assert 400 <= refusal.status < 500
        return None
    for remark in (*file.failed, *file.skipped, *file.warnings):
        assert sentence(remark.reason, remark.field, "fr")
    for card in file.cards:
        assert card.shop_name.encode()
        assert card.number.encode()
    return file


@named
def test_a_file_cut_anywhere_is_read_or_refused(name: str) -> None:
    content = FILES[name]
    for end in range(0, len(content), max(1, len(content) // 150)):
        read_or_refuse(content[:end])


@named
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_changed_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    read_or_refuse(bytes(content))


@named
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_pieces_taken_out_or_doubled_are_read_or_refused(name: str, data: st.DataObject) -> None:
    content = FILES[name]
    first, second = sorted(data.draw(st.tuples(*(st.integers(0, len(content)),) * 2)))
    read_or_refuse(content[:first] + content[second:])
    read_or_refuse(content[:second] + content[first:])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
KEYS = {
    "vouchers": ("description", "code", "codeType", "expires", "balanceMilliunits", "balance"),
    "cardabase": ("name", "barcode", "data", "type", "tags", "color", "points", "notes", "id"),
    "own": (
        *("shop_name", "number", "barcode_value", "barcode_format", "note", "groups", "color"),
        *("expires_at", "own_balance", "pictures", "label", "is_favorite", "last_used_at"),
    ),
    "pass": (
        *("barcodes", "barcode", "logoText", "organizationName", "expirationDate", "storeCard"),
        *("backgroundColor", "serialNumber", "voided"),
    ),
    "stocard": ("input_id", "input_barcode_format", "input_provider_reference", "label"),
}
PACKED: dict[str, Callable[[object], bytes]] = {
    "vouchers": lambda card: json.dumps([{"code": 1, "codeType": "QR"}, card]).encode(),
    "cardabase": lambda card: json.dumps([{"name": 1, "barcode": 2}, card]).encode(),
    "own": lambda card: own_export([card]),  # type: ignore[list-item]
    "pass": lambda card: zipped({"pass.json": json.dumps(card)}),
    "stocard": lambda card: zipped(
        {f"{STOCARD}/{part}/content.json": json.dumps(card) for part in ("a", "a/notes/default")}
    ),
}


@pytest.mark.parametrize("name", KEYS)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_any_json_in_any_place_is_read_or_refused(name: str, data: st.DataObject) -> None:
    card = data.draw(st.dictionaries(st.sampled_from(KEYS[name]), JSON, max_size=8) | JSON)
    read_or_refuse(PACKED[name](card))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)
    for head in (b"PK\x03\x04", b"PK\x05\x06", b"[", b"{", b"https://catima.app/share#"):
        read_or_refuse(head + content)
    read_strings(content)
    read_or_refuse(zipped({"pass.json": content, "en.lproj/pass.strings": content}))
    read_or_refuse(zipped({"loyalty_programs.csv": content, "loyalty_points.csv": content}))


@named
def test_the_same_file_twice_over_is_read_or_refused(name: str) -> None:
    read_or_refuse(FILES[name] + FILES[name])
    read_or_refuse(FILES[name] + b"\r\n" + FILES[name])


def test_a_changed_byte_in_one_folder_loses_no_other() -> None:
    content = FILES["stocard"]
    place = content.index(b'"input_id": "0042"')
    broken = content[:place] + b"'" + content[place + 1 :]
    shops = {card.shop_name for card in read(broken).cards}
    assert shops == {"Le Four", "Stocard 841"}


def test_a_cut_export_of_ours_keeps_the_cards_before() -> None:
    for end in range(OWN.index(b"Shop 4"), len(OWN), 7):
        file = read_or_refuse(OWN[:end])
        assert file is not None
        assert len(file.cards) >= 4


@pytest.mark.parametrize("columns", ["x;" * 10_000, ";" * 10_000, '"a";' * 10_000])
def test_ten_thousand_columns_are_one_bad_row(columns: str) -> None:
    rows = f"{FIDME['loyalty_programs.csv']}{columns}\nBains;;2021-01-01;7;;\n"
    file = read(zipped({"loyalty_programs.csv": rows}))
    assert [card.number for card in file.cards][-1] == "7"
    assert len(reasons(file)["failed"]) == 3


def test_ten_thousand_columns_in_a_header_are_columns() -> None:
    header = "Retailer;Reference" + ";x" * 10_000
    row = "Bains;7" + ";y" * 10_000
    assert len(read(zipped({"loyalty_programs.csv": f"{header}\n{row}\n"})).cards) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'[{"code":' * 50_000,
        b'{"format": "portecarte/1", "cards": ' + b"[" * 100_000,
        b'[{"code": "' + b"a" * 1_000_000,
        b'[{"code": 1, "codeType": "QR", "balance": ' + b"9" * 100_000 + b"}]",
        b'[{"code": 1, "codeType": "QR", "balance": 1e999999}, {"code": NaN, "codeType": 1}]',
        b"[" + b"{," * 200_000,
        b"[" + b'{"code":1,"codeType":1},' * 6_000 + b"]",
        b"a, " * 300_000,
        b'"' * 500_000,
        b"[a, " * 200_000 + b"]",
        b"{cardName: a" + b", b: c" * 100_000 + b"}",
        b"https://catima.app/share#" + b"%25" * 20_000,
        b"https://catima.app/share?" + b"a=b&" * 15_000,
    ],
)
def test_hostile_texts_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)


def test_hostile_strings_of_a_pass_do_no_harm() -> None:
    for text in ('"' + "\\" * 100_000, '"a" = "b' * 20_000, '"a"' + " " * 100_000, '"=' * 50_000):
        read_strings(text.encode())


def test_samples_cut_and_changed_are_read_or_refused() -> None:
    samples = Path(__file__).parents[3] / "shared" / "data" / "imports"
    if not samples.exists():
        pytest.skip("the sample exports are not here")
    for path in samples.iterdir():
        content = path.read_bytes()
        for at in range(0, len(content), max(1, len(content) // 40)):
            read_or_refuse(content[:at])
            read_or_refuse(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
    with pytest.raises(AppError):
        Archive(b"PK\x03\x04")

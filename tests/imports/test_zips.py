"""Zips that mean harm, are encrypted or broken: refused with their code, before they cost much."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile

import pytest

from app.errors import TooBig
from app.imports.archive import Archive, Budget
from app.imports.found import CARDS_MAX
from tests.imports.made import (
    CATIMA,
    FIDME,
    STOCARD,
    by_shop,
    catima_zip,
    code_of,
    locked,
    pkpass,
    read,
    reasons,
    stocard,
    zipped,
)
from tests.imports.zip_crypto import zip_crypto

MIB = 1024 * 1024


def odd(*names: str, mode: int = 0) -> bytes:
    """Pack entries under names as they are, one after the other."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.external_attr = mode << 16
            archive.writestr(info, CATIMA)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        odd("catima.csv", "../catima.csv"),
        odd("catima.csv", "a/../../b"),
        odd("catima.csv", "/etc/passwd"),
        odd("catima.csv", "\\\\server\\share"),
        odd("catima.csv", "..\\b"),
        odd("catima.csv", "C:\\b"),
        odd("catima.csv", "catima.csv"),
        odd("catima.csv", mode=stat.S_IFLNK | 0o777),
        odd("catima.csv", mode=stat.S_IFIFO | 0o600),
    ],
)
def test_entries_that_would_land_elsewhere_are_refused(content: bytes) -> None:
    assert code_of(content) == "unsafe-entry"


def test_a_bomb_is_refused_when_its_bytes_are_counted() -> None:
    bomb = zipped({"catima.csv": b"0" * (100 * MIB)})
    assert len(bomb) < MIB
    assert code_of(bomb) == "too-big"
    liar = bomb.replace((100 * MIB).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert liar != bomb
    assert code_of(liar) == "too-big", "what the header says is not believed"


def test_all_entries_together_are_counted() -> None:
    pictures = {f"card_3_{side}.png": bytes(30 * MIB) for side in ("front", "back", "icon")}
    assert code_of(zipped({"catima.csv": CATIMA, **pictures})) == "too-big"


def test_what_is_not_read_costs_nothing() -> None:
    file = read(zipped({"catima.csv": CATIMA, "photos.bin": bytes(100 * MIB)}))
    assert len(file.cards) == 2


def test_bombs_inside_a_bundle_count_for_the_whole_and_lose_only_themselves() -> None:
    bomb = pkpass(**{"icon.png": bytes(6 * MIB)})
    file = read(zipped({"1.pkpass": bomb, "2.pkpass": pkpass()}))
    assert [card.row for card in file.cards] == ["2.pkpass"]
    assert reasons(file)["failed"] == [("1.pkpass", "bad-record")]
    many = {f"{n}.pkpass": pkpass(**{"icon.png": bytes(4 * MIB)}) for n in range(20)}
    assert code_of(zipped(many)) == "too-big"
    assert code_of(pkpass(**{"icon.png": bytes(6 * MIB)})) == "too-big"


def test_entries_are_counted_before_the_directory_is_read() -> None:
    few = {"catima.csv": CATIMA, **{f"e{n}": b"" for n in range(16_000)}}
    assert code_of(zipped(few)) == "too-many-entries"
    assert code_of(pkpass(**{f"e{n}.png": b"" for n in range(64)})) == "too-many-entries"
    inner = pkpass(**{f"e{n}.png": b"" for n in range(64)})
    assert reasons(read(zipped({"1.pkpass": inner})))["failed"] == [("1.pkpass", "bad-record")]


def test_a_list_of_more_cards_than_a_wallet_holds_is_refused() -> None:
    folders = {f"{STOCARD}/{n}/content.json": b"{}" for n in range(CARDS_MAX + 1)}
    assert code_of(zipped(folders)) == "too-big"


def test_methods_that_unpack_without_a_limit_are_not_read() -> None:
    content = zipped(catima_zip(), compression=zipfile.ZIP_BZIP2)
    assert code_of(content) == "bad-zip"


@pytest.mark.parametrize("pack", [locked, zip_crypto])
def test_encrypted_files_ask_for_their_password(pack: object) -> None:
    assert callable(pack)
    content = pack(catima_zip(), "sésame")
    assert code_of(content) == "password-needed"
    assert code_of(content, password="") == "password-needed"
    assert {code_of(content, password=f"no{n}") for n in range(20)} == {"password-wrong"}
    file = read(content, password="sésame")
    assert [picture.side for picture in by_shop(file, "Le Four").pictures] == ["front", "icon"]
    assert reasons(file)["failed"] == []


def test_a_locked_stocard_export_is_read_with_its_password() -> None:
    content = zip_crypto(stocard(), "1234")
    assert code_of(content) == "password-needed"
    assert len(read(content, password="1234").cards) == 3


def test_what_takes_too_long_to_decrypt_is_a_picture_too_big() -> None:
    entries = {f"{STOCARD}/a/content.json": b'{"input_id": "7", "input_provider_name": "Bains"}'}
    content = bytearray(zip_crypto(entries | {f"{STOCARD}/a/images/front/a.jpg": b"x"}, "1"))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 20 : directory + 24] = (7 * MIB).to_bytes(4, "little")
    (card,) = read(bytes(content), password="1").cards
    assert (card.number, [picture.content for picture in card.pictures]) == ("7", [b""])


def test_a_file_that_nobody_reads_is_unknown_before_its_password_is_asked_for() -> None:
    assert code_of(locked({"secret.txt": b"x"}, "1")) == "unknown-file"


def test_a_bomb_behind_a_password_is_counted_too() -> None:
    content = locked({"catima.csv": b"0" * (70 * MIB)}, "1")
    assert code_of(content, password="1") == "too-big"


def test_a_damaged_entry_loses_its_own_rows_only() -> None:
    content = bytearray(zipped(FIDME, compression=zipfile.ZIP_STORED))
    content[content.index(b"Bains;;2021-03-24 18:34:19")] ^= 1
    file = read(bytes(content))
    assert [card.shop_name for card in file.cards] == ["Le Four", "Cains"]
    assert ("loyalty_programs.csv", "bad-record") in reasons(file)["failed"]


def test_a_packed_table_is_read_up_to_its_wrong_byte() -> None:
    rows = "".join(f"Shop {n};;2021-01-01;{n * 7919 + 10**9};;\n" for n in range(2_000))
    table = "Retailer;Program;Added At;Reference;Firstname;Lastname\n" + rows
    content = bytearray(zipped({"loyalty_programs.csv": table}))
    content[len(content) // 2] = content[len(content) // 2] ^ 0xFF
    file = read(bytes(content))
    assert len(file.cards) > 500
    assert ("loyalty_programs.csv", "bad-record") in reasons(file)["failed"]


def test_a_polyglot_is_what_its_first_bytes_say() -> None:
    content = b"2\r\n\r\n" + zipped(catima_zip())
    assert code_of(content) in {"bad-encoding", "unknown-file"}


def test_a_budget_is_shared_with_what_is_around() -> None:
    outer = Budget(10)
    inner = Budget(100, outer)
    inner.spend(10)
    assert not outer.is_spent
    with pytest.raises(TooBig):
        inner.spend(1)
    assert outer.is_spent
    assert Archive(zipped({"a": b"abc"})).read("b").is_damaged, "what is not there is empty"

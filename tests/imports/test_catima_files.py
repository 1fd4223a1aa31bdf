"""Catima's CSV files: what each row becomes, in files of our own and, where they lie, in samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import AppError
from app.imports.catima import read_catima
from app.imports.detecting import read_file
from app.imports.files import text_of
from app.imports.found import FoundCard, FoundFile, OwnBalance, Remark

FILES = Path(__file__).parent / "files"
SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "imports"
with_samples = pytest.mark.skipif(not SAMPLES.exists(), reason="the sample exports are not here")


def read(path: Path) -> FoundFile:
    return read_file(path.read_bytes())


def by_number(file: FoundFile, number: str) -> FoundCard:
    (card,) = [card for card in file.cards if card.number == number]
    return card


def remarks(remarked: tuple[Remark, ...]) -> list[tuple[object, str, str]]:
    return [(it.row, it.reason, it.field) for it in remarked]


def code_of(content: bytes) -> str:
    with pytest.raises(AppError) as refused:
        read_file(content)
    return str(refused.value.facts.get("code", refused.value.code))


def test_version_1_has_one_table_with_a_header() -> None:
    file = read(FILES / "v1.csv")
    baker = by_number(file, "4006381333931")
    assert (baker.shop_name, baker.note) == ("Le Four", 'petit "pain", rassis')
    assert (baker.barcode_format, baker.color, baker.is_favorite) == ("EAN_13", "#67bf74", True)
    assert not by_number(file, "AB 12").is_favorite, "only 1 is a favourite"
    assert remarks(file.warnings) == [(3, "bad-colour", "headercolor")]
    assert remarks(file.failed) == [(4, "missing-store", "store")]


def test_version_2_has_groups_cards_and_links() -> None:
    file = read(FILES / "v2.csv")
    books = by_number(file, "1002")
    assert books.note == 'Tome 1\n\nTome 2, page "12"', "a blank line may stand in a note"
    assert (books.barcode_value, books.barcode_format) == ("A-1002", "AZTEC")
    assert books.own_balance == OwnBalance("12.50", "EUR")
    assert books.valid_from == 1_750_000_000_000_000, "milliseconds"
    assert books.last_used_at == 1_766_674_633_000_000, "seconds"
    assert books.groups == ("Quartier", "Vacances")
    assert books.row == 12, "the line where the record starts"


def test_what_is_odd_is_kept_with_a_warning_and_what_cannot_be_is_named() -> None:
    file = read(FILES / "v2.csv")
    pool = by_number(file, "0042")
    assert (pool.barcode_format, pool.is_archived) == ("ITF", True)
    assert pool.expires_at == 1_618_053_234_000_000
    assert pool.own_balance == OwnBalance("10", None), "without a currency: points"
    assert by_number(file, "12345").barcode_format == "none", "never repaired to an even count"
    assert by_number(file, "Gruyère").barcode_format == "QR_CODE", "so that it exports again"
    assert remarks(file.warnings) == [
        (11, "non-ascii-value", "cardid"),
        (15, "date-in-seconds", "expiry"),
        (16, "barcode-value-invalid", "cardid"),
        (18, "no-wallet-format", "barcodetype"),
        (18, "bad-date", "lastused"),
        (18, "bad-date", "validfrom"),
        (18, "bad-balance", "balance"),
        (23, "unknown-group", "cardId,groupId"),
        (24, "unknown-group", "cardId,groupId"),
    ]
    assert remarks(file.failed) == [(8, "bad-record", ""), (17, "payment-card", "cardid")]


def test_numbers_keep_their_zeros_and_lose_outer_white_space() -> None:
    (card,) = read_catima("_id,store,cardid\n1, Shop ,  0012 3 \n").cards
    assert (card.shop_name, card.number) == ("Shop", "0012 3")


def test_columns_are_read_by_name_in_any_order_and_case() -> None:
    (card,) = read_catima("CardID,Store,extra,_ID\n42,Shop,?,1\n").cards
    assert (card.shop_name, card.number) == ("Shop", "42")


@pytest.mark.parametrize("bad", ["a\x00b", "a\x07b", "a\x9fb"])
def test_control_characters_fail_their_row_only(bad: str) -> None:
    file = read_catima(f"_id,store,cardid\n1,{bad},1\n2,Shop,2\n")
    assert [card.number for card in file.cards] == ["2"]
    assert remarks(file.failed) == [(2, "control-character", "store")]


def test_a_lost_quotation_mark_loses_its_row_only() -> None:
    file = read_catima('_id,store,cardid\n1,"Shop,1\n2,Shop,2\n3,"A ""b""",3\n')
    assert [card.number for card in file.cards] == ["2", "3"]
    assert remarks(file.failed) == [(2, "bad-record", "")]


def test_ten_thousand_columns_are_one_bad_row() -> None:
    file = read_catima("_id,store,cardid\n" + "1," * 10_000 + "\n2,Shop,2\n")
    assert [card.number for card in file.cards] == ["2"]


def test_too_long_texts_fail_their_row() -> None:
    file = read_catima(f"_id,store,cardid\n1,{'a' * 4097},1\n2,Shop,{'1' * 513}\n3,Shop,3\n")
    assert [card.number for card in file.cards] == ["3"]
    assert remarks(file.failed) == [(2, "too-long", "store"), (3, "too-long", "cardid")]


def test_files_as_a_whole_are_refused_with_a_code() -> None:
    assert code_of(b"") == "unknown-file"
    assert code_of(b"hello") == "unknown-file"
    assert code_of(b"PK\x03\x04 zip") == "bad-zip"
    assert code_of(b"3\n\n_id\n\n") == "unsupported-version"
    assert code_of("_id,store,cardid\n1,Caf\xe9,1\n".encode("latin-1")) == "bad-encoding"
    assert code_of(b"_id,store,cardid\n" + b"1,Shop,1\n" * 5_001) == "too-big"
    assert code_of(b"2\n" + b'"a\n' * 6_000) == "too-big"


def test_a_byte_order_mark_and_a_cut_last_letter_do_no_harm() -> None:
    assert text_of(b"\xef\xbb\xbfabc") == "abc"
    assert text_of("abcé".encode()[:-1]) == "abc"


def test_a_link_may_name_any_number_and_a_card_below_nought_keeps_its_group() -> None:
    links = f"-1,G\n{'9' * 5_000},G\n"
    file = read_file(
        f"2\n\n_id\nG\n\n_id,store,cardid\n-1,S,12\n\ncardId,groupId\n{links}".encode()
    )
    assert by_number(file, "12").groups == ("G",)
    assert remarks(file.warnings) == [(11, "unknown-group", "cardId,groupId")]


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_table_in_another_encoding_is_refused_as_that(encoding: str) -> None:
    assert code_of("_id,store,cardid\n1,Café,12\n".encode(encoding)) == "bad-encoding"


@with_samples
def test_the_version_2_sample_becomes_eight_cards() -> None:
    file = read(SAMPLES / "catima_v2.csv")
    assert len(file.cards) == 8
    assert sum(len(card.groups) for card in file.cards) == 5
    assert by_number(file, "1234").barcode_value == "5432"
    assert by_number(file, "98765432").barcode_value == "23456"
    assert "\n\n" in (by_number(file, "dhd").note or "")
    assert len([card for card in file.cards if card.number == "a"]) == 2
    assert not file.failed


@with_samples
@pytest.mark.parametrize("name", ["empty_colors", "no_starred_field", "invalid_colors"])
def test_the_version_1_samples_become_one_card_each(name: str) -> None:
    file = read(SAMPLES / f"catima_v1_{name}.csv")
    (card,) = file.cards
    assert (card.shop_name, card.number, card.is_favorite) == ("store", "12345", False)
    is_odd = name == "invalid_colors"
    assert card.barcode_format == ("none" if is_odd else "AZTEC")
    reasons = {it.reason for it in file.warnings}
    assert reasons == ({"bad-colour", "unknown-barcode-format"} if is_odd else set())

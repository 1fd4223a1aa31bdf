"""Whatever the bytes: never an error of ours, and never a lost good row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.errors import AppError
from app.imports.catima import read_catima
from app.imports.detecting import read_file
from app.imports.records import read_records

FILE = (Path(__file__).parent / "files" / "v2.csv").read_bytes()
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]) | st.sampled_from('",;\n"'),
    max_size=40,
)
NAME = TEXT.map(lambda text: " ".join(text.split())).filter(lambda text: bool(text.strip()))


def read_or_refuse(content: bytes) -> int | None:
    try:
        return len(read_file(content).cards)
    except AppError as refusal:
        assert 400 <= refusal.status < 500
        return None


def rows_before(end: int) -> int:
    """Count the good rows that stand whole before a byte."""
    return len(read_file(FILE[: FILE.rindex(b"\r\n", 0, end) + 2]).cards)


def test_a_file_cut_at_any_byte_keeps_the_rows_before() -> None:
    header_ends = FILE.index(b"archive\r\n") + 9
    for end in range(len(FILE)):
        found = read_or_refuse(FILE[:end])
        if end > header_ends:
            assert found is not None
            assert found >= rows_before(end)


@given(st.integers(0, len(FILE) - 1), st.integers(1, 127))
def test_one_changed_byte_loses_at_most_its_own_row(at: int, byte: int) -> None:
    header = range(FILE.index(b"_id,store"), FILE.index(b"archive\r\n") + 9)
    found = read_or_refuse(FILE[:at] + bytes([byte]) + FILE[at + 1 :])
    if at > header.stop and found is not None:
        assert found >= len(read_file(FILE).cards) - 2, "a lost line end joins two rows"


def test_a_doubled_row_is_read_twice_and_told_apart_later() -> None:
    line = FILE.split(b"\r\n")[-8] + b"\r\n"
    assert read_or_refuse(FILE.replace(line, line + line)) is not None


@given(st.binary(max_size=400))
@example(b"2\n\n_id,store,cardid\n")
@example(b'"')
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refuse(content)
    read_or_refuse(b"_id,store,cardid,barcodetype,note\n" + content)
    read_or_refuse(b"2\n\n_id\n\n_id,store,cardid\n" + content)


@given(st.lists(st.tuples(NAME, NAME, TEXT), max_size=8), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=200)
def test_any_cards_written_as_csv_are_read_back(
    cards: list[tuple[str, str, str]], line_end: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=line_end)
    writer.writerow(["_id", "store", "cardid", "note"])
    for index, card in enumerate(cards):
        writer.writerow([index, *card])
    read = read_catima(out.getvalue())
    kept = [(card.shop_name, card.number, card.note or "") for card in read.cards]
    failed = {it.row for it in read.failed}
    wanted = [(shop.strip(), number.strip(), note) for shop, number, note in cards]
    assert len(kept) + len(failed) == len(cards)
    assert all(card in wanted for card in kept)
    assert {it.reason for it in read.failed} <= {"payment-card", "too-long"}


@given(st.text(st.sampled_from('a",\r\n'), max_size=60))
def test_records_cover_the_text_in_order(text: str) -> None:
    lines = [record.line for record in read_records(text)]
    assert lines == sorted(set(lines))
    assert not lines or lines[-1] <= text.count("\n") + 1

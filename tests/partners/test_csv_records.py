"""CSV as spreadsheets write it, cut into chunks anywhere: no good record is ever lost."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.partners.csv_records import RECORD_MAX, NotText, Record, Records

CELLS = st.text(st.sampled_from('ab1;,"\n é€\t='), max_size=8)


def read(data: bytes, *, size: int = 7) -> list[Record]:
    """Read a file that comes in small chunks."""
    records, found = Records(), []
    for begin in range(0, len(data), size):
        found += records.feed(data[begin : begin + size])
    return found + list(records.close())


def cells(data: bytes) -> list[Any]:
    return [record.cells for record in read(data)]


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=6), st.integers(1, 40))
def test_whatever_a_writer_quotes_comes_back(rows: list[list[str]], size: int) -> None:
    head = ["number", "name", "email"]
    for separator in ";,":
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
        writer.writerows([head, *rows])
        found = read(text.getvalue().encode(), size=size)
        assert [list(record.cells or ()) for record in found] == [head, *rows]


def test_separators_boms_and_line_ends_are_those_of_spreadsheets() -> None:
    assert cells(b"\xef\xbb\xbfnumber;name\r\n1;Ana\r\n\r\n2;Bob") == [
        ("number", "name"),
        ("1", "Ana"),
        ("2", "Bob"),
    ]
    assert cells(b"sep=,\nnumber,name\n1,Ana\n") == [("number", "name"), ("1", "Ana")]
    assert cells(b"number\tname\n1\tAna\n") == [("number", "name"), ("1", "Ana")]
    assert cells(b'"a,b,c";name\n1;x\n')[1] == ("1", "x")


def test_latin_1_is_read_from_the_first_record_that_is_no_utf_8() -> None:
    records = Records()
    found = [*records.feed("name\nZoé\n".encode("latin-1")), *records.feed(b"Co\xfbt \x80\n")]
    assert [record.cells for record in found][1:] == [("Zoé",), ("Coût €",)]
    assert not records.is_utf8
    with pytest.raises(NotText):
        list(Records().feed("number\n".encode("utf-16")))


def test_a_row_names_the_line_where_it_begins() -> None:
    found = read(b'number;name\n1;"a\n\nb"\n2;x\n')
    assert [(record.row, record.cells) for record in found[1:]] == [
        (2, ("1", "a\n\nb")),
        (5, ("2", "x")),
    ]


@pytest.mark.parametrize(
    "broken", [b'1;"open', b'1;"a"b', b"1;" + b"x" * (RECORD_MAX + 1), b'"' + b"y\n" * 3]
)
def test_a_broken_record_loses_no_row_behind_it(broken: bytes) -> None:
    found = read(b"number;name\n" + broken + b"\n2;Bob\n3;Cy\n", size=1000)
    assert [record.cells for record in found[-2:]] == [("2", "Bob"), ("3", "Cy")]
    assert any(record.cells is None and record.row == 2 for record in found)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = read(b"number;name\n" + data)
    except NotText:
        return
    assert found[0].row == 1


def test_what_is_held_does_not_grow_with_the_file() -> None:
    records, line = Records(), b'1;"' + b"x" * 500 + b"\n"
    for _ in range(2_000):
        for _record in records.feed(line):
            pass
        assert records._held_size <= RECORD_MAX + len(line)

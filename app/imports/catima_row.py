"""One row of Catima's card table: what each column means, and what to say when it is odd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import msgspec

from app.clock import SECOND
from app.imports import values
from app.imports.found import NUMBER_MAX, TEXT_MAX, FoundCard, OwnBalance, Remark
from app.imports.reasons import Reason
from app.imports.records import Record
from passes.barcode import from_import_name, looks_like_payment_card

Columns = dict[str, int]  # name → position; under "" how many columns there are
COUNT = ""  # the name under which the number of columns stands


class ReadCard(msgspec.Struct, frozen=True):
    """A card or a failure, and the warnings about it."""

    card: FoundCard | None
    failure: Remark | None = None
    warnings: tuple[Remark, ...] = ()


class _Row:
    """Reads a row's cells by name and collects the warnings about them."""

    def __init__(self, columns: Columns, record: Record) -> None:
        assert record.fields is not None
        self._columns = columns
        self._fields = record.fields
        self.line = record.line
        self.warnings: list[Remark] = []

    def cell(self, name: str) -> str:
        """Return a cell's text, empty where the column is missing."""
        position = self._columns.get(name)
        return "" if position is None else self._fields[position]

    def cells(self) -> Iterator[tuple[str, str]]:
        """Yield the columns that are read, with their text."""
        for name in _READ:
            if name in self._columns:
                yield name, self.cell(name)

    def warn(self, reason: str, field: str) -> None:
        """Note that the card is kept with a loss."""
        self.warnings.append(Remark(self.line, cast(Reason, reason), field))


_READ = (
    *("_id", "store", "note", "validfrom", "expiry", "balance", "balancetype", "cardid"),
    *("barcodeid", "barcodetype", "headercolor", "starstatus", "lastused", "archive"),
)


def card_of(columns: Columns, record: Record) -> ReadCard:
    """Read a row; never raises, whatever stands there."""
    if record.fields is None or len(record.fields) != columns[COUNT]:
        return ReadCard(None, Remark(record.line, "bad-record"))
    row = _Row(columns, record)
    failure = _failure(row)
    if failure is not None:
        return ReadCard(None, Remark(record.line, *failure))
    barcode_format, value = _code(row)
    number = row.cell("cardid").strip()
    # A format with a check digit of its own says that it is a shop's number.
    for name, text in (("cardid", number), ("barcodeid", value or "")):
        if barcode_format in {"none", "CODE_128"} and looks_like_payment_card(text):
            return ReadCard(None, Remark(record.line, "payment-card", name))
    card = FoundCard(
        row=record.line,
        shop_name=row.cell("store").strip(),
        number=number,
        barcode_value=value,
        barcode_format=barcode_format,
        note=row.cell("note").replace("\r\n", "\n") or None,
        color=_color(row),
        is_favorite=row.cell("starstatus").strip() == "1",
        is_archived=row.cell("archive").strip() == "1",
        last_used_at=_last_used(row),
        valid_from=_moment(row, "validfrom"),
        expires_at=_moment(row, "expiry"),
        own_balance=_balance(row),
        file_id=_id(row),
    )
    return ReadCard(card, warnings=tuple(row.warnings))


def _failure(row: _Row) -> tuple[Reason, str] | None:
    for name, text in row.cells():
        limit = NUMBER_MAX if name in {"cardid", "barcodeid"} else TEXT_MAX
        if len(text) > limit:
            return "too-long", name
        if name == "note":
            text = text.replace("\r\n", "\n")  # noqa: PLW2901  # as Windows' editors write it
        if values.has_control_character(text, allowed="\n\t" if name == "note" else ""):
            return "control-character", name
    for name, reason in (("store", "missing-store"), ("cardid", "missing-number")):
        if not row.cell(name).strip():
            return cast(Reason, reason), name
    return None


def _id(row: _Row) -> int | None:
    number = values.integer(row.cell("_id").strip())
    if number is None:
        row.warn("unknown-group", "_id")  # only its group links are lost
    return number


def _code(row: _Row) -> tuple[str, str | None]:
    """Return format and value; None as value: the same as the number."""
    value, number = row.cell("barcodeid") or None, row.cell("cardid").strip()
    if value == number:
        value = None
    name = row.cell("barcodetype").strip()
    if not name:
        return "none", value
    barcode_format = from_import_name(name)
    if barcode_format is None:
        row.warn("unknown-barcode-format", "barcodetype")
        return "none", value
    kept, reason = values.judge_code(barcode_format, value or number)
    if reason is not None:
        is_about_type = reason in {"no-wallet-format", "gs1-without-fnc1"}
        row.warn(reason, "barcodetype" if is_about_type else "barcodeid" if value else "cardid")
    return kept, value


def _color(row: _Row) -> str | None:
    text = row.cell("headercolor").strip()
    color = values.color_of_argb(text)
    if text and color is None:
        row.warn("bad-colour", "headercolor")
    return color


def _moment(row: _Row, name: str) -> int | None:
    at, reason = values.moment(row.cell(name))
    if reason is not None:
        row.warn(reason, name)
    return at


def _last_used(row: _Row) -> int | None:
    """Read seconds, unlike the other dates; 0 is never."""
    text = row.cell("lastused").strip()
    number = values.integer(text)
    if not text or number == 0:
        return None
    if number is None or not 0 < number < values.SECONDS_BELOW:
        row.warn("bad-date", "lastused")
        return None
    return number * SECOND


def _balance(row: _Row) -> OwnBalance | None:
    try:
        return values.own_balance(row.cell("balance"), row.cell("balancetype"))
    except ValueError:
        row.warn("bad-balance", "balance")
        return None

"""FidMe's "my data" zip: cards without a barcode type, and balances in a table of their own."""

from __future__ import annotations

from collections.abc import Iterator

from app.imports import values
from app.imports.archive import Archive
from app.imports.catima import limited
from app.imports.files import text_of, unreadable
from app.imports.found import CARDS_MAX, FoundCard, FoundFile, Given, OwnBalance, Remark
from app.imports.judging import GUESS, Said, take
from app.imports.records import read_records

CARDS = "loyalty_programs.csv"
_POINTS = "loyalty_points.csv"
_NAMES = {"shop_name": "Retailer", "number": "Reference", "note": "Program"}
_SIGNS = {"€": "EUR", "$": "USD", "£": "GBP"}
_Balances = dict[tuple[str, str], tuple[str, str]]


def read_fidme(archive: Archive, given: Given) -> FoundFile:
    """Read the cards; the profile (mail, birthday, addresses) is never opened.

    Raises: UnreadableFile when the table has no usable header.
    """
    said = Said()
    balances = {
        (row["retailer"], row["program"]): (row["balance"], row["unit label"])
        for _, row in _rows(archive, _POINTS, ("retailer", "program", "balance"), said)
        if row is not None
    }
    rows = list(_rows(archive, CARDS, ("retailer", "reference"), said, is_needed=True))
    if len(rows) > CARDS_MAX:
        raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
    for line, row in rows:
        if row is None:
            said.fail(line, "bad-record")
        elif row["retailer"].strip() and not row["reference"].strip():
            said.skip(line, "expired-card", "Reference")
        else:
            _take(said, line, row, balances, given=given)
    return said.file()


def _take(said: Said, line: int, row: dict[str, str], balances: _Balances, *, given: Given) -> None:
    told = balances.get((row["retailer"], row["program"]))
    card = FoundCard(
        row=line,
        shop_name=row["retailer"],
        number=row["reference"],
        barcode_format=GUESS,
        note=row["program"].strip() or None,
        own_balance=None if told is None else _balance(said, line, *told),
    )
    take(said, card, _NAMES, given)


def _balance(said: Said, line: int, value: str, unit: str) -> OwnBalance | None:
    unit = unit.strip()
    currency = _SIGNS.get(unit) or (unit if len(unit) == 3 and unit.isupper() else "")
    try:
        return values.own_balance(value.replace(",", ".").replace(" ", ""), currency)
    except ValueError:
        said.warn(line, "bad-balance", f"{_POINTS} Balance")
        return None


def _rows(
    archive: Archive, name: str, columns: tuple[str, ...], said: Said, *, is_needed: bool = False
) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Yield a table's rows by their header's names; a missing table has none."""
    if name not in archive.names:
        return
    entry = archive.read(name)
    if entry.is_damaged:
        said.failed.append(Remark(name, "bad-record"))
    records = limited(read_records(text_of(entry.content), separator=";"))
    header = next(records, None)
    names = [field.strip().lower() for field in (header.fields or ())] if header else []
    if not set(columns) <= set(names):
        if is_needed:
            text = f"The table {name} of FidMe has no columns {', '.join(columns)}."
            raise unreadable("bad-zip" if entry.is_damaged else "unknown-file", text)
        return
    for record in records:
        if record.is_empty:
            continue
        fields = record.fields
        is_whole = fields is not None and len(fields) == len(names)
        empty = dict.fromkeys(("program", "unit label"), "")
        row = empty | dict(zip(names, fields or (), strict=False)) if is_whole else None
        yield record.line, row

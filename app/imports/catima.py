"""Catima's CSV export, versions 1 and 2: bytes in, cards and remarks out, for any bytes.

Source: CatimaLoyalty/Android, CatimaImporter; columns are read by the header's names. Blank lines
are legal inside a quoted note, so sections end at an empty record, never at a blank line.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.imports.catima_row import COUNT, Columns, card_of
from app.imports.files import unreadable
from app.imports.found import CARDS_MAX, TEXT_MAX, FoundCard, FoundFile, Remark
from app.imports.records import Record, read_records
from app.imports.values import has_control_character, integer

RECORDS_MAX = 100_000  # cards, groups and links together
FIELDS_IN_ALL_MAX = 1_000_000  # reading as many takes a second
BROKEN_MAX = CARDS_MAX  # records with broken quotes, which are the dearest to read
VERSION_DIGITS_MAX = 5  # more digits in the first line are a number, not a version
_GROUPS, _CARDS, _LINKS = "groups", "cards", "links"


class _Reading(msgspec.Struct):
    """What has been read so far."""

    cards: dict[str, FoundCard] = {}  # by row, which is unique
    row_of_id: dict[int, str] = {}
    groups: set[str] = set()
    links: dict[str, list[str]] = {}  # row → names of groups
    failed: list[Remark] = []
    warnings: list[Remark] = []
    has_cards_header: bool = False


def looks_like_catima(text: str) -> bool:
    """Tell by the first line: a version, or a header with `_id`, `store` and `cardid`."""
    first = next(read_records(text), None)
    if first is None or not first.fields:
        return False
    return _version(first) is not None or _section(first) == _CARDS


def read_catima(text: str) -> FoundFile:
    """Read all sections. Raises UnreadableFile: another version, no card table, too many cards."""
    reading = _Reading()
    for section, columns, record in _rows(text):
        if section == _CARDS:
            reading.has_cards_header = True
            if record is not None:
                _read_card(reading, columns, record)
        elif record is not None and section == _GROUPS:
            _read_group(reading, record)
        elif record is not None:
            _read_link(reading, columns, record)
    if not reading.has_cards_header:
        raise unreadable("unknown-file", "No table with _id, store and cardid is in the file.")
    return FoundFile(
        tuple(
            msgspec.structs.replace(card, groups=tuple(dict.fromkeys(reading.links.get(row, ()))))
            for row, card in reading.cards.items()
        ),
        failed=tuple(reading.failed),
        warnings=tuple(sorted(reading.warnings, key=lambda remark: int(remark.row))),
    )


def _rows(text: str) -> Iterator[tuple[str, Columns, Record | None]]:
    """Yield each row with its section; None as the row where a section begins."""
    section, columns, may_begin = "", Columns(), True
    for number, record in enumerate(limited(read_records(text))):
        if number == 0 and (version := _version(record)) is not None:
            _require_known(version)
            continue
        if record.is_empty:
            may_begin = True
            continue
        # A section begins after an empty record only, so that no card is taken for a header.
        begins = _section(record) if may_begin else None
        may_begin = False
        if begins is not None:
            section, columns = begins, _columns(record)
            yield section, columns, None
        elif section:
            yield section, columns, record


def limited(records: Iterator[Record]) -> Iterator[Record]:
    """Yield the records of a table. Raises TooBig after more than any file of cards holds."""
    broken = fields = 0
    for number, record in enumerate(records):
        broken += record.fields is None
        fields += len(record.fields or ())
        if number >= RECORDS_MAX or broken > BROKEN_MAX or fields > FIELDS_IN_ALL_MAX:
            raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
        yield record


def _version(record: Record) -> int | None:
    if record.fields is None or len(record.fields) != 1:
        return None
    text = record.fields[0].strip()
    is_version = text.isascii() and text.isdigit() and len(text) <= VERSION_DIGITS_MAX
    return int(text) if is_version else None


def _require_known(version: int) -> None:
    if version not in {1, 2}:
        detail = f"Version {version} of Catima's export is not known here; 1 and 2 are."
        raise unreadable("unsupported-version", detail)


def _columns(record: Record) -> Columns:
    """Map names to positions; of a name that stands twice, the first counts."""
    columns: Columns = {COUNT: len(record.fields or ())}  # how many there are
    for position, name in enumerate(record.fields or ()):
        columns.setdefault(name.strip().lower(), position)
    return columns


def _section(record: Record) -> str | None:
    names = {name.strip().lower() for name in record.fields or ()}
    if {"_id", "store", "cardid"} <= names:
        return _CARDS
    if names == {"_id"}:
        return _GROUPS
    return _LINKS if names == {"cardid", "groupid"} else None


def _read_card(reading: _Reading, columns: Columns, record: Record) -> None:
    if len(reading.cards) + len(reading.failed) >= CARDS_MAX:
        raise unreadable("too-big", f"A file holds at most {CARDS_MAX} cards.")
    read = card_of(columns, record)
    reading.warnings += read.warnings
    if read.card is None:
        assert read.failure is not None
        reading.failed.append(read.failure)
        return
    row = str(record.line)
    reading.cards[row] = read.card
    if read.card.file_id is not None:
        reading.row_of_id.setdefault(read.card.file_id, row)


def _read_group(reading: _Reading, record: Record) -> None:
    name = "" if record.fields is None else record.fields[0].strip()
    if not name or len(name) > TEXT_MAX or has_control_character(name):
        reading.warnings.append(Remark(record.line, "unknown-group", "_id"))
        return
    reading.groups.add(name)


def _read_link(reading: _Reading, columns: Columns, record: Record) -> None:
    fields = record.fields
    row = None
    if fields is not None and len(fields) == columns[COUNT]:
        text, group = fields[columns["cardid"]].strip(), fields[columns["groupid"]].strip()
        number = integer(text)
        row = None if number is None else reading.row_of_id.get(number)
    if row is None or group not in reading.groups:
        reading.warnings.append(Remark(record.line, "unknown-group", "cardId,groupId"))
        return
    reading.links.setdefault(row, []).append(group)

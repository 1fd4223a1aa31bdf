"""Catima's zip, version 2, as Catima writes and reads it itself: no entry and no type it refuses.

Source: CatimaLoyalty/Android, CatimaExporter and CatimaImporter.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pyzipper  # type: ignore[import-untyped]  # the standard library writes no AES

from app.clock import SECOND
from app.imports.found import TEXT_MAX
from app.imports.leaving import SIDES, LeavingCard, LeavingWallet, groups_of
from passes.barcode import expand
from passes.words import word

TABLE = "catima.csv"
COLUMNS = (
    *("_id", "store", "note", "validfrom", "expiry", "balance", "balancetype", "cardid"),
    *("barcodeid", "barcodetype", "barcodeencoding", "headercolor", "starstatus", "lastused"),
    "archive",
)
_MILLISECOND = SECOND // 1_000
_ZIP_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
# One unknown name makes Catima refuse the whole file, and GS1-128 is none of ZXing's.
_TYPES = {"none": "", "GS1_128": "CODE_128"}


def catima_zip(wallet: LeavingWallet, *, password: str | None = None) -> bytes:
    """Write the table and the pictures; with a password each entry is encrypted (AES-256)."""
    out = io.BytesIO()
    with pyzipper.AESZipFile(out, "w", compression=pyzipper.ZIP_DEFLATED) as file:
        if password:
            file.setpassword(password.encode())
            file.setencryption(pyzipper.WZ_AES, nbits=256)
        moment = _zip_moment(wallet.at)
        _put(file, TABLE, catima_csv(wallet).encode(), moment)
        for number, card in enumerate(wallet.cards, 1):
            for side in SIDES:
                if side in card.pictures:
                    _put(file, f"card_{number}_{side}.png", card.pictures[side], moment)
    return out.getvalue()


def catima_csv(wallet: LeavingWallet) -> str:
    """Write version, groups, cards and links; records end in CRLF, sections in an empty one."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerows([("2",), (), ("_id",)])
    table.writerows((name,) for name in groups_of(wallet))
    table.writerows([(), COLUMNS])
    table.writerows(_row(n, card, wallet.language) for n, card in enumerate(wallet.cards, 1))
    table.writerows([(), ("cardId", "groupId")])
    table.writerows(
        (n, name) for n, card in enumerate(wallet.cards, 1) for name in card.shown.groups
    )
    return out.getvalue()


def _row(number: int, card: LeavingCard, language: str) -> tuple[str | int, ...]:
    row, own, shown = card.held.state.card, card.held.holding, card.shown
    value = row.barcode_value
    if row.barcode_format == "GS1_128":
        value = expand(row.barcode_format, value)  # Catima would draw the brackets
    return (
        number,
        shown.shop_name,
        _note(card, language),
        _milliseconds(row.valid_from),
        _milliseconds(row.expires_at),
        card.balance.value if card.balance else "0",
        (card.balance.currency or "") if card.balance else "",
        row.number,
        "" if value == row.number else value,
        _TYPES.get(row.barcode_format, row.barcode_format),
        "ISO-8859-1" if value.isascii() else "UTF-8",
        _argb(own.color),
        own.is_favorite,
        0 if own.last_used_at is None else own.last_used_at // SECOND,
        own.is_archived,
    )


def _note(card: LeavingCard, language: str) -> str:
    """Return the holder's note and, of a live card, what Catima has no column for."""
    shown = card.shown
    note = (shown.note or "").replace("\r\n", "\n").replace("\r", "\n")
    if shown.program_id is None:
        return note
    told = [(unit.name, str(unit.value)) for unit in shown.balances[1:]]
    if shown.tier is not None:
        told.append((word("tier", language), shown.tier.name))
    if shown.as_of is not None:
        told.append((word("as_of", language), shown.as_of))
    lines = "\n".join([*([note] if note else []), *(f"{name}: {value}" for name, value in told)])
    return lines if len(lines) <= TEXT_MAX else note


def _milliseconds(at: int | None) -> str:
    return "" if at is None else str(at // _MILLISECOND)


def _argb(color: str | None) -> str:
    """Write `#rrggbb` as Java's signed integer of an opaque colour."""
    return "" if color is None else str(int(color[1:], 16) - 0x1000000)


def _zip_moment(at: int) -> tuple[int, ...]:
    moment = max(datetime.fromtimestamp(at // SECOND, UTC), _ZIP_EPOCH)
    return moment.timetuple()[:6]


def _put(file: pyzipper.AESZipFile, name: str, content: bytes, moment: tuple[int, ...]) -> None:
    entry = pyzipper.zipfile_aes.AESZipInfo(name, date_time=moment)
    is_picture = name != TABLE  # deflated already
    entry.compress_type = pyzipper.ZIP_STORED if is_picture else pyzipper.ZIP_DEFLATED
    file.writestr(entry, content)

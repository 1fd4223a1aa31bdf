"""Reads a zip as strictly as Catima does (specs: imports.md §4): whatever it would refuse, raises."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

TYPES = {
    *("QR_CODE", "AZTEC", "PDF_417", "DATA_MATRIX", "CODE_128", "CODE_39", "CODE_93", "CODABAR"),
    *("ITF", "EAN_13", "EAN_8", "UPC_A", "UPC_E", "RSS_EXPANDED", "RSS_14", "MAXICODE"),
}
COLUMNS = (
    "_id,store,note,validfrom,expiry,balance,balancetype,cardid,barcodeid,barcodetype,"
    "barcodeencoding,headercolor,starstatus,lastused,archive"
)
_PICTURE = re.compile(r"card_([0-9]+)_(front|back|icon)\.png")
Card = dict[str, Any]


def read_zip(content: bytes, *, password: str | None = None) -> list[Card]:
    """Return the cards with groups and pictures."""
    import pyzipper  # type: ignore[import-untyped]

    opened = zipfile.ZipFile if password is None else pyzipper.AESZipFile
    with opened(io.BytesIO(content)) as file:
        if password is not None:
            file.setpassword(password.encode())
        cards = read_csv(file.read("catima.csv").decode())
        for name in set(file.namelist()) - {"catima.csv"}:
            found = _PICTURE.fullmatch(name)
            assert found is not None, f"{name}: Catima refuses this entry"
            cards[found[1]]["pictures"][found[2]] = file.read(name)
    return list(cards.values())


def read_csv(text: str) -> dict[str, Card]:
    """Return the cards by `_id`: one reader over the whole text, an empty record ends a section."""
    sections: list[list[list[str]]] = [[]]
    for record in csv.reader(io.StringIO(text, newline=""), strict=True):
        if record:
            sections[-1].append(record)
        else:
            sections.append([])
    version, groups, table, links = sections
    assert version == [["2"]]
    assert groups[0] == ["_id"]
    assert table[0] == COLUMNS.split(",")
    assert links[0] == ["cardId", "groupId"]
    names = [name for (name,) in groups[1:]]
    assert len(set(names)) == len(names)
    assert all(len(row) == len(table[0]) for row in table[1:])
    cards = {row[0]: _card(dict(zip(table[0], row, strict=True))) for row in table[1:]}
    assert len(cards) == len(table) - 1
    for card_id, name in links[1:]:
        assert name in names
        cards[card_id]["groups"].append(name)
    return cards


def _card(row: dict[str, str]) -> Card:
    assert int(row["_id"]) > 0
    assert row["store"] and row["cardid"]
    assert row["barcodetype"] in {"", *TYPES}
    assert row["barcodeencoding"] in {"ISO-8859-1", "UTF-8"}
    assert row["starstatus"] in {"0", "1"} and row["archive"] in {"0", "1"}
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", row["balance"])
    assert re.fullmatch(r"[A-Z]{3}|", row["balancetype"])
    assert "\r" not in row["note"]
    color = int(row["headercolor"]) if row["headercolor"] else None
    assert color is None or -(2**31) <= color < 2**31
    return {
        "store": row["store"],
        "number": row["cardid"],
        "value": row["barcodeid"] or row["cardid"],
        "type": row["barcodetype"] or "none",
        "note": row["note"] or None,
        "color": None if color is None else f"#{color % 2**32:08x}",
        "star": row["starstatus"] == "1",
        "archived": row["archive"] == "1",
        "used_seconds": int(row["lastused"]) or None,
        "valid_from_ms": int(row["validfrom"]) if row["validfrom"] else None,
        "expiry_ms": int(row["expiry"]) if row["expiry"] else None,
        "balance": (row["balance"], row["balancetype"] or None),
        "groups": [],
        "pictures": {},
    }

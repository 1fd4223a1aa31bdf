"""The zip a user takes along: one JSON file with everything, a CSV for each section, pictures."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

import msgspec

from app.privacy.sections import Row, Section

FORMAT = "portecarte-everything/1"
_NUMBER = re.compile(r"[+-][\d .]+(?![\s\S])")
_ABOUT = (
    "everything.json: all that Portecarte holds about you.\n"
    "csv/: the same, a table for each section; pictures/: your pictures of cards.\n"
    "Not in here, because only their hashes are kept: codes, sign-in tokens, keys of passkeys.\n"
    "\n"
    "everything.json : tout ce que Portecarte détient sur vous.\n"
    "csv/ : la même chose, un tableau par rubrique ; pictures/ : vos photos de cartes.\n"
    "N'y figure pas ce dont nous ne gardons qu'une empreinte : codes, jetons de connexion, clefs.\n"
)


def archive(sections: Mapping[str, Section], *, exported_at: str) -> bytes:
    """Write the zip. Pictures are files of their own; their rows name them."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("LISEZMOI-README.txt", _ABOUT)
        told = dict(sections)
        told["pictures"] = [_picture(file, row) for row in sections["pictures"]]
        whole = {"format": FORMAT, "exported_at": exported_at, **told}
        file.writestr("everything.json", msgspec.json.format(msgspec.json.encode(whole), indent=1))
        for name, rows in told.items():
            file.writestr(f"csv/{name}.csv", _csv(rows))
    return target.getvalue()


def _picture(file: zipfile.ZipFile, row: Row) -> Row:
    place = f"pictures/{row['card_id']}-{row['side']}.png"
    file.writestr(zipfile.ZipInfo(place), row["png"])
    return {"card_id": row["card_id"], "side": row["side"], "file": place}


def _csv(rows: Section) -> str:
    """Write a table; a byte order mark tells spreadsheets that it is UTF-8."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return target.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool | list | dict):
        return msgspec.json.encode(value).decode()
    text = str(value)
    # A spreadsheet runs what looks like a formula; the JSON has it as it is.
    is_formula = text[:1] in {"=", "@", "\t", "\r"} or (
        text[:1] in {"+", "-"} and not _NUMBER.match(text)
    )
    return f"'{text}" if is_formula else text

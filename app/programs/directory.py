"""Shops and programs to choose from; the list is name-suggestion-index's (see its licence)."""

from __future__ import annotations

import csv
import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from io import StringIO

import msgspec

from app.ids import public_id
from app.programs import queries, service
from app.programs.schemas import ShopOut
from app.programs.spelling import is_near
from app.storage.database import Transaction
from passes.templates.colors import color_of

QUERY_MAX = 80
PROGRAMS_MAX = 500  # shown in the directory
FEW = 5  # where fewer match as typed, slips of the finger are forgiven
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)\s*\Z")


class Shop(msgspec.Struct, frozen=True):
    """A shop of the list."""

    name: str
    category: str
    is_french: bool
    folded: str


def folded(name: str) -> str:
    """Fold case, accents, punctuation and a suffix in brackets, so that spellings meet."""
    bare = _IN_BRACKETS.sub("", name) or name
    letters = unicodedata.normalize("NFKD", bare).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", " ", plain).strip()


@lru_cache(maxsize=1)
def shops() -> tuple[Shop, ...]:
    """Return the list, read once."""
    text = (files("app.programs") / "shops" / "merchants_fr.csv").read_text("utf-8")
    return tuple(
        Shop(row["name"], row["category"], row["listed_for"] == "fr", folded(row["name"]))
        for row in csv.DictReader(StringIO(text))
    )


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Shop]:
    return {shop.folded: shop for shop in reversed(shops())}


def shop_named(text: str) -> Shop | None:
    """Find the shop of that name, however it is spelt."""
    return _by_name().get(folded(text))


def usual_formats(tx: Transaction) -> dict[str, str]:
    """Name the barcode formats of the programs that live here, by folded name."""
    live = map(service.read, queries.live_programs(tx, PROGRAMS_MAX))
    usual = {folded(program.name): program.document.barcode.format for program in live}
    return {name: barcode_format for name, barcode_format in usual.items() if barcode_format}


def search(tx: Transaction, text: str) -> list[ShopOut]:
    """List programs, then shops, whose names begin with or hold the text; France's first.

    Where few do, names that it nearly spells follow.
    """
    wanted = folded(text)
    programs_here = list(map(service.read, queries.live_programs(tx, PROGRAMS_MAX)))
    live = [program for program in programs_here if wanted in folded(program.name)]
    is_here = {folded(program.name) for program in programs_here}
    others = [shop for shop in shops() if shop.folded not in is_here]
    found = [shop for shop in others if wanted in shop.folded]
    if len(live) + len(found) < FEW:
        live += [it for it in programs_here if it not in live and _is_near(wanted, it.name)]
        found += [it for it in others if it not in found and is_near(wanted, it.folded)]
    found.sort(
        key=lambda s: (
            wanted not in s.folded,
            not s.folded.startswith(wanted),
            not s.is_french,
            s.folded,
            s.category,
        )
    )
    programs = [
        ShopOut(
            name=program.name,
            color=program.document.design.background_color or color_of(program.name),
            category=None,
            barcode_format=program.document.barcode.format,
            is_live=program.authority != "none",
            program_id=public_id("prog", program.public_id),
            slug=program.slug,
        )
        for program in live
    ]
    return programs + [
        ShopOut(
            name=shop.name,
            color=color_of(shop.name),
            category=shop.category,
            barcode_format=None,
            is_live=False,
        )
        for shop in found
    ]


def _is_near(wanted: str, name: str) -> bool:
    return is_near(wanted, folded(name))

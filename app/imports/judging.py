"""Judges a card that was read from a file of any format: kept, kept with a loss, or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from app.imports import values
from app.imports.found import NUMBER_MAX, TEXT_MAX, FoundCard, FoundFile, Given, Remark
from app.imports.reasons import Reason
from app.imports.sameness import folded
from passes.barcode import from_import_name, guess, looks_like_payment_card

GUESS = ""  # as a barcode format: the file does not say, so we choose
GROUPS_MAX = 100  # of a card
Names = dict[str, str]  # our name of a field → the file's, for the sentences


class Said(msgspec.Struct):
    """Cards and remarks of a file while it is being read."""

    cards: list[FoundCard] = []
    failed: list[Remark] = []
    skipped: list[Remark] = []
    warnings: list[Remark] = []

    def file(self) -> FoundFile:
        """Return what was read."""
        return FoundFile(
            *(tuple(self.cards), tuple(self.failed), tuple(self.skipped), tuple(self.warnings))
        )

    def warn(self, row: int | str, reason: Reason, field: str = "") -> None:
        """Note that a card is kept with a loss."""
        self.warnings.append(Remark(row, reason, field))

    def fail(self, row: int | str, reason: Reason, field: str = "") -> None:
        """Note that a row makes no card."""
        self.failed.append(Remark(row, reason, field))

    def skip(self, row: int | str, reason: Reason, field: str = "") -> None:
        """Note that a row is none of a card's."""
        self.skipped.append(Remark(row, reason, field))


def take(said: Said, card: FoundCard, names: Names, given: Given) -> None:
    """Add a card, or the reason why it cannot be kept; warnings of a failed one are dropped."""
    card = _trimmed(card)
    failure = _failure(card, names)
    if failure is not None:
        said.warnings = [remark for remark in said.warnings if remark.row != card.row]
        said.fail(card.row, *failure)
        return
    value = card.number if card.barcode_value is None else card.barcode_value
    wanted = card.barcode_format
    if wanted == GUESS:
        wanted = guess(value, usual=given.usual.get(folded(card.shop_name)))
    kept, reason = values.judge_code(wanted, value)
    # A format with a check digit of its own says that it is a shop's number.
    for name, text in (("number", card.number), ("barcode_value", card.barcode_value or "")):
        if kept in {"none", "CODE_128"} and looks_like_payment_card(text):
            said.warnings = [remark for remark in said.warnings if remark.row != card.row]
            said.fail(card.row, "payment-card", names.get(name, name))
            return
    if reason is not None:
        is_about_type = reason in {"no-wallet-format", "gs1-without-fnc1"}
        about = "barcode_format" if is_about_type else "number"
        if not is_about_type and card.barcode_value is not None:
            about = "barcode_value"
        said.warnings.append(Remark(card.row, reason, names.get(about, about)))  # type: ignore[arg-type]
    said.cards.append(msgspec.structs.replace(card, barcode_format=kept))


def format_named(said: Said, row: int | str, name: str, field: str) -> str:
    """Return our name of what a file calls a format, `none` with a warning when nobody knows it."""
    found = from_import_name(name.strip())
    if found is None:
        said.warn(row, "unknown-barcode-format", field)
        return "none"
    return found


def text_in(found: object) -> str:
    """Return a text of a loosely read document; whole numbers as their digits, else empty."""
    if isinstance(found, str):
        return found
    if isinstance(found, bool) or not isinstance(found, int):
        return ""
    return str(found) if abs(found) < 10**18 else ""


def group_names(found: Sequence[object]) -> tuple[str, ...]:
    """Return the names that can be groups, each once; the others are dropped."""
    names = (text_in(name).strip() for name in found)
    usable = (name for name in names if name and len(name) <= TEXT_MAX and _is_clean(name))
    return tuple(dict.fromkeys(usable))[:GROUPS_MAX]


def _is_clean(name: str) -> bool:
    """Tell whether a group may be called that; emoji of several signs are not "printable"."""
    return not values.has_control_character(name)


def _trimmed(card: FoundCard) -> FoundCard:
    number = card.number.strip()
    return msgspec.structs.replace(
        card,
        shop_name=card.shop_name.strip(),
        number=number,
        barcode_value=None if card.barcode_value in {"", number} else card.barcode_value,
        note=(card.note or "").replace("\r\n", "\n") or None,
        label=(card.label or "").strip() or None,
    )


def _failure(card: FoundCard, names: Names) -> tuple[Reason, str] | None:
    for name, text, limit, allowed in _texts(card):
        if len(text) > limit:
            return "too-long", names.get(name, name)
        if values.has_control_character(text, allowed=allowed):
            return "control-character", names.get(name, name)
    if not card.shop_name:
        return "missing-store", names.get("shop_name", "shop_name")
    return None if card.number else ("missing-number", names.get("number", "number"))


def _texts(card: FoundCard) -> Iterator[tuple[str, str, int, str]]:
    yield "shop_name", card.shop_name, TEXT_MAX, ""
    yield "number", card.number, NUMBER_MAX, ""
    yield "barcode_value", card.barcode_value or "", NUMBER_MAX, ""
    yield "label", card.label or "", TEXT_MAX, ""
    yield "note", card.note or "", TEXT_MAX, "\n\t"

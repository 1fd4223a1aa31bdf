"""HTTP in and out of a code that is no card yet: drawn while it is typed, its flaws explained."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from app.cards.asking import program_named
from app.cards.making import rule_of
from app.cards.numbers import Rule, judge
from app.cards.schemas import FormatName
from app.errors import InvalidBarcode
from app.http.fields import BarcodeValue, CardNumber, PublicId
from app.http.ports import Ports
from passes.barcode import Refusal, Undrawable, check, draw_svg
from passes.barcode.digits import is_digits

# Typed numbers of these lengths are looked at as what is on most cards (barcodes.md §3): a digit
# that was forgotten or mistyped shows there, where the guess alone would say Code 128.
_MEANT = {7: "EAN_8", 8: "EAN_8", 12: "EAN_13", 13: "EAN_13"}


class TypedCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was typed so far; without a format one is guessed, first the program's."""

    number: CardNumber
    barcode_value: BarcodeValue | None = None
    barcode_format: FormatName | None = None
    program_id: PublicId | None = None


class FlawOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why a value is not of this format. Both suggestions are questions, nothing was changed."""

    barcode_format: str
    reason: str
    suggestion: str | None = None
    suggested_format: str | None = None


class DrawnCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code as a card would show it; `svg` null: it cannot be drawn, the number is shown."""

    barcode_format: str
    barcode_value: str
    is_guessed: bool
    svg: Annotated[str, Meta(max_length=2**20)] | None
    flaw: FlawOut | None


@post(
    "/v1/barcodes/draw",
    status_code=200,
    tags=["Cards"],
    summary="Draw a code that is no card yet",
)
async def draw_typed(data: JSONBody[TypedCode], ports: NamedDependency[Ports]) -> DrawnCode:
    """Answer the code drawn, and what is wrong with it; nothing is kept or repaired.

    A guessed format may come with the flaw of the one that was probably meant: a wrong check
    digit. 422 `payment-card` as for a card.
    """
    program = await program_named(ports, data.program_id)
    rule = Rule() if program is None else rule_of(program)
    try:
        code = judge(
            data.number, value=data.barcode_value, barcode_format=data.barcode_format, rule=rule
        )
    except InvalidBarcode as error:
        return _refused(data, rule, error)
    read = code.barcode_value
    flaw = None
    if data.barcode_format is None and code.barcode_format in {"CODE_128", "ITF", "none"}:
        flaw = _flaw(_MEANT.get(len(read)) if is_digits(read) else None, read)
    return DrawnCode(
        barcode_format=code.barcode_format,
        barcode_value=read,
        is_guessed=data.barcode_format is None,
        svg=_drawn(code.barcode_format, read),
        flaw=flaw,
    )


def _refused(data: TypedCode, rule: Rule, error: InvalidBarcode) -> DrawnCode:
    """Say what is wrong; a program's own pattern is the only rule that no format names."""
    read = data.number.strip() if data.barcode_value is None else data.barcode_value
    barcode_format = data.barcode_format or rule.usual_format or "none"
    flaw = _flaw(barcode_format, read)
    if flaw is None:
        flaw = FlawOut(barcode_format=barcode_format, reason=error.detail)
    return DrawnCode(
        barcode_format=barcode_format,
        barcode_value=read,
        is_guessed=data.barcode_format is None,
        svg=None,
        flaw=flaw,
    )


def _flaw(barcode_format: str | None, value: str) -> FlawOut | None:
    refusal: Refusal | None = None if barcode_format is None else check(barcode_format, value)
    if barcode_format is None or refusal is None:
        return None
    return FlawOut(
        barcode_format=barcode_format,
        reason=refusal.reason,
        suggestion=refusal.suggestion,
        suggested_format=refusal.suggested_format,
    )


def _drawn(barcode_format: str, value: str) -> str | None:
    try:
        return draw_svg(barcode_format, value)
    except Undrawable:
        return None


ROUTES = [draw_typed]

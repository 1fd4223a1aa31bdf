"""HTTP in and out of one-time codes: shown by a holder's phone, read once by a till."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import codes, service
from app.cards.holding_queries import HeldCard
from app.cards.numbers import Digits
from app.clock import MINUTE, rfc3339
from app.errors import NotFound, WrongAuthority
from app.http.callers import user_of
from app.http.ports import Ports
from app.ids import parse_public_id
from app.programs import service as programs
from app.programs.schemas import NewBarcode
from app.storage.database import Transaction
from passes.barcode import draw_svg
from passes.barcode.digits import check_digit

CODES_PER_MINUTE = 20  # of one user: a page asks every half minute, for a few cards
CODE_DIGITS = 16  # 53 bits for 30 seconds; an even count, so that ITF draws them too
_TWO_DIMENSIONAL = ("QR_CODE", "AZTEC", "PDF_417", "DATA_MATRIX")
_LINEAR = ("CODE_128", "CODE_39", "CODE_93", "ITF")


class OneTimeCodeOut(msgspec.Struct, frozen=True, kw_only=True):
    """A code that one scan uses up, and how to draw it."""

    code: str
    barcode_svg: str
    barcode_format: str
    expires_at: str


@post(
    "/v1/cards/{card_id:str}/one-time-codes",
    tags=["Cards"],
    summary="A code that one scan uses up",
    callers=("user",),
)
async def make_one_time_code(
    request: Request[Any, Any, Any], card_id: FromPath[str], ports: NamedDependency[Ports]
) -> Response[OneTimeCodeOut]:
    """Answer 201 with a code of 30 seconds; it ends the one before.

    Owners and holders with full access; 409 `wrong-authority` for a number-only card, which no
    till here reads.
    """
    user_id, now = user_of(request).user_id, ports.clock.wall()
    raw = parse_public_id("card", card_id)
    if raw is None:
        raise NotFound
    ports.limiter.check(
        "one-time-codes", str(user_id), per_hour=CODES_PER_MINUTE, now=now, window=MINUTE
    )
    held, barcode = await ports.database.read_point(lambda tx: _judged(tx, user_id, raw))
    barcode_format = format_of(barcode)
    code = draw_code(barcode_format, ports.ids.digits)
    code_hash = codes.hash_of(ports.secrets, code)
    expires_at = await ports.database.write(
        lambda tx: codes.add_one_time(tx, held.state.card.card_id, code_hash, now=now)
    )
    made = OneTimeCodeOut(
        code=code,
        barcode_svg=draw_svg(barcode_format, code),
        barcode_format=barcode_format,
        expires_at=rfc3339(expires_at),
    )
    return Response(made, status_code=201, headers={"Cache-Control": "no-store"})


def format_of(barcode: NewBarcode) -> str:
    """Choose what the program's tills read: its own format where it fits, two dimensions first."""
    accepted = barcode.accepts
    if accepted is None:
        return barcode.format if barcode.format in _TWO_DIMENSIONAL else "QR_CODE"
    if barcode.format in accepted and barcode.format in _TWO_DIMENSIONAL:
        return barcode.format
    for name in (*_TWO_DIMENSIONAL, *_LINEAR, "EAN_13"):
        if name in accepted:
            return name
    return "QR_CODE"  # its tills read none of these: they type the digits


def draw_code(barcode_format: str, digits: Digits) -> str:
    """Draw a code: 16 digits, or where only an EAN-13 is read one of a shop's own numbers."""
    if barcode_format == "EAN_13":
        body = "2" + digits(11)
        return body + check_digit(body)
    return digits(CODE_DIGITS)


def _judged(tx: Transaction, user_id: int, card_public: bytes) -> tuple[HeldCard, NewBarcode]:
    held = service.fully_held(tx, user_id, card_public)
    program_id = held.state.card.program_id
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    if program is None:
        raise WrongAuthority("a number-only card is read by no till here: show its barcode")
    return held, program.document.barcode


ROUTES = [make_one_time_code]

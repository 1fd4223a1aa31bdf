"""Turns what a user asked for into a registration, judged before anything is stored."""

from __future__ import annotations

from app.cards.claim_queries import link_code
from app.cards.holding_queries import HoldingRow
from app.cards.making import known_card, rule_of
from app.cards.numbers import Code, Rule, draw, judge
from app.cards.registering import OWNER, Registration, place_of
from app.cards.schemas import NewCard
from app.errors import Conflict, NotFound, invalid
from app.http.ports import Ports
from app.ids import parse_public_id
from app.programs import service as programs
from app.programs.service import Program
from app.storage.database import Transaction

_CODE_DIGITS = 8


async def registration(
    ports: Ports, user_id: int, data: NewCard, *, now: int
) -> tuple[Registration, int | None]:
    """Judge a request; with it comes the card whose mailed code is being tried, if one is.

    Raises: InvalidInput, InvalidBarcode, PaymentCard, NotFound for an unknown program.
    """
    program = await program_named(ports, data.program_id)
    codes = codes_of(ports, program, data)
    shop_name = "" if data.shop_name is None else data.shop_name.strip()
    if program is None and not shop_name:
        raise invalid("shop_name", "needed where no program_id is given")
    token = data.link_token
    is_code = token is not None and len(token) == _CODE_DIGITS and token.isdigit()
    number = None if data.number is None else codes[0].number

    def read(tx: Transaction) -> tuple[int, int | None]:
        tried = None
        if is_code and program is not None and number is not None:
            tried = known_card(tx, program.program_id, number)
            if tried is not None and link_code(tx, tried) is None:
                tried = None
        return place_of(tx, user_id), tried

    place, tried = await ports.database.read_point(read)
    code_hash = None
    if tried is not None and token is not None:
        code_hash = hash_of_code(ports, tried, token)
    wanted = Registration(
        user_id=user_id,
        program=program,
        shop_name=shop_name,
        codes=codes,
        is_drawn=data.number is None,
        own=HoldingRow(OWNER, place, data.label, data.color, data.note),
        link_token=token,
        code_hash=code_hash,
    )
    return wanted, tried


async def program_named(ports: Ports, text: str | None) -> Program | None:
    """Return the program of a public id; None where none is named. Raises InvalidInput."""
    if text is None:
        return None
    raw = parse_public_id("prog", text)
    program = None
    if raw is not None:
        program = await ports.database.read_point(lambda tx: programs.program_by_public(tx, raw))
    if program is None:
        raise NotFound
    return program


def codes_of(ports: Ports, program: Program | None, data: NewCard) -> tuple[Code, ...]:
    """Judge the number, or draw some for a hosted program when none is given."""
    rule = Rule() if program is None else rule_of(program)
    if data.number is not None:
        code = judge(
            data.number, value=data.barcode_value, barcode_format=data.barcode_format, rule=rule
        )
        return (code,)
    if program is None or program.authority != "ledger":
        raise invalid("number", "a number is needed")
    if data.barcode_value is not None or data.barcode_format is not None:
        raise invalid("number", "needed where a barcode is given")
    return drawn_codes(ports, rule)


def drawn_codes(ports: Ports, rule: Rule) -> tuple[Code, ...]:
    """Draw numbers for a program. Raises Conflict when its pattern allows none of ours."""
    codes = draw(rule, ports.ids.digits)
    if not codes:
        raise Conflict("this program's numbers are given out by its merchant")
    return codes


def hash_of_code(ports: Ports, card_id: int, code: str) -> bytes:
    """Return the keyed hash under which a mailed code is kept."""
    return ports.secrets.tag("link-code", card_id.to_bytes(8, "big"), code)

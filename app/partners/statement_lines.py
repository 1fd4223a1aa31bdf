"""A bulk file of statements: how a line is read, and how a chunk of them is taken."""

from __future__ import annotations

from app.errors import AppError, invalid
from app.http.media import decode_json
from app.http.ports import Ports
from app.partners.bulk import Answered, Work
from app.partners.deciding import Named, judge
from app.partners.schemas import StatementLine
from app.partners.statements import EVENTS_PER_CHANGE, Line, named_of, take_lines
from app.programs.service import Program


def statement_work(ports: Ports, program: Program) -> Work[Line]:
    """Say what is done with the lines of a program's file. Raises WrongAuthority."""
    named = named_of(program)

    async def take(lines: list[Line]) -> list[Answered]:
        now = ports.clock.wall()
        return await ports.database.write(lambda tx: take_lines(tx, program, lines, now=now))

    return Work(
        read=lambda number, line: _judged(number, line, named, ports),
        take=take,
        statuses=("ok", "stale", "error"),
    )


def _judged(number: int, line: bytes | AppError, named: Named, ports: Ports) -> Line:
    if isinstance(line, AppError):
        return Line(number, "", None, line)
    try:
        found: StatementLine = decode_json(line, StatementLine)
        told = judge(found, named)
    except AppError as error:
        return Line(number, "", None, error)
    if not found.number.strip():
        return Line(number, "", None, invalid("number", "a number is expected"))
    drawn = ports.ids.secret(16 * EVENTS_PER_CHANGE)
    return Line(number, found.number.strip(), told, None, (drawn[:16], drawn[16:]))

"""At whose tills a program is sold: its own merchant's, and those of its coalition's partners."""

from __future__ import annotations

from app.programs import coalitions, partner_queries, queries, service
from app.programs.service import Program
from app.storage.database import Transaction

PROGRAMS_MAX = 200  # looked through at a scan


def note_partners(tx: Transaction, program: Program) -> None:
    """Note the partners of a program's coalition; run in the unit of work that publishes it."""
    wanted = coalitions.partners_of(program)
    noted = partner_queries.partners_noted(tx, program.program_id)
    for slug in sorted(noted - wanted):
        partner_queries.forget_partner(tx, slug, program.program_id)
    for slug in sorted(wanted - noted):
        partner_queries.note_partner(tx, slug, program.program_id)


def programs_at_till(tx: Transaction, merchant_id: int) -> list[Program]:
    """List programs whose cards a merchant's tills read: hosted ones first, then the oldest."""
    found = [service.read(row) for row in queries.programs_of(tx, merchant_id, -1, PROGRAMS_MAX)]
    known = {program.program_id for program in found}
    slug = coalitions.merchant_slug(tx, merchant_id)
    for program_id in partner_queries.programs_of_partner(tx, slug, PROGRAMS_MAX):
        program = None if program_id in known else service.program_by_id(tx, program_id)
        if program is not None:
            found.append(program)
    return sorted(found, key=lambda each: (each.authority != "ledger", each.program_id))


def is_at_till(tx: Transaction, merchant_id: int, program: Program) -> bool:
    """Say whether a merchant's tills read a program's cards."""
    return program.merchant_id == merchant_id or coalitions.is_partner(tx, merchant_id, program)

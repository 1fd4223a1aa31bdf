"""All SQL of coalitions: in which programs of others a merchant is a partner."""

from __future__ import annotations

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"program_by_partner": "names of merchants, ids of programs"}


def partners_noted(tx: Transaction, program_id: int) -> set[str]:
    """List the merchants noted as partners of a program. # across: by the program they point at"""
    return set(tx.all(str, "SELECT slug FROM program_by_partner WHERE program_id = ?", program_id))


def note_partner(tx: Transaction, slug: str, program_id: int) -> None:
    """Let a partner's slug find a program."""
    tx.run(
        "INSERT INTO program_by_partner (slug, program_id) VALUES (?, ?)"
        " ON CONFLICT (slug, program_id) DO NOTHING",
        *(slug, program_id),
    )


def forget_partner(tx: Transaction, slug: str, program_id: int) -> None:
    """Let a former partner's slug not find it any more."""
    tx.run("DELETE FROM program_by_partner WHERE slug = ? AND program_id = ?", slug, program_id)


def programs_of_partner(tx: Transaction, slug: str, limit: int) -> list[int]:
    """List programs in whose coalitions a merchant is a partner, oldest first."""
    return tx.all(
        int,
        "SELECT program_id FROM program_by_partner WHERE slug = ? ORDER BY program_id LIMIT ?",
        *(slug, limit),
    )

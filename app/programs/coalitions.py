"""Coalitions: one program of several merchants, which each of them may read and feed."""

from __future__ import annotations

from typing import Any

from app.errors import NotFound
from app.programs import merchant_queries
from app.programs.service import Program, program_named
from app.storage.database import Transaction


def program_for(tx: Transaction, merchant_id: int, text: str) -> Program:
    """Find by `prog_…` or slug a program that a merchant runs, or is a partner of.

    Partners are those of the rules that were published last (specs: api.md §1). What changes the
    program itself asks `service.own_program` instead. Raises NotFound, for others' too.
    """
    found = program_named(tx, text)
    if found is None:
        raise NotFound
    if found.merchant_id != merchant_id and not is_partner(tx, merchant_id, found):
        raise NotFound
    return found


def is_partner(tx: Transaction, merchant_id: int, program: Program) -> bool:
    """Say whether a merchant is named among the partners of a program's coalition."""
    named = partners_of(program)
    return bool(named) and merchant_slug(tx, merchant_id) in named


def partners_of(program: Program) -> frozenset[str]:
    """Return the slugs of a program's partners; empty where it is no coalition."""
    rules: Any = program.document.rules
    coalition = rules.get("coalition") if isinstance(rules, dict) else None
    partners = coalition.get("partners", ()) if isinstance(coalition, dict) else ()
    return frozenset(partner["merchant"] for partner in partners)


def merchant_slug(tx: Transaction, merchant_id: int) -> str:
    """Return the slug by which rules name a merchant: the `merchant` of its tickets."""
    row = merchant_queries.merchant(tx, merchant_id)
    assert row is not None, "who calls is a merchant"
    return row.slug

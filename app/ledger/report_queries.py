"""SQL of figures over many cards: what merchants owe each other, and whether all adds up."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction


class Settled(msgspec.Struct, frozen=True):
    """Units of one issuer that were spent at one merchant, less what was reversed, and their money.

    `minor`: each lot that was spent by itself, rounded down, as the answers said.
    """

    unit: str
    issuer: str
    redeemer: str
    units: int
    minor: int


def settled(
    tx: Transaction, program_id: int, unit: str, *, cost_micro: int, since: int, until: int
) -> list[Settled]:
    """Sum what was spent of a unit from a moment until before another, by issuer and merchant.

    # across: a sum over a program's cards
    """
    return tx.all(
        Settled,
        "SELECT t.unit, l.issuer, coalesce(t.redeemer, 'operator'),"
        " sum(CASE WHEN t.credit = 'burned' THEN t.units ELSE -t.units END),"
        " sum(CASE WHEN t.credit = 'burned' THEN t.units * ? / 10000"
        " ELSE -(t.units * ? / 10000) END)"
        " FROM ledger_account a JOIN transfer t ON t.card_id = a.card_id"
        " JOIN journal j ON j.card_id = t.card_id AND j.number = t.journal"
        " JOIN lot l ON l.card_id = t.card_id AND l.number = t.lot"
        " WHERE a.program_id = ? AND t.unit = ? AND (t.credit = 'burned' OR t.debit = 'burned')"
        " AND j.recorded_at >= ? AND j.recorded_at < ?"
        " GROUP BY t.unit, l.issuer, coalesce(t.redeemer, 'operator')"
        " ORDER BY l.issuer, coalesce(t.redeemer, 'operator')",
        *(cost_micro, cost_micro, program_id, unit, since, until),
    )


class PlaceSum(msgspec.Struct, frozen=True):
    """What stands at a place of the ledger, over all cards of a program: credits less debits."""

    program_id: int
    unit: str
    place: str
    units: int


def place_sums(tx: Transaction) -> list[PlaceSum]:
    """Sum every place by program and unit. # across: the whole ledger, for a proof"""
    return tx.all(
        PlaceSum,
        "SELECT program_id, unit, place, sum(units) FROM ("
        "SELECT a.program_id AS program_id, t.unit AS unit, t.credit AS place, t.units AS units"
        " FROM transfer t JOIN ledger_account a ON a.card_id = t.card_id"
        " UNION ALL SELECT a.program_id, t.unit, t.debit, -t.units"
        " FROM transfer t JOIN ledger_account a ON a.card_id = t.card_id) AS moved"
        " GROUP BY program_id, unit, place ORDER BY program_id, unit, place",
    )


class LotSum(msgspec.Struct, frozen=True):
    """What the lots of a program hold."""

    program_id: int
    unit: str
    available: int
    pending: int
    held: int


def lot_sums(tx: Transaction) -> list[LotSum]:
    """Sum the lots by program and unit. # across: the whole ledger, for a proof"""
    return tx.all(
        LotSum,
        "SELECT a.program_id, l.unit,"
        " sum(CASE WHEN l.is_available = 1 THEN l.units_left ELSE 0 END),"
        " sum(CASE WHEN l.is_available = 0 THEN l.units_left ELSE 0 END), sum(l.held)"
        " FROM lot l JOIN ledger_account a ON a.card_id = l.card_id"
        " GROUP BY a.program_id, l.unit ORDER BY a.program_id, l.unit",
    )

"""All SQL of statements: the account they change, and the statements themselves."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.cards.queries import ACCOUNT, AccountRow
from app.storage.database import Transaction

_SELECT = "SELECT c.card_id, c.number, c.voided_at"
_SELECT_BY_NUMBER = "SELECT n.value, c.card_id, c.number, c.voided_at"


class Standing(msgspec.Struct, frozen=True):
    """A card's account, locked, and by which number its program knows it."""

    card_id: int
    number: str
    voided_at: int | None
    account: AccountRow


def _standing(card_id: int, number: str, voided_at: int | None, *account: object) -> Standing:
    return Standing(card_id, number, voided_at, AccountRow(*account))  # type: ignore[arg-type]


def lock_account(tx: Transaction, card_id: int) -> Standing | None:
    """Lock a card of a program and read its account; one statement, because it is hot."""
    return tx.one(
        _standing,
        _SELECT + ACCOUNT + " FROM card c"
        " JOIN account a ON a.card_id = c.card_id WHERE c.card_id = ?" + tx.for_update,
        card_id,
    )


def lock_accounts(
    tx: Transaction, program_id: int, keys: Sequence[str]
) -> list[tuple[str, Standing]]:
    """Lock the cards of many numbers, in order of their ids, with their look-up keys. # batch"""
    sql = (
        _SELECT_BY_NUMBER + ACCOUNT + " FROM card_by_number n"
        " JOIN card c ON c.card_id = n.card_id JOIN account a ON a.card_id = c.card_id"
        " WHERE n.program_id = ? AND n.kind = 'number' AND n.value IN ("
    )
    marks = ",".join("?" * len(keys))
    ordered = ") ORDER BY c.card_id" + tx.for_update
    return tx.all(
        lambda value, *row: (str(value), _standing(*row)), sql + marks + ordered, program_id, *keys
    )


_UPDATE = (
    "UPDATE account SET sequence = ?, balances = ?, tier = ?, fields = ?, next_expiry_at = ?,"
    " next_expiry_units = ?, message = ?, is_message_new = ?, as_of = ?, received_at = ?"
    " WHERE card_id = ?"
)
_INSERT = (
    "INSERT INTO statement (card_id, sequence, as_of, received_at, balances, tier, message)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class TakenRow(msgspec.Struct, frozen=True):
    """A statement that was taken, with the account it left."""

    card_id: int
    account: AccountRow
    message: str | None


def take(tx: Transaction, taken: TakenRow, *, now: int) -> None:
    """Write the account as a statement leaves it, and the statement."""
    tx.run(_UPDATE, *_account_values(taken, now))
    tx.run(_INSERT, *_statement_values(taken, now))


def take_many(tx: Transaction, taken: Sequence[TakenRow], *, now: int) -> None:
    """Write statements, and each card's account as its last one leaves it. # batch"""
    last = {row.card_id: row for row in taken}
    tx.run_many(_UPDATE, [_account_values(row, now) for row in last.values()])
    tx.run_many(_INSERT, [_statement_values(row, now) for row in taken])


def _account_values(taken: TakenRow, now: int) -> tuple[int | str | None, ...]:
    account = taken.account
    return (
        *(account.sequence, account.balances, account.tier, account.fields),
        *(account.next_expiry_at, account.next_expiry_units, account.message),
        *(account.is_message_new, account.as_of, now, taken.card_id),
    )


def _statement_values(taken: TakenRow, now: int) -> tuple[int | str | None, ...]:
    account = taken.account
    return (
        *(taken.card_id, account.sequence, account.as_of, now),
        *(account.balances, account.tier, taken.message),
    )


def cards_of_program(tx: Transaction, program_id: int, after: int, limit: int) -> list[int]:
    """List a program's cards after an id. # across: what a merchant's list shows"""
    return tx.all(
        int,
        "SELECT card_id FROM card WHERE program_id = ? AND card_id > ? AND voided_at IS NULL"
        " ORDER BY card_id LIMIT ?",
        *(program_id, after, limit),
    )


def cards_by_name(tx: Transaction, program_id: int, pattern: str, limit: int) -> list[int]:
    """Find a program's cards by part of a name or number. # across: a merchant's search"""
    return tx.all(
        int,
        "SELECT c.card_id FROM card c LEFT JOIN contact t ON t.card_id = c.card_id"
        " WHERE c.program_id = ? AND c.voided_at IS NULL AND (lower(t.display_name) LIKE ?"
        " ESCAPE '!' OR lower(c.number) LIKE ? ESCAPE '!') ORDER BY c.card_id LIMIT ?",
        *(program_id, pattern, pattern, limit),
    )

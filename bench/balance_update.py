"""The work that bench/storage.py measures: a balance told by a merchant, six statements."""

from __future__ import annotations

from app.storage.database import Transaction

CARDS = 10_000
READ = "SELECT card_id, program_id, authority, number FROM card WHERE card_id = ?"
ACCOUNT = (
    "UPDATE account SET sequence = ?, balances = ?, as_of = ?, received_at = ?"
    " WHERE card_id = ? AND sequence < ?"
)
STATEMENT = (
    "INSERT INTO statement (card_id, sequence, as_of, received_at, balances) VALUES (?, ?, ?, ?, ?)"
)
REVISION = (
    "UPDATE card_revision SET revision = revision + 1, events = events + 1 WHERE card_id = ?"
    " RETURNING revision, events"
)
OUTBOX = (
    "INSERT INTO outbox (card_id, channel, wanted, done, priority, merchant_id, attempts, next_at,"
    " claimed_until) VALUES (?, 'apple', ?, 0, 1, 7, 0, ?, 0)"
    " ON CONFLICT (card_id, channel) DO UPDATE SET wanted = excluded.wanted,"
    " next_at = excluded.next_at"
)
EVENT = (
    "INSERT INTO event (card_id, sequence, public_id, type, at, facts)"
    " VALUES (?, ?, ?, 'balance.updated', ?, ?)"
)
NOW = 1_790_000_000_000_000


def steps(card_id: int, sequence: int) -> tuple[str, bytes, tuple[object, ...], tuple[object, ...]]:
    """Return what every variant writes: balances, a public id, and values of two statements."""
    balances = f'{{"points":{sequence}}}'
    public = sequence.to_bytes(16, "big")
    account = (sequence, balances, NOW, NOW, card_id, sequence)
    return balances, public, account, (card_id, sequence, NOW, NOW, balances)


def as_tuple(*row: object) -> tuple[object, ...]:
    """Keep a row as it is."""
    return row


def update(card_id: int, sequence: int):
    """Make the unit of work."""

    def work(tx: Transaction) -> int:
        balances, public, account, statement = steps(card_id, sequence)
        card = tx.one(as_tuple, READ + tx.for_update, card_id)
        assert card is not None
        tx.run(ACCOUNT, *account)
        tx.run(STATEMENT, *statement)
        row = tx.one(as_tuple, REVISION, card_id)
        assert row is not None
        tx.run(OUTBOX, card_id, row[0], NOW)
        tx.run(EVENT, card_id, row[1], public, NOW, balances)
        return row[0]

    return work


def fill(tx: Transaction) -> None:
    """Make the cards."""
    numbers = range(CARDS)
    tx.run_many(
        "INSERT INTO card (card_id, public_id, program_id, authority, shop_name, number,"
        " barcode_value, barcode_format, created_at) VALUES (?, ?, 3, 'merchant', 'Shop', ?, ?,"
        " 'ean13', 0)",
        [(n, n.to_bytes(16, "big"), f"{n:013}", f"{n:013}") for n in numbers],
    )
    tx.run_many(
        "INSERT INTO account (card_id, sequence, balances, fields, received_at)"
        " VALUES (?, 0, '{}', '{}', 0)",
        [(n,) for n in numbers],
    )
    tx.run_many(
        "INSERT INTO card_revision (card_id, revision, events) VALUES (?, 0, 0)",
        [(n,) for n in numbers],
    )

"""SQL of a card's account, its journal, event ids and what of them may be deleted."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "reason_text": "DELETE FROM reason_text WHERE card_id = ?",
    # Empty, not gone: so a proof knows why a replay may differ from what happened.
    "ledger_birthday": "UPDATE ledger_birthday SET birthday = '' WHERE card_id = ?",
}
KEPT = {
    "ledger_account": "sums by an id of ours",
    "journal": "events without person, reason or birthday, by an id of ours",
    "transfer": "figures by an id of ours",
    "entry": "figures by an id of ours",
    "event_id": "hashes of event ids and an id of ours",
    "sweep_lease": "names of our own jobs",
}
EXPORT = {  # of one hosted card: section → statement for its id
    "birthdays": "SELECT birthday FROM ledger_birthday WHERE card_id = ? ORDER BY journal",
    "corrections": "SELECT journal AS change, reason FROM reason_text WHERE card_id = ?"
    " ORDER BY journal",
}


class AccountRow(msgspec.Struct, frozen=True):
    """A card's account; `state` is the engine's, JSON. `birthday` counts now ("MM-DD").

    `next_expiry_…`: what its passes show now.
    """

    card_id: int
    program_id: int
    sequence: int
    journal: int
    seed: bytes
    state: str
    next_due_at: int | None
    merged_into: int | None
    birthday: str | None
    next_expiry_at: int | None
    next_expiry_units: int | None


_ACCOUNT = (
    "SELECT a.card_id, a.program_id, a.sequence, a.journal, a.seed, a.state, a.next_due_at,"
    " a.merged_into, (SELECT nullif(b.birthday, '') FROM ledger_birthday b"
    " WHERE b.card_id = a.card_id ORDER BY b.journal DESC LIMIT 1),"
    " (SELECT s.next_expiry_at FROM account s WHERE s.card_id = a.card_id),"
    " (SELECT s.next_expiry_units FROM account s WHERE s.card_id = a.card_id)"
    " FROM ledger_account a WHERE a.card_id = ?"
)


def account(tx: Transaction, card_id: int) -> AccountRow | None:
    """Read a card's account."""
    return tx.one(AccountRow, _ACCOUNT, card_id)


def lock_account(tx: Transaction, card_id: int) -> AccountRow | None:
    """Lock the account that everything of a card's ledger hangs on."""
    return tx.one(AccountRow, _ACCOUNT + tx.for_update, card_id)


def insert_account(tx: Transaction, row: AccountRow, *, now: int) -> bool:
    """Open an account; False where the card has one."""
    return (
        tx.run(
            "INSERT INTO ledger_account (card_id, program_id, sequence, journal, seed, state,"
            " next_due_at, updated_at, merged_into) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)"
            " ON CONFLICT (card_id) DO NOTHING",
            *(row.card_id, row.program_id, row.sequence, row.journal, row.seed, row.state),
            *(row.next_due_at, now),
        )
        == 1
    )


def update_account(tx: Transaction, row: AccountRow, *, now: int) -> None:
    """Write the account as a decision leaves it."""
    tx.run(
        "UPDATE ledger_account SET sequence = ?, journal = ?, state = ?, next_due_at = ?,"
        " updated_at = ?, merged_into = ? WHERE card_id = ?",
        *(row.sequence, row.journal, row.state, row.next_due_at, now, row.merged_into),
        row.card_id,
    )


class ShownRow(msgspec.Struct, frozen=True):
    """What passes show of an account; `balances` is JSON."""

    sequence: int
    balances: str
    tier: str | None
    next_expiry_at: int | None
    next_expiry_units: int | None


def show(tx: Transaction, card_id: int, row: ShownRow, *, now: int) -> None:
    """Write what the card's passes show from now on."""
    tx.run(
        "UPDATE account SET sequence = ?, balances = ?, tier = ?, next_expiry_at = ?,"
        " next_expiry_units = ?, as_of = ?, received_at = ? WHERE card_id = ?",
        *(row.sequence, row.balances, row.tier, row.next_expiry_at, row.next_expiry_units),
        *(now, now, card_id),
    )


def set_next_due(tx: Transaction, card_id: int, next_due_at: int | None) -> None:
    """Note when a card is to be looked at again."""
    tx.run("UPDATE ledger_account SET next_due_at = ? WHERE card_id = ?", next_due_at, card_id)


def due_accounts(tx: Transaction, now: int, limit: int) -> list[int]:
    """List cards to which time has brought something. # across: what the sweeper takes"""
    return tx.all(
        int,
        "SELECT card_id FROM ledger_account WHERE next_due_at <= ? ORDER BY next_due_at LIMIT ?",
        now,
        limit,
    )


def accounts_after(tx: Transaction, card_id: int, limit: int) -> list[tuple[int, bytes]]:
    """List (card id, public id) of accounts after a card's. # across: what a proof walks"""
    return tx.all(
        lambda found, public: (int(found), bytes(public)),
        "SELECT a.card_id, c.public_id FROM ledger_account a JOIN card c ON c.card_id = a.card_id"
        " WHERE a.card_id > ? ORDER BY a.card_id LIMIT ?",
        card_id,
        limit,
    )


class JournalRow(msgspec.Struct, frozen=True):
    """What was processed at once: `body` and `results` are JSON (see journal.py)."""

    number: int
    recorded_at: int
    body: str
    results: str


def insert_journal(tx: Transaction, card_id: int, row: JournalRow) -> None:
    """Add what was processed."""
    tx.run(
        "INSERT INTO journal (card_id, number, recorded_at, body, results) VALUES (?, ?, ?, ?, ?)",
        *(card_id, row.number, row.recorded_at, row.body, row.results),
    )


def journal_after(tx: Transaction, card_id: int, number: int, limit: int) -> list[JournalRow]:
    """List a card's journal after a number, in order."""
    return tx.all(
        JournalRow,
        "SELECT number, recorded_at, body, results FROM journal WHERE card_id = ? AND number > ?"
        " ORDER BY number LIMIT ?",
        *(card_id, number, limit),
    )


def results_of(tx: Transaction, card_id: int, number: int) -> str:
    """Return the results of a journal row."""
    found = tx.value(
        "SELECT results FROM journal WHERE card_id = ? AND number = ?", card_id, number
    )
    assert isinstance(found, str), "an event's id names a row of the journal"
    return found


def put_reason(tx: Transaction, card_id: int, journal: int, reason: str) -> None:
    """Keep why a balance was corrected."""
    tx.run(
        "INSERT INTO reason_text (card_id, journal, reason) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, journal) DO UPDATE SET reason = excluded.reason",
        *(card_id, journal, reason),
    )


def reason_of(tx: Transaction, card_id: int, journal: int) -> str | None:
    """Return why a balance was corrected, while that is kept."""
    found = tx.value(
        "SELECT reason FROM reason_text WHERE card_id = ? AND journal = ?", card_id, journal
    )
    return found if isinstance(found, str) else None


def put_birthday(tx: Transaction, card_id: int, journal: int, birthday: str) -> None:
    """Let a birthday count from a journal row on."""
    tx.run(
        "INSERT INTO ledger_birthday (card_id, journal, birthday) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, journal) DO UPDATE SET birthday = excluded.birthday",
        *(card_id, journal, birthday),
    )


def birthdays_of(tx: Transaction, card_id: int) -> list[tuple[int, str | None]]:
    """List the birthdays that counted, each with its first journal row; None: erased."""
    return tx.all(
        lambda journal, birthday: (int(journal), str(birthday) or None),
        "SELECT journal, birthday FROM ledger_birthday WHERE card_id = ? ORDER BY journal",
        card_id,
    )


class EventRow(msgspec.Struct, frozen=True):
    """Where an event's id was used."""

    card_id: int
    journal: int
    body_hash: bytes


def claim_event(tx: Transaction, program_id: int, key_hash: bytes, row: EventRow) -> bool:
    """Use an event's id, for ever; False where it was used before."""
    return (
        tx.run(
            "INSERT INTO event_id (program_id, key_hash, card_id, journal, body_hash)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (program_id, key_hash) DO NOTHING",
            *(program_id, key_hash, row.card_id, row.journal, row.body_hash),
        )
        == 1
    )


def event(tx: Transaction, program_id: int, key_hash: bytes) -> EventRow | None:
    """Find what an event's id did."""
    return tx.one(
        EventRow,
        "SELECT card_id, journal, body_hash FROM event_id WHERE program_id = ? AND key_hash = ?",
        *(program_id, key_hash),
    )


def release_event(tx: Transaction, program_id: int, key_hash: bytes) -> None:
    """Let an id be used again: nothing of its event was kept."""
    tx.run("DELETE FROM event_id WHERE program_id = ? AND key_hash = ?", program_id, key_hash)


def take_lease(tx: Transaction, name: str, holder: bytes, *, now: int, until: int) -> bool:
    """Take a job, or keep it; False while another holder has it."""
    return (
        tx.run(
            "INSERT INTO sweep_lease (name, holder, until) VALUES (?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
            " WHERE sweep_lease.until <= ? OR sweep_lease.holder = excluded.holder",
            *(name, holder, until, now),
        )
        == 1
    )


def end_lease(tx: Transaction, name: str, holder: bytes) -> None:
    """Let a job go."""
    tx.run("DELETE FROM sweep_lease WHERE name = ? AND holder = ?", name, holder)

"""SQL of a card's timeline: what several rooms wrote down of one card, newest first."""

from __future__ import annotations

import msgspec

from app.cards.queries import StatementRow
from app.ledger.entry_queries import EntryRow
from app.loyalty.model import Voucher
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Booked(msgspec.Struct, frozen=True):
    """An entry and when it was recorded."""

    recorded_at: int
    row: EntryRow


def entries_before(tx: Transaction, card_id: int, number: int, limit: int) -> list[Booked]:
    """List a card's entries below a number, newest first."""
    return tx.all(
        lambda recorded_at, *row: Booked(recorded_at, EntryRow(*row)),
        "SELECT j.recorded_at, e.number, e.journal, e.kind, e.unit, e.units, e.at, e.rule, e.why"
        " FROM entry e JOIN journal j ON j.card_id = e.card_id AND j.number = e.journal"
        " WHERE e.card_id = ? AND e.number < ? ORDER BY e.number DESC LIMIT ?",
        *(card_id, number, limit),
    )


class Received(msgspec.Struct, frozen=True):
    """A statement and when it was received."""

    received_at: int
    row: StatementRow


def statements_before(tx: Transaction, card_id: int, sequence: int, limit: int) -> list[Received]:
    """List a card's statements below a sequence, newest first."""
    return tx.all(
        lambda received_at, *row: Received(received_at, StatementRow(*row)),
        "SELECT received_at, sequence, as_of, balances, tier, message FROM statement"
        " WHERE card_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
        *(card_id, sequence, limit),
    )


_VOUCHER = (
    "SELECT number, template, kind, value, min_basket_minor, source, issued_at, expires_at,"
    " status, used_at FROM voucher WHERE card_id = ?"
)


def issued_before(tx: Transaction, card_id: int, number: int, limit: int) -> list[Voucher]:
    """List a card's vouchers below a number, newest first."""
    sql = _VOUCHER + " AND number < ? ORDER BY number DESC LIMIT ?"
    return tx.all(Voucher, sql, card_id, number, limit)


def used_before(
    tx: Transaction, card_id: int, before: tuple[int, int], limit: int
) -> list[Voucher]:
    """List a card's used vouchers below a (moment, number), the last used first."""
    return tx.all(
        Voucher,
        _VOUCHER + " AND used_at IS NOT NULL AND (used_at, number) < (?, ?)"
        " ORDER BY used_at DESC, number DESC LIMIT ?",
        *(card_id, *before, limit),
    )


class PassLife(msgspec.Struct, frozen=True):
    """When a pass was made, came into a wallet, left it, was fetched last, and ended."""

    serial: bytes
    wallet: str
    created_at: int
    added_at: int | None
    removed_at: int | None
    pulled_at: int | None
    voided_at: int | None


def passes_of(tx: Transaction, card_id: int, limit: int) -> list[PassLife]:
    """List a card's passes, the newest first."""
    return tx.all(
        PassLife,
        "SELECT serial, wallet, created_at, added_at, removed_at, pulled_at, voided_at FROM pass"
        " WHERE card_id = ? ORDER BY created_at DESC, serial LIMIT ?",
        *(card_id, limit),
    )


class Told(msgspec.Struct, frozen=True):
    """A phone, or Google, was told of a pass."""

    serial: bytes
    told_at: int
    device_id: int


def told_phones(tx: Transaction, card_id: int, limit: int) -> list[Told]:
    """List when each phone was last told that a card's pass has changed."""
    return tx.all(
        Told,
        "SELECT d.serial, d.told_at, d.device_id FROM registration r JOIN device_pass d"
        " ON d.device_id = r.device_id AND d.serial = r.serial"
        " WHERE r.card_id = ? AND d.told_at IS NOT NULL ORDER BY d.told_at DESC LIMIT ?",
        *(card_id, limit),
    )


def told_google(tx: Transaction, card_id: int, limit: int) -> list[Told]:
    """List when Google was last told of a card's objects."""
    return tx.all(
        Told,
        "SELECT serial, told_at, 0 FROM google_object WHERE card_id = ? AND told_at IS NOT NULL"
        " ORDER BY told_at DESC LIMIT ?",
        *(card_id, limit),
    )


class Scanned(msgspec.Struct, frozen=True):
    """A code that a scan has used up."""

    used_at: int
    used_by: str
    location_id: str | None


def rotating_scans(tx: Transaction, card_id: int, limit: int) -> list[Scanned]:
    """List scans of a card's rotating code."""
    return tx.all(
        Scanned,
        "SELECT used_at, used_by, location_id FROM used_step WHERE card_id = ?"
        " ORDER BY used_at DESC LIMIT ?",
        *(card_id, limit),
    )


def one_time_scans(tx: Transaction, card_id: int, limit: int) -> list[Scanned]:
    """List scans of a card's one-time codes."""
    return tx.all(
        Scanned,
        "SELECT used_at, used_by, location_id FROM one_time_code WHERE card_id = ?"
        " AND used_at IS NOT NULL AND used_by IS NOT NULL ORDER BY used_at DESC LIMIT ?",
        *(card_id, limit),
    )


class Agreed(msgspec.Struct, frozen=True):
    """A consent that was given, and perhaps withdrawn."""

    key: str
    number: int
    given_at: int
    withdrawn_at: int | None


def consents_of(tx: Transaction, card_id: int, limit: int) -> list[Agreed]:
    """List a card's consents, the newest first."""
    return tx.all(
        Agreed,
        "SELECT consent_key, number, given_at, withdrawn_at FROM consent WHERE card_id = ?"
        " ORDER BY given_at DESC, consent_key LIMIT ?",
        *(card_id, limit),
    )


class Missed(msgspec.Struct, frozen=True):
    """A request about missing points, and its answer."""

    request_id: int
    receipt: str
    status: str
    reason: str | None
    created_at: int
    decided_at: int | None


def requests_of(tx: Transaction, card_id: int, limit: int) -> list[Missed]:
    """List a card's requests about missing points, the newest first."""
    return tx.all(
        Missed,
        "SELECT request_id, receipt, status, reason, created_at, decided_at FROM missing_points"
        " WHERE card_id = ? ORDER BY request_id DESC LIMIT ?",
        *(card_id, limit),
    )


def name_of_key(tx: Transaction, merchant_id: int, key_id: int) -> str | None:
    """Read a key's name."""
    sql = "SELECT name FROM merchant_key WHERE merchant_id = ? AND key_id = ?"
    found = tx.value(sql, merchant_id, key_id)
    return found if isinstance(found, str) else None


def name_of_till(tx: Transaction, merchant_id: int, till_id: int) -> str | None:
    """Read a till's name."""
    sql = "SELECT name FROM till WHERE merchant_id = ? AND till_id = ?"
    found = tx.value(sql, merchant_id, till_id)
    return found if isinstance(found, str) else None

"""All SQL of delivery to Google: which passes are saved, whose class is listed next."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from app.google.queries import ClassRow
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT: dict[str, str] = {}


class Saved(msgspec.Struct, frozen=True):
    """A pass that stands in somebody's Google Wallet."""

    card_id: int
    serial: bytes
    issuer_id: int


_SAVED = (
    "SELECT o.card_id, o.serial, o.issuer_id FROM google_object o JOIN pass p"
    " ON p.card_id = o.card_id AND p.serial = o.serial WHERE p.installed > 0 AND o.card_id"
)


def saved_of(tx: Transaction, card_id: int, issuer_id: int) -> list[bytes]:
    """List the serial numbers of a card's saved passes, of all its holders.

    Also of those that have ended and stand in no wallet: Google keeps their objects for ever, and
    they must be blank.
    """
    sql = (
        "SELECT o.serial FROM google_object o JOIN pass p ON p.card_id = o.card_id"
        " AND p.serial = o.serial WHERE o.card_id = ? AND o.issuer_id = ? AND (p.installed > 0"
        " OR (o.is_inserted = 1 AND p.voided_at IS NOT NULL)) ORDER BY o.serial"
    )
    return tx.all(bytes, sql, card_id, issuer_id)


def saved_among(tx: Transaction, card_ids: Sequence[int]) -> list[Saved]:
    """List the saved passes of some cards. # across: a campaign's page"""
    marks = ",".join("?" * len(card_ids))
    return tx.all(Saved, _SAVED + f" IN ({marks}) ORDER BY o.card_id", *card_ids)


def classes_of(tx: Transaction, program_id: int) -> list[tuple[int, str]]:
    """List the classes of a program: one for each issuer it had. # across: once a redesign"""
    return tx.all(
        lambda issuer_id, suffix: (int(issuer_id), str(suffix)),
        "SELECT issuer_id, suffix FROM google_class WHERE program_id = ?",
        program_id,
    )


def hold_list(tx: Transaction, row: ClassRow, *, listed_at: int) -> bool:
    """Take a class for listing its objects; False when another worker has it."""
    sql = (
        "UPDATE google_class SET listed_at = ? WHERE issuer_id = ? AND suffix = ? AND listed_at = ?"
    )
    return tx.run(sql, listed_at, row.issuer_id, row.suffix, row.listed_at) == 1

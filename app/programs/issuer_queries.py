"""All SQL of issuers: who a merchant is at Google, and the service account that may speak."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {"issuer": "a merchant's account with Google"}


class IssuerRow(msgspec.Struct, frozen=True):
    """An issuer; `google_issuer` is Google's number of it, the account is sealed JSON."""

    merchant_id: int
    issuer_id: int
    google_issuer: str
    account_sealed: bytes
    created_at: int


_ISSUER = "SELECT merchant_id, issuer_id, google_issuer, account_sealed, created_at FROM issuer "


def issuer_by_id(tx: Transaction, merchant_id: int, issuer_id: int) -> IssuerRow | None:
    """Find a merchant's issuer."""
    sql = _ISSUER + "WHERE merchant_id = ? AND issuer_id = ?"
    return tx.one(IssuerRow, sql, merchant_id, issuer_id)


def all_issuers(tx: Transaction) -> list[IssuerRow]:
    """List every issuer, the first one first. # across: a handful, read at the start"""
    return tx.all(IssuerRow, _ISSUER + "ORDER BY merchant_id, issuer_id")


def insert_issuer(tx: Transaction, row: IssuerRow) -> None:
    """Keep an issuer; an existing one stays as it is."""
    tx.run(
        "INSERT INTO issuer (merchant_id, issuer_id, google_issuer, account_sealed, created_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (merchant_id, issuer_id) DO NOTHING",
        *msgspec.structs.astuple(row),
    )


def renew_account(tx: Transaction, row: IssuerRow) -> None:
    """Give an issuer another service account."""
    tx.run(
        "UPDATE issuer SET account_sealed = ? WHERE merchant_id = ? AND issuer_id = ?",
        *(row.account_sealed, row.merchant_id, row.issuer_id),
    )

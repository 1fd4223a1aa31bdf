"""Issuers as rows: Google's number and the service account that speaks for it (google.md §6)."""

from __future__ import annotations

import re

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.http.secrets import Secrets
from app.programs import issuer_queries, merchant_queries
from app.programs.issuer_queries import IssuerRow
from app.programs.merchant_queries import MerchantRow
from app.programs.service import SERVER
from app.storage.database import Transaction

FIRST_ISSUER = 1  # of the server itself, filled by the settings
KEY_BITS_MIN = 2_048
_DIGITS_MAX = 20  # 64 bits
_PURPOSE = "issuer"
_ISSUER = re.compile(rf"[1-9][0-9]{{0,{_DIGITS_MAX - 1}}}")
_EMAIL = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What we read of the file that Google's console gives; other members are left alone."""

    type: str
    client_email: str
    private_key: str
    private_key_id: str | None = None


def read_account(account_json: bytes) -> tuple[ServiceAccount, RSAPrivateKey]:
    """Read a service account's file and parse its key (about 30 ms).

    Raises ValueError with a sentence that holds nothing of the file.
    """
    try:
        account = msgspec.json.decode(account_json, type=ServiceAccount)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise ValueError("the service account's file is not the JSON that Google gives") from None
    if account.type != "service_account":
        raise ValueError("the service account's file must say `type: service_account`")
    if not _EMAIL.fullmatch(account.client_email):
        raise ValueError("the service account's file holds no client_email")
    try:
        key = load_pem_private_key(account.private_key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the service account's private_key cannot be read") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < KEY_BITS_MIN:
        raise ValueError(f"the service account's key must be RSA of {KEY_BITS_MIN} bits or more")
    return account, key


def seal_issuer(
    google_issuer: str,
    account_json: bytes,
    *,
    issuer_id: int,
    merchant_id: int = SERVER,
    secrets: Secrets,
    nonce: bytes,
    now: int,
) -> IssuerRow:
    """Make the row of an issuer. Raises ValueError with a sentence that holds no secret."""
    if not is_issuer_number(google_issuer):
        raise ValueError("Google's issuer id is a number, as its Wallet console shows it")
    read_account(account_json)
    return IssuerRow(
        merchant_id=merchant_id,
        issuer_id=issuer_id,
        google_issuer=google_issuer,
        account_sealed=secrets.seal(_PURPOSE, account_json, nonce),
        created_at=now,
    )


def is_issuer_number(text: str) -> bool:
    """Say whether this may be an issuer's id at Google: decimal digits."""
    return _ISSUER.fullmatch(text) is not None


def unseal_account(row: IssuerRow, secrets: Secrets) -> bytes:
    """Return the service account's JSON. Raises ValueError when SECRETS_FILE is another."""
    account = secrets.unseal(_PURPOSE, row.account_sealed)
    if account is None:
        text = f"the service account of issuer {row.google_issuer} was sealed with another"
        raise ValueError(f"{text} SECRETS_FILE")
    return account


def ensure_issuer(tx: Transaction, row: IssuerRow, *, server_public: bytes) -> None:
    """Keep an issuer, or renew its service account; its number stays as objects were made.

    Raises ValueError when the row is there with another number.
    """
    if row.merchant_id == SERVER:
        server = MerchantRow(SERVER, server_public, "", "this server", row.created_at)
        merchant_queries.insert_merchant(tx, server)
    issuer_queries.insert_issuer(tx, row)
    known = issuer_queries.issuer_by_id(tx, row.merchant_id, row.issuer_id)
    assert known is not None  # it was there or it was just written
    if known.google_issuer != row.google_issuer:
        raise ValueError(
            f"cards were saved under issuer {known.google_issuer}, the setting says "
            f"{row.google_issuer}. Google cannot move a card to another issuer"
        )
    if known.account_sealed != row.account_sealed:
        issuer_queries.renew_account(tx, row)


def all_issuers(tx: Transaction) -> list[IssuerRow]:
    """List every issuer, the first one first."""
    return issuer_queries.all_issuers(tx)

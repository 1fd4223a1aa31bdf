"""Issuers as rows: sealed service accounts, renewed keys, a number that never changes."""

from __future__ import annotations

import msgspec
import pytest

from app.clock import SECOND
from app.http.secrets import Secrets, make_secrets
from app.ids import SeededRandomness
from app.programs import issuers
from app.programs.issuer_queries import IssuerRow
from app.storage.database import Database
from tests.google.accounts import EMAIL, GOOGLE_ISSUER, account_json, key

NOW = 1_790_000_000 * SECOND
SECRETS = Secrets(make_secrets(SeededRandomness(3)))


def sealed(google_issuer: str = GOOGLE_ISSUER, file: bytes | None = None) -> IssuerRow:
    return issuers.seal_issuer(
        google_issuer,
        account_json() if file is None else file,
        issuer_id=issuers.FIRST_ISSUER,
        secrets=SECRETS,
        nonce=b"n" * 12,
        now=NOW,
    )


async def ensure(database: Database, row: IssuerRow) -> None:
    await database.write(lambda tx: issuers.ensure_issuer(tx, row, server_public=b"s" * 16))


async def test_a_service_account_is_kept_sealed(database: Database) -> None:
    row = sealed()
    assert b"PRIVATE KEY" not in row.account_sealed
    assert EMAIL.encode() not in row.account_sealed
    await ensure(database, row)
    (kept,) = await database.read(issuers.all_issuers)
    assert kept == row
    assert issuers.unseal_account(kept, SECRETS) == account_json()
    other = Secrets(make_secrets(SeededRandomness(4)))
    with pytest.raises(ValueError, match="SECRETS_FILE"):
        issuers.unseal_account(kept, other)


async def test_a_merchants_own_issuer_stands_beside_the_servers(database: Database) -> None:
    await ensure(database, sealed())
    own = msgspec.structs.replace(sealed("3388000000087654321"), merchant_id=7, issuer_id=99)
    await ensure(database, own)
    found = await database.read(issuers.all_issuers)
    assert [(row.merchant_id, row.issuer_id) for row in found] == [(0, 1), (7, 99)]


async def test_a_renewed_key_replaces_the_former_and_keeping_twice_changes_nothing(
    database: Database,
) -> None:
    await ensure(database, sealed())
    await ensure(database, sealed())
    renewed = sealed(file=account_json(private_key_id="4567ef"))
    await ensure(database, renewed)
    (kept,) = await database.read(issuers.all_issuers)
    assert kept == renewed


async def test_another_number_for_the_same_issuer_is_refused_with_a_sentence(
    database: Database,
) -> None:
    await ensure(database, sealed())
    with pytest.raises(ValueError, match="cannot move a card"):
        await ensure(database, sealed("3388000000087654321"))


@pytest.mark.parametrize("number", ["", "abc", "12.3", "-1", "0", "٣٣", "1" * 21, "12\n", " 12"])
def test_an_issuers_number_is_decimal_digits(number: str) -> None:
    with pytest.raises(ValueError, match="number"):
        sealed(number)


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 50_000, "JSON"),
        (b"[]", "JSON"),
        (account_json(private_key=None), "JSON"),
        (account_json(client_email=7), "JSON"),
        (account_json(type="authorized_user"), "type: service_account"),
        (account_json(client_email="nobody"), "client_email"),
        (account_json(client_email="a b@c.example"), "client_email"),
        (account_json(private_key="nonsense"), "private_key"),
        (account_json(private_key="-----BEGIN PRIVATE KEY-----\né\n"), "private_key"),
    ],
)
def test_a_file_that_is_no_service_account_is_refused_with_a_sentence(
    file: bytes, says: str
) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        sealed(file=file)
    assert EMAIL not in str(refused.value)
    assert "PRIVATE KEY" not in str(refused.value)


def test_a_short_or_another_kind_of_key_is_refused() -> None:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    for weak in (key(1, 1_024), ec.generate_private_key(ec.SECP256R1())):
        pem = weak.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        with pytest.raises(ValueError, match="RSA of 2048"):
            sealed(file=account_json(private_key=pem))

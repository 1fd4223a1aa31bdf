"""Signers as rows: a pass type with its team, certificates and key (specs: apple §5)."""

from __future__ import annotations

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from app.http.secrets import Secrets
from app.programs import merchant_queries, queries
from app.programs.merchant_queries import MerchantRow
from app.programs.queries import SignerRow
from app.programs.service import SERVER
from app.storage.database import Transaction

_PURPOSE = "signer"
_UID = NameOID.USER_ID


class SignerFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The PEM files of a signer, read."""

    certificate: bytes
    key: bytes
    wwdr: bytes
    password: bytes | None = None


def seal_signer(
    files: SignerFiles, *, signer_id: int, secrets: Secrets, nonce: bytes, now: int
) -> SignerRow:
    """Make the row of a signer; pass type and team are read from the certificate's subject.

    Raises ValueError with a sentence that holds no secret.
    """
    certificate = x509.load_pem_x509_certificate(files.certificate)
    try:
        key = load_pem_private_key(files.key, files.password)
    except (TypeError, ValueError):
        raise ValueError("the pass key cannot be read: wrong or missing password?") from None
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return SignerRow(
        merchant_id=SERVER,
        signer_id=signer_id,
        pass_type=_named(certificate, _UID),
        team=_named(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME),
        certificate=files.certificate.decode("ascii"),
        wwdr=files.wwdr.decode("ascii"),
        key_sealed=secrets.seal(_PURPOSE, plain, nonce),
        created_at=now,
    )


def unseal_key(row: SignerRow, secrets: Secrets) -> bytes:
    """Return the signer's key, PEM. Raises ValueError when SECRETS_FILE is another."""
    key = secrets.unseal(_PURPOSE, row.key_sealed)
    if key is None:
        raise ValueError(f"the key of {row.pass_type} was sealed with another SECRETS_FILE")
    return key


def ensure_signer(tx: Transaction, row: SignerRow, *, server_public: bytes) -> None:
    """Keep a signer, or renew its certificate; its pass type stays as passes were issued.

    Raises ValueError when the row is there with another pass type or team.
    """
    server = MerchantRow(SERVER, server_public, "", "this server", row.created_at)
    merchant_queries.insert_merchant(tx, server)
    known = next((s for s in queries.all_signers(tx) if s.signer_id == row.signer_id), None)
    if known is None:
        queries.insert_signer(tx, row)
        return
    if (known.pass_type, known.team) != (row.pass_type, row.team):
        raise ValueError(
            f"passes were issued as {known.pass_type} of team {known.team}; the certificate given "
            f"is for {row.pass_type} of {row.team}. An issued pass keeps its pass type for ever"
        )
    if known.certificate != row.certificate or known.wwdr != row.wwdr:
        queries.renew_signer(tx, row)


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    if len(found) != 1:
        raise ValueError("the pass certificate names no pass type (UID) or team (OU)")
    return str(found[0].value)

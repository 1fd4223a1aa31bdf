"""Signers as rows: sealed keys, renewed certificates, a pass type that never changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.clock import SystemClock
from app.http.secrets import Secrets, make_secrets
from app.ids import SeededRandomness
from app.programs import service, signers
from app.programs.queries import SignerRow
from app.programs.signers import SignerFiles
from app.sandbox.certificates import DevelopmentCertificates, make_development_certificates
from app.storage.database import Database

NOW = SystemClock().wall()
SECRETS = Secrets(make_secrets(SeededRandomness(3)))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> DevelopmentCertificates:
    return make_development_certificates(tmp_path_factory.mktemp("certs") / "one", now=NOW)


def sealed(found: DevelopmentCertificates, place: int, *, signer_id: int) -> SignerRow:
    """Seal one of the development signers."""
    signer = found.signers[place]
    files = SignerFiles(
        certificate=signer.certificate.read_bytes(),
        key=signer.key.read_bytes(),
        wwdr=found.wwdr.read_bytes(),
    )
    return signers.seal_signer(
        files, signer_id=signer_id, secrets=SECRETS, nonce=b"n" * 12, now=NOW
    )


async def ensure(database: Database, row: SignerRow) -> None:
    await database.write(lambda tx: signers.ensure_signer(tx, row, server_public=b"s" * 16))


async def test_a_signer_is_named_by_its_certificate_and_its_key_is_sealed(
    database: Database, certificates: DevelopmentCertificates
) -> None:
    row = sealed(certificates, 0, signer_id=1)
    assert (row.pass_type, row.team) == (
        certificates.signers[0].pass_type,
        certificates.signers[0].team,
    )
    assert b"PRIVATE KEY" not in row.key_sealed
    await ensure(database, row)
    (kept,) = await database.read(service.all_signers)
    assert kept == row
    assert signers.unseal_key(kept, SECRETS).startswith(b"-----BEGIN PRIVATE KEY-----")
    other = Secrets(make_secrets(SeededRandomness(4)))
    with pytest.raises(ValueError, match="SECRETS_FILE"):
        signers.unseal_key(kept, other)


async def test_a_second_signer_stands_beside_the_first(
    database: Database, certificates: DevelopmentCertificates
) -> None:
    for place in (0, 1):
        await ensure(database, sealed(certificates, place, signer_id=place + 1))
    found = await database.read(service.all_signers)
    assert [row.signer_id for row in found] == [1, 2]


async def test_a_renewed_certificate_replaces_the_former(
    database: Database, certificates: DevelopmentCertificates, tmp_path: Path
) -> None:
    await ensure(database, sealed(certificates, 0, signer_id=1))
    renewed = sealed(make_development_certificates(tmp_path / "two", now=NOW), 0, signer_id=1)
    await ensure(database, renewed)
    (kept,) = await database.read(service.all_signers)
    assert kept.certificate == renewed.certificate


async def test_another_pass_type_is_refused_with_a_sentence(
    database: Database, certificates: DevelopmentCertificates
) -> None:
    await ensure(database, sealed(certificates, 0, signer_id=1))
    with pytest.raises(ValueError, match="keeps its pass type"):
        await ensure(database, sealed(certificates, 1, signer_id=1))

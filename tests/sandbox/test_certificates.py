"""Development certificates look like Apple's where it matters."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from app.clock import DAY
from app.sandbox.certificates import NAMES, found_in, make_development_certificates

NOW = 1_790_000_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("certs") / "dev"
    make_development_certificates(folder, now=NOW)
    return folder


def test_every_named_file_is_there_and_only_its_owner_reads_it(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_a_signer_carries_its_pass_type_and_team(folder: Path) -> None:
    for signer, kind in zip(
        found_in(folder).signers, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey), strict=True
    ):
        leaf = x509.load_pem_x509_certificate(signer.certificate.read_bytes())
        (uid,) = leaf.subject.get_attributes_for_oid(NameOID.USER_ID)
        (unit,) = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        assert (uid.value, unit.value) == (signer.pass_type, signer.team)
        assert len(signer.team) == 10
        assert isinstance(leaf.public_key(), kind)


def test_the_intermediate_is_called_worldwide_developer_relations_g4(folder: Path) -> None:
    wwdr = x509.load_pem_x509_certificate((folder / "wwdr.pem").read_bytes())
    text = wwdr.subject.rfc4514_string()
    assert "Worldwide Developer Relations" in text
    assert "OU=G4" in text


def test_openssl_trusts_the_chains(folder: Path) -> None:
    for leaf, arguments in {
        "pass.pem": ["-CAfile", "root.pem", "-untrusted", "wwdr.pem"],
        "pass2.pem": ["-CAfile", "root.pem", "-untrusted", "wwdr.pem"],
        "apns.pem": ["-CAfile", "apns_ca.pem", "-verify_ip", "127.0.0.1"],
    }.items():
        command = ["openssl", "verify", "-attime", str(NOW // 10**6), *arguments, leaf]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_asking_twice_changes_nothing(folder: Path) -> None:
    before = {name: (folder / name).read_bytes() for name in NAMES}
    make_development_certificates(folder, now=NOW + 300 * DAY)
    assert {name: (folder / name).read_bytes() for name in NAMES} == before


def test_old_or_broken_files_are_made_anew(tmp_path: Path) -> None:
    make_development_certificates(tmp_path, now=NOW)
    first = (tmp_path / "pass.pem").read_bytes()
    make_development_certificates(tmp_path, now=NOW + 380 * DAY)
    second = (tmp_path / "pass.pem").read_bytes()
    assert second != first
    (tmp_path / "pass2.key").write_bytes(b"half a ke")
    make_development_certificates(tmp_path, now=NOW + 380 * DAY)
    assert (tmp_path / "pass.pem").read_bytes() != second

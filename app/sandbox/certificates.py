"""Development certificates made on the spot: pass signers, a WWDR-like issuer, the fake APNs."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from app.clock import SECOND
from app.sandbox.private_files import write_private

PASS_TYPE = "pass.example.portecarte"  # noqa: S105 - a name
SECOND_PASS_TYPE = "pass.example.second"  # noqa: S105 - a name
TEAM = "PORTECARTE"  # Apple's team ids have ten characters
SECOND_TEAM = "SECONDTEAM"
PUSH_KEY_ID = "SANDBOXKEY"

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397  # what Apple's pass certificates last
RENEW_DAYS = 30  # made anew when fewer are left
NAMES = (
    *("root.pem", "wwdr.pem"),
    *("pass.pem", "pass.key", "pass2.pem", "pass2.key"),
    *("apns_ca.pem", "apns.pem", "apns.key"),
    "push_token.p8",
)

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class DevelopmentSigner(msgspec.Struct, frozen=True, kw_only=True):
    """A pass type and where its certificate and key lie."""

    pass_type: str
    team: str
    certificate: Path
    key: Path


class DevelopmentCertificates(msgspec.Struct, frozen=True, kw_only=True):
    """Where everything lies; the first signer has an RSA key, the second an EC key."""

    root: Path
    wwdr: Path
    signers: tuple[DevelopmentSigner, DevelopmentSigner]
    apns_ca: Path
    apns_certificate: Path
    apns_key: Path
    push_token_key: Path  # an EC key as the portal issues them for token authentication


class _Authority(msgspec.Struct, frozen=True):
    name: x509.Name
    key: Key


def make_development_certificates(folder: Path, *, now: int) -> DevelopmentCertificates:
    """Put the development certificates directly into the folder, unless usable ones stand there.

    `now` in Unix microseconds. Key files are 0600; nothing of it is for the outside world.
    """
    if not _stands(folder, now):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in _draw(datetime.fromtimestamp(now // SECOND, UTC)).items():
            write_private(folder / name, content)
    return found_in(folder)


def found_in(folder: Path) -> DevelopmentCertificates:
    """Name the files of a folder without touching them."""
    return DevelopmentCertificates(
        root=folder / "root.pem",
        wwdr=folder / "wwdr.pem",
        signers=(
            DevelopmentSigner(
                pass_type=PASS_TYPE,
                team=TEAM,
                certificate=folder / "pass.pem",
                key=folder / "pass.key",
            ),
            DevelopmentSigner(
                pass_type=SECOND_PASS_TYPE,
                team=SECOND_TEAM,
                certificate=folder / "pass2.pem",
                key=folder / "pass2.key",
            ),
        ),
        apns_ca=folder / "apns_ca.pem",
        apns_certificate=folder / "apns.pem",
        apns_key=folder / "apns.key",
        push_token_key=folder / "push_token.p8",
    )


def _stands(folder: Path, now: int) -> bool:
    """Tell whether all files are there, fit together and last a while."""
    if not all((folder / name).is_file() for name in NAMES):
        return False
    until = datetime.fromtimestamp(now // SECOND, UTC) + timedelta(days=RENEW_DAYS)
    try:
        return all(_is_usable(folder, stem, issuer, until) for stem, issuer in _LEAVES.items())
    except (ValueError, TypeError, OSError):
        return False  # a half-written or foreign file: make everything anew


_LEAVES = {"pass": "wwdr", "pass2": "wwdr", "apns": "apns_ca"}


def _is_usable(folder: Path, stem: str, issuer: str, until: datetime) -> bool:
    leaf = x509.load_pem_x509_certificate((folder / f"{stem}.pem").read_bytes())
    authority = x509.load_pem_x509_certificate((folder / f"{issuer}.pem").read_bytes())
    key = load_pem_private_key((folder / f"{stem}.key").read_bytes(), None)
    fits = key.public_key() == leaf.public_key() and leaf.issuer == authority.subject
    return fits and leaf.not_valid_after_utc > until and _is_signed_by(leaf, authority)


def _is_signed_by(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _draw(now: datetime) -> dict[str, bytes]:
    """Make every file's content."""
    begin = now - timedelta(hours=1)  # phones and servers whose clocks are a little behind
    root = _Authority(_name(CN="Portecarte Development Root CA", O="Portecarte"), _ec_key())
    wwdr = _Authority(_wwdr_name(), _rsa_key())
    apns_ca = _Authority(_name(CN="Portecarte Development APNs CA", O="Portecarte"), _ec_key())
    first, second, server = _rsa_key(), _ec_key(), _ec_key()
    ten_years, a_year = (begin, AUTHORITY_DAYS), (begin, LEAF_DAYS)
    return {
        "root.pem": _certificate(root.name, root.key, root, ten_years, is_authority=True),
        "wwdr.pem": _certificate(wwdr.name, wwdr.key, root, ten_years, is_authority=True),
        "pass.key": _pem(first),
        "pass.pem": _certificate(_pass_name(PASS_TYPE, TEAM), first, wwdr, a_year),
        "pass2.key": _pem(second),
        "pass2.pem": _certificate(_pass_name(SECOND_PASS_TYPE, SECOND_TEAM), second, wwdr, a_year),
        "apns_ca.pem": _certificate(
            apns_ca.name, apns_ca.key, apns_ca, ten_years, is_authority=True
        ),
        "apns.key": _pem(server),
        "apns.pem": _certificate(
            _name(CN="localhost", O="Portecarte"), server, apns_ca, a_year, is_server=True
        ),
        "push_token.p8": _pem(_ec_key()),
    }


def _wwdr_name() -> x509.Name:
    """Name the intermediate as Apple names hers, and say that it is not hers."""
    return _name(
        CN="Development Worldwide Developer Relations",
        OU="G4",
        O="Portecarte",
        C="US",
    )


def _pass_name(pass_type: str, team: str) -> x509.Name:
    return _name(UID=pass_type, CN=f"Pass Type ID: {pass_type}", OU=team, O="Portecarte", C="FR")


def _name(**parts: str) -> x509.Name:
    oids = {
        "UID": NameOID.USER_ID,  # 0.9.2342.19200300.100.1.1
        "CN": NameOID.COMMON_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "C": NameOID.COUNTRY_NAME,
    }
    return x509.Name([x509.NameAttribute(oids[name], text) for name, text in parts.items()])


def _certificate(
    subject: x509.Name,
    key: Key,
    issuer: _Authority,
    dates: tuple[datetime, int],
    *,
    is_authority: bool = False,
    is_server: bool = False,
) -> bytes:
    begin, days = dates
    public = key.public_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
            critical=False,
        )
        .add_extension(_usage(is_authority=is_authority), critical=True)
    )
    if is_server:
        here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(here), critical=False)
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _rsa_key() -> Key:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _ec_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: Key) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

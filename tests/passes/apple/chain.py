"""Certificates like Apple's, made on the spot: root, WWDR G4, and a pass type's leaf."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PASS_TYPE = "pass.example.portecarte"
TEAM = "ABCDE12345"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT = int(datetime(2026, 11, 21, 20, 0, 0, tzinfo=UTC).timestamp()) * 1_000_000  # inside its dates

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Chain(msgspec.Struct, frozen=True, kw_only=True):
    """PEM files as a signer reads them, and the root that judges trust."""

    certificate: bytes
    key: bytes
    wwdr: bytes
    root: bytes


def make_chain(
    kind: str = "rsa",
    *,
    pass_type: str = PASS_TYPE,
    team: str = TEAM,
    generation: str = "G4",
    begin: datetime = BEGIN,
    days: int = 397,
    wwdr_days: int = 3650,
    rsa_bits: int = 2048,
) -> Chain:
    """Make a chain whose leaf has an RSA or EC key; every part may be made wrong on purpose."""
    root_key, wwdr_key, key = new_key("ec"), new_key("rsa"), new_key(kind, rsa_bits=rsa_bits)
    root_name, wwdr_name = _name(CN="Test Root CA"), wwdr_subject(generation)
    leaf_name = _name(UID=pass_type, CN=f"Pass Type ID: {pass_type}", OU=team, O="Test", C="FR")
    root = _certificate(root_name, root_name, root_key, root_key, begin, wwdr_days, is_ca=True)
    wwdr = _certificate(wwdr_name, root_name, wwdr_key, root_key, begin, wwdr_days, is_ca=True)
    leaf = _certificate(leaf_name, wwdr_name, key, wwdr_key, begin, days, is_ca=False)
    return Chain(
        certificate=leaf.public_bytes(Encoding.PEM),
        key=pem(key),
        wwdr=wwdr.public_bytes(Encoding.PEM),
        root=root.public_bytes(Encoding.PEM),
    )


def new_key(kind: str, *, rsa_bits: int = 2048) -> Key:
    """Draw a key."""
    if kind == "ec":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)


def pem(key: Key) -> bytes:
    """Write a key as openssl does."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def wwdr_subject(generation: str) -> x509.Name:
    """Name the intermediate as Apple names hers."""
    return _name(
        CN="Apple Worldwide Developer Relations Certification Authority",
        OU=generation,
        O="Apple Inc.",
        C="US",
    )


def _name(**parts: str) -> x509.Name:
    oids = {
        "UID": NameOID.USER_ID,
        "CN": NameOID.COMMON_NAME,
        "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
        "O": NameOID.ORGANIZATION_NAME,
        "C": NameOID.COUNTRY_NAME,
    }
    return x509.Name([x509.NameAttribute(oids[name], text) for name, text in parts.items()])


def _certificate(subject, issuer, key, issuer_key, begin, days, *, is_ca) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=is_ca,
                crl_sign=is_ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    return builder.sign(issuer_key, hashes.SHA256())

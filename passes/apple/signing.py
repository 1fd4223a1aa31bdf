"""The detached signature over a manifest, as CMS written by hand (RFC 5652; specs: apple.md §2).

Why by hand: docs/decisions/0003-cms-by-hand.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from passes.apple import der

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_SECOND = 1_000_000  # µs
_YEAR_2050 = 2_524_608_000 * _SECOND
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_DATA = der.oid("1.2.840.113549.1.7.1")
_SHA_256 = der.tlv(der.SEQUENCE, der.oid("2.16.840.1.101.3.4.2.1"))  # without NULL, RFC 5754 §2
_RSA = der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.1.1"), der.NULL)
_ECDSA_SHA_256 = der.tlv(der.SEQUENCE, der.oid("1.2.840.10045.4.3.2"))
_CONTENT_TYPE = der.oid("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_TIME = der.oid("1.2.840.113549.1.9.5")

# The signed attributes in DER's order of a SET, cut where the signing time and the digest stand.
_TYPE_ATTRIBUTE = der.tlv(der.SEQUENCE, _CONTENT_TYPE, der.tlv(der.SET, _DATA))
_TIME_BYTES = 13  # YYMMDDHHMMSSZ
_DIGEST_BYTES = 32
_TIME_ATTRIBUTE = der.tlv(
    der.SEQUENCE, _SIGNING_TIME, der.tlv(der.SET, der.tlv(der.UTC_TIME, bytes(_TIME_BYTES)))
)
_DIGEST_ATTRIBUTE = der.tlv(
    der.SEQUENCE, _MESSAGE_DIGEST, der.tlv(der.SET, der.tlv(der.OCTETS, bytes(_DIGEST_BYTES)))
)
_BEFORE_TIME = _TYPE_ATTRIBUTE + _TIME_ATTRIBUTE[:-_TIME_BYTES]
_BEFORE_DIGEST = _DIGEST_ATTRIBUTE[:-_DIGEST_BYTES]
_ATTRIBUTES_BYTES = len(_TYPE_ATTRIBUTE + _TIME_ATTRIBUTE + _DIGEST_ATTRIBUTE)
_SIGNED_HEADER = der.header(der.SET, _ATTRIBUTES_BYTES)  # what is signed; stored under [0]


class Envelope(msgspec.Struct, frozen=True):
    """What stands before the signed attributes, and between them and a signature of one length."""

    before: bytes
    between: bytes


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A pass type's certificates and key, parsed once: a PEM key costs 40 ms, a signature 0.3."""

    certificate: x509.Certificate
    wwdr: x509.Certificate
    key: Key
    sign_bytes: Callable[[bytes], bytes]
    envelopes: dict[int, Envelope]  # by the length of the signature

    def sign(self, manifest: bytes, at: int) -> bytes:
        """Return the file `signature`: a detached CMS in DER. The time ends with the year 2049."""
        assert 0 <= at < _YEAR_2050, "UTCTime writes two digits of a year"
        time = _utc_time(at // _SECOND)
        digest = hashlib.sha256(manifest).digest()
        attributes = b"".join((_BEFORE_TIME, time, _BEFORE_DIGEST, digest))
        signature = self.sign_bytes(_SIGNED_HEADER + attributes)
        envelope = self.envelopes[len(signature)]
        return b"".join((envelope.before, attributes, envelope.between, signature))


def load_signer(
    *, certificate: bytes, key: bytes, wwdr: bytes, password: bytes | None = None
) -> Signer:
    """Parse PEM files. Raises ValueError with a sentence that names the file and no secret."""
    leaf = _certificate(certificate, "pass certificate")
    intermediate = _certificate(wwdr, "WWDR certificate")
    loaded = _key(key, password)
    if isinstance(loaded, rsa.RSAPrivateKey):
        size = (loaded.key_size + 7) // 8
        algorithm, sizes = _RSA, range(size, size + 1)
    else:
        algorithm, sizes = _ECDSA_SHA_256, range(8, 73)  # DER of two numbers of at most 33 bytes
    return Signer(
        certificate=leaf,
        wwdr=intermediate,
        key=loaded,
        sign_bytes=_sign_bytes(loaded),
        envelopes={size: _envelope(leaf, intermediate, algorithm, size=size) for size in sizes},
    )


@lru_cache(maxsize=8)  # many passes are signed within one second
def _utc_time(at_seconds: int) -> bytes:
    return datetime.fromtimestamp(at_seconds, UTC).strftime("%y%m%d%H%M%SZ").encode()


def _envelope(
    leaf: x509.Certificate, wwdr: x509.Certificate, algorithm: bytes, *, size: int
) -> Envelope:
    """Write the whole CMS around zeros and cut out what does not change."""
    certificates = sorted(
        (each.public_bytes(Encoding.DER) for each in (leaf, wwdr)), key=_set_order
    )
    signer = der.tlv(
        der.SEQUENCE,
        der.integer(1),
        der.tlv(der.SEQUENCE, leaf.issuer.public_bytes(), der.integer(leaf.serial_number)),
        _SHA_256,
        der.tlv(der.CONTEXT_0, bytes(_ATTRIBUTES_BYTES)),
        algorithm,
        der.tlv(der.OCTETS, bytes(size)),
    )
    signed = der.tlv(
        der.SEQUENCE,
        der.integer(1),
        der.tlv(der.SET, _SHA_256),
        der.tlv(der.SEQUENCE, _DATA),
        der.tlv(der.CONTEXT_0, *certificates),
        der.tlv(der.SET, signer),
    )
    whole = der.tlv(der.SEQUENCE, _SIGNED_DATA, der.tlv(der.CONTEXT_0, signed))
    between = algorithm + der.header(der.OCTETS, size)
    attributes_end = len(whole) - size - len(between)
    return Envelope(whole[: attributes_end - _ATTRIBUTES_BYTES], between)


def _set_order(encoded: bytes) -> tuple[int, bytes]:
    return len(encoded), encoded


def _sign_bytes(key: Key) -> Callable[[bytes], bytes]:
    sha_256 = hashes.SHA256()
    if isinstance(key, rsa.RSAPrivateKey):
        sign_rsa, pkcs_1 = key.sign, padding.PKCS1v15()
        return lambda data: sign_rsa(data, pkcs_1, sha_256)
    sign_ec, ecdsa = key.sign, ec.ECDSA(sha_256)
    return lambda data: sign_ec(data, ecdsa)


def _certificate(pem: bytes, name: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError:
        raise ValueError(f"the {name} is no PEM certificate") from None


def _key(pem: bytes, password: bytes | None) -> Key:
    try:
        key = load_pem_private_key(pem, password)
    except (TypeError, ValueError, UnsupportedAlgorithm):
        text = "the key is no PEM private key, or its password is wrong, missing or not needed"
        raise ValueError(text) from None
    match key:
        case rsa.RSAPrivateKey():
            return key
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return key
        case _:
            raise ValueError("the key must be RSA, or EC of curve P-256")

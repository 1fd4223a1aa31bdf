"""Verifies a detached CMS signature as an iPhone would; reads DER by its own rules (RFC 5652)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_SHA_256 = bytes.fromhex("608648016503040201")
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
CHAINS_KEPT = 16
_SET, _CONTEXT_0 = 0x31, 0xA0


class Refused(ValueError):
    """The phone does not show this pass; the text says why."""


class Signature(msgspec.Struct, frozen=True):
    """Who signed, and when."""

    pass_type: str
    team: str
    signed_at: datetime


_Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class _Chain(msgspec.Struct, frozen=True):
    key: _Key
    pass_type: str
    team: str
    valid_from: datetime
    valid_until: datetime


class _Value(msgspec.Struct, frozen=True):
    tag: int
    content: bytes
    whole: bytes


def verify(signature: bytes, manifest: bytes, root: x509.Certificate) -> Signature:
    """Check digest, signature and chain. Raises Refused with the reason."""
    try:
        return _verified(signature, manifest, root)
    except (IndexError, ValueError, InvalidSignature) as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f"the signature cannot be read: {type(error).__name__}") from error


def _verified(signature: bytes, manifest: bytes, root: x509.Certificate) -> Signature:
    content = _parts(_only(signature))
    _require(content[0].content == _SIGNED_DATA, "not a CMS signature")
    signed = _parts(_only(content[1].content))
    inner = _parts(signed[2])
    _require(inner[0].content == _DATA and len(inner) == 1, "the signature is not detached")
    signer = _parts(_only(signed[-1].content))
    chain = _chain(signed[3].content, signer[1].content, root)
    attributes = _attributes(signer[3])
    _require(_parts(signer[2])[0].content == _SHA_256, "the digest is not SHA-256")
    _require(attributes[_CONTENT_TYPE].content == _DATA, "the content type is wrong")
    digest = hashlib.sha256(manifest).digest()
    _require(attributes[_MESSAGE_DIGEST].content == digest, "the manifest was changed")
    stored = signer[3]
    _check_key(chain.key, bytes([_SET]) + stored.whole[1:], signer[5].content)
    at = _moment(attributes[_SIGNING_TIME].content)
    _require(chain.valid_from <= at <= chain.valid_until, "a certificate is out of date")
    return Signature(chain.pass_type, chain.team, at)


@lru_cache(CHAINS_KEPT)
def _chain(inside: bytes, signer_id: bytes, root: x509.Certificate) -> _Chain:
    """Judge the certificates inside a signature; most passes bring the same ones."""
    certificates = [x509.load_der_x509_certificate(v.whole) for v in _values(inside)]
    leaf = _leaf(certificates, int.from_bytes(list(_values(signer_id))[1].content, "big"))
    issuers = [c for c in certificates if c.subject == leaf.issuer and c != leaf]
    _require(bool(issuers), "the WWDR intermediate is not inside")
    whole = (leaf, issuers[0], root)
    leaf.verify_directly_issued_by(issuers[0])
    issuers[0].verify_directly_issued_by(root)
    key = leaf.public_key()
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        raise Refused("the key is of an unknown kind")
    return _Chain(
        key=key,
        pass_type=_named(leaf, NameOID.USER_ID),
        team=_named(leaf, NameOID.ORGANIZATIONAL_UNIT_NAME),
        valid_from=max(certificate.not_valid_before_utc for certificate in whole),
        valid_until=min(certificate.not_valid_after_utc for certificate in whole),
    )


def _leaf(certificates: list[x509.Certificate], serial: int) -> x509.Certificate:
    for certificate in certificates:
        if certificate.serial_number == serial:
            return certificate
    raise Refused("the signer's certificate is not inside")


def _attributes(stored: _Value) -> dict[bytes, _Value]:
    _require(stored.tag == _CONTEXT_0, "there are no signed attributes")
    return {
        parts[0].content: _only(parts[1].content) for parts in map(_parts, _values(stored.content))
    }


def _check_key(key: _Key, signed: bytes, signature: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))


def _moment(time: bytes) -> datetime:
    """Read a UTCTime, `YYMMDDHHMMSSZ`."""
    _require(len(time) == 13 and time[12:] == b"Z" and time[:12].isdigit(), "no signing time")
    year, month, day, hour, minute, second = (int(time[at : at + 2]) for at in range(0, 12, 2))
    return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    _require(len(found) == 1, "the certificate names no pass type or team")
    return str(found[0].value)


def _require(is_so: bool, reason: str) -> None:
    if not is_so:
        raise Refused(reason)


def _only(data: bytes) -> _Value:
    found = list(_values(data))
    _require(len(found) == 1, "one value expected")
    return found[0]


def _parts(value: _Value) -> list[_Value]:
    return list(_values(value.content))


def _values(data: bytes) -> Iterator[_Value]:
    at = 0
    while at < len(data):
        length, begin = data[at + 1], at + 2
        if length > 0x7F:
            begin += length - 0x80
            length = int.from_bytes(data[at + 2 : begin], "big")
        end = begin + length
        _require(end <= len(data), "a value is longer than its parent")
        yield _Value(data[at], data[begin:end], data[at:end])
        at = end

"""Verifies a detached CMS signature as an iPhone would; reads DER by its own rules (RFC 5652)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

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
_SET, _CONTEXT_0 = 0x31, 0xA0


class Refused(ValueError):
    """The phone does not show this pass; the text says why."""


class Signature(msgspec.Struct, frozen=True):
    """Who signed, and when."""

    pass_type: str
    team: str
    signed_at: datetime


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
    certificates = [x509.load_der_x509_certificate(v.whole) for v in _values(signed[3].content)]
    signer = _parts(_only(signed[-1].content))
    leaf = _leaf(certificates, signer[1])
    attributes = _attributes(signer[3])
    _require(_parts(signer[2])[0].content == _SHA_256, "the digest is not SHA-256")
    _require(attributes[_CONTENT_TYPE].content == _DATA, "the content type is wrong")
    digest = hashlib.sha256(manifest).digest()
    _require(attributes[_MESSAGE_DIGEST].content == digest, "the manifest was changed")
    stored = signer[3]
    _check_key(leaf, bytes([_SET]) + stored.whole[1:], signer[5].content)
    text = attributes[_SIGNING_TIME].content.decode("ascii")
    at = datetime.strptime(text, "%y%m%d%H%M%SZ").replace(tzinfo=UTC)
    _check_chain(leaf, certificates, root, at)
    return Signature(_named(leaf, NameOID.USER_ID), _unit(leaf), at)


def _leaf(certificates: list[x509.Certificate], signer_id: _Value) -> x509.Certificate:
    serial = int.from_bytes(_parts(signer_id)[1].content, "big")
    for certificate in certificates:
        if certificate.serial_number == serial:
            return certificate
    raise Refused("the signer's certificate is not inside")


def _attributes(stored: _Value) -> dict[bytes, _Value]:
    _require(stored.tag == _CONTEXT_0, "there are no signed attributes")
    return {
        parts[0].content: _only(parts[1].content) for parts in map(_parts, _values(stored.content))
    }


def _check_key(leaf: x509.Certificate, signed: bytes, signature: bytes) -> None:
    key = leaf.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
    else:
        raise Refused("the key is of an unknown kind")


def _check_chain(
    leaf: x509.Certificate,
    certificates: list[x509.Certificate],
    root: x509.Certificate,
    at: datetime,
) -> None:
    issuers = [c for c in certificates if c.subject == leaf.issuer and c != leaf]
    _require(bool(issuers), "the WWDR intermediate is not inside")
    intermediate = issuers[0]
    leaf.verify_directly_issued_by(intermediate)
    intermediate.verify_directly_issued_by(root)
    for certificate in (leaf, intermediate, root):
        is_valid = certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc
        _require(is_valid, "a certificate is out of date")


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(oid)
    _require(len(found) == 1, "the certificate names no pass type or team")
    return str(found[0].value)


def _unit(certificate: x509.Certificate) -> str:
    return _named(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)


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

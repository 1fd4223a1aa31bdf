"""What must hold before passes are signed (apple.md §6); a failure names its file and the cure."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID

from app.clock import SECOND
from app.commands.certificates import SignerFiles
from passes.apple.signing import load_signer

WARN_DAYS = (60, 14)  # before a pass certificate ends
WARN_DAYS_WWDR = (90,)
RSA_BITS_MIN = 2048
Level = Literal["ok", "warning", "failure"]
_RENEW = "renew it in Apple's developer portal (certs/README.md says how)"


class Check(msgspec.Struct, frozen=True):
    """One thing looked at: how it stands, in a sentence."""

    level: Level
    text: str


class _Parsed(msgspec.Struct, frozen=True):
    leaf: x509.Certificate
    wwdr: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def check_signer(files: SignerFiles, *, now: int) -> list[Check]:
    """Look at a pass type's certificate, key and issuer. `now`: Unix microseconds."""
    found = list(_check_modes(files))
    try:
        parsed = _parse(files)
    except _Unreadable as error:
        return [*found, Check("failure", str(error))]
    found += _check_key(files, parsed)
    found += _check_subject(files, parsed.leaf)
    found += _check_issuer(files, parsed)
    found += _check_dates(files.certificate, parsed.leaf, WARN_DAYS, now)
    found += _check_dates(files.wwdr, parsed.wwdr, WARN_DAYS_WWDR, now)
    if all(it.level != "failure" for it in found):
        found.append(_trial(files, now))
    return found


def check_private(path: Path) -> Check:
    """Look whether a file is for its owner's eyes only."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return Check("failure", f"{path} is missing or cannot be looked at.")
    if mode & 0o077:
        return Check("failure", f"{path} can be read by others ({mode:o}): chmod 600 {path}")
    return Check("ok", f"{path} is for its owner only.")


class _Unreadable(Exception):
    """A file cannot be used; the text names it and the cure."""


def _check_modes(files: SignerFiles) -> Iterator[Check]:
    yield check_private(files.key)
    if files.password is not None:
        yield check_private(files.password)


def _parse(files: SignerFiles) -> _Parsed:
    password = _read(files.password).strip() if files.password else None
    try:
        key = load_pem_private_key(_read(files.key), password)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        text = f"{files.key} is no PEM key, or APPLE_KEY_PASSWORD_FILE does not open it."
        raise _Unreadable(text) from None
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise _Unreadable(f"{files.key} must be an RSA key of 2048 bits or more, or P-256.")
    return _Parsed(_certificate(files.certificate), _certificate(files.wwdr), key)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise _Unreadable(f"{path} is missing or cannot be read (certs/README.md).") from None


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except ValueError:
        text = f"{path} is no PEM certificate: openssl x509 -inform der -in FILE.cer -out {path}"
        raise _Unreadable(text) from None


def _check_key(files: SignerFiles, parsed: _Parsed) -> Iterator[Check]:
    if parsed.key.public_key() == parsed.leaf.public_key():
        yield Check("ok", f"{files.key} belongs to {files.certificate}.")
    else:
        text = f"{files.key} does not belong to {files.certificate}: name the key it was made with."
        yield Check("failure", text)
    if isinstance(parsed.key, rsa.RSAPrivateKey):
        is_strong = parsed.key.key_size >= RSA_BITS_MIN
    else:
        is_strong = isinstance(parsed.key.curve, ec.SECP256R1)
    if not is_strong:
        text = f"{files.key} is too weak: make an RSA key of {RSA_BITS_MIN} bits, or P-256."
        yield Check("failure", text)


def _check_subject(files: SignerFiles, leaf: x509.Certificate) -> Iterator[Check]:
    named = (
        (NameOID.USER_ID, files.pass_type, "APPLE_PASS_TYPE_ID", "UID"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, files.team, "APPLE_TEAM_ID", "OU"),
    )
    for oid, wanted, setting, name in named:
        found = [str(it.value) for it in leaf.subject.get_attributes_for_oid(oid)]
        if found == [wanted]:
            yield Check("ok", f"{files.certificate} names {wanted} ({name}).")
        else:
            text = f"{files.certificate} names {found or 'nothing'} as {name}, {setting} {wanted}."
            yield Check("failure", text)


def _check_issuer(files: SignerFiles, parsed: _Parsed) -> Iterator[Check]:
    try:
        parsed.leaf.verify_directly_issued_by(parsed.wwdr)
        yield Check("ok", f"{files.certificate} was issued by {files.wwdr}.")
    except (InvalidSignature, ValueError, TypeError):
        text = f"{files.certificate} was not issued by {files.wwdr}: set Apple's WWDR G4."
        yield Check("failure", text)
    units = parsed.wwdr.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    if [str(it.value) for it in units] != ["G4"]:
        text = f"{files.wwdr} is not generation G4: download WWDR G4 from Apple."
        yield Check("failure", text)


def _check_dates(
    path: Path, certificate: x509.Certificate, warn_days: tuple[int, ...], now: int
) -> Iterator[Check]:
    moment = datetime.fromtimestamp(now // SECOND, UTC)
    end = certificate.not_valid_after_utc
    if moment < certificate.not_valid_before_utc:
        yield Check("failure", f"{path} is not valid yet: look at this machine's clock.")
        return
    if moment > end:
        yield Check("failure", f"{path} ended on {end:%Y-%m-%d}: {_RENEW}.")
        return
    days = (end - moment).days
    is_near = days < max(warn_days)
    text = f"{path} ends on {end:%Y-%m-%d}, in {days} days"
    yield Check("warning" if is_near else "ok", f"{text}: {_RENEW}." if is_near else f"{text}.")


def _trial(files: SignerFiles, now: int) -> Check:
    """Sign something with what was found, and verify it."""
    try:
        signer = load_signer(
            certificate=_read(files.certificate),
            key=_read(files.key),
            wwdr=_read(files.wwdr),
            password=_read(files.password).strip() if files.password else None,
        )
        signer.sign(b"{}", now)
        signature = signer.sign_bytes(b"trial")
        public = signer.certificate.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, b"trial", padding.PKCS1v15(), hashes.SHA256())
        else:
            assert isinstance(public, ec.EllipticCurvePublicKey)
            public.verify(signature, b"trial", ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError) as error:
        return Check("failure", f"A trial signature with {files.key} failed: {error}")
    return Check("ok", "A trial signature was made and verified.")

"""A service account for development: the key file as Google hands it out, made on the spot."""

from __future__ import annotations

from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.sandbox.fake_google_tokens import AUDIENCE, GoogleAccount
from app.sandbox.private_files import write_private

FILE_NAME = "google-service-account.json"
GOOGLE_ISSUER = "3388000000099999999"  # the sandbox's number at Google
EMAIL = "portecarte@sandbox-portecarte.iam.gserviceaccount.com"
_PROJECT = "sandbox-portecarte"
_KEY_BITS = 2048


class _KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """The members of the file that we need; Google's has more."""

    type: str
    client_email: str
    private_key_id: str
    private_key: str


def make_google_account(folder: Path) -> Path:
    """Put the key file into the folder, unless a usable one stands there; it is 0600."""
    path = folder / FILE_NAME
    try:
        read_google_account(path)
    except (OSError, ValueError, msgspec.MsgspecError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, msgspec.json.format(_draw(), indent=2))
    return path


def read_google_account(path: Path) -> GoogleAccount:
    """Read what Google would know of the account: no private key. Raises ValueError, OSError."""
    read = msgspec.json.decode(path.read_bytes(), type=_KeyFile)
    key = load_pem_private_key(read.private_key.encode(), None)
    if read.type != "service_account" or not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("no key file of a service account")
    return GoogleAccount(
        email=read.client_email, public_key=key.public_key(), key_id=read.private_key_id
    )


def _draw() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(public)
    fingerprint = digest.finalize()
    return msgspec.json.encode(
        {
            "type": "service_account",
            "project_id": _PROJECT,
            "private_key_id": fingerprint[:20].hex(),
            "private_key": key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ).decode(),
            "client_email": EMAIL,
            "client_id": str(int.from_bytes(fingerprint[20:28], "big")),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": AUDIENCE,
            "universe_domain": "googleapis.com",
        }
    )

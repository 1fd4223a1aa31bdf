"""Service accounts for tests: keys made once, in the shape of Google's file."""

from __future__ import annotations

import json
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

GOOGLE_ISSUER = "3388000000012345678"
EMAIL = "wallet@shop-1.iam.gserviceaccount.com"


@lru_cache(4)
def key(place: int = 0, bits: int = 2_048) -> rsa.RSAPrivateKey:
    """Return the key of a place, the same in a whole run."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def account_json(**changed: object) -> bytes:
    """Write an account's file; None leaves a member out."""
    pem = key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    document = {
        "type": "service_account",
        "project_id": "shop-1",
        "private_key_id": "0123abcd",
        "private_key": pem,
        "client_email": EMAIL,
        "token_uri": "https://oauth2.googleapis.com/token",
    } | changed
    return json.dumps({k: v for k, v in document.items() if v is not None}).encode()

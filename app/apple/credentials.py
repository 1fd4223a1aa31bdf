"""What opens APNs for a topic: a pass type's certificate, or a team's token key."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

import msgspec


class CertificateCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A Pass Type ID certificate and its key, PEM; the key unencrypted."""

    certificate: bytes
    key: bytes


class TokenCredential(msgspec.Struct, frozen=True, kw_only=True):
    """A team's key for tokens, PEM, and the ten characters that name it."""

    team: str
    key_id: str
    key: bytes


Credential = CertificateCredential | TokenCredential


def tls_context(credential: Credential, ca_file: Path | None) -> ssl.SSLContext:
    """Make the TLS side of a connection: TLS ≥ 1.2, ALPN h2, the client certificate if any.

    Without `ca_file` the system's authorities judge the server. Blocks for some 40 ms.
    Raises OSError (ssl.SSLError) for files that do not fit.
    """
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["h2"])
    if isinstance(credential, CertificateCredential):
        # OpenSSL's binding reads files only; these are 0600 and gone in a moment.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(credential.certificate.rstrip() + b"\n" + credential.key)
            file.flush()
            context.load_cert_chain(file.name, password=lambda: b"")
    return context

"""Certificates and secrets: made for development, named for live mode."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.clock import Clock
from app.http.secrets import load_secrets, make_secrets, write_secrets
from app.ids import SystemRandomness
from app.sandbox.certificates import (
    DevelopmentCertificates,
    found_in,
    make_development_certificates,
)
from app.sandbox.google_account import make_google_account
from app.settings import Settings

DEVELOPMENT_FOLDER = Path("certs/dev")


class SignerFiles(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pass type's certificate, key and issuer lie, and what the certificate must say."""

    pass_type: str
    team: str
    certificate: Path
    key: Path
    wwdr: Path
    password: Path | None = None


def signer_files(settings: Settings) -> SignerFiles:
    """Name the first signer's files: the settings', in the sandbox else the development ones."""
    made = found_in(DEVELOPMENT_FOLDER)
    first = made.signers[0]
    return SignerFiles(
        pass_type=settings.apple_pass_type_id or first.pass_type,
        team=settings.apple_team_id or first.team,
        certificate=settings.apple_cert_file or first.certificate,
        key=settings.apple_key_file or first.key,
        wwdr=settings.apple_wwdr_file or made.wwdr,
        password=settings.apple_key_password_file,
    )


def prepare_sandbox(settings: Settings, clock: Clock) -> DevelopmentCertificates:
    """Make development certificates, account and secrets, unless usable ones stand there."""
    ensure_secrets(settings)
    return make_development_files(clock)


def make_development_files(clock: Clock) -> DevelopmentCertificates:
    """Make Apple's development certificates and Google's service account, unless usable."""
    made = make_development_certificates(DEVELOPMENT_FOLDER, now=clock.wall())
    make_google_account(DEVELOPMENT_FOLDER)
    return made


def ensure_secrets(settings: Settings) -> bool:
    """Make the secrets file if there is none, and tell whether it was made.

    Raises: ValueError when what stands there is no secrets file.
    """
    if settings.secrets_file.exists():
        load_secrets(settings.secrets_file)
        return False
    write_secrets(settings.secrets_file, make_secrets(SystemRandomness()))
    return True

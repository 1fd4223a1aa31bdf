"""Keeps the first issuer at Google in the database: from the settings, in the sandbox its own."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.commands.certificates import DEVELOPMENT_FOLDER
from app.http.ports import Ports
from app.programs.issuer_queries import IssuerRow
from app.programs.issuers import FIRST_ISSUER, ensure_issuer, seal_issuer
from app.sandbox.google_account import FILE_NAME, GOOGLE_ISSUER
from app.settings import Settings


class IssuerFile(msgspec.Struct, frozen=True):
    """Google's number of an issuer, and where its service account lies."""

    google_issuer: str
    account: Path


def issuer_file(settings: Settings) -> IssuerFile | None:
    """Name the first issuer's file; None in live mode where Google Wallet is not set up."""
    number, file = settings.google_issuer_id, settings.google_service_account_file
    if not settings.is_live:
        number, file = number or GOOGLE_ISSUER, file or DEVELOPMENT_FOLDER / FILE_NAME
    return None if number is None or file is None else IssuerFile(number, file)


def sealed(named: IssuerFile, ports: Ports) -> IssuerRow:
    """Read the file and make the issuer's row. Raises ValueError with a sentence."""
    try:
        account = named.account.read_bytes()
    except OSError:
        raise ValueError(f"{named.account} cannot be read: see docs/operations.md") from None
    return seal_issuer(
        named.google_issuer,
        account,
        issuer_id=FIRST_ISSUER,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )


async def keep_issuer(ports: Ports) -> None:
    """Write the first issuer's row, or give it another key; none where none is named.

    Raises ValueError with a sentence.
    """
    named = issuer_file(ports.settings)
    if named is None:
        return
    row, public = sealed(named, ports), ports.ids.public()
    await ports.database.write(lambda tx: ensure_issuer(tx, row, server_public=public))

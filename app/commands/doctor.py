"""Says in words what is missing to go live; with an address it also sends a test mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

import aiosmtplib
import httpx2
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from app.apple.apns import Apns
from app.apple.credentials import CertificateCredential, Credential, TokenCredential
from app.clock import Clock, SystemClock
from app.commands.certificates import SignerFiles, signer_files
from app.commands.checks import Check, check_private, check_signer
from app.commands.google_checks import check_google
from app.http.secrets import load_secrets
from app.ids import SystemRandomness
from app.settings import Settings, apns_url
from app.storage.database import DatabaseRefused
from app.storage.open import open_database
from passes.templates.artwork import artwork

_ANSWER_SECONDS = 5.0
_ICONS = ("icon.png", "icon@2x.png", "icon@3x.png")


async def examine(settings: Settings, *, mail_to: str | None = None) -> AsyncIterator[Check]:
    """Yield one check after the other; nothing is changed, no push is sent."""
    clock = SystemClock()
    files = signer_files(settings)
    yield _mode(settings)
    for check in check_signer(files, now=clock.wall()):
        yield check
    yield _secrets(settings)
    yield await _database(settings, clock)
    yield _pass_url(settings)
    yield await _reachable(settings)
    yield _icons()
    yield await _push_service(settings, files, clock)
    async for check in check_google(settings, clock):
        yield check
    if mail_to is not None:
        yield await _mail(settings, mail_to)


def _mode(settings: Settings) -> Check:
    if settings.is_live:
        return Check("ok", "MODE is live.")
    return Check("warning", "MODE is sandbox: real phones refuse its passes. Set MODE=live.")


def _secrets(settings: Settings) -> Check:
    try:
        load_secrets(settings.secrets_file)
    except ValueError as error:
        return Check("failure", f"{error}.")
    return check_private(settings.secrets_file)


async def _database(settings: Settings, clock: Clock) -> Check:
    try:
        database = await open_database(settings.database_url, clock=clock, read_only=True)
    except (DatabaseRefused, ValueError) as error:
        return Check("failure", f"DATABASE_URL: {error}")
    await database.close()
    return Check("ok", "The database answers and has this release's schema.")


def _pass_url(settings: Settings) -> Check:
    parts = urlsplit(settings.pass_url)
    if settings.is_live and parts.scheme != "https":
        return Check("failure", f"PASS_URL {settings.pass_url} must be https: phones refuse http.")
    if settings.pass_url.endswith("/"):
        return Check("failure", f"PASS_URL {settings.pass_url} must not end with a slash.")
    text = f"Passes name {settings.pass_url}/apple, for ever: it is frozen in each of them."
    return Check("ok", text)


async def _reachable(settings: Settings) -> Check:
    url = f"{settings.pass_url}/healthz"
    try:
        async with httpx2.AsyncClient(timeout=_ANSWER_SECONDS) as client:
            status = (await client.get(url)).status_code
    except httpx2.HTTPError as error:
        text = f"{url} cannot be reached ({type(error).__name__}): start the server and its proxy."
        return Check("failure", text)
    return Check("ok" if status == 200 else "failure", f"{url} answers {status}.")


def _icons() -> Check:
    made = artwork("Portecarte", None, None)
    missing = [name for name in _ICONS if name not in made]
    if missing:
        return Check("failure", f"passes/templates lacks {', '.join(missing)}: install anew.")
    return Check("ok", "The templates have icons at each scale.")


async def _push_service(settings: Settings, files: SignerFiles, clock: Clock) -> Check:
    """Connect to APNs with the credential that pushes would have, and hang up."""
    url = apns_url(settings)
    try:
        credential = _credential(settings, files)
    except (OSError, ValueError, TypeError) as error:
        return Check("failure", f"The credential for APNs cannot be read: {type(error).__name__}.")
    apns = Apns(
        lambda _topic: credential,
        clock=clock,
        randomness=SystemRandomness(),
        url=url,
        ca_file=settings.apns_ca_file or _sandbox_authority(settings),
    )
    try:
        trouble = await asyncio.wait_for(apns.trouble(files.pass_type), _ANSWER_SECONDS)
    except TimeoutError:
        trouble = "it does not answer"
    finally:
        await apns.close()
    if trouble is None:
        return Check("ok", f"APNs at {url} takes our connection; no push was sent.")
    cure = "open the firewall for it" if settings.is_live else "start the server with its fake"
    return Check("failure", f"APNs at {url}: {trouble}; {cure}.")


def _sandbox_authority(settings: Settings) -> Path | None:
    return None if settings.is_live else Path("certs/dev/apns_ca.pem")


def _credential(settings: Settings, files: SignerFiles) -> Credential:
    if settings.apns_token_key_file is not None:
        return TokenCredential(
            team=files.team,
            key_id=settings.apns_token_key_id or "",
            key=settings.apns_token_key_file.read_bytes(),
        )
    password = files.password.read_bytes().strip() if files.password else None
    key = load_pem_private_key(files.key.read_bytes(), password)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return CertificateCredential(certificate=files.certificate.read_bytes(), key=plain)


async def _mail(settings: Settings, to: str) -> Check:
    """Send one mail by SMTP_URL: sign-in codes that never arrive lock everybody out."""
    if settings.smtp_url is None:
        return Check("failure", "SMTP_URL is not set: smtp://host:587 or smtps://host:465.")
    parts = urlsplit(settings.smtp_url)
    message = EmailMessage()
    message["From"], message["To"] = settings.mail_from, to
    message["Subject"] = "Portecarte: test mail"
    message.set_content("Mails of this server arrive. Sign-in codes will, too.\n")
    try:
        await aiosmtplib.send(
            message,
            hostname=parts.hostname,
            port=parts.port,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=parts.scheme == "smtps",
            timeout=_ANSWER_SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        host = f"{parts.hostname}:{parts.port or ''}"
        return Check("failure", f"SMTP_URL: {host} did not take a mail ({type(error).__name__}).")
    return Check("ok", f"A test mail went to {to}: see whether it arrives.")

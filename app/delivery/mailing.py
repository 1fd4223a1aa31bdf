"""Sends queued mails; each is deleted once it is sent, or given up after a day."""

from __future__ import annotations

import asyncio
from email.message import EmailMessage
from functools import partial
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog

from app.clock import DAY, SECOND
from app.http.ports import Ports
from app.outbox import mail_queries as queries
from app.outbox.mail_queries import Mail
from app.settings import Settings
from app.storage.database import Transaction

MAILS_AT_ONCE = 20
LEASE = 120 * SECOND
TIMEOUT_SECONDS = 30
FIRST_PAUSE_SECONDS = 5
PAUSE_SECONDS_MAX = 900
TRIES_MAX = DAY // (PAUSE_SECONDS_MAX * SECOND)
_log = structlog.get_logger("mail")


async def send_due(ports: Ports) -> int:
    """Send what is due; return how many were taken."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: queries.due_mails(tx, now, MAILS_AT_ONCE))
    if not due or ports.settings.smtp_url is None:
        return 0
    works = [partial(_claim, mail=mail, now=now) for mail in due]
    taken = [mail for mail in await ports.database.write_batch(works) if isinstance(mail, Mail)]
    await asyncio.gather(*(_send(ports, mail) for mail in taken))
    return len(taken)


async def send_mail(settings: Settings, recipient: str, subject: str, body: str) -> None:
    """Send a mail now. Raises aiosmtplib's SMTPException, OSError."""
    assert settings.smtp_url is not None
    server = urlsplit(settings.smtp_url)
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = settings.mail_from, recipient, subject
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834
    message.set_content(body)
    await aiosmtplib.send(
        message,
        hostname=server.hostname or "localhost",
        port=server.port or (465 if server.scheme == "smtps" else 25),
        use_tls=server.scheme == "smtps",
        username=unquote(server.username) if server.username else None,
        password=unquote(server.password) if server.password else None,
        timeout=TIMEOUT_SECONDS,
    )


async def _send(ports: Ports, mail: Mail) -> None:
    try:
        await send_mail(ports.settings, mail.recipient, mail.subject, mail.body)
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        _log.warning("unsent", code=type(error).__name__, attempts=mail.attempts)
        pause = min(FIRST_PAUSE_SECONDS << min(mail.attempts, 12), PAUSE_SECONDS_MAX) * SECOND
        next_at = ports.clock.wall() + pause
        await ports.database.write(partial(_later, mail=mail, next_at=next_at))
    else:
        await ports.database.write(lambda tx: queries.delete_mail(tx, mail))


def _claim(tx: Transaction, *, mail: Mail, now: int) -> Mail | None:
    return mail if queries.claim_mail(tx, mail, now=now, until=now + LEASE) else None


def _later(tx: Transaction, *, mail: Mail, next_at: int) -> None:
    if mail.attempts + 1 >= TRIES_MAX:
        queries.delete_mail(tx, mail)  # its code has long expired
    else:
        queries.delay_mail(tx, mail, next_at=next_at)

"""A mail listener with a memory: what live mode would send by SMTP is read here instead."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection
from email import message_from_bytes, policy
from typing import Any

import msgspec
from aiosmtpd.smtp import SMTP

from app.clock import Clock, rfc3339

MEMORY = 1_000  # mails kept, the newest
MAIL_MAX = 256 * 1024  # bytes of one mail


class Mail(msgspec.Struct, frozen=True):
    """A mail that arrived."""

    to: str
    subject: str
    text: str
    at: str


class MailListener:
    """An SMTP server on a free port of this machine; `on_mail` hears of each mail at once."""

    def __init__(self, clock: Clock, on_mail: Callable[[Mail], None] | None = None) -> None:
        self._clock = clock
        self._on_mail = on_mail
        self._mails: deque[Mail] = deque(maxlen=MEMORY)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens, as the setting SMTP_URL would say it."""
        assert self._server is not None, "the listener has not started"
        return f"smtp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()

        def session() -> SMTP:
            return SMTP(self, hostname="sandbox", data_size_limit=MAIL_MAX, loop=loop)

        self._server = await loop.create_server(session, "127.0.0.1", 0)

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def newest(self, to: str | None = None, *, limit: int = 100) -> list[Mail]:
        """Return mails, newest first; addresses are compared without regard to case."""
        wanted = None if to is None else to.strip().casefold()
        found = (mail for mail in reversed(self._mails) if wanted in {None, mail.to.casefold()})
        return [mail for mail, _ in zip(found, range(limit), strict=False)]

    def forget(self, addresses: Collection[str]) -> None:
        """Throw away what arrived for somebody."""
        gone = {address.casefold() for address in addresses}
        kept = [mail for mail in self._mails if mail.to.casefold() not in gone]
        self._mails = deque(kept, maxlen=MEMORY)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a mail, once per recipient (the name is aiosmtpd's)."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        body = message.get_body(("plain",))
        text = "" if body is None else body.get_content()
        for recipient in envelope.rcpt_tos:
            self._keep(recipient, str(message.get("Subject", "")), text)
        return "250 kept"

    def _keep(self, recipient: str, subject: str, text: str) -> None:
        mail = Mail(recipient, subject, text, rfc3339(self._clock.wall()))
        self._mails.append(mail)
        if self._on_mail is not None:
            self._on_mail(mail)

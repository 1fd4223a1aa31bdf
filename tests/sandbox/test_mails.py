"""Mails that arrive at the sandbox's listener can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from app.clock import FrozenClock
from app.sandbox.mails import MEMORY, Mail, MailListener


@pytest.fixture
async def heard() -> AsyncIterator[list[Mail]]:
    yield []


@pytest.fixture
async def listener(heard: list[Mail]) -> AsyncIterator[MailListener]:
    listener = MailListener(FrozenClock(), heard.append)
    await listener.start()
    yield listener
    await listener.close()


async def send(listener: MailListener, to: str, subject: str, text: str = "text") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@example.org", to, subject
    message.set_content(text)
    port = int(listener.url.rpartition(":")[2])
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, use_tls=False, start_tls=False)


async def test_a_mail_is_kept_with_its_text_and_told_at_once(
    listener: MailListener, heard: list[Mail]
) -> None:
    await send(listener, "ana@example.org", "Votre code d'accès", "Le code : 12345678\n")
    (mail,) = listener.newest()
    assert (mail.to, mail.subject) == ("ana@example.org", "Votre code d'accès")
    assert mail.text.strip() == "Le code : 12345678"
    assert mail.at == "2026-09-21T14:13:20Z"
    assert heard == [mail]


async def test_mails_come_newest_first_and_by_address(listener: MailListener) -> None:
    for number in range(3):
        await send(listener, f"{number % 2}@example.org", str(number))
    assert [mail.subject for mail in listener.newest()] == ["2", "1", "0"]
    assert [mail.subject for mail in listener.newest("0@EXAMPLE.org")] == ["2", "0"]
    assert listener.newest("nobody@example.org") == []


async def test_only_so_many_mails_are_kept(listener: MailListener) -> None:
    for number in range(MEMORY + 1):
        listener._keep("a@example.org", str(number), "")
    assert len(listener.newest(limit=2 * MEMORY)) == MEMORY

"""The plain sandbox page, written on the server: every text from outside is escaped."""

from __future__ import annotations

from html import escape

from app.sandbox.android_page import android_phones
from app.sandbox.mails import Mail
from app.sandbox.phone import Held, Phone
from app.sandbox.running import Sandbox

SHOWN = 50  # lines of each list


def overview(sandbox: Sandbox, *, now: int) -> str:
    """Write the whole page as it is at a moment (microseconds): codes may change with it."""
    phones = "".join(_phone(name, phone) for name, phone in sandbox.phones.items())
    phones += android_phones(sandbox.pixels, now=now)
    happenings = "".join(
        f"<li><time>{escape(line.at)}</time> {escape(line.text.partition(chr(10))[0])}</li>"
        for line in list(reversed(sandbox.happenings))[:SHOWN]
    )
    mails = "".join(_mail(mail) for mail in sandbox.mails.newest(limit=SHOWN))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<title>Sandbox · Portecarte</title><link rel="stylesheet" href="/sandbox/style.css">'
        "</head><body><main><h1>Sandbox</h1>"
        "<p>Nothing here leaves this machine. Load the page again to see what is new.</p>"
        f'<section class="phones">{phones}</section>'
        f"<section><h2>What happened</h2><ul>{happenings or _NOTHING}</ul></section>"
        f"<section><h2>Mails</h2>{mails or '<p>No mail yet.</p>'}</section>"
        "</main></body></html>"
    )


_NOTHING = "<li>Nothing yet.</li>"


def _phone(name: str, phone: Phone) -> str:
    held = (
        "".join(_held(it, phone.language) for it in phone.wallet.values()) or "<p>No pass yet.</p>"
    )
    shown = "".join(f"<li>{escape(it.text)}</li>" for it in reversed(phone.lock_screen[-5:]))
    screen = f'<ul class="lock">{shown}</ul>' if shown else ""
    return f"<article><h2>{escape(name)}</h2>{held}{screen}</article>"


def _held(held: Held, language: str) -> str:
    def said(text: object) -> str:
        return escape(held.opened.said(str(text), language))

    fields = "".join(
        f"<dt>{said(field.get('label', ''))}</dt><dd>{said(field['value'])}</dd>"
        for field in list(held.opened.fields().values())[:6]
    )
    name = escape(str(held.opened.document["organizationName"]))
    return f'<div class="pass"><h3>{name}</h3><dl>{fields}</dl></div>'


def _mail(mail: Mail) -> str:
    return (
        f"<details><summary><time>{escape(mail.at)}</time> {escape(mail.to)}: "
        f"{escape(mail.subject)}</summary><pre>{escape(mail.text)}</pre></details>"
    )

"""The Android phones on the plain sandbox page: every text from outside is escaped."""

from __future__ import annotations

from html import escape

from app.sandbox.android import AndroidPhone, Shows
from app.sandbox.pixels import Pixels

LINES_SHOWN = 6
NOTICES_SHOWN = 5


def android_phones(pixels: Pixels, *, now: int) -> str:
    """Write the phones as they are at a moment (microseconds)."""
    return "".join(
        _phone(name, phone, pixels.public_url, now=now) for name, phone in pixels.phones.items()
    )


def _phone(name: str, phone: AndroidPhone, public_url: str, *, now: int) -> str:
    cards = (phone.shown(object_id, at=now) for object_id in phone.wallet)
    held = "".join(_card(each, public_url) for each in cards) or "<p>No card yet.</p>"
    notices = "".join(
        f"<li>{escape(it.text)}</li>" for it in reversed(phone.lock_screen[-NOTICES_SHOWN:])
    )
    screen = f'<ul class="lock">{notices}</ul>' if notices else ""
    return f"<article><h2>{escape(name)}</h2>{held}{screen}</article>"


def _card(card: Shows, public_url: str) -> str:
    fields = "".join(
        f"<dt>{escape(line.label)}</dt><dd>{escape(line.value)}</dd>"
        for line in card.lines[:LINES_SHOWN]
    )
    code = f"<p><code>{escape(card.code)}</code></p>" if card.code else ""
    state = "" if card.state == "ACTIVE" else f"<p>{escape(card.state)}</p>"
    return (
        f'<div class="pass"><h3>{_logo(card.logo, public_url)}{escape(card.program)}</h3>'
        f"{state}<dl>{fields}</dl>{code}</div>"
    )


def _logo(url: str, public_url: str) -> str:
    """Show a picture of our own; a page of ours loads none from elsewhere."""
    if not url.startswith(public_url + "/"):
        return ""
    return f'<img class="logo" alt="" src="{escape(url.removeprefix(public_url))}"> '

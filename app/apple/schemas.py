"""What phones send and get, and the link to a pass."""

from __future__ import annotations

import msgspec


class PushToken(msgspec.Struct, frozen=True):
    """The body of a registration; devices may send more, which is ignored."""

    push_token: str = msgspec.field(name="pushToken")


class Logs(msgspec.Struct, frozen=True):
    """The body of a log."""

    logs: list[str]


class SerialNumbers(msgspec.Struct, frozen=True, rename="camel"):
    """Which passes changed; `last_updated` is a string, or iOS ignores the whole answer."""

    serial_numbers: list[str]
    last_updated: str


class LinkOut(msgspec.Struct, frozen=True, kw_only=True):
    """A link to a pass, and until when it opens."""

    url: str
    expires_at: str

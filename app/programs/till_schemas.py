"""What merchants and tills send and get about tills (specs: api §5, §7)."""

from __future__ import annotations

import msgspec

from app.http.fields import Key, Name


class NewTill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A till to pair. `location_id`: a place of one of the merchant's programs."""

    name: Name
    location_id: Key


class MadeTill(msgspec.Struct, frozen=True, kw_only=True):
    """A till and the code that pairs it: shown once, 10 minutes, one use.

    `barcode_svg`: the till's page with the code in its fragment, as a QR code.
    """

    id: str
    code: str
    expires_at: str
    name: str
    location_id: str
    barcode_svg: str = ""


class TillOut(msgspec.Struct, frozen=True, kw_only=True):
    """A till; `paired_at` null: its code was not used yet."""

    id: str
    name: str
    location_id: str
    created_at: str
    paired_at: str | None
    last_used_at: str | None


class Pairing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code from the console; capitals, blanks and dashes do not matter."""

    code: Name


class PairedTill(TillOut, frozen=True, kw_only=True):
    """A till as it sees itself: at which place of which merchant."""

    merchant: str


class PairedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The till's token, this once."""

    token: str
    till: PairedTill

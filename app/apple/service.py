"""What an iPhone may ask, as units of work (Apple: PassKit Web Service Reference; apple.md §4)."""

from __future__ import annotations

import hmac
import re
import unicodedata

import msgspec

from app.apple import queries
from app.cards import passes_of
from app.cards import queries as card_queries
from app.cards.content import CardContent, content_of
from app.cards.pass_queries import PassRow
from app.clock import DAY
from app.http.secrets import Secrets
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.programs import service as programs
from app.storage.database import Transaction

REGISTRATIONS_MAX = 32  # a pass; the oldest goes
LOG_LINES_MAX = 50
LOG_LINE_CHARACTERS_MAX = 1_000
VOIDED_SHOWN = 30 * DAY  # an ended card is served voided that long, then nobody knows it
TAG_DIGITS_MAX = 18
_SERIAL = re.compile(r"[0-9a-f]{32}")
_SERIAL_IN_LINE = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_DEVICE_IN_LINE = re.compile(r"for device ([^)\s]{1,100})\)")


class Listed(msgspec.Struct, frozen=True):
    """Which passes changed, and the tag to ask with next; no serials: nothing changed."""

    device_id: int
    serials: list[bytes]
    tag: int


class Shown(msgspec.Struct, frozen=True):
    """A pass and what it shows now."""

    row: PassRow
    content: CardContent

    @property
    def is_newer(self) -> bool:
        """Whether this was never served."""
        return passes_of.is_newer(
            self.row, self.content.card_revision, self.content.program_revision
        )


def authorized(
    tx: Transaction, serial: str, authorization: str, *, secrets: Secrets, now: int
) -> PassRow | None:
    """Find the pass that a phone names and proves; None for each way to be wrong.

    Whether the pass type is the one of the pass's signer is left to the caller, who has it read.
    """
    scheme, _, token = authorization.partition(" ")
    raw = bytes.fromhex(serial) if _SERIAL.fullmatch(serial) else bytes(16)
    row = passes_of.pass_by_serial(tx, raw)
    # An unknown serial costs what a wrong token does.
    expected = secrets.pass_token(raw, row.pass_key if row else secrets.newest_pass_key)
    is_right = hmac.compare_digest(expected.encode(), token.strip().encode("utf-8", "replace"))
    if row is None or not is_right or scheme != "ApplePass":
        return None
    if row.voided_at is not None and row.voided_at + VOIDED_SHOWN < now:
        return None
    return row


def register_device(
    tx: Transaction,
    row: PassRow,
    *,
    pass_type: str,
    library_hash: bytes,
    new_device_id: int,
    push_token: str,
    now: int,
) -> int:
    """Keep what the device brought and let it hold the pass; return the device. First unit."""
    known = queries.device_id(tx, library_hash)
    if known is None:
        queries.take_library(tx, library_hash, new_device_id)
        known = queries.device_id(tx, library_hash)
        assert known is not None, "it was taken just now, by us or by a twin"
    queries.lock_device(tx, known)
    queries.put_device(tx, known, library_hash, push_token, now=now)
    queries.open_feed(tx, known, pass_type)
    if not queries.holds(tx, known, pass_type, row.serial):
        number = queries.draw_number(tx, known, pass_type)
        queries.insert_device_pass(
            tx, known, pass_type, row.serial, card_id=row.card_id, told=number
        )
    return known


def register_pass(
    tx: Transaction, row: PassRow, device_id: int, *, event_id: bytes, now: int
) -> bool:
    """Register the pass for the device; True when it is new. Second unit, at the card."""
    card = card_queries.lock_card(tx, row.card_id)
    assert card is not None, "a pass has a card"
    is_new = queries.insert_registration(tx, row.card_id, row.serial, device_id, now=now)
    if not is_new:
        return False
    dropped = queries.drop_oldest(tx, row.card_id, row.serial, REGISTRATIONS_MAX)
    count = passes_of.count_installed(tx, row.card_id, row.serial, by=1 - dropped, now=now)
    _tell_from_now_on(tx, row, card.program_id, now)
    if count == 1:
        outbox.record(
            tx, row.card_id, "pass.added", event_public_id=event_id, facts=_WALLET, now=now
        )
    return True


def unregister_device(
    tx: Transaction, row: PassRow, *, pass_type: str, library_hash: bytes
) -> int | None:
    """Take the pass from the device; return the device, None for an unknown one. First unit."""
    device_id = queries.device_id(tx, library_hash)
    if device_id is not None:
        queries.lock_device(tx, device_id)
        queries.delete_device_pass(tx, device_id, pass_type, row.serial)
    return device_id


def unregister_pass(
    tx: Transaction, row: PassRow, device_id: int, *, event_id: bytes, now: int
) -> None:
    """End the registration; nothing when there was none. Second unit, at the card."""
    card_queries.lock_card(tx, row.card_id)
    if not queries.delete_registration(tx, row.card_id, row.serial, device_id):
        return
    if passes_of.count_installed(tx, row.card_id, row.serial, by=-1, now=now) == 0:
        outbox.record(
            tx, row.card_id, "pass.removed", event_public_id=event_id, facts=_WALLET, now=now
        )


def listed(tx: Transaction, library_hash: bytes, pass_type: str, tag: str | None) -> Listed | None:
    """List what changed since a tag; all, for a tag that is not ours. None: an unknown device."""
    device_id = queries.device_id(tx, library_hash)
    feed = None if device_id is None else queries.feed(tx, device_id, pass_type)
    if device_id is None or feed is None:
        return None
    since = _tag(tag)
    if since is None or since > feed.feed:
        since = -1
    return Listed(device_id, queries.told_since(tx, device_id, pass_type, since), feed.feed)


def latest(
    tx: Transaction,
    serial: str,
    authorization: str,
    *,
    secrets: Secrets,
    now: int,
    public_url: str,
) -> Shown | None:
    """Do `authorized` and `shown` at once."""
    row = authorized(tx, serial, authorization, secrets=secrets, now=now)
    return None if row is None else shown(tx, row, now=now, public_url=public_url)


def shown(tx: Transaction, row: PassRow, *, now: int, public_url: str) -> Shown | None:
    """Put together what a pass shows now."""
    content = content_of(
        tx,
        row.card_id,
        user_id=row.user_id,
        now=now,
        public_url=public_url,
        is_ended=row.voided_at is not None,
    )
    return None if content is None else Shown(row, content)


def clean_line(line: str) -> str:
    """Return a log line without control characters, at most 1,000 characters long."""
    kept = "".join(c for c in line if unicodedata.category(c)[0] != "C")
    return kept[:LOG_LINE_CHARACTERS_MAX]


def names_in(line: str) -> tuple[str | None, bytes | None]:
    """Find the device and the serial number that a log line speaks of."""
    device, serial = _DEVICE_IN_LINE.search(line), _SERIAL_IN_LINE.search(line)
    return (device[1] if device else None), (bytes.fromhex(serial[0]) if serial else None)


def _tell_from_now_on(tx: Transaction, row: PassRow, program_id: int | None, now: int) -> None:
    """Open the card's channel; tell what changed between the download and this registration."""
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    revision = outbox_queries.revision(tx, row.card_id)
    merchant_id = program.merchant_id if program else programs.SERVER
    outbox_queries.open_channel(
        tx, row.card_id, outbox.APPLE, merchant_id, revision=revision, done=revision
    )
    newest = program.revision if program else 0
    if passes_of.is_newer(row, revision, newest):
        # A revision of its own: a worker that is telling the last one right now, and does not
        # know this device yet, settles up to that one only.
        outbox.touch(tx, row.card_id, now=now, priority=outbox.SINGLE)


def _tag(tag: str | None) -> int | None:
    if tag is None or not tag.isascii() or not tag.isdigit() or len(tag) > TAG_DIGITS_MAX:
        return None
    return int(tag)


_WALLET = {"wallet": "apple"}

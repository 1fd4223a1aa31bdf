"""Codes that are used up: a rotating code by its step, a one-time code by its hash.

`look_up` recognises one, `use` uses it up under the card's lock, so that of two tills exactly one
wins. A late ticket brings the code a till read while it was offline: judged at that moment.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import msgspec

from app.cards import code_queries, queries
from app.cards.code_queries import Use
from app.clock import DAY, SECOND, rfc3339
from app.errors import CodeAlreadyUsed, CodeExpired, NotFound
from app.http.secrets import Secrets
from app.ids import Ids
from app.storage.database import Transaction
from passes.google import rotating

ONE_TIME_LASTS = 30 * SECOND
CLOCK_SKEW = 30 * SECOND  # by how much an offline till's clock may be wrong
KEPT_AFTER = DAY  # so long a one-time code is told to have ended; then it is unknown
LATE_FOR = 30 * DAY  # so late a ticket may bring a rotating code: used steps are kept as long
_NONCE_BYTES = 12
_PURPOSE = "card-secret"


class CodeFound(msgspec.Struct, frozen=True):
    """A code of a card, right and in its time; nothing is used up yet."""

    card_id: int
    kind: Literal["rotating", "one_time"]
    step: int = 0
    code_hash: bytes = b""


class User(msgspec.Struct, frozen=True):
    """Who uses a code up: a name for the caller (`till:7`), its place, and a late ticket's key."""

    name: str
    location_id: str | None = None
    ticket_key: bytes | None = None


class DrawnSecret(msgspec.Struct, frozen=True):
    """A secret for a card, drawn before its unit of work."""

    secret: bytes
    nonce: bytes


def draw_secret(ids: Ids) -> DrawnSecret:
    """Draw what gives a card its rotating code."""
    return DrawnSecret(ids.secret(rotating.SECRET_BYTES), ids.secret(_NONCE_BYTES))


def draw_sealed_secret(ids: Ids, secrets: Secrets) -> bytes:
    """Draw a secret as it is kept."""
    drawn = draw_secret(ids)
    return secrets.seal(_PURPOSE, drawn.secret, drawn.nonce)


def secret_of(
    tx: Transaction, secrets: Secrets, card_id: int, *, drawn: DrawnSecret, now: int
) -> bytes:
    """Return the secret of a card's rotating code; the drawn one where it had none.

    Raises NotFound for a card that has ended.
    """
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    known = _secret(tx, secrets, card_id)
    if known is not None:
        return known
    sealed = secrets.seal(_PURPOSE, drawn.secret, drawn.nonce)
    code_queries.insert_secret(tx, card_id, sealed, now)
    return drawn.secret


def known_secret(tx: Transaction, secrets: Secrets, card_id: int) -> bytes | None:
    """Return the secret of a card's rotating code; None where none was drawn. It only reads."""
    return _secret(tx, secrets, card_id)


def add_one_time(tx: Transaction, card_id: int, code_hash: bytes, *, now: int) -> int:
    """Make a one-time code, which ends the one before; return when it expires. Raises NotFound."""
    card = queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    for old in code_queries.old_one_time_codes(tx, card_id, now - KEPT_AFTER):
        code_queries.delete_one_time_code(tx, card_id, old)
    code_queries.end_one_time_codes(tx, card_id, now)
    expires_at = now + ONE_TIME_LASTS
    code_queries.insert_one_time_code(tx, card_id, code_hash, expires_at=expires_at, now=now)
    return expires_at


def hash_of(secrets: Secrets, text: str) -> bytes:
    """Return the keyed hash under which a one-time code is kept."""
    return secrets.tag("one-time-code", text)


def look_up(
    tx: Transaction,
    secrets: Secrets,
    text: str,
    *,
    program_ids: Collection[int],
    at: int,
    is_late: bool = False,
) -> CodeFound | None:
    """Recognise a code of a card of these programs; None: it is none, or wrong.

    `at`: when it was read (Unix microseconds), of a late ticket in the past. Raises CodeExpired.
    """
    shown = rotating.read(text)
    if shown is not None:
        return _rotating(tx, secrets, shown, program_ids=program_ids, at=at)
    code_hash = hash_of(secrets, text)
    card_id = code_queries.card_by_one_time_code(tx, code_hash)
    if card_id is None or not _is_of(tx, card_id, program_ids):
        return None
    row = code_queries.one_time_code(tx, card_id, code_hash)
    if row is None:
        return None
    skew = CLOCK_SKEW if is_late else 0
    if at >= row.expires_at + skew or at < row.created_at - CLOCK_SKEW:
        raise CodeExpired("ask for a new code")
    return CodeFound(card_id, "one_time", code_hash=code_hash)


def use(tx: Transaction, found: CodeFound, user: User, *, now: int) -> None:
    """Use a code up; first the card is locked.

    A late ticket may use what the same caller's scan used, once. Raises: CodeAlreadyUsed,
    NotFound for a card that has ended, CodeExpired.
    """
    card = queries.lock_card(tx, found.card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    used = _used(tx, found)
    if used is not None and not _may_follow(used, user):
        facts = {"used_at": rfc3339(used.used_at)}
        if used.location_id is not None:
            facts["location_id"] = used.location_id
        raise CodeAlreadyUsed("a scan has used this code: ask for a new one", **facts)
    first = Use(user.name, user.location_id, user.ticket_key, now)
    if used is not None:
        first = msgspec.structs.replace(used, ticket_key=user.ticket_key)
    if found.kind == "one_time":
        code_queries.use_one_time_code(tx, found.card_id, found.code_hash, first)
        return
    code_queries.put_used_step(tx, found.card_id, found.step, first)
    oldest = rotating.step_at((now - LATE_FOR) // SECOND) - rotating.WINDOW
    code_queries.prune_steps(tx, found.card_id, oldest)


def _may_follow(used: Use, user: User) -> bool:
    return user.ticket_key is not None and used.ticket_key is None and used.used_by == user.name


def _used(tx: Transaction, found: CodeFound) -> Use | None:
    if found.kind == "rotating":
        return code_queries.used_step(tx, found.card_id, found.step)
    row = code_queries.one_time_code(tx, found.card_id, found.code_hash)
    if row is None:
        raise CodeExpired("ask for a new code")  # forgotten since it was looked up
    if row.used_at is None or row.used_by is None:
        return None
    return Use(row.used_by, row.location_id, row.ticket_key, row.used_at)


def _rotating(
    tx: Transaction,
    secrets: Secrets,
    shown: rotating.Shown,
    *,
    program_ids: Collection[int],
    at: int,
) -> CodeFound | None:
    card_id = queries.card_id_by_public(tx, bytes.fromhex(shown.card_ref))
    if card_id is None or not _is_of(tx, card_id, program_ids):
        return None
    secret = _secret(tx, secrets, card_id)
    if secret is None or not rotating.is_right(secret, shown):
        return None
    if not rotating.is_in_window(shown.step, at // SECOND):
        raise CodeExpired("the code has changed since: read it again")
    return CodeFound(card_id, "rotating", step=shown.step)


def _is_of(tx: Transaction, card_id: int, program_ids: Collection[int]) -> bool:
    state = queries.card_state(tx, card_id)
    return (
        state is not None
        and state.card.voided_at is None
        and state.card.program_id is not None
        and state.card.program_id in program_ids
    )


def _secret(tx: Transaction, secrets: Secrets, card_id: int) -> bytes | None:
    sealed = code_queries.sealed_secret(tx, card_id)
    if sealed is None:
        return None
    secret = secrets.unseal(_PURPOSE, sealed)
    assert secret is not None, "SECRETS_FILE is not the one this database was written with"
    return secret

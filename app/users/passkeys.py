"""Passkeys: a challenge is drawn, answered once, and a public key is kept or signs its user in."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from app.clock import MINUTE, rfc3339
from app.errors import Conflict, InvalidInput, NotFound, Unauthorized, invalid
from app.ids import parse_public_id, public_id
from app.storage.database import Transaction
from app.users import passkey_queries as queries
from app.users import service
from app.users.ceremonies import NewKey
from app.users.passkey_queries import ChallengeRow, PasskeyRow
from app.users.queries import UserRow, lock_user
from app.users.schemas import PasskeyOut
from app.users.service import Drawn

CHALLENGE_LASTS = 5 * MINUTE
PASSKEYS_MAX = 20  # a user: each device has one
PREFIX = "pky"


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a registration's challenge; `key` None: it was not sound."""

    challenge_hash: bytes
    key: NewKey | None
    passkey_id: int
    passkey_public: bytes
    name: str


class Assertion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer to a sign-in's challenge by a passkey that was found.

    `sign_count` None: it was not sound; `handle`: whose the authenticator says it is, if it does.
    """

    challenge_hash: bytes
    passkey: PasskeyRow | None
    sign_count: int | None
    handle: bytes | None


class Recognized(msgspec.Struct, frozen=True):
    """Who is signed in now."""

    user: UserRow


class Refusal(msgspec.Struct, frozen=True):
    """What an answer is refused with; returned, so that its challenge stays used up."""

    error: InvalidInput | Conflict | Unauthorized


def hash_of(challenge_or_credential: bytes) -> bytes:
    """Return under which hash a challenge, or a credential's id, is looked up."""
    return sha256(challenge_or_credential).digest()


def ask(tx: Transaction, challenge: bytes, user_id: int | None, *, now: int) -> None:
    """Keep a challenge: to add a passkey to a user, or (None) to sign in."""
    queries.insert_challenge(tx, hash_of(challenge), user_id, expires_at=now + CHALLENGE_LASTS)


def register(
    tx: Transaction, user_id: int, answer: Registration, *, now: int
) -> PasskeyRow | Refusal:
    """Keep a user's new passkey, if he was asked for it and the answer is sound."""
    asked = queries.take_challenge(tx, answer.challenge_hash)
    key = answer.key if _is_open(asked, user_id, now) else None
    if key is None or lock_user(tx, user_id) is None:
        return Refusal(invalid("credential", "no sound answer to what was asked"))
    if len(passkeys_of(tx, user_id)) >= PASSKEYS_MAX:
        return Refusal(Conflict(f"at most {PASSKEYS_MAX} passkeys: remove one first"))
    if not queries.take_credential(tx, hash_of(key.credential_id), user_id, answer.passkey_id):
        return Refusal(Conflict("this passkey is registered"))
    row = PasskeyRow(
        user_id=user_id,
        passkey_id=answer.passkey_id,
        public_id=answer.passkey_public,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        name=answer.name,
        created_at=now,
        last_used_at=None,
    )
    queries.insert_passkey(tx, row)
    return row


def sign_in(tx: Transaction, answer: Assertion, drawn: Drawn, *, now: int) -> Recognized | Refusal:
    """Sign in whose passkey answered, if it was asked and its count of signatures went up."""
    asked = queries.take_challenge(tx, answer.challenge_hash)
    found = answer.passkey if _is_open(asked, None, now) else None
    if found is None or answer.sign_count is None:
        return _unknown()
    user = lock_user(tx, found.user_id)
    row = queries.lock_passkey(tx, found.user_id, found.passkey_id)
    if user is None or row is None or answer.handle not in {None, user.public_id}:
        return _unknown()
    if answer.sign_count <= row.sign_count and (answer.sign_count or row.sign_count):
        return _unknown()  # a copy of the authenticator signed meanwhile
    queries.note_use(tx, row.user_id, row.passkey_id, sign_count=answer.sign_count, now=now)
    service.open_session(tx, user.user_id, drawn, now=now)
    return Recognized(user)


def by_credential(tx: Transaction, credential_id: bytes) -> PasskeyRow | None:
    """Find whose a credential is."""
    return queries.by_credential(tx, hash_of(credential_id))


def passkeys_of(tx: Transaction, user_id: int) -> list[PasskeyRow]:
    """List all passkeys of a user, oldest first."""
    return queries.passkeys_of(tx, user_id, after=0, limit=PASSKEYS_MAX)


def rename(tx: Transaction, user_id: int, text: str, name: str) -> PasskeyRow:
    """Change what a user calls one of his passkeys. Raises NotFound, for another user's too."""
    row = _own(tx, user_id, text)
    queries.rename(tx, user_id, row.passkey_id, name)
    return msgspec.structs.replace(row, name=name)


def remove(tx: Transaction, user_id: int, text: str) -> None:
    """Remove one of a user's passkeys. Raises NotFound, for another user's too."""
    row = _own(tx, user_id, text)
    queries.delete_passkey(tx, row, hash_of(row.credential_id))


def remove_all(tx: Transaction, user_id: int) -> None:
    """Remove all passkeys of a user whose account went into another one."""
    for row in passkeys_of(tx, user_id):
        queries.delete_passkey(tx, row, hash_of(row.credential_id))


def passkey_out(row: PasskeyRow) -> PasskeyOut:
    """Show a passkey to its user."""
    return PasskeyOut(
        id=public_id(PREFIX, row.public_id),
        name=row.name,
        created_at=rfc3339(row.created_at),
        last_used_at=None if row.last_used_at is None else rfc3339(row.last_used_at),
    )


def _own(tx: Transaction, user_id: int, text: str) -> PasskeyRow:
    lock_user(tx, user_id)
    raw = parse_public_id(PREFIX, text)
    row = None if raw is None else queries.by_public(tx, user_id, raw)
    if row is None:
        raise NotFound
    return row


def _is_open(asked: ChallengeRow | None, user_id: int | None, now: int) -> bool:
    return asked is not None and asked.user_id == user_id and asked.expires_at > now


def _unknown() -> Refusal:
    return Refusal(Unauthorized("this passkey is not known here, or answered too late"))

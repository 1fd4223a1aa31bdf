"""Sign-in by a mailed code: it is asked for, it is tried, and a guest becomes a user by it."""

from __future__ import annotations

import hmac

import msgspec

from app.clock import MINUTE
from app.http.secrets import Secrets
from app.outbox import service as outbox
from app.storage.database import Transaction
from app.users import queries, service
from app.users.mails import code_mail
from app.users.queries import UserRow
from app.users.service import Drawn

CODE_DIGITS = 8
CODE_LASTS = 10 * MINUTE
TRIES_MAX = 5


class NewCode(msgspec.Struct, frozen=True, kw_only=True):
    """A code drawn for an address; `language`: of the page that asks, for whom we do not know."""

    email: str
    address_hash: bytes
    code: str
    code_hash: bytes
    mail_id: int
    language: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A code typed for an address; `guest_id`: who types it, when he is a guest here."""

    email: str
    address_hash: bytes
    code_hash: bytes
    language: str
    guest_id: int | None = None


class SignedIn(msgspec.Struct, frozen=True):
    """Who is signed in now; `moved_from`: the guest whose cards shall be his."""

    user: UserRow
    moved_from: int | None = None


class WrongCode(msgspec.Struct, frozen=True):
    """No such code for this address, or it was tried too often."""


class OldCode(msgspec.Struct, frozen=True):
    """The right code, too late."""


def hash_of_code(secrets: Secrets, address_hash: bytes, code: str) -> bytes:
    """Return the keyed hash of a code as typed, with or without spaces."""
    return secrets.tag("sign-in-code", address_hash, "".join(code.split()))


def request_code(tx: Transaction, wanted: NewCode, *, now: int) -> None:
    """Keep a code for an address and queue its mail: the same work for whomever it is."""
    known = service.user_by_email(tx, wanted.email)
    mail = code_mail(known.language if known else wanted.language, wanted.code)
    queries.put_code(
        tx, wanted.address_hash, wanted.code_hash, now=now, expires_at=now + CODE_LASTS
    )
    outbox.send_mail(
        tx,
        address_hash=wanted.address_hash,
        mail_id=wanted.mail_id,
        recipient=wanted.email,
        subject=mail.subject,
        body=mail.body,
        now=now,
    )


def sign_in(
    tx: Transaction, attempt: Attempt, *, drawn: Drawn, now: int
) -> SignedIn | WrongCode | OldCode:
    """Sign in who typed the code of his address; a refusal is returned, so that its try counts.

    An address that nobody has becomes the guest's who types it, else a new user's.
    """
    kept = queries.lock_code(tx, attempt.address_hash)
    if kept is None or kept.tries >= TRIES_MAX:
        return WrongCode()
    if not hmac.compare_digest(kept.code_hash, attempt.code_hash):
        queries.count_try(tx, attempt.address_hash)
        return WrongCode()
    queries.delete_code(tx, attempt.address_hash)
    if kept.expires_at <= now:
        return OldCode()
    found = _user_of(tx, attempt, drawn, now)
    service.open_session(tx, found.user.user_id, drawn, now=now)
    return found


def _user_of(tx: Transaction, attempt: Attempt, drawn: Drawn, now: int) -> SignedIn:
    email, guest = attempt.email, None
    if attempt.guest_id is not None:
        guest = queries.lock_user(tx, attempt.guest_id)
    is_guest = guest is not None and guest.email is None
    if guest is not None and is_guest and queries.take_email(tx, email, guest.user_id):
        queries.set_email(tx, guest.user_id, email)
        return SignedIn(msgspec.structs.replace(guest, email=email))
    user = service.make_user_with_email(tx, drawn, email=email, language=attempt.language, now=now)
    return SignedIn(user, guest.user_id if guest is not None and is_guest else None)

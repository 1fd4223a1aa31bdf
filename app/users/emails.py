"""A user's address changes once he types the code mailed there; the address before is told."""

from __future__ import annotations

import hmac

import msgspec

from app.errors import Unauthorized
from app.http.secrets import Secrets
from app.outbox import service as outbox
from app.storage.database import Transaction
from app.users import email_queries, queries
from app.users.addresses import address_hash
from app.users.email_queries import ChangeRow, MergeRow
from app.users.mails import Text, changed_mail, wanted_mail
from app.users.queries import UserRow
from app.users.signing_in import CODE_LASTS, TRIES_MAX, OldCode, WrongCode


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A code drawn for the address that a user wants."""

    user_id: int
    email: str
    code: str
    code_hash: bytes
    mail_id: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A code typed for an address; `is_merge`: whoever has the address goes into this account."""

    user_id: int
    email: str
    code_hash: bytes
    is_merge: bool
    mail_id: int


class Taken(msgspec.Struct, frozen=True):
    """The code is right, but the address has an account; it is not used up."""


class Begun(msgspec.Struct, frozen=True):
    """Two accounts are to become one."""

    merge: MergeRow


def hash_of_code(secrets: Secrets, user_id: int, email: str, code: str) -> bytes:
    """Return the keyed hash of a code as typed, for one user and one address."""
    text = "".join(code.split())
    return secrets.tag("email-change", user_id.to_bytes(8, "big"), email, text)


def request_code(tx: Transaction, wanted: Wanted, *, secrets: Secrets, now: int) -> None:
    """Keep a code and mail it to the address that is wanted, whoever has it."""
    user = queries.lock_user(tx, wanted.user_id)
    if user is None:
        raise Unauthorized
    row = ChangeRow(wanted.email, wanted.code_hash, now + CODE_LASTS, 0)
    email_queries.put_change(tx, user.user_id, row)
    mail = wanted_mail(user.language, wanted.code)
    _send(tx, wanted.email, mail, mail_id=wanted.mail_id, secrets=secrets, now=now)


def change(
    tx: Transaction, wanted: Change, *, secrets: Secrets, now: int
) -> UserRow | WrongCode | OldCode | Taken | Begun:
    """Give a user the address whose code he types; refusals are returned, so that tries count."""
    user = queries.lock_user(tx, wanted.user_id)
    if user is None:
        raise Unauthorized
    if user.email == wanted.email and email_queries.change_of(tx, user.user_id) is None:
        return user  # the same again, whose first answer was lost
    refusal = _tried(tx, wanted, now)
    if refusal is not None:
        return refusal
    if not queries.take_email(tx, wanted.email, user.user_id):
        owner = queries.id_by_email(tx, wanted.email)
        if owner != user.user_id:
            return _taken(tx, wanted, owner, now)
    email_queries.delete_change(tx, user.user_id)
    return set_email(tx, user, wanted.email, mail_id=wanted.mail_id, secrets=secrets, now=now)


def set_email(
    tx: Transaction, user: UserRow, email: str, *, mail_id: int, secrets: Secrets, now: int
) -> UserRow:
    """Write a user's address, which is his in the look-up; free and tell the one before."""
    if user.email == email:
        return user
    queries.set_email(tx, user.user_id, email)
    if user.email is not None:
        email_queries.release_email(tx, user.email, user.user_id)
        mail = changed_mail(user.language)
        _send(tx, user.email, mail, mail_id=mail_id, secrets=secrets, now=now)
    return msgspec.structs.replace(user, email=email)


def _tried(tx: Transaction, wanted: Change, now: int) -> WrongCode | OldCode | None:
    kept = email_queries.change_of(tx, wanted.user_id)
    if kept is None or kept.tries >= TRIES_MAX:
        return WrongCode()
    if not hmac.compare_digest(kept.code_hash, wanted.code_hash):
        email_queries.count_try(tx, wanted.user_id)
        return WrongCode()
    if kept.expires_at <= now:
        email_queries.delete_change(tx, wanted.user_id)
        return OldCode()
    return None


def _taken(tx: Transaction, wanted: Change, owner: int | None, now: int) -> Taken | Begun:
    if not wanted.is_merge or owner is None:
        return Taken()
    email_queries.delete_change(tx, wanted.user_id)
    merge = MergeRow(wanted.user_id, owner, wanted.email)
    email_queries.insert_merge(tx, merge, now=now)
    return Begun(merge)


def _send(
    tx: Transaction, email: str, mail: Text, *, mail_id: int, secrets: Secrets, now: int
) -> None:
    outbox.send_mail(
        tx,
        address_hash=address_hash(secrets, email),
        mail_id=mail_id,
        recipient=email,
        subject=mail.subject,
        body=mail.body,
        now=now,
    )

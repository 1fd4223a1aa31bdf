"""The steps of people: guests, sessions, their profile; and who a session's token belongs to."""

from __future__ import annotations

import hmac

import msgspec

from app.clock import DAY, HOUR, rfc3339
from app.errors import NotFound
from app.http.callers import Found, UserCaller
from app.http.ports import Ports
from app.ids import digest, parse_public_id, public_id
from app.storage.database import Transaction
from app.users import email_queries, passkey_queries, queries
from app.users.addresses import address_hash
from app.users.queries import SessionRow, UserRow
from app.users.schemas import ProfileChange, SessionOut, UserOut

__all__ = ["address_hash"]  # others queue mails under it

SESSION_LASTS = 30 * DAY  # from its last use
SLIDES_EVERY = HOUR  # a session's use is noted at most that often
SESSIONS_MAX = 100  # a user; of more the oldest ends


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What chance gives a sign-in, drawn before its unit of work, which may run twice."""

    user_id: int
    user_public: bytes
    session_id: int
    session_public: bytes
    token: str


def draw(ports: Ports, now: int) -> Drawn:
    """Draw the ids and the token of a session, and of a user in case he is new."""
    return Drawn(
        user_id=ports.ids.next(now),
        user_public=ports.ids.public(),
        session_id=ports.ids.next(now),
        session_public=ports.ids.public(),
        token=ports.ids.token(f"pcu_{ports.settings.token_mode}_"),
    )


def make_user(
    tx: Transaction, drawn: Drawn, *, email: str | None, language: str, now: int
) -> UserRow:
    """Make a user; without an address a guest. The address is taken for him by the caller."""
    row = UserRow(
        user_id=drawn.user_id,
        public_id=drawn.user_public,
        email=email,
        display_name=None,
        language=language,
        created_at=now,
    )
    queries.insert_user(tx, row)
    return row


def make_guest(tx: Transaction, drawn: Drawn, *, language: str, now: int) -> UserRow:
    """Make a user without an address, signed in."""
    row = make_user(tx, drawn, email=None, language=language, now=now)
    open_session(tx, row.user_id, drawn, now=now)
    return row


def make_user_with_email(
    tx: Transaction, drawn: Drawn, *, email: str, language: str, now: int
) -> UserRow:
    """Find who has an address, else make him, without a session: for commands and the demo."""
    found = user_by_email(tx, email)
    if found is not None:
        return found
    if not queries.take_email(tx, email, drawn.user_id):
        found = user_by_email(tx, email)
        assert found is not None, "whoever has the address stands beside it"
        return found
    return make_user(tx, drawn, email=email, language=language, now=now)


def open_session(tx: Transaction, user_id: int, drawn: Drawn, *, now: int) -> SessionRow:
    """Sign a user in; his expired sessions go, and the oldest one where there are too many."""
    standing = queries.sessions_of(tx, user_id, after=0, limit=2 * SESSIONS_MAX)
    is_old = [row for row in standing if row.expires_at <= now]
    is_open = [row for row in standing if row.expires_at > now]
    surplus = len(is_open) - (SESSIONS_MAX - 1)
    for row in (*is_old, *is_open[: max(surplus, 0)]):
        queries.delete_session(tx, row)
    session = SessionRow(
        user_id=user_id,
        session_id=drawn.session_id,
        public_id=drawn.session_public,
        token_hash=digest(drawn.token),
        created_at=now,
        last_used_at=now,
        expires_at=now + SESSION_LASTS,
    )
    queries.insert_session(tx, session)
    return session


def find_session(tx: Transaction, token_hash: bytes, *, now: int) -> Found | None:
    """Find whose session a token is; None when there is none, or it has expired."""
    row = queries.session_by_token(tx, token_hash)
    if row is None or row.expires_at <= now or not hmac.compare_digest(row.token_hash, token_hash):
        return None
    caller = UserCaller(user_id=row.user_id, session_id=row.session_id, is_guest=bool(row.is_guest))
    if now - row.last_used_at < SLIDES_EVERY:
        return Found(caller)

    def touch(tx: Transaction) -> None:
        queries.slide_session(
            tx, caller.user_id, caller.session_id, now=now, expires_at=now + SESSION_LASTS
        )

    return Found(caller, touch)


def user_by_id(tx: Transaction, user_id: int) -> UserRow | None:
    """Find a user by our number."""
    return queries.by_id(tx, user_id)


def user_by_email(tx: Transaction, email: str) -> UserRow | None:
    """Find who has an address, in the spelling of `addresses.normalized`."""
    user_id = queries.id_by_email(tx, email)
    return None if user_id is None else queries.by_id(tx, user_id)


def change_profile(tx: Transaction, user_id: int, change: ProfileChange) -> UserRow:
    """Write what a user changed of himself. Raises NotFound when he is gone meanwhile."""
    row = queries.lock_user(tx, user_id)
    if row is None:
        raise NotFound
    if change.display_name is not msgspec.UNSET:
        row = msgspec.structs.replace(row, display_name=change.display_name)
    if change.language is not msgspec.UNSET:
        row = msgspec.structs.replace(row, language=change.language)
    queries.update_profile(tx, user_id, display_name=row.display_name, language=row.language)
    return row


def sign_out(tx: Transaction, user_id: int, session_id: int) -> None:
    """End a session; nothing happens to one that has ended."""
    row = queries.session_by_id(tx, user_id, session_id)
    if row is not None:
        queries.delete_session(tx, row)


def revoke_session(tx: Transaction, user_id: int, text: str) -> None:
    """End one of a user's own sessions. Raises NotFound, for another user's too."""
    raw = parse_public_id("sess", text)
    row = None if raw is None else queries.session_by_public(tx, user_id, raw)
    if row is None:
        raise NotFound
    queries.delete_session(tx, row)


def end_sessions(tx: Transaction, user_id: int) -> None:
    """Sign a user out everywhere: a guest whose cards went to another user."""
    for row in queries.sessions_of(tx, user_id, after=0, limit=2 * SESSIONS_MAX):
        queries.delete_session(tx, row)


def open_sessions(
    tx: Transaction, user_id: int, *, after: int, limit: int, now: int
) -> list[SessionRow]:
    """List a user's sessions that have not expired, oldest first."""
    return queries.open_sessions_of(tx, user_id, after=after, limit=limit, now=now)


def workplaces(tx: Transaction, user_id: int) -> list[int]:
    """List the merchants where a user works; what he may do there stands with them."""
    return queries.workplaces(tx, user_id)


def add_workplace(tx: Transaction, user_id: int, merchant_id: int) -> None:
    """Note that a user works for a merchant."""
    queries.add_workplace(tx, user_id, merchant_id)


def end_workplace(tx: Transaction, user_id: int, merchant_id: int) -> None:
    """Note that a user works for a merchant no more; nothing happens where he did not."""
    email_queries.delete_workplace(tx, user_id, merchant_id)


def prune(tx: Transaction, *, now: int, limit: int) -> int:
    """Delete some of the codes, challenges and sessions that have expired; return how many."""
    # A batch across families.
    sessions = queries.expired_sessions(tx, now, limit=limit)
    for row in sessions:
        queries.delete_session(tx, row)
    gone = len(sessions) + passkey_queries.prune_challenges(tx, now, limit=limit)
    gone += email_queries.prune_changes(tx, now, limit=limit)
    return gone + queries.prune_codes(tx, now, limit=limit)


def user_out(row: UserRow) -> UserOut:
    """Show a user to himself."""
    return UserOut(
        id=public_id("user", row.public_id),
        email=row.email,
        display_name=row.display_name,
        language=row.language,
        created_at=rfc3339(row.created_at),
    )


def session_out(row: SessionRow, *, current: int) -> SessionOut:
    """Show a session to its user; `current`: the session that asks."""
    return SessionOut(
        id=public_id("sess", row.public_id),
        created_at=rfc3339(row.created_at),
        last_used_at=rfc3339(row.last_used_at),
        expires_at=rfc3339(row.expires_at),
        is_current=row.session_id == current,
    )

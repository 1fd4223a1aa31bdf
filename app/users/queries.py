"""All SQL of users: people, their addresses, their mailed codes and their sessions."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "users": "DELETE FROM users WHERE user_id = ?",
    "session": "DELETE FROM session WHERE user_id = ?",
    "workplace": "DELETE FROM workplace WHERE user_id = ?",
    "user_by_public": "DELETE FROM user_by_public WHERE public_id = ?",
    "user_by_email": "DELETE FROM user_by_email WHERE email = ?",
    "session_by_token": "DELETE FROM session_by_token WHERE token_hash = ?",
    "sign_in_code": "DELETE FROM sign_in_code WHERE address_hash = ?",
}
KEPT: dict[str, str] = {}
EXPORT = {  # what a user takes along: section → statement for his id (app/privacy/exporting.py)
    "profile": "SELECT public_id AS user_id, email, display_name, language, created_at FROM users"
    " WHERE user_id = ?",
    "sign_ins": "SELECT public_id AS session_id, created_at, last_used_at, expires_at FROM session"
    " WHERE user_id = ? ORDER BY session_id",
    "email_change": "SELECT email, expires_at FROM email_change WHERE user_id = ?",
    "accounts_joined": "SELECT email, created_at FROM user_merge WHERE user_id = ?",
}


class UserRow(msgspec.Struct, frozen=True):
    """A person; `email` None: a guest."""

    user_id: int
    public_id: bytes
    email: str | None
    display_name: str | None
    language: str
    created_at: int


class SessionRow(msgspec.Struct, frozen=True):
    """One sign-in."""

    user_id: int
    session_id: int
    public_id: bytes
    token_hash: bytes
    created_at: int
    last_used_at: int
    expires_at: int


class OpenSession(msgspec.Struct, frozen=True):
    """What a request needs of a session."""

    user_id: int
    session_id: int
    token_hash: bytes
    last_used_at: int
    expires_at: int
    is_guest: int


class CodeRow(msgspec.Struct, frozen=True):
    """A mailed code; of it only a keyed hash is kept."""

    code_hash: bytes
    expires_at: int
    tries: int


_USER = "SELECT user_id, public_id, email, display_name, language, created_at FROM users "
_SESSION = (
    "SELECT user_id, session_id, public_id, token_hash, created_at, last_used_at, expires_at"
    " FROM session "
)


def by_id(tx: Transaction, user_id: int) -> UserRow | None:
    """Find a user."""
    return tx.one(UserRow, _USER + "WHERE user_id = ?", user_id)


def lock_user(tx: Transaction, user_id: int) -> UserRow | None:
    """Find a user and hold his row for this unit of work."""
    return tx.one(UserRow, _USER + "WHERE user_id = ?" + tx.for_update, user_id)


def id_by_email(tx: Transaction, email: str) -> int | None:
    """Find who has an address."""
    found = tx.value("SELECT user_id FROM user_by_email WHERE email = ?", email)
    return found if isinstance(found, int) else None


def id_by_public(tx: Transaction, public_id: bytes) -> int | None:
    """Find a user by his public id."""
    found = tx.value("SELECT user_id FROM user_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None


def insert_user(tx: Transaction, row: UserRow) -> None:
    """Write a new user and the look-up of his public id."""
    tx.run(
        "INSERT INTO users (user_id, public_id, email, display_name, language, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO user_by_public (public_id, user_id) VALUES (?, ?)",
        *(row.public_id, row.user_id),
    )


def take_email(tx: Transaction, email: str, user_id: int) -> bool:
    """Give an address to a user; False when somebody has it."""
    return (
        tx.run(
            "INSERT INTO user_by_email (email, user_id) VALUES (?, ?)"
            " ON CONFLICT (email) DO NOTHING",
            *(email, user_id),
        )
        == 1
    )


def set_email(tx: Transaction, user_id: int, email: str) -> None:
    """Make a guest a user with an address."""
    tx.run("UPDATE users SET email = ? WHERE user_id = ?", email, user_id)


def update_profile(
    tx: Transaction, user_id: int, *, display_name: str | None, language: str
) -> None:
    """Write what a user may change of himself."""
    tx.run(
        "UPDATE users SET display_name = ?, language = ? WHERE user_id = ?",
        *(display_name, language, user_id),
    )


def insert_session(tx: Transaction, row: SessionRow) -> None:
    """Write a session and the look-up of its token."""
    tx.run(
        "INSERT INTO session (user_id, session_id, public_id, token_hash, created_at,"
        " last_used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO session_by_token (token_hash, user_id, session_id) VALUES (?, ?, ?)",
        *(row.token_hash, row.user_id, row.session_id),
    )


def session_by_token(tx: Transaction, token_hash: bytes) -> OpenSession | None:
    """Find a session by the hash of its token, also one that has expired."""
    return tx.one(
        OpenSession,
        "SELECT s.user_id, s.session_id, s.token_hash, s.last_used_at, s.expires_at,"
        " CASE WHEN u.email IS NULL THEN 1 ELSE 0 END FROM session_by_token t"
        " JOIN session s ON s.user_id = t.user_id AND s.session_id = t.session_id"
        " JOIN users u ON u.user_id = t.user_id WHERE t.token_hash = ?",
        token_hash,
    )


def slide_session(
    tx: Transaction, user_id: int, session_id: int, *, now: int, expires_at: int
) -> None:
    """Note that a session was used, and let it last longer."""
    tx.run(
        "UPDATE session SET last_used_at = ?, expires_at = ? WHERE user_id = ? AND session_id = ?",
        *(now, expires_at, user_id, session_id),
    )


def sessions_of(tx: Transaction, user_id: int, *, after: int, limit: int) -> list[SessionRow]:
    """List a user's sessions, oldest first, expired ones too."""
    return tx.all(
        SessionRow,
        _SESSION + "WHERE user_id = ? AND session_id > ? ORDER BY session_id LIMIT ?",
        *(user_id, after, limit),
    )


def open_sessions_of(
    tx: Transaction, user_id: int, *, after: int, limit: int, now: int
) -> list[SessionRow]:
    """List a user's sessions that have not expired, oldest first."""
    return tx.all(
        SessionRow,
        _SESSION + "WHERE user_id = ? AND session_id > ? AND expires_at > ?"
        " ORDER BY session_id LIMIT ?",
        *(user_id, after, now, limit),
    )


def session_by_public(tx: Transaction, user_id: int, public_id: bytes) -> SessionRow | None:
    """Find one of a user's own sessions."""
    sql = _SESSION + "WHERE user_id = ? AND public_id = ?"
    return tx.one(SessionRow, sql, user_id, public_id)


def session_by_id(tx: Transaction, user_id: int, session_id: int) -> SessionRow | None:
    """Find one of a user's own sessions by our number."""
    sql = _SESSION + "WHERE user_id = ? AND session_id = ?"
    return tx.one(SessionRow, sql, user_id, session_id)


def delete_session(tx: Transaction, row: SessionRow) -> None:
    """End a session: its token finds nothing any more."""
    tx.run("DELETE FROM session_by_token WHERE token_hash = ?", row.token_hash)
    tx.run("DELETE FROM session WHERE user_id = ? AND session_id = ?", row.user_id, row.session_id)


def workplaces(tx: Transaction, user_id: int) -> list[int]:
    """List the merchants where a user works."""
    sql = "SELECT merchant_id FROM workplace WHERE user_id = ? ORDER BY merchant_id"
    return tx.all(int, sql, user_id)


def add_workplace(tx: Transaction, user_id: int, merchant_id: int) -> None:
    """Note that a user works for a merchant; his role stands there."""
    tx.run(
        "INSERT INTO workplace (user_id, merchant_id) VALUES (?, ?)"
        " ON CONFLICT (user_id, merchant_id) DO NOTHING",
        *(user_id, merchant_id),
    )


def put_code(
    tx: Transaction, address_hash: bytes, code_hash: bytes, *, now: int, expires_at: int
) -> None:
    """Keep a code for an address; the one before is void."""
    tx.run(
        "INSERT INTO sign_in_code (address_hash, code_hash, created_at, expires_at, tries)"
        " VALUES (?, ?, ?, ?, 0) ON CONFLICT (address_hash) DO UPDATE SET"
        " code_hash = excluded.code_hash, created_at = excluded.created_at,"
        " expires_at = excluded.expires_at, tries = 0",
        *(address_hash, code_hash, now, expires_at),
    )


def lock_code(tx: Transaction, address_hash: bytes) -> CodeRow | None:
    """Find the code of an address and hold its row: of two tries at once both count."""
    return tx.one(
        CodeRow,
        "SELECT code_hash, expires_at, tries FROM sign_in_code WHERE address_hash = ?"  # noqa: S608
        + tx.for_update,
        address_hash,
    )


def count_try(tx: Transaction, address_hash: bytes) -> None:
    """Count a wrong try."""
    tx.run("UPDATE sign_in_code SET tries = tries + 1 WHERE address_hash = ?", address_hash)


def delete_code(tx: Transaction, address_hash: bytes) -> None:
    """Forget a code that was used."""
    tx.run("DELETE FROM sign_in_code WHERE address_hash = ?", address_hash)


def prune_codes(tx: Transaction, before: int, *, limit: int) -> int:
    """Delete some of the codes that expired before a moment. # batch"""
    return tx.run(
        "DELETE FROM sign_in_code WHERE address_hash IN (SELECT address_hash FROM sign_in_code"
        " WHERE expires_at < ? LIMIT ?)",
        *(before, limit),
    )


def expired_sessions(tx: Transaction, before: int, *, limit: int) -> list[SessionRow]:
    """List sessions that expired before a moment. # across: what is pruned"""
    return tx.all(SessionRow, _SESSION + "WHERE expires_at < ? LIMIT ?", before, limit)

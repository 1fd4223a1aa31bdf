"""SQL of the mail queue: each is deleted once it is sent."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"mail": "DELETE FROM mail WHERE address_hash = ?"}
KEPT: dict[str, str] = {}
EXPORT = {  # without what they say: a code in it is for his mailbox only. # across: by address
    "mails_waiting": "SELECT m.subject, m.created_at FROM users u JOIN mail m"
    " ON m.recipient = u.email WHERE u.user_id = ? ORDER BY m.mail_id",
}


class Mail(msgspec.Struct, frozen=True):
    """A mail to be sent."""

    address_hash: bytes
    mail_id: int
    recipient: str
    subject: str
    body: str
    attempts: int


def insert_mail(tx: Transaction, mail: Mail, *, now: int) -> None:
    """Queue a mail."""
    tx.run(
        "INSERT INTO mail (address_hash, mail_id, recipient, subject, body, created_at, attempts,"
        " next_at, claimed_until) VALUES (?, ?, ?, ?, ?, ?, 0, ?, 0)"
        " ON CONFLICT (address_hash, mail_id) DO NOTHING",
        *(mail.address_hash, mail.mail_id, mail.recipient, mail.subject, mail.body, now, now),
    )


def due_mails(tx: Transaction, now: int, limit: int) -> list[Mail]:
    """List mails to be sent. # across: what the worker takes"""
    return tx.all(
        Mail,
        "SELECT address_hash, mail_id, recipient, subject, body, attempts FROM mail"
        " WHERE next_at <= ? AND claimed_until <= ? ORDER BY next_at, mail_id LIMIT ?",
        *(now, now, limit),
    )


def claim_mail(tx: Transaction, mail: Mail, *, now: int, until: int) -> bool:
    """Take a mail until a moment; False when another worker has it."""
    return (
        tx.run(
            "UPDATE mail SET claimed_until = ? WHERE address_hash = ? AND mail_id = ?"
            " AND claimed_until <= ?",
            *(until, mail.address_hash, mail.mail_id, now),
        )
        == 1
    )


def delete_mail(tx: Transaction, mail: Mail) -> None:
    """Forget a mail that was sent, or given up."""
    tx.run(
        "DELETE FROM mail WHERE address_hash = ? AND mail_id = ?", mail.address_hash, mail.mail_id
    )


def delay_mail(tx: Transaction, mail: Mail, *, next_at: int) -> None:
    """Try a mail again later."""
    tx.run(
        "UPDATE mail SET attempts = attempts + 1, next_at = ?, claimed_until = 0"
        " WHERE address_hash = ? AND mail_id = ?",
        *(next_at, mail.address_hash, mail.mail_id),
    )

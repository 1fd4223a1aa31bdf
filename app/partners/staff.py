"""Who works for a merchant: a row at the merchant says as what, one at the user says where.

The two belong to two families, so each is a unit of work of its own. The merchant's row decides:
without it nobody is let in, so a user's row that a crash left behind opens nothing.
"""

from __future__ import annotations

import msgspec

from app.clock import rfc3339
from app.errors import Conflict, LastOwner, NotFound
from app.http.secrets import Secrets
from app.ids import public_id
from app.outbox import service as outbox
from app.partners.staff_mails import hired_mail
from app.partners.staff_schemas import MerchantOut, StaffOut
from app.programs import merchant_queries as merchants
from app.programs.merchant_queries import StaffRow
from app.storage.database import Transaction
from app.users import queries as user_queries
from app.users import service as users
from app.users.addresses import address_hash
from app.users.queries import UserRow
from app.users.service import Drawn

STAFF_MAX = 200  # of one merchant


class Hiring(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to let in, and the mail that tells him."""

    user: UserRow
    role: str
    mail_id: int
    console_url: str


def prepare_user(
    tx: Transaction, merchant_id: int, drawn: Drawn, *, email: str, language: str, now: int
) -> UserRow:
    """Find or make who has an address, and note with him where he is about to work."""
    user = users.make_user_with_email(tx, drawn, email=email, language=language, now=now)
    users.add_workplace(tx, user.user_id, merchant_id)
    return user


def hire(
    tx: Transaction, merchant_id: int, hiring: Hiring, *, secrets: Secrets, now: int
) -> tuple[StaffOut, bool]:
    """Let somebody work for a merchant, or give him another role; True when he is new.

    Raises: LastOwner, Conflict beyond 200.
    """
    merchant = merchants.lock_merchant(tx, merchant_id)
    if merchant is None:
        raise NotFound
    user = hiring.user
    known = merchants.staff_at(tx, merchant_id, user.user_id)
    if known is not None:
        if hiring.role != "owner":
            _keep_an_owner(tx, known)
    elif len(merchants.staff_of(tx, merchant_id, -1, STAFF_MAX)) >= STAFF_MAX:
        raise Conflict(f"at most {STAFF_MAX} people work for a merchant: remove one first")
    row = StaffRow(merchant_id, user.user_id, hiring.role, known.added_at if known else now)
    merchants.insert_staff(tx, row)
    if known is None and user.email is not None:
        mail = hired_mail(user.language, merchant=merchant.name, url=hiring.console_url)
        outbox.send_mail(
            tx,
            address_hash=address_hash(secrets, user.email),
            mail_id=hiring.mail_id,
            recipient=user.email,
            subject=mail.subject,
            body=mail.body,
            now=now,
        )
    return staff_out(row, user), known is None


def dismiss(tx: Transaction, merchant_id: int, user_id: int) -> bool:
    """End somebody's work for a merchant at once; False where he did not. Raises LastOwner."""
    merchants.lock_merchant(tx, merchant_id)
    row = merchants.staff_at(tx, merchant_id, user_id)
    if row is None:
        return False
    _keep_an_owner(tx, row)
    merchants.delete_staff(tx, merchant_id, user_id)
    return True


def listed(tx: Transaction, merchant_id: int, after: int, limit: int) -> list[tuple[int, StaffOut]]:
    """List who works for a merchant, each with his number."""
    rows = merchants.staff_of(tx, merchant_id, after, limit)
    return [(row.user_id, staff_out(row, user_queries.by_id(tx, row.user_id))) for row in rows]


def workplaces(tx: Transaction, user_id: int) -> list[MerchantOut]:
    """List where somebody works, and as what."""
    found = []
    for merchant_id in users.workplaces(tx, user_id):
        row = merchants.staff_at(tx, merchant_id, user_id)
        merchant = merchants.merchant(tx, merchant_id)
        if row is not None and merchant is not None:
            found.append(
                MerchantOut(
                    id=public_id("mer", merchant.public_id),
                    name=merchant.name,
                    slug=merchant.slug,
                    role=row.role,
                )
            )
    return found


def staff_out(row: StaffRow, user: UserRow | None) -> StaffOut:
    """Show who works for a merchant; a user who is being erased is shown without his address."""
    return StaffOut(
        id=public_id("user", user.public_id if user else bytes(16)),
        email=user.email if user else None,
        role=row.role,
        added_at=rfc3339(row.added_at),
    )


def _keep_an_owner(tx: Transaction, leaving: StaffRow) -> None:
    if leaving.role != "owner":
        return
    rows = merchants.staff_of(tx, leaving.merchant_id, -1, STAFF_MAX)
    if not any(row.role == "owner" and row.user_id != leaving.user_id for row in rows):
        raise LastOwner("make somebody else an owner first")

"""An erasure's first unit of work: the user himself, and the messages to all that knows him."""

from __future__ import annotations

import msgspec

from app.cards import holding_queries, picture_queries
from app.clock import MINUTE, SECOND
from app.errors import Unauthorized
from app.http import queries as http_queries
from app.http.secrets import Secrets
from app.outbox import mail_queries
from app.privacy import message_queries, queries
from app.privacy.kinds import CARD, CONTACT, LOGS, STAFF, USER
from app.storage import queries as storage_queries
from app.storage.database import Transaction
from app.storage.queries import Erased
from app.users import email_queries, passkey_queries, promotion_queries
from app.users import queries as users
from app.users.addresses import address_hash

HEAD_START = 10 * SECOND  # whoever asked does the work himself; then the sweeper does
LAST_LOOK = MINUTE  # no request takes longer


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Where a user was found, read before he is forgotten."""

    cards: frozenset[int]
    contacts: frozenset[int]
    addresses: tuple[str, ...]
    on_file: tuple[str, ...]  # addresses of his cards' contacts
    joining: tuple[int, ...]  # accounts that were on their way into his


def find(tx: Transaction, user_id: int) -> Known:
    """Look for a user everywhere."""
    addresses = queries.addresses_of(tx, user_id)
    cards = set(holding_queries.card_ids(tx, user_id))
    for found in (
        queries.cards_held(tx, user_id),
        queries.cards_of_passes(tx, user_id),
        queries.cards_merged(tx, user_id),
        queries.shares_of(tx, user_id),
        _closed_cards(tx, user_id),
    ):
        cards.update(found)
    # An address he only asked for is perhaps somebody else's.
    row = users.by_id(tx, user_id)
    email = None if row is None else row.email
    contacts = [] if email is None else queries.cards_of_address(tx, email)
    return Known(
        cards=frozenset(cards),
        contacts=frozenset(contacts) - cards,
        addresses=tuple(addresses),
        on_file=tuple(queries.addresses_on_file(tx, user_id)),
        joining=tuple(queries.accounts_joining(tx, user_id)),
    )


def _closed_cards(tx: Transaction, user_id: int) -> set[int]:
    """Find the cards that became one of his own, also by way of others."""
    found: set[int] = set()
    waiting = queries.cards_closed_for(tx, user_id)
    while waiting:
        card_id = waiting.pop()
        if card_id not in found:
            found.add(card_id)
            waiting += queries.cards_closed_into(tx, card_id)
    return found


def forget_user(
    tx: Transaction, user_id: int, known: Known, *, secrets: Secrets, now: int
) -> bytes:
    """Delete a user, sign him out everywhere and leave messages; return his public id.

    His family only, and the look-ups that point at him. Raises Unauthorized when he is gone.
    """
    row = users.lock_user(tx, user_id)
    if row is None:
        raise Unauthorized
    message_queries.note_user(tx, user_id, row.public_id, now)
    storage_queries.note_erased(tx, Erased("user", row.public_id, now))
    due_at = now + HEAD_START
    message_queries.put_messages(tx, user_id, CARD, sorted(known.cards), due_at=due_at)
    message_queries.put_messages(tx, user_id, CONTACT, sorted(known.contacts), due_at=due_at)
    message_queries.put_messages(tx, user_id, LOGS, [0], due_at=due_at)
    message_queries.put_messages(tx, user_id, STAFF, users.workplaces(tx, user_id), due_at=due_at)
    message_queries.put_messages(tx, user_id, USER, [0], due_at=now + LAST_LOOK)
    _delete_look_ups(tx, row, known, secrets)
    _delete_rows(tx, user_id)
    return row.public_id


def _delete_look_ups(tx: Transaction, row: users.UserRow, known: Known, secrets: Secrets) -> None:
    user_id, look_up = row.user_id, users.ERASE
    tokens = queries.token_hashes(tx, user_id)
    tx.run_many(look_up["session_by_token"], [(token,) for token in tokens])
    credentials = queries.credential_hashes(tx, user_id)
    tx.run_many(passkey_queries.ERASE["passkey_by_credential"], [(each,) for each in credentials])
    tx.run(look_up["user_by_public"], row.public_id)
    if row.email is not None:
        tx.run(look_up["user_by_email"], row.email)
    for address in known.addresses:
        hashed = address_hash(secrets, address)
        tx.run(look_up["sign_in_code"], hashed)
        tx.run(mail_queries.ERASE["mail"], hashed)
    scope = secrets.tag("idempotency-scope", f"user:{user_id}")
    tx.run(http_queries.ERASE["idempotency"], scope)


def _delete_rows(tx: Transaction, user_id: int) -> None:
    for statement in (
        passkey_queries.ERASE["passkey"],
        email_queries.ERASE["email_change"],
        email_queries.ERASE["user_merge"],
        promotion_queries.ERASE["promotion_sent"],
        picture_queries.ERASE["card_picture"],
        holding_queries.ERASE["holding"],
        users.ERASE["workplace"],
        users.ERASE["session"],
        users.ERASE["users"],
    ):
        tx.run(statement, user_id)

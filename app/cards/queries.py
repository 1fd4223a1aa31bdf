"""All SQL of cards themselves: the card, its look-ups, who holds it, its account and contact."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {
    "card": "UPDATE card SET number = '', barcode_value = '', barcode_format = 'none',"
    " shop_name = '', own_value = NULL, own_currency = NULL, valid_from = NULL,"
    " expires_at = NULL WHERE card_id = ?",
    "holder": "DELETE FROM holder WHERE card_id = ? AND user_id = ?",
    "contact": "DELETE FROM contact WHERE card_id = ?",
    "account": "UPDATE account SET fields = '[]', message = NULL WHERE card_id = ?",
    "statement": "DELETE FROM statement WHERE card_id = ?",
    "card_by_number": "DELETE FROM card_by_number WHERE program_id = ? AND kind = ? AND value = ?",
}
KEPT = {"card_by_public": "a random id and an id of ours"}
_OWNED = (
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
)
EXPORT = {  # of the cards that a user owns
    "contacts": "SELECT c.public_id AS card_id, k.email, k.phone, k.display_name, k.birthday,"
    " k.enrolled_at" + _OWNED + " JOIN contact k ON k.card_id = h.card_id WHERE h.user_id = ?",
    "statements": "SELECT c.public_id AS card_id, s.sequence, s.as_of, s.received_at, s.balances,"
    " s.tier, s.message" + _OWNED + " JOIN statement s ON s.card_id = h.card_id"
    " WHERE h.user_id = ? ORDER BY h.position, h.card_id, s.sequence",
    "holders": "SELECT c.public_id AS card_id, u.public_id AS user_id, u.display_name, r.access,"
    " r.since" + _OWNED + " JOIN holder r ON r.card_id = h.card_id AND r.user_id <> h.user_id"
    " JOIN users u ON u.user_id = r.user_id WHERE h.user_id = ? ORDER BY h.position, h.card_id",
}

SELECT_CARD = (
    "SELECT c.card_id, c.public_id, c.program_id, c.authority, c.shop_name, c.number,"
    " c.barcode_value, c.barcode_format, c.own_value, c.own_currency, c.valid_from, c.expires_at,"
    " c.created_at, c.voided_at"
)
ACCOUNT = (
    ", a.sequence, a.balances, a.tier, a.fields, a.next_expiry_at, a.next_expiry_units,"
    " a.message, a.is_message_new, a.as_of"
)
_CARD_COLUMNS, _ACCOUNT_COLUMNS = 14, 9


class CardRow(msgspec.Struct, frozen=True):
    """A card as it stands; `program_id` None: number only."""

    card_id: int
    public_id: bytes
    program_id: int | None
    authority: str
    shop_name: str
    number: str
    barcode_value: str
    barcode_format: str
    own_value: str | None
    own_currency: str | None
    valid_from: int | None
    expires_at: int | None
    created_at: int
    voided_at: int | None


class AccountRow(msgspec.Struct, frozen=True):
    """What is known of a card's balance; `as_of` None: nothing was told yet.

    `balances` and `fields` are JSON: {unit: value} and [{key, label, value}].
    """

    sequence: int
    balances: str
    tier: str | None
    fields: str
    next_expiry_at: int | None
    next_expiry_units: int | None
    message: str | None
    is_message_new: int
    as_of: int | None


class Contact(msgspec.Struct, frozen=True):
    """The contact on file."""

    email: str | None
    phone: str | None
    display_name: str | None
    birthday: str | None
    enrolled_at: int


class CardState(msgspec.Struct, frozen=True):
    """A card and its account; number-only cards have none."""

    card: CardRow
    account: AccountRow | None


def state_of(*row: object) -> CardState:
    """Make a state of the columns of card and account."""
    card = CardRow(*row[:_CARD_COLUMNS])  # type: ignore[arg-type]
    told = row[_CARD_COLUMNS : _CARD_COLUMNS + _ACCOUNT_COLUMNS]
    account = None if told[0] is None else AccountRow(*told)  # type: ignore[arg-type]
    return CardState(card, account)


def card_id_by_public(tx: Transaction, public_id: bytes) -> int | None:
    """Find a card by its public id."""
    found = tx.value("SELECT card_id FROM card_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None


def card_id_by_number(tx: Transaction, program_id: int, kind: str, value: str) -> int | None:
    """Find a card by what the program calls it; `kind`: number or barcode.

    None too for a number that was retired: its look-up stands, with card 0, so that it stays taken.
    """
    found = tx.value(
        "SELECT card_id FROM card_by_number WHERE program_id = ? AND kind = ? AND value = ?",
        *(program_id, kind, value),
    )
    return found if isinstance(found, int) and found else None


def is_retired(tx: Transaction, program_id: int, value: str) -> bool:
    """Say whether a number was a lost card's, and so belongs to nobody."""
    found = tx.value(
        "SELECT card_id FROM card_by_number WHERE program_id = ? AND kind = 'number' AND value = ?",
        *(program_id, value),
    )
    return found == 0


def lock_card(tx: Transaction, card_id: int) -> CardRow | None:
    """Lock the card that everything of its family hangs on."""
    sql = SELECT_CARD + " FROM card c WHERE c.card_id = ?"
    return tx.one(CardRow, sql + tx.for_update, card_id)


def card_state(tx: Transaction, card_id: int) -> CardState | None:
    """Read a card with its account."""
    return tx.one(
        state_of,
        SELECT_CARD + ACCOUNT + " FROM card c"
        " LEFT JOIN account a ON a.card_id = c.card_id WHERE c.card_id = ?",
        card_id,
    )


def insert_card(tx: Transaction, card: CardRow) -> None:
    """Make a card and the look-up of its public id."""
    tx.run(
        "INSERT INTO card (card_id, public_id, program_id, authority, shop_name, number,"
        " barcode_value, barcode_format, own_value, own_currency, valid_from, expires_at,"
        " created_at, voided_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(card),
    )
    tx.run(
        "INSERT INTO card_by_public (public_id, card_id) VALUES (?, ?)",
        *(card.public_id, card.card_id),
    )


def update_own_card(tx: Transaction, card: CardRow) -> None:
    """Write what the owner of a number-only card may change."""
    tx.run(
        "UPDATE card SET shop_name = ?, number = ?, barcode_value = ?, barcode_format = ?,"
        " own_value = ?, own_currency = ?, valid_from = ?, expires_at = ? WHERE card_id = ?",
        *(card.shop_name, card.number, card.barcode_value, card.barcode_format),
        *(card.own_value, card.own_currency, card.valid_from, card.expires_at, card.card_id),
    )


def void_card(tx: Transaction, card_id: int, now: int) -> None:
    """End a card for good."""
    tx.run("UPDATE card SET voided_at = ? WHERE card_id = ? AND voided_at IS NULL", now, card_id)


def forget_code(tx: Transaction, card_id: int) -> None:
    """Blank what a number-only card held: nobody keeps a record of it."""
    tx.run(
        "UPDATE card SET number = '', barcode_value = '', barcode_format = 'none',"
        " own_value = NULL, own_currency = NULL WHERE card_id = ?",
        card_id,
    )


def take_number(tx: Transaction, program_id: int, kind: str, value: str, *, card_id: int) -> bool:
    """Point a number or a barcode value at a card; False where another card has it."""
    return (
        tx.run(
            "INSERT INTO card_by_number (program_id, kind, value, card_id) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (program_id, kind, value) DO NOTHING",
            *(program_id, kind, value, card_id),
        )
        == 1
    )


def insert_account(tx: Transaction, card_id: int, now: int) -> None:
    """Open a card's account with nothing in it."""
    tx.run(
        "INSERT INTO account (card_id, sequence, balances, fields, is_message_new, received_at)"
        " VALUES (?, 0, '{}', '[]', 0, ?)",
        card_id,
        now,
    )


def insert_contact(tx: Transaction, card_id: int, contact: Contact) -> None:
    """Put a contact on file."""
    tx.run(
        "INSERT INTO contact (card_id, email, phone, display_name, birthday, enrolled_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        *(card_id, *msgspec.structs.astuple(contact)),
    )


def update_contact(tx: Transaction, card_id: int, contact: Contact) -> None:
    """Write a contact anew."""
    tx.run(
        "UPDATE contact SET email = ?, phone = ?, display_name = ?, birthday = ?, enrolled_at = ?"
        " WHERE card_id = ?",
        *(*msgspec.structs.astuple(contact), card_id),
    )


def contact(tx: Transaction, card_id: int) -> Contact | None:
    """Read the contact on file."""
    return tx.one(
        Contact,
        "SELECT email, phone, display_name, birthday, enrolled_at FROM contact WHERE card_id = ?",
        card_id,
    )


def access_of(tx: Transaction, card_id: int, user_id: int) -> str | None:
    """Say as what a user holds a card: owner, full or read; None when he does not."""
    found = tx.value(
        "SELECT access FROM holder WHERE card_id = ? AND user_id = ?", card_id, user_id
    )
    return found if isinstance(found, str) else None


def owner_of(tx: Transaction, card_id: int) -> int | None:
    """Return the user who owns a card, None while nobody does."""
    found = tx.value("SELECT user_id FROM holder WHERE card_id = ? AND access = 'owner'", card_id)
    return found if isinstance(found, int) else None


def holders_of(tx: Transaction, card_id: int) -> list[int]:
    """List who holds a card."""
    return tx.all(int, "SELECT user_id FROM holder WHERE card_id = ? ORDER BY user_id", card_id)


def insert_holder(tx: Transaction, card_id: int, user_id: int, *, access: str, now: int) -> None:
    """Let a user hold a card; under the card's lock."""
    tx.run(
        "INSERT INTO holder (card_id, user_id, access, since) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (card_id, user_id) DO NOTHING",
        *(card_id, user_id, access, now),
    )


def delete_holder(tx: Transaction, card_id: int, user_id: int) -> None:
    """End what one user has of a card."""
    tx.run("DELETE FROM holder WHERE card_id = ? AND user_id = ?", card_id, user_id)


def delete_holders(tx: Transaction, card_id: int) -> None:
    """End what all users have of a card."""
    tx.run("DELETE FROM holder WHERE card_id = ?", card_id)


class StatementRow(msgspec.Struct, frozen=True):
    """A statement as it left the account."""

    sequence: int
    as_of: int
    balances: str
    tier: str | None
    message: str | None


def statements_before(
    tx: Transaction, card_id: int, sequence: int, limit: int
) -> list[StatementRow]:
    """List a card's statements below a sequence, newest first."""
    return tx.all(
        StatementRow,
        "SELECT sequence, as_of, balances, tier, message FROM statement"
        " WHERE card_id = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
        *(card_id, sequence, limit),
    )

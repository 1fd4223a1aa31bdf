"""All SQL of Google Wallet: what it was told of each class and object, which callbacks came."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE = {"google_object": "DELETE FROM google_object WHERE card_id = ? AND serial = ?"}
KEPT = {
    "google_class": "a program's or shop's looks",
    "google_nonce": "hashes of random numbers",
}
EXPORT = {
    "google_wallet": "SELECT c.public_id AS card_id, g.is_inserted, p.installed, g.told_at"
    " FROM holding h JOIN card c ON c.card_id = h.card_id"
    " JOIN pass p ON p.card_id = h.card_id AND p.user_id = h.user_id"
    " JOIN google_object g ON g.card_id = p.card_id AND g.serial = p.serial"
    " WHERE h.user_id = ? ORDER BY h.card_id",
}


class ObjectRow(msgspec.Struct, frozen=True, kw_only=True):
    """A loyaltyObject; `told` None: say everything. Times in JSON lists, Unix microseconds."""

    card_id: int
    serial: bytes
    issuer_id: int
    class_suffix: str
    is_inserted: int = 0
    told: bytes | None = None
    told_at: int | None = None
    link: str | None = None
    link_card_revision: int = 0
    link_program_revision: int = 0
    is_link_fat: int = 0
    pushed_at: str = "[]"
    spoken_at: str = "[]"
    refused: str | None = None


class ClassRow(msgspec.Struct, frozen=True, kw_only=True):
    """A loyaltyClass of a program, or of a shop that has none."""

    issuer_id: int
    suffix: str
    program_id: int | None = None
    shop_name: str | None = None
    is_inserted: int = 0
    told: bytes | None = None
    wanted: int = 1
    done: int = 0
    attempts: int = 0
    next_at: int = 0
    claimed_until: int = 0
    refused: str | None = None
    listed_at: int = 0
    list_page: str | None = None


_OBJECT_COLUMNS = ", ".join(ObjectRow.__struct_fields__)
_CLASS_COLUMNS = ", ".join(ClassRow.__struct_fields__)
_OBJECT = f"SELECT {_OBJECT_COLUMNS} FROM google_object"  # noqa: S608  # names of ours
_CLASS = f"SELECT {_CLASS_COLUMNS} FROM google_class"  # noqa: S608


def _object(*row: object) -> ObjectRow:
    return ObjectRow(**dict(zip(ObjectRow.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]


def _class(*row: object) -> ClassRow:
    return ClassRow(**dict(zip(ClassRow.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]


def object_of(tx: Transaction, card_id: int, serial: bytes) -> ObjectRow | None:
    """Read what Google was told of a pass."""
    return tx.one(_object, _OBJECT + " WHERE card_id = ? AND serial = ?", card_id, serial)


def objects_of_card(tx: Transaction, card_id: int) -> list[ObjectRow]:
    """List a card's objects, of every user, voided ones too."""
    return tx.all(_object, _OBJECT + " WHERE card_id = ? ORDER BY serial", card_id)


def insert_object(tx: Transaction, row: ObjectRow) -> None:
    """Begin an object; an existing one stays as it is."""
    tx.run(
        "INSERT INTO google_object (card_id, serial, issuer_id, class_suffix, is_inserted, told,"
        " told_at, link, link_card_revision, link_program_revision, is_link_fat, pushed_at,"
        " spoken_at, refused) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, serial) DO NOTHING",
        *msgspec.structs.astuple(row),
    )


def set_class(tx: Transaction, row: ObjectRow) -> None:
    """Put an object that Google does not have under another class of its issuer."""
    tx.run(
        "UPDATE google_object SET class_suffix = ? WHERE card_id = ? AND serial = ?",
        *(row.class_suffix, row.card_id, row.serial),
    )


def set_link(tx: Transaction, row: ObjectRow) -> None:
    """Keep a save link, the revisions it shows, and what Google will know once it is used."""
    tx.run(
        "UPDATE google_object SET link = ?, link_card_revision = ?, link_program_revision = ?,"
        " is_link_fat = ?, told = ? WHERE card_id = ? AND serial = ?",
        *(row.link, row.link_card_revision, row.link_program_revision, row.is_link_fat, row.told),
        *(row.card_id, row.serial),
    )


def set_told(tx: Transaction, row: ObjectRow) -> None:
    """Note what Google was told of an object, when its phone spoke, and what was refused."""
    tx.run(
        "UPDATE google_object SET is_inserted = ?, told = ?, told_at = ?, pushed_at = ?,"
        " spoken_at = ?, refused = ? WHERE card_id = ? AND serial = ?",
        *(row.is_inserted, row.told, row.told_at, row.pushed_at, row.spoken_at, row.refused),
        *(row.card_id, row.serial),
    )


def class_of(tx: Transaction, issuer_id: int, suffix: str) -> ClassRow | None:
    """Read a class."""
    return tx.one(_class, _CLASS + " WHERE issuer_id = ? AND suffix = ?", issuer_id, suffix)


def lock_class(tx: Transaction, issuer_id: int, suffix: str) -> ClassRow | None:
    """Read a class and hold its row for this unit of work."""
    sql = _CLASS + " WHERE issuer_id = ? AND suffix = ?" + tx.for_update
    return tx.one(_class, sql, issuer_id, suffix)


def insert_class(tx: Transaction, row: ClassRow) -> None:
    """Begin a class; an existing one stays as it is, but one without its name gets it again."""
    tx.run(
        "INSERT INTO google_class (issuer_id, suffix, program_id, shop_name, is_inserted, told,"
        " wanted, done, attempts, next_at, claimed_until, refused, listed_at, list_page)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (issuer_id, suffix) DO UPDATE SET shop_name = excluded.shop_name,"
        " wanted = google_class.wanted + 1, next_at = 0, attempts = 0"
        " WHERE google_class.program_id IS NULL AND google_class.shop_name IS NULL",
        *msgspec.structs.astuple(row),
    )


def shop_classes_of(tx: Transaction, card_id: int) -> list[tuple[int, str]]:
    """List issuer and suffix of the classes of shops that a card's objects have."""
    return tx.all(
        lambda issuer_id, suffix: (int(issuer_id), str(suffix)),
        "SELECT DISTINCT o.issuer_id, o.class_suffix FROM google_object o JOIN google_class k"
        " ON k.issuer_id = o.issuer_id AND k.suffix = o.class_suffix"
        " WHERE o.card_id = ? AND k.program_id IS NULL AND k.shop_name IS NOT NULL",
        card_id,
    )


def forget_shop(tx: Transaction, issuer_id: int, suffix: str, *, now: int) -> None:
    """Take the shop's name off a class that no card has any more. # across: who else has it"""
    tx.run(
        "UPDATE google_class SET shop_name = NULL, wanted = wanted + 1, next_at = ?,"
        " attempts = 0 WHERE issuer_id = ? AND suffix = ? AND program_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM google_object o JOIN card c ON c.card_id = o.card_id"
        " WHERE o.issuer_id = google_class.issuer_id AND o.class_suffix = google_class.suffix"
        " AND c.voided_at IS NULL)",
        *(now, issuer_id, suffix),
    )


def want_class(tx: Transaction, issuer_id: int, suffix: str, *, now: int) -> None:
    """Say that what a class shows has changed."""
    tx.run(
        "UPDATE google_class SET wanted = wanted + 1, next_at = ?, attempts = 0"
        " WHERE issuer_id = ? AND suffix = ?",
        *(now, issuer_id, suffix),
    )


def due_classes(tx: Transaction, issuer_id: int, now: int, limit: int) -> list[ClassRow]:
    """List an issuer's classes with something to tell. # across: what the worker takes"""
    sql = (
        " WHERE issuer_id = ? AND wanted > done AND next_at <= ? AND claimed_until <= ?"
        " ORDER BY next_at LIMIT ?"
    )
    return tx.all(_class, _CLASS + sql, issuer_id, now, now, limit)


def claim_class(
    tx: Transaction, issuer_id: int, suffix: str, *, now: int, until: int
) -> ClassRow | None:
    """Take a class until a moment; None when another worker has it or all is told."""
    found = tx.run(
        "UPDATE google_class SET claimed_until = ?, attempts = attempts + 1"
        " WHERE issuer_id = ? AND suffix = ? AND wanted > done AND claimed_until <= ?",
        *(until, issuer_id, suffix, now),
    )
    return class_of(tx, issuer_id, suffix) if found == 1 else None


def settle_class(tx: Transaction, row: ClassRow, *, told_to: int) -> None:
    """Note what Google was told of a class, up to which count, and let the row go."""
    tx.run(
        "UPDATE google_class SET is_inserted = ?, told = ?, refused = ?, attempts = 0,"
        " done = CASE WHEN done < ? THEN ? ELSE done END, claimed_until = 0"
        " WHERE issuer_id = ? AND suffix = ?",
        *(row.is_inserted, row.told, row.refused, told_to, told_to, row.issuer_id, row.suffix),
    )


def delay_class(tx: Transaction, issuer_id: int, suffix: str, *, next_at: int) -> None:
    """Tell a class later."""
    tx.run(
        "UPDATE google_class SET next_at = ?, claimed_until = 0 WHERE issuer_id = ? AND suffix = ?",
        *(next_at, issuer_id, suffix),
    )


def class_to_list(tx: Transaction, issuer_id: int, before: int) -> ClassRow | None:
    """Find the class whose objects were listed longest ago. # across: what the worker takes"""
    sql = " WHERE issuer_id = ? AND is_inserted = 1 AND listed_at < ? ORDER BY listed_at LIMIT 1"
    return tx.one(_class, _CLASS + sql, issuer_id, before)


def set_listed(tx: Transaction, row: ClassRow) -> None:
    """Note how far the list of a class's objects came; `listed_at` moves when it is whole."""
    tx.run(
        "UPDATE google_class SET listed_at = ?, list_page = ? WHERE issuer_id = ? AND suffix = ?",
        *(row.listed_at, row.list_page, row.issuer_id, row.suffix),
    )


def refused_cards(
    tx: Transaction, issuer_id: int, suffix: str, limit: int
) -> list[tuple[str, str]]:
    """List numbers and reasons of a class's refused cards. # across: what its merchant mends"""
    return tx.all(
        lambda number, refused: (str(number), str(refused)),
        "SELECT c.number, o.refused FROM google_object o JOIN card c ON c.card_id = o.card_id"
        " WHERE o.issuer_id = ? AND o.class_suffix = ? AND o.refused IS NOT NULL"
        " AND c.voided_at IS NULL ORDER BY o.card_id LIMIT ?",
        *(issuer_id, suffix, limit),
    )


def take_nonce(tx: Transaction, issuer_id: int, nonce_hash: bytes, expires_at: int) -> bool:
    """Note a callback's nonce; False when it was seen."""
    sql = (
        "INSERT INTO google_nonce (issuer_id, nonce_hash, expires_at) VALUES (?, ?, ?)"
        " ON CONFLICT (issuer_id, nonce_hash) DO NOTHING"
    )
    return tx.run(sql, issuer_id, nonce_hash, expires_at) == 1


def old_nonces(tx: Transaction, before: int, limit: int) -> list[tuple[int, bytes]]:
    """List nonces of callbacks that are believed no more. # across: what is pruned"""
    return tx.all(
        lambda issuer_id, nonce_hash: (int(issuer_id), bytes(nonce_hash)),
        "SELECT issuer_id, nonce_hash FROM google_nonce WHERE expires_at < ? LIMIT ?",
        *(before, limit),
    )


def delete_nonces(tx: Transaction, nonces: list[tuple[int, bytes]]) -> None:
    """Forget nonces. # batch"""
    tx.run_many("DELETE FROM google_nonce WHERE issuer_id = ? AND nonce_hash = ?", nonces)

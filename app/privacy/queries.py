"""SQL of where traces of a user stand, across the rooms that keep them."""

from __future__ import annotations

from app.storage.database import Transaction


def cards_held(tx: Transaction, user_id: int) -> list[int]:
    """List the cards a user holds, also where his holding is missing. # across: by his id"""
    return tx.all(int, "SELECT card_id FROM holder WHERE user_id = ? ORDER BY card_id", user_id)


def cards_of_passes(tx: Transaction, user_id: int) -> list[int]:
    """List the cards of which a user ever had a pass. # across: by his id"""
    sql = "SELECT DISTINCT card_id FROM pass WHERE user_id = ? ORDER BY card_id"
    return tx.all(int, sql, user_id)


def cards_merged(tx: Transaction, user_id: int) -> list[int]:
    """List the cards that ended for one of a user's own. # across: by his id"""
    return tx.all(
        int,
        "SELECT a.card_id FROM ledger_account a JOIN holder o ON o.card_id = a.merged_into"
        " WHERE o.user_id = ? AND o.access = 'owner' ORDER BY a.card_id",
        user_id,
    )


def cards_closed_for(tx: Transaction, user_id: int) -> list[int]:
    """List the cards that a merchant closed in favour of a user's own. # across: by his id"""
    return tx.all(
        int,
        "SELECT m.card_id FROM card_merge m JOIN holder o ON o.card_id = m.into_card_id"
        " WHERE o.user_id = ? AND o.access = 'owner' ORDER BY m.card_id",
        user_id,
    )


def cards_closed_into(tx: Transaction, card_id: int) -> list[int]:
    """List the cards that were closed in favour of one. # across: by the card that got all"""
    sql = "SELECT card_id FROM card_merge WHERE into_card_id = ? ORDER BY card_id"
    return tx.all(int, sql, card_id)


def cards_of_address(tx: Transaction, email: str) -> list[int]:
    """List the cards that have an address on file. # across: by the address"""
    sql = "SELECT card_id FROM contact WHERE lower(email) = ? ORDER BY card_id"
    return tx.all(int, sql, email)


def shares_of(tx: Transaction, user_id: int) -> list[int]:
    """List the cards to which a user was invited or invited others. # across: by his id"""
    sql = "SELECT DISTINCT card_id FROM share WHERE made_by = ? OR used_by = ? ORDER BY card_id"
    return tx.all(int, sql, user_id, user_id)


def holders_beside(tx: Transaction, card_id: int, user_id: int) -> list[int]:
    """List who else holds a card."""
    return tx.all(
        int,
        "SELECT user_id FROM holder WHERE card_id = ? AND user_id <> ? ORDER BY user_id",
        *(card_id, user_id),
    )


def is_told(tx: Transaction, card_id: int, channel: str) -> bool:
    """Say whether a channel of a card has nothing left to tell."""
    sql = "SELECT 1 FROM outbox WHERE card_id = ? AND channel = ? AND wanted > done"
    return tx.value(sql, card_id, channel) is None


def devices_of(tx: Transaction, card_id: int) -> list[int]:
    """List the devices on which a card's voided passes are registered."""
    return tx.all(
        int,
        "SELECT DISTINCT r.device_id FROM registration r JOIN pass p ON p.card_id = r.card_id"
        " AND p.serial = r.serial WHERE r.card_id = ? AND p.voided_at IS NOT NULL",
        card_id,
    )


def delete_registrations(tx: Transaction, card_id: int) -> None:
    """End the registrations of a card's voided passes."""
    tx.run(
        "DELETE FROM registration WHERE card_id = ? AND serial IN"
        " (SELECT serial FROM pass WHERE card_id = ? AND voided_at IS NOT NULL)",
        *(card_id, card_id),
    )


def live_passes(tx: Transaction, device_id: int) -> int:
    """Count the passes in force that a device holds."""
    found = tx.value(
        "SELECT count(*) FROM device_pass d JOIN pass p ON p.card_id = d.card_id"
        " AND p.serial = d.serial WHERE d.device_id = ? AND p.voided_at IS NULL",
        device_id,
    )
    return found if isinstance(found, int) else 0


def is_pushed(tx: Transaction, device_id: int) -> bool:
    """Say whether nothing waits to be pushed to a device, or nothing can be."""
    sql = "SELECT 1 FROM device_feed WHERE device_id = ? AND feed > pushed AND parked IS NULL"
    return tx.value(sql, device_id) is None


def delete_ended_passes(tx: Transaction, device_id: int) -> None:
    """Take passes that have ended from a device which keeps others."""
    tx.run(
        "DELETE FROM device_pass WHERE device_id = ? AND serial IN"
        " (SELECT p.serial FROM pass p JOIN device_pass d ON d.card_id = p.card_id"
        " AND d.serial = p.serial WHERE d.device_id = ? AND p.voided_at IS NOT NULL)",
        *(device_id, device_id),
    )


def delete_device(tx: Transaction, device_id: int) -> None:
    """Delete a device that holds nothing."""
    tx.run("DELETE FROM device WHERE device_id = ?", device_id)


def ended_serials(tx: Transaction, card_id: int) -> list[bytes]:
    """List a card's voided passes."""
    sql = "SELECT serial FROM pass WHERE card_id = ? AND voided_at IS NOT NULL"
    return tx.all(bytes, sql, card_id)


def library_of(tx: Transaction, device_id: int) -> bytes | None:
    """Find the hash of a device's library id."""
    found = tx.value("SELECT library_hash FROM device WHERE device_id = ?", device_id)
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def logged_by(tx: Transaction, library_hash: bytes) -> list[tuple[int, int]]:
    """List the lines that a device logged. # across: by its hash"""
    return tx.all(
        lambda at, log_id: (int(at), int(log_id)),
        "SELECT at, log_id FROM apple_log WHERE library_hash = ?",
        library_hash,
    )


def logged_of(tx: Transaction, user_id: int) -> list[tuple[int, int]]:
    """List the lines that devices logged of a user's passes. # across: by their serials"""
    return tx.all(
        lambda at, log_id: (int(at), int(log_id)),
        "SELECT at, log_id FROM apple_log WHERE serial IN"
        " (SELECT serial FROM pass WHERE user_id = ?)",
        user_id,
    )


def token_hashes(tx: Transaction, user_id: int) -> list[bytes]:
    """List the hashes of a user's session tokens."""
    return tx.all(bytes, "SELECT token_hash FROM session WHERE user_id = ?", user_id)


def credential_hashes(tx: Transaction, user_id: int) -> list[bytes]:
    """List the hashes of a user's credentials. # across: by his id"""
    sql = "SELECT credential_hash FROM passkey_by_credential WHERE user_id = ?"
    return tx.all(bytes, sql, user_id)


def addresses_of(tx: Transaction, user_id: int) -> list[str]:
    """List the addresses a user has, or asked for."""
    sql = "SELECT email FROM users WHERE user_id = ? AND email IS NOT NULL"
    found = tx.all(str, sql, user_id)
    return found + tx.all(str, "SELECT email FROM email_change WHERE user_id = ?", user_id)


def addresses_on_file(tx: Transaction, user_id: int) -> list[str]:
    """List the addresses on file of the cards that a user owns."""
    return tx.all(
        str,
        "SELECT k.email FROM holding h JOIN contact k ON k.card_id = h.card_id"
        " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
        " WHERE h.user_id = ? AND k.email IS NOT NULL",
        user_id,
    )


def accounts_joining(tx: Transaction, user_id: int) -> list[int]:
    """List the accounts that were on their way into a user's."""
    sql = "SELECT from_user FROM user_merge WHERE user_id = ? ORDER BY from_user"
    return tx.all(int, sql, user_id)


def claim_hashes(tx: Transaction, card_id: int) -> list[bytes]:
    """List the hashes of a card's claim tokens, used ones too."""
    return tx.all(bytes, "SELECT token_hash FROM claim WHERE card_id = ?", card_id)


def one_time_hashes(tx: Transaction, card_id: int) -> list[bytes]:
    """List the hashes of a card's one-time codes."""
    return tx.all(bytes, "SELECT code_hash FROM one_time_code WHERE card_id = ?", card_id)


def share_hashes_by(tx: Transaction, card_id: int, user_id: int) -> list[bytes]:
    """List the hashes of the invitations to a card that a user made or has used."""
    sql = "SELECT token_hash FROM share WHERE card_id = ? AND (made_by = ? OR used_by = ?)"
    return tx.all(bytes, sql, card_id, user_id, user_id)


def forget_links(tx: Transaction, card_id: int) -> None:
    """Forget the save links of a card's ended passes: they hold what it showed."""
    tx.run(
        "UPDATE google_object SET link = NULL, told = NULL WHERE card_id = ? AND serial IN"
        " (SELECT serial FROM pass WHERE card_id = ? AND voided_at IS NOT NULL)",
        *(card_id, card_id),
    )


def delete_ended_holdings(tx: Transaction, user_id: int) -> int:
    """Take cards that have ended out of a user's wallet; return how many."""
    return tx.run(
        "DELETE FROM holding WHERE user_id = ? AND card_id IN"
        " (SELECT card_id FROM card WHERE voided_at IS NOT NULL)",
        user_id,
    )


def delete_ended_pictures(tx: Transaction, user_id: int) -> None:
    """Delete a user's pictures of cards that have ended."""
    tx.run(
        "DELETE FROM card_picture WHERE user_id = ? AND card_id IN"
        " (SELECT card_id FROM card WHERE voided_at IS NOT NULL)",
        user_id,
    )


def forget_address(tx: Transaction, card_id: int) -> None:
    """Take the address from a contact on file; the rest is somebody else's."""
    tx.run("UPDATE contact SET email = NULL WHERE card_id = ?", card_id)


def owned_with_account(tx: Transaction, user_id: int) -> list[int]:
    """List the cards of programs that a user owns, in his order."""
    return tx.all(
        int,
        "SELECT h.card_id FROM holding h JOIN card c ON c.card_id = h.card_id"
        " JOIN holder o ON o.card_id = h.card_id AND o.user_id = h.user_id AND o.access = 'owner'"
        " WHERE h.user_id = ? AND c.program_id IS NOT NULL ORDER BY h.position, h.card_id",
        user_id,
    )

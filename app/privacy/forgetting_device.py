"""What an erasure asks of phones: once they know that passes have ended, they are forgotten."""

from __future__ import annotations

from app.apple import queries as apple_queries
from app.cards import queries as card_queries
from app.google import queries as google_queries
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.privacy import queries
from app.storage.database import Transaction


def forget_registrations(tx: Transaction, card_id: int) -> bool:
    """Forget which devices hold a card's ended passes; False: they are still to be told."""
    card = card_queries.lock_card(tx, card_id)
    if not queries.is_told(tx, card_id, outbox.APPLE):
        return False
    queries.delete_registrations(tx, card_id)
    if card is not None and card.voided_at is not None:
        outbox_queries.close_channel(tx, card_id, outbox.APPLE)
    return True


def forget_push_token(tx: Transaction, device_id: int) -> bool:
    """Forget a device's push token; False: a push to it is still under way.

    A device with passes in force keeps its token: it is somebody else's too.
    """
    apple_queries.lock_device(tx, device_id)
    if queries.live_passes(tx, device_id):
        return True
    if not queries.is_pushed(tx, device_id):
        return False
    tx.run(apple_queries.ERASE["device"], device_id)
    return True


def forget_device(tx: Transaction, device_id: int) -> None:
    """Forget a device whose passes have all ended; one with others forgets the ended ones."""
    apple_queries.lock_device(tx, device_id)
    if queries.live_passes(tx, device_id):
        queries.delete_ended_passes(tx, device_id)
        return
    library_hash = queries.library_of(tx, device_id)
    if library_hash is not None:
        tx.run(apple_queries.ERASE["device_by_library"], library_hash)
    tx.run(apple_queries.ERASE["device_pass"], device_id)
    tx.run(apple_queries.ERASE["device_feed"], device_id)
    queries.delete_device(tx, device_id)


def forget_remains(tx: Transaction, card_id: int) -> None:
    """Forget what Google was told of a card's ended passes: they are served no more."""
    card_queries.lock_card(tx, card_id)
    for serial in queries.ended_serials(tx, card_id):
        tx.run(google_queries.ERASE["google_object"], card_id, serial)

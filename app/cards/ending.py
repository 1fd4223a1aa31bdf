"""What ends with a holder's share, or with a phone he lost: his passes, and codes made before."""

from __future__ import annotations

from app.cards import code_queries, pass_queries, queries, share_queries
from app.cards.codes import draw_sealed_secret
from app.http.ports import Ports
from app.outbox import service as outbox
from app.storage.database import Transaction


def draw_end(ports: Ports) -> bytes:
    """Draw, sealed, what a card's codes are made of from now on, in case they rotate."""
    return draw_sealed_secret(ports.ids, ports.secrets)


def end_holding(tx: Transaction, card_id: int, user_id: int, *, sealed: bytes, now: int) -> None:
    """Take a card from somebody who was shared it; under the card's lock, its family only."""
    queries.delete_holder(tx, card_id, user_id)
    for row in share_queries.of_card(tx, card_id):
        if row.used_by == user_id:
            share_queries.delete(tx, row)
    pass_queries.void_of_user(tx, card_id, user_id, now)
    renew_codes(tx, card_id, sealed=sealed, now=now)
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)


def end_sharing(tx: Transaction, card_id: int) -> None:
    """Forget every invitation to a card; under the card's lock, its family only."""
    for row in share_queries.of_card(tx, card_id):
        share_queries.delete(tx, row)


def renew_codes(tx: Transaction, card_id: int, *, sealed: bytes, now: int) -> None:
    """End codes that somebody may still show: a phone made them by a secret that it keeps."""
    code_queries.end_one_time_codes(tx, card_id, now)
    code_queries.renew_secret(tx, card_id, sealed, now)

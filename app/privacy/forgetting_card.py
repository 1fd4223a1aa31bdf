"""What an erasure asks of a card: a user's own is blank and ended, a shared one he leaves."""

from __future__ import annotations

import msgspec

from app.apple import queries as apple_queries
from app.cards import (
    claim_queries,
    code_queries,
    consent_queries,
    member_queries,
    missing_queries,
    pass_queries,
    promotion_queries,
    queries,
    share_queries,
)
from app.cards.ending import end_sharing, renew_codes
from app.cards.numbers import look_up_key
from app.cards.queries import CardRow
from app.cards.registering import OWNER
from app.google import documents
from app.google import queries as google_queries
from app.http import queries as http_queries
from app.http.secrets import Secrets
from app.ledger import queries as ledger_queries
from app.outbox import mail_queries
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.partners import delivery_queries
from app.privacy import queries as privacy_queries
from app.programs import service as programs
from app.storage import queries as storage_queries
from app.storage.database import Transaction
from app.storage.queries import Erased
from app.users.addresses import address_hash


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A card that shall forget a user.

    `event_id`: of the event that tells its merchant; `sealed`: of `ending.draw_end`.
    """

    card_id: int
    user_id: int
    sealed: bytes
    secrets: Secrets
    event_id: bytes
    now: int


def forget_on_card(tx: Transaction, asked: Asked) -> bytes | None:
    """Let a card forget a user, and return its public id if it is gone for good with him.

    The card's family and its look-ups. A second time changes nothing.
    """
    card = queries.lock_card(tx, asked.card_id)
    if card is None:
        return None
    access = queries.access_of(tx, asked.card_id, asked.user_id)
    has_ended = card.voided_at is not None and not privacy_queries.holders_beside(
        tx, asked.card_id, asked.user_id
    )
    if access == OWNER or has_ended:
        end_card(tx, card, asked)
        return card.public_id
    for hashed in privacy_queries.share_hashes_by(tx, asked.card_id, asked.user_id):
        tx.run(share_queries.ERASE["share_by_token"], hashed)
    tx.run(share_queries.ERASE["share"], asked.card_id, asked.user_id, asked.user_id)
    if access is not None:
        tx.run(queries.ERASE["holder"], asked.card_id, asked.user_id)
        renew_codes(tx, asked.card_id, sealed=asked.sealed, now=asked.now)
    pass_queries.void_of_user(tx, asked.card_id, asked.user_id, asked.now)
    _tell(tx, card, asked.now)
    return None


def end_card(tx: Transaction, card: CardRow, asked: Asked) -> bool:
    """Blank a card and end it; False: it was before.

    Its ledger stays as figures by an id that names nobody.
    """
    card_id, now = card.card_id, asked.now
    if card.number == "" and card.voided_at is not None and card.shop_name == "":
        return False
    _delete_contact(tx, card, asked.secrets)
    _delete_look_ups(tx, card)
    pass_queries.void(tx, card_id, now)
    queries.void_card(tx, card_id, now)
    _delete_rows(tx, card_id)
    tx.run(http_queries.ERASE["idempotency"], _scope(asked.secrets, card_id))
    storage_queries.note_erased(tx, Erased("card", card.public_id, now))
    if card.program_id is not None:
        outbox.record(
            tx, card_id, "card.deleted", event_public_id=asked.event_id, facts={}, now=now
        )
    _tell(tx, card, now)
    return True


def forget_contact(tx: Transaction, asked: Asked) -> None:
    """Forget who is on file of a card that the user does not hold.

    Nobody's card is its merchant's record and stays, without contact; of a card that somebody
    else holds only the address goes.
    """
    card = queries.lock_card(tx, asked.card_id)
    if card is None:
        return
    if queries.owner_of(tx, asked.card_id) is not None:
        privacy_queries.forget_address(tx, asked.card_id)
        return
    _delete_contact(tx, card, asked.secrets)
    tx.run(ledger_queries.ERASE["ledger_birthday"], asked.card_id)
    tx.run(claim_queries.ERASE["link_code"], asked.card_id)
    tx.run(consent_queries.ERASE["consent"], asked.card_id)


def _delete_contact(tx: Transaction, card: CardRow, secrets: Secrets) -> None:
    contact = queries.contact(tx, card.card_id)
    if contact is not None and contact.email is not None:
        tx.run(mail_queries.ERASE["mail"], address_hash(secrets, contact.email))
    tx.run(queries.ERASE["contact"], card.card_id)


def _delete_look_ups(tx: Transaction, card: CardRow) -> None:
    card_id = card.card_id
    for public_id in delivery_queries.ids_of_card(tx, card_id):
        tx.run(delivery_queries.ERASE["webhook_delivery_by_public"], public_id)
    if card.program_id is not None:
        for kind, value in (("number", card.number), ("barcode", card.barcode_value)):
            place = (card.program_id, kind, look_up_key(value))
            if queries.card_id_by_number(tx, *place) == card_id:
                tx.run(queries.ERASE["card_by_number"], *place)
        _delete_former_numbers(tx, card_id, card.program_id)
    for token in privacy_queries.claim_hashes(tx, card_id):
        tx.run(claim_queries.ERASE["claim_by_token"], token)
    for code in privacy_queries.one_time_hashes(tx, card_id):
        code_queries.delete_one_time_code(tx, card_id, code)
    for request in missing_queries.public_ids(tx, card_id):
        tx.run(missing_queries.ERASE["missing_points_by_public"], request)
    end_sharing(tx, card_id)


def _delete_former_numbers(tx: Transaction, card_id: int, program_id: int) -> None:
    """Free the numbers that a card had before: their look-ups point at nobody."""
    for row in member_queries.former_numbers(tx, card_id):
        for kind, value in (("number", row.number), ("barcode", row.barcode_value)):
            place = (program_id, kind, look_up_key(value))
            if queries.card_id_by_number(tx, *place) is None:
                tx.run(queries.ERASE["card_by_number"], *place)


def _delete_rows(tx: Transaction, card_id: int) -> None:
    for statement in (
        queries.ERASE["card"],
        queries.ERASE["account"],
        queries.ERASE["statement"],
        claim_queries.ERASE["claim"],
        claim_queries.ERASE["link_code"],
        member_queries.ERASE["former_number"],
        member_queries.ERASE["card_merge"],
        member_queries.ERASE["card_note"],
        code_queries.ERASE["card_secret"],
        code_queries.ERASE["used_step"],
        code_queries.ERASE["one_time_code"],
        consent_queries.ERASE["consent"],
        missing_queries.ERASE["missing_points"],
        apple_queries.ERASE["pass_link"],
        ledger_queries.ERASE["reason_text"],
        ledger_queries.ERASE["ledger_birthday"],
        outbox_queries.ERASE["event"],
        promotion_queries.ERASE["card_promotion"],
        promotion_queries.ERASE["card_visit"],
        delivery_queries.ERASE["webhook_body"],
        delivery_queries.ERASE["webhook_attempt"],
        delivery_queries.ERASE["webhook_delivery"],
        delivery_queries.ERASE["webhook_lane"],
    ):
        tx.run(statement, card_id)
    queries.delete_holders(tx, card_id)


def _tell(tx: Transaction, card: CardRow, now: int) -> None:
    """Have phones and Google told. Google keeps an object for ever: also unsaved ones go blank."""
    card_id = card.card_id
    privacy_queries.forget_links(tx, card_id)
    program = None if card.program_id is None else programs.program_by_id(tx, card.program_id)
    merchant_id = program.merchant_id if program else programs.SERVER
    revision = outbox_queries.revision(tx, card_id)
    for known in google_queries.objects_of_card(tx, card_id):
        if known.is_inserted:
            channel = documents.channel_of(known.issuer_id)
            outbox_queries.open_channel(
                tx, card_id, channel, merchant_id, revision=revision, done=revision
            )
    outbox.touch(tx, card_id, now=now, priority=outbox.SINGLE)


def _scope(secrets: Secrets, card_id: int) -> bytes:
    return secrets.tag("idempotency-scope", f"claim:{card_id}")

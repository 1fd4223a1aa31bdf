"""Obeys messages of an erasure: units of work, each of one family, then they are dropped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from app.apple import queries as apple_queries
from app.apple.service import VOIDED_SHOWN
from app.cards.ending import draw_end
from app.clock import SECOND
from app.google import queries as google_queries
from app.http.ports import Ports
from app.outbox import service as outbox
from app.privacy import (
    erased_list,
    forgetting_device,
    kinds,
    message_queries,
    queries,
)
from app.privacy.forgetting_card import Asked, forget_contact, forget_on_card
from app.privacy.mails import ended_mail
from app.privacy.message_queries import Message
from app.programs import merchant_queries
from app.storage.database import Transaction
from app.storage.queries import Erased
from app.users import queries as users
from app.users.addresses import address_hash

LOOK_AGAIN = 5 * SECOND  # at phones that are still to be told


async def obey(ports: Ports, messages: Sequence[Message]) -> list[Message]:
    """Do what messages of one user and one kind ask, and drop them.

    Returns those that cannot be obeyed yet; they were put off. Raises what stands in the way of the
    first that failed: it and those behind it stay as they are.
    """
    kind, user_id = messages[0].kind, messages[0].user_id
    match kind:
        case kinds.CARD:
            await _cards(ports, user_id, [each.target_id for each in messages])
            left: set[int] = set()
        case kinds.PHONES:
            left = await _phones(ports, user_id, [each.target_id for each in messages])
        case _:
            left = {each.target_id for each in messages if not await _done(ports, each)}
    later = ports.clock.wall() + LOOK_AGAIN
    waiting = [each for each in messages if each.target_id in left]
    obeyed = [each for each in messages if each.target_id not in left]

    def settle(tx: Transaction) -> None:
        message_queries.drop(tx, obeyed)
        for message in waiting:
            message_queries.put_off(tx, message, later)

    await ports.database.write(settle)
    return waiting


async def _done(ports: Ports, message: Message) -> bool:
    write, target_id = ports.database.write, message.target_id
    match message.kind:
        case kinds.CONTACT:
            asked = _asked(ports, message.user_id, target_id)
            await write(lambda tx: forget_contact(tx, asked))
        case kinds.HOLDER:
            await _holder(ports, message)
        case kinds.LOGS:
            await _delete_lines(ports, message)
        case kinds.STAFF:
            statement = merchant_queries.ERASE["staff"]
            await write(lambda tx: tx.run(statement, target_id, message.user_id))
        case kinds.DEVICE:
            return await write(lambda tx: forgetting_device.forget_push_token(tx, target_id))
        case kinds.LIBRARY:
            await _delete_lines(ports, message)
            await write(lambda tx: forgetting_device.forget_device(tx, target_id))
        case kinds.REMAINS:
            await write(lambda tx: forgetting_device.forget_remains(tx, target_id))
        case kinds.USER:
            return await _looked_again(ports, message)
    return True


def _asked(ports: Ports, user_id: int, card_id: int) -> Asked:
    return Asked(
        card_id=card_id,
        user_id=user_id,
        sealed=draw_end(ports),
        secrets=ports.secrets,
        event_id=ports.ids.public(),
        now=ports.clock.wall(),
    )


async def _cards(ports: Ports, user_id: int, card_ids: Sequence[int]) -> None:
    """Leave messages to whoever must hear of it, then let the cards forget him, each by itself."""
    now = ports.clock.wall()

    def others(tx: Transaction) -> set[int]:
        found = (queries.holders_beside(tx, card_id, user_id) for card_id in card_ids)
        return {holder for holders in found for holder in holders}

    holders = await ports.database.read(others)

    def leave_messages(tx: Transaction) -> None:
        put = partial(message_queries.put_messages, tx, user_id)
        put(kinds.HOLDER, sorted(holders), due_at=now + LOOK_AGAIN)
        put(kinds.PHONES, card_ids, due_at=now + LOOK_AGAIN)
        put(kinds.REMAINS, card_ids, due_at=now + VOIDED_SHOWN)

    await ports.database.write(leave_messages)
    works = [
        partial(forget_on_card, asked=_asked(ports, user_id, card_id))
        for card_id in sorted(card_ids)
    ]
    done = await ports.database.write_batch(works)
    gone = [Erased("card", each, now) for each in done if isinstance(each, bytes)]
    await erased_list.append(ports, gone)
    for each in done:
        if isinstance(each, Exception):
            raise each
    await _forget_shops(ports, card_ids)


async def _forget_shops(ports: Ports, card_ids: Sequence[int]) -> None:
    """Have Google's classes forget names of shops where nobody has a card any more."""

    def left(tx: Transaction) -> set[tuple[int, str]]:
        found = (google_queries.shop_classes_of(tx, card_id) for card_id in card_ids)
        return {each for classes in found for each in classes}

    now = ports.clock.wall()
    for issuer_id, suffix in sorted(await ports.database.read(left)):
        forget = partial(google_queries.forget_shop, issuer_id=issuer_id, suffix=suffix, now=now)
        await ports.database.write(forget)


async def _holder(ports: Ports, message: Message) -> None:
    now = ports.clock.wall()
    mail_id = ports.ids.next(now)
    await ports.database.write(
        lambda tx: end_share(tx, message.target_id, ports=ports, mail_id=mail_id, now=now)
    )


def end_share(tx: Transaction, user_id: int, *, ports: Ports, mail_id: int, now: int) -> None:
    """Take cards that have ended out of a holder's wallet, and tell him by mail; his family."""
    row = users.lock_user(tx, user_id)
    if row is None or not queries.delete_ended_holdings(tx, user_id):
        return
    queries.delete_ended_pictures(tx, user_id)
    if row.email is not None:
        mail = ended_mail(row.language)
        outbox.send_mail(
            tx,
            address_hash=address_hash(ports.secrets, row.email),
            mail_id=mail_id,
            recipient=row.email,
            subject=mail.subject,
            body=mail.body,
            now=now,
        )


async def _delete_lines(ports: Ports, message: Message) -> None:
    """Delete what devices logged of a user's passes, or one device of anything."""

    def lines(tx: Transaction) -> list[tuple[int, int]]:
        if message.kind == kinds.LOGS:
            return queries.logged_of(tx, message.user_id)
        library_hash = queries.library_of(tx, message.target_id)
        return [] if library_hash is None else queries.logged_by(tx, library_hash)

    found = await ports.database.read(lines)
    statement = apple_queries.ERASE["apple_log"]
    await ports.database.write(lambda tx: tx.run_many(statement, found))


async def _phones(ports: Ports, user_id: int, card_ids: Sequence[int]) -> set[int]:
    """Forget which devices hold cards, each once they were told; return the cards that wait."""
    now = ports.clock.wall()

    def told_devices(tx: Transaction) -> dict[int, list[int]]:
        told = [card_id for card_id in card_ids if queries.is_told(tx, card_id, outbox.APPLE)]
        return {card_id: queries.devices_of(tx, card_id) for card_id in told}

    told = await ports.database.read(told_devices)
    if not told:
        return set(card_ids)
    devices = sorted({device for found in told.values() for device in found})

    def leave_messages(tx: Transaction) -> None:
        put = partial(message_queries.put_messages, tx, user_id)
        put(kinds.DEVICE, devices, due_at=now + LOOK_AGAIN)
        put(kinds.LIBRARY, devices, due_at=now + VOIDED_SHOWN)

    await ports.database.write(leave_messages)
    works = [
        partial(forgetting_device.forget_registrations, card_id=card_id) for card_id in sorted(told)
    ]
    done = dict(zip(sorted(told), await ports.database.write_batch(works), strict=True))
    return {card_id for card_id in card_ids if done.get(card_id) is not True}


async def _looked_again(ports: Ports, message: Message) -> bool:
    """Look for cards that a request has given to the user while he was erased."""
    user_id, now = message.user_id, ports.clock.wall()
    found = await ports.database.read(lambda tx: queries.cards_held(tx, user_id))

    def leave_messages(tx: Transaction) -> bytes | None:
        message_queries.put_messages(tx, user_id, kinds.CARD, found, due_at=now)
        return message_queries.lock_erased(tx, user_id)

    public_id = await ports.database.write(leave_messages)
    if public_id is not None:  # once more: the first time a crash may have come before it
        await erased_list.append(ports, [Erased("user", public_id, now)])
    return not found

"""Erases a user: first himself, then card by card and device by device, each a unit by itself.

What is left to do stands as messages in the database: a crash, or a phone that is slow to be told,
only puts it off, and the sweeper goes on.
"""

from __future__ import annotations

import contextlib
import itertools
from functools import partial

import msgspec
import structlog

from app.clock import MINUTE
from app.errors import AppError, Unauthorized
from app.http.ports import Ports
from app.privacy import erased_list, kinds, message_queries
from app.privacy.forgetting_user import Known, find, forget_user
from app.privacy.message_queries import Message
from app.privacy.obeying import obey
from app.storage.database import Transaction
from app.storage.queries import Erased

MESSAGES_AT_ONCE = 500
PAUSE = MINUTE  # after a message that failed
PHONES_LOOKS, PHONES_LOOK_SECONDS = 40, 0.05  # two seconds, before who asked is answered
LOG_TRIES = 20
_log = structlog.get_logger("privacy")


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """Who was erased, for what rooms above keep: the sandbox's mails."""

    addresses: tuple[str, ...]


async def erase(ports: Ports, user_id: int, *, is_delivering: bool = False) -> Gone:
    """Erase a user. `is_delivering`: wait a little for his phones to be told.

    Raises Unauthorized when he is gone already, Unavailable before anything was erased.
    """
    known = await ports.database.read(partial(find, user_id=user_id))
    for joining in known.joining:
        with contextlib.suppress(Unauthorized):  # all of it has arrived, and it is gone
            await erase(ports, joining)
    gone = await _forget(ports, user_id, known)
    try:
        await erased_list.append(ports, [gone])
        await obey_all(ports, user_id)
        if is_delivering:
            await _wait_for_phones(ports, user_id)
        await empty_log(ports)
    except (AppError, OSError) as error:
        _postponed(error)  # the sweeper finishes it
    return Gone(addresses=known.addresses + known.on_file)


async def erase_restored(ports: Ports, user_id: int) -> None:
    """Erase a user who came back with a backup. Raises what stands in the way."""
    known = await ports.database.read(partial(find, user_id=user_id))
    await _forget(ports, user_id, known)
    await obey_all(ports, user_id)


async def finish_all(ports: Ports) -> None:
    """Do what erasures have left that need wait for nothing. Raises what stands in the way."""
    for user_id in await ports.database.read(message_queries.users_left):
        await obey_all(ports, user_id)


async def _forget(ports: Ports, user_id: int, known: Known) -> Erased:
    now = ports.clock.wall()
    public_id = await ports.database.write(
        lambda tx: forget_user(tx, user_id, known, secrets=ports.secrets, now=now)
    )
    return Erased("user", public_id, now)


async def obey_all(
    ports: Ports, user_id: int, wanted: tuple[str, ...] = kinds.AT_ONCE
) -> list[Message]:
    """Do all that an erasure asks for and that can be done now; return what cannot."""
    left: list[Message] = []
    for kind in wanted:
        after = -1
        while found := await ports.database.read_point(
            partial(
                message_queries.messages_of,
                user_id=user_id,
                kind=kind,
                after=after,
                limit=MESSAGES_AT_ONCE,
            )
        ):
            left += await obey(ports, found)
            after = found[-1].target_id
    return left


async def sweep(ports: Ports) -> int:
    """Go on with erasures that were put off; return how many messages were obeyed."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: message_queries.due(tx, now, MESSAGES_AT_ONCE))
    done = 0
    due.sort(key=_order)
    for _, group in itertools.groupby(due, key=lambda each: (each.kind, each.user_id)):
        messages = list(group)
        try:
            done += len(messages) - len(await _obeyed(ports, messages))
        except (AppError, OSError) as error:
            _postponed(error)
            await _put_off(ports, messages)
    if done:
        await empty_log(ports)
    return done


def _order(message: Message) -> tuple[int, int, int]:
    return kinds.KINDS.index(message.kind), message.user_id, message.target_id


async def empty_log(ports: Ports) -> bool:
    """Leave nothing of what was erased in the database's log; False: readers are in the way."""
    for _ in range(LOG_TRIES):
        if await ports.database.empty_log():
            return True
    _log.warning("the log still holds what was erased")
    return False


async def _obeyed(ports: Ports, messages: list[Message]) -> list[Message]:
    user_id = messages[0].user_id
    if messages[0].kind == kinds.HOLDER:  # who shared a card hears of it when that card has ended
        cards = await ports.database.read_point(
            partial(
                message_queries.messages_of, user_id=user_id, kind=kinds.CARD, after=-1, limit=1
            )
        )
        if cards:
            await _put_off(ports, messages)
            return messages
    return await obey(ports, messages)


async def _put_off(ports: Ports, messages: list[Message]) -> None:
    later = ports.clock.wall() + PAUSE

    def unit(tx: Transaction) -> None:
        for message in messages:
            message_queries.put_off(tx, message, later)

    await ports.database.write(unit)


async def _wait_for_phones(ports: Ports, user_id: int) -> None:
    for _ in range(PHONES_LOOKS):
        if not await obey_all(ports, user_id, kinds.OF_PHONES):
            return
        await ports.clock.sleep(PHONES_LOOK_SECONDS)


def _postponed(error: Exception) -> None:
    _log.error("erasure postponed", code=getattr(error, "code", type(error).__name__))

"""From cards to devices: each device's feed draws a number for the passes that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec

from app.clock import SECOND
from app.delivery import queries
from app.delivery.queries import Held, Target
from app.http.ports import Ports
from app.outbox import queries as outbox_queries
from app.outbox import service as outbox
from app.outbox.taking import due_fairly
from app.storage.database import Transaction, Work

CARDS_AT_ONCE = 400
LEASE = 120 * SECOND  # a push may take 65 s when the network swallows packets


class Told(msgspec.Struct, frozen=True):
    """A claimed card: up to which revision, and on which devices."""

    card_id: int
    revision: int
    targets: list[Target]


class Claimed(msgspec.Struct, frozen=True):
    """A feed that this worker pushes now."""

    device_id: int
    pass_type: str
    feed: int
    attempts: int
    push_token: str


async def settle_and_claim(ports: Ports, told: Iterable[Told]) -> list[Told]:
    """Note up to which revision cards were told, and take the next ones, in one commit.

    Settled is what was told, not "now". Urgent cards are taken first.
    """
    now = ports.clock.wall()
    due = await ports.database.read_point(
        lambda tx: due_fairly(tx, outbox.APPLE, now=now, limit=CARDS_AT_ONCE)
    )
    works: list[tuple[int, Work[Told | None]]] = [
        (card.card_id, partial(_settle, card=card)) for card in told
    ]
    works += [(card_id, partial(_claim_card, card_id=card_id, now=now)) for card_id in due]
    if not works:
        return []
    works.sort(key=lambda each: each[0])  # rows are locked in order of id
    found = await ports.database.write_batch([work for _, work in works])
    return [each for each in found if isinstance(each, Told)]


async def tell_devices(
    ports: Ports, told: Iterable[Told], *, may_push: bool = True
) -> list[Claimed]:
    """Let each device's feed draw one number for all its passes that changed.

    Returns the feeds to push now; one that is being pushed already follows when that is done, and
    so do all when there is no room for pushes: telling never waits for Apple.
    """
    now = ports.clock.wall()
    changed: defaultdict[int, dict[bytes, int]] = defaultdict(dict)
    for card in told:
        for target in card.targets:
            changed[target.device_id][target.serial] = card.revision
    if not changed:
        return []
    works = [
        partial(
            _tell_device,
            device_id=device_id,
            changed=changed[device_id],
            now=now,
            may_push=may_push,
        )
        for device_id in sorted(changed)
    ]
    found = await ports.database.write_batch(works)
    failed = next((each for each in found if isinstance(each, Exception)), None)
    if failed is not None:
        raise failed  # the cards' lease ends, and they are told again
    return [claimed for each in found if isinstance(each, list) for claimed in each]


async def claim_feeds(ports: Ports, limit: int) -> list[Claimed]:
    """Take feeds that were told but not pushed: after a delay, a crash, or a push meanwhile."""
    now = ports.clock.wall()
    due = await ports.database.read_point(lambda tx: queries.due_feeds(tx, now, limit))
    if not due:
        return []
    works = [
        partial(_claim_feed, device_id=each.device_id, pass_type=each.pass_type, now=now)
        for each in sorted(due, key=lambda each: (each.device_id, each.pass_type))
    ]
    found = await ports.database.write_batch(works)
    return [each for each in found if isinstance(each, Claimed)]


async def settle(ports: Ports, told: Iterable[Told]) -> None:
    """Note up to which revision cards were told."""
    works = [partial(_settle, card=card) for card in sorted(told, key=lambda card: card.card_id)]
    await ports.database.write_batch(works)


def _settle(tx: Transaction, *, card: Told) -> None:
    outbox_queries.settle(tx, card.card_id, outbox.APPLE, card.revision)


def _claim_card(tx: Transaction, *, card_id: int, now: int) -> Told | None:
    due = outbox_queries.claim(tx, card_id, outbox.APPLE, now=now, until=now + LEASE)
    return None if due is None else Told(card_id, due.wanted, queries.targets(tx, card_id))


def _tell_device(
    tx: Transaction, *, device_id: int, changed: Mapping[bytes, int], now: int, may_push: bool
) -> list[Claimed]:
    device = queries.lock_device(tx, device_id)
    if device is None:
        return []
    by_type: defaultdict[str, list[Held]] = defaultdict(list)
    for held in queries.held_by(tx, device_id, now):
        if held.serial in changed:
            by_type[held.pass_type].append(held)
    claimed, token = [], device.push_token if may_push else None
    for pass_type, passes in by_type.items():
        is_taken = token is not None and bool(passes[0].is_free)
        until = now + LEASE if is_taken else None
        drawn = queries.draw_number(tx, device_id, pass_type, until=until)
        for held in passes:
            revision = changed[held.serial]
            queries.note_told(tx, device_id, held, told=drawn.feed, revision=revision, now=now)
        if is_taken and token is not None:
            claimed.append(Claimed(device_id, pass_type, drawn.feed, drawn.attempts, token))
    return claimed


def _claim_feed(tx: Transaction, *, device_id: int, pass_type: str, now: int) -> Claimed | None:
    """Take a feed if it may be pushed now; under the device's lock."""
    device = queries.lock_device(tx, device_id)
    row = queries.feed(tx, device_id, pass_type)
    if device is None or row is None or row.parked is not None:
        return None
    if row.next_at > now or row.claimed_until > now:
        return None
    if device.push_token is None:
        queries.park_feed(tx, device_id, pass_type, "no push token")
        return None
    queries.claim_feed(tx, device_id, pass_type, now + LEASE)
    return Claimed(device_id, pass_type, row.feed, row.attempts, device.push_token)

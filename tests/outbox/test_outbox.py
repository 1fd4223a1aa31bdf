"""The outbox: revisions, what is wanted, events without a gap, whose turn it is."""

from __future__ import annotations

from typing import Any

from app.outbox import mail_queries, queries
from app.outbox import service as outbox
from app.outbox.service import APPLE, BULK, SINGLE, Changed, Event
from app.outbox.taking import due_fairly
from app.storage.database import Database, Transaction

CARD, NOW = 7, 1_000


async def _opened(database: Database, *cards: int, merchant_id: int = 1) -> None:
    def work(tx: Transaction) -> None:
        for card_id in cards:
            outbox.begin_card(tx, card_id)
            queries.open_channel(tx, card_id, APPLE, merchant_id, revision=1, done=1)

    await database.write(work)


async def _touched(database: Database, *cards: int, priority: int = BULK, now: int = NOW) -> None:
    def work(tx: Transaction) -> None:
        for card_id in cards:
            outbox.touch(tx, card_id, now=now, priority=priority)

    await database.write(work)


async def _due(database: Database, now: int = NOW, limit: int = 100) -> list[int]:
    return await database.read(lambda tx: due_fairly(tx, APPLE, now=now, limit=limit))


async def _row(database: Database, columns: str) -> Any:
    sql = f"SELECT {columns} FROM outbox WHERE card_id = ?"
    return await database.read(lambda tx: tx.one(lambda *row: row, sql, CARD))


async def test_a_new_card_is_at_revision_1_and_a_touch_adds_1(database: Database) -> None:
    await _opened(database, CARD)
    found = await database.write(lambda tx: outbox.touch(tx, CARD, now=NOW))
    assert found == 2
    assert await _row(database, "wanted, done") == (2, 1)


async def test_a_card_that_no_phone_holds_has_nothing_to_tell(database: Database) -> None:
    await database.write(lambda tx: outbox.begin_card(tx, CARD))
    await _touched(database, CARD)
    assert await _due(database) == []


async def test_many_touches_are_one_row_to_tell(database: Database) -> None:
    await _opened(database, CARD)
    for _ in range(5):
        await _touched(database, CARD)
    assert await _due(database) == [CARD]
    due = await database.write(lambda tx: queries.claim(tx, CARD, APPLE, now=NOW, until=NOW + 9))
    assert due is not None
    assert due.wanted == 6


async def test_the_most_urgent_priority_stays_until_it_is_told(database: Database) -> None:
    await _opened(database, CARD)
    await _touched(database, CARD, priority=SINGLE)
    await _touched(database, CARD, priority=BULK)
    assert await _row(database, "priority") == (SINGLE,)
    await database.write(lambda tx: queries.settle(tx, CARD, APPLE, 3))
    await _touched(database, CARD, priority=BULK)
    assert await _row(database, "priority") == (BULK,)


async def test_what_changed_while_it_was_told_is_told_again(database: Database) -> None:
    await _opened(database, CARD)
    await _touched(database, CARD)
    due = await database.write(lambda tx: queries.claim(tx, CARD, APPLE, now=NOW, until=NOW + 9))
    assert due is not None
    await _touched(database, CARD)
    assert await _due(database) == []  # it is claimed
    await database.write(lambda tx: queries.settle(tx, CARD, APPLE, due.wanted))
    assert await _due(database) == [CARD]


async def test_a_claim_is_one_workers_until_its_lease_ends(database: Database) -> None:
    await _opened(database, CARD)
    await _touched(database, CARD)

    def claim(now: int) -> Any:
        return database.write(lambda tx: queries.claim(tx, CARD, APPLE, now=now, until=now + 10))

    assert await claim(NOW) is not None
    assert await claim(NOW + 9) is None
    assert await _due(database, NOW + 9) == []
    assert await _due(database, NOW + 10) == [CARD]
    assert await claim(NOW + 10) is not None


async def test_an_old_settlement_never_lowers_what_was_told(database: Database) -> None:
    await _opened(database, CARD)
    await _touched(database, CARD)
    await database.write(lambda tx: queries.settle(tx, CARD, APPLE, 2))
    await database.write(lambda tx: queries.settle(tx, CARD, APPLE, 1))
    assert await _row(database, "done") == (2,)


async def test_urgent_cards_come_first(database: Database) -> None:
    await _opened(database, 1, 2, 3)
    await _touched(database, 1, priority=BULK, now=1)
    await _touched(database, 2, priority=SINGLE, now=2)
    await _touched(database, 3, priority=outbox.AT_TILL, now=3)
    assert await _due(database) == [3, 2, 1]


async def test_one_merchants_many_hold_up_no_other_merchants_few(database: Database) -> None:
    await _opened(database, *range(100), merchant_id=1)
    await _opened(database, *range(100, 105), merchant_id=2)
    await _opened(database, *range(200, 205), merchant_id=9)
    await _touched(database, *range(105), now=1)
    await _touched(database, *range(200, 205), now=2)
    found = await _due(database, limit=30)
    assert set(range(100, 105)) | set(range(200, 205)) <= set(found)
    assert len([card_id for card_id in found if card_id < 100]) == 10


async def test_events_of_a_card_are_numbered_without_a_gap(database: Database) -> None:
    await _opened(database, CARD, 8)

    def work(tx: Transaction) -> None:
        for card_id in (CARD, 8, CARD):
            outbox.record(
                tx, card_id, "pass.added", event_public_id=bytes(16), facts={"a": 1}, now=NOW
            )
        event = Event(bytes(16), "balance.updated", {})
        outbox.change(tx, Changed(CARD, SINGLE, (event, event)), now=NOW)
        outbox.change_many(tx, [Changed(CARD, SINGLE, (event,)), Changed(8, BULK, ())], now=NOW)

    await database.write(work)
    found = await database.read(
        lambda tx: tx.all(
            lambda *row: row, "SELECT card_id, sequence FROM event ORDER BY card_id, sequence"
        )
    )
    assert found == [*((CARD, n) for n in range(1, 6)), (8, 1)]


async def test_a_mail_is_queued_once_and_taken_once(database: Database) -> None:
    def queue(tx: Transaction) -> None:
        outbox.send_mail(
            tx,
            address_hash=b"h",
            mail_id=1,
            recipient="a@example.org",
            subject="s",
            body="b",
            now=NOW,
        )

    await database.write(queue)
    await database.write(queue)
    [mail] = await database.read(lambda tx: mail_queries.due_mails(tx, NOW, 10))
    assert await database.write(
        lambda tx: mail_queries.claim_mail(tx, mail, now=NOW, until=NOW + 9)
    )
    assert await database.read(lambda tx: mail_queries.due_mails(tx, NOW, 10)) == []
    await database.write(lambda tx: mail_queries.delay_mail(tx, mail, next_at=NOW + 5))
    assert await database.read(lambda tx: mail_queries.due_mails(tx, NOW + 4, 10)) == []
    assert len(await database.read(lambda tx: mail_queries.due_mails(tx, NOW + 5, 10))) == 1

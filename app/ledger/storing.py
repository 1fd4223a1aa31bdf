"""Writes what a decision changed: rows that are only added, then the caches made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from app.ledger import entry_queries, kept_queries, lot_queries, message_queries, queries
from app.ledger.drawing import voucher_code
from app.ledger.entry_queries import EntryRow, Link
from app.ledger.journal import NO_CLAIMS, encode, write_body, write_results
from app.ledger.kept_queries import BurnRow
from app.ledger.message_queries import MessageRow, News
from app.ledger.queries import AccountRow, JournalRow
from app.loyalty.book import Book
from app.loyalty.engine import next_due_at
from app.loyalty.events import Adjust, Claims, Enrol, ReverseBurn, Step
from app.loyalty.model import Account, Burn, Transfer
from app.storage.database import Transaction

MESSAGES_MAX = 1_000  # of one journal row

read_account = msgspec.json.Decoder(Account).decode


class Done(msgspec.Struct, frozen=True):
    """What was processed at once. `caught_up`: so many transfers were made before the first step.

    `vouchers`: how many the card had before.
    """

    steps: tuple[Step, ...] = ()
    claims: Claims = NO_CLAIMS
    results: tuple[dict[str, Any], ...] = ()
    caught_up: int = 0
    vouchers: int = 0

    @property
    def merchant(self) -> str | None:
        """Where it happened."""
        return next((step.merchant for step in self.steps if step.merchant is not None), None)


def store(
    tx: Transaction, row: AccountRow, book: Book, done: Done, *, now: int
) -> tuple[AccountRow, tuple[EntryRow, ...]]:
    """Write a book's changes as the next row of its card's journal; return the account as it is."""
    card_id, journal = row.card_id, row.journal + 1
    entries = tuple(entry_queries.entry_row(entry, journal) for entry in book.entries)
    after = msgspec.structs.replace(
        row,
        sequence=book.account.sequence,
        journal=journal,
        state=encode(book.account).decode(),
        next_due_at=next_due_at(book.account, book.rules, now=book.now),
    )
    queries.update_account(tx, after, now=now)
    _add_journal(tx, after, book, done)
    if book.transfers:
        links = _linked(tx, row.card_id, book, done)
        entry_queries.insert_transfers(tx, card_id, journal, links)
    if entries:
        entry_queries.insert_entries(tx, card_id, entries)
    _keep_personal(tx, card_id, journal, done.steps)
    _put_caches(tx, after, book, done)
    _send(tx, after, book, now=now)
    return after, entries


def _add_journal(tx: Transaction, row: AccountRow, book: Book, done: Done) -> None:
    first, last = 0, -1
    if book.entries:
        first, last = book.entries[0].number, book.entries[-1].number
    newest = max(version.number for version in book.rules.versions)
    body = write_body(newest, done.steps, done.claims)
    results = write_results(first, last, done.results)
    queries.insert_journal(tx, row.card_id, JournalRow(row.journal, book.now, body, results))


def _linked(
    tx: Transaction, card_id: int, book: Book, done: Done
) -> Iterator[tuple[Transfer, Link]]:
    """Say of each transfer what it takes back, and where units were spent."""
    undone = _undone(tx, card_id, done.steps)
    for place, transfer in enumerate(book.transfers):
        reverses = redeemer = None
        if transfer.credit == "burned" and place >= done.caught_up:
            redeemer = done.merchant
        if transfer.debit == "burned" and undone is not None:
            reverses, redeemer = undone.burned_by, undone.redeemer
        elif transfer.reason == "refund":
            reverses = lot_queries.granted_by(tx, card_id, transfer.lot)
        yield transfer, Link(reverses, redeemer)


def _undone(tx: Transaction, card_id: int, steps: tuple[Step, ...]) -> BurnRow | None:
    for step in steps:
        if isinstance(step.event, ReverseBurn):
            return kept_queries.burn(tx, card_id, step.event.of)
    return None


def _keep_personal(tx: Transaction, card_id: int, journal: int, steps: tuple[Step, ...]) -> None:
    """Keep what a person may have deleted apart from what stays for ever."""
    for step in steps:
        event = step.event
        if isinstance(event, Adjust):
            queries.put_reason(tx, card_id, journal, event.reason)
        elif isinstance(event, Enrol) and event.attrs.birthday is not None:
            queries.put_birthday(tx, card_id, journal, event.attrs.birthday)


def _put_caches(tx: Transaction, row: AccountRow, book: Book, done: Done) -> None:
    card_id = row.card_id
    if book.lots:
        granted: dict[int, int] = {}
        for transfer in book.transfers:
            if transfer.credit in {"pending", "available"}:
                granted.setdefault(transfer.lot, transfer.number)
        lot_queries.put(tx, card_id, book.lots.values(), granted)
    if book.tickets:
        kept_queries.put_tickets(tx, card_id, book.tickets.values())
    if book.burns:
        kept_queries.put_burns(tx, card_id, _burns(book, done))
    if book.holds:
        kept_queries.put_holds(tx, card_id, book.holds.values())
    if book.gifts:
        kept_queries.put_gifts(tx, card_id, book.gifts.values())
    if book.vouchers:
        kept_queries.put_vouchers(tx, card_id, book.vouchers.values())
        new = [number for number in book.vouchers if number > done.vouchers]
        codes = [(voucher_code(row.seed, number), card_id, number) for number in new]
        kept_queries.put_codes(tx, row.program_id, codes)
    if book.tallies:
        kept_queries.put_tallies(tx, card_id, book.tallies)


def _burns(book: Book, done: Done) -> list[BurnRow]:
    """Name the first transfer of each new burn; of one that is known nothing of it changes."""
    free = [
        (place, transfer)
        for place, transfer in enumerate(book.transfers)
        if transfer.credit == "burned"
    ]
    found = []
    for burn in book.burns.values():
        first = next((each for each in free if _is_of(each[1], burn)), None)
        if first is None:
            found.append(BurnRow(burn, 0, None))
            continue
        free.remove(first)
        redeemer = done.merchant if first[0] >= done.caught_up else None
        found.append(BurnRow(burn, first[1].number, redeemer))
    return found


def _is_of(transfer: Transfer, burn: Burn) -> bool:
    return bool(burn.alloc) and (transfer.lot, transfer.units) == tuple(burn.alloc[0])


def _send(tx: Transaction, row: AccountRow, book: Book, *, now: int) -> None:
    if book.messages:
        base = row.journal * MESSAGES_MAX
        rows = [
            MessageRow(
                row.card_id, base + place, sent.id, int(sent.to), encode(sent.event).decode()
            )
            for place, sent in enumerate(book.messages)
        ]
        message_queries.insert(tx, rows, now=now)
    for each in book.progress:
        message_queries.put_news(
            tx, News(row.card_id, each.challenge, each.value, each.tickets, row.journal)
        )

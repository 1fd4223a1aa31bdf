"""Proves the ledger: transfers = lots = balances = account, and a replay gives every byte again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from app.ledger import entry_queries, kept_queries, lot_queries, queries, report_queries
from app.ledger.journal import encode, read_body
from app.ledger.queries import AccountRow, JournalRow
from app.ledger.storing import read_account
from app.loyalty.book import Book
from app.loyalty.engine import catch_up, decide, new_account
from app.loyalty.model import Account, Lot, Refusal, Sums, Transfer
from app.loyalty.rules import Rules
from app.loyalty.shelf import Shelf
from app.programs.service import rules_of
from app.storage.database import Transaction

JOURNAL_PAGE, CARDS_A_PAGE = 500, 200
DEBIT_NORMAL = {"mint", "debt"}


def prove(tx: Transaction, card_id: int, *, is_replayed: bool = True) -> list[str]:
    """Say what does not add up on a card, a sentence each; nothing when all is well."""
    row = queries.account(tx, card_id)
    if row is None:
        return []
    account = read_account(row.state)
    transfers = entry_queries.transfers_of(tx, card_id)
    lots = lot_queries.all_of(tx, card_id)
    faults = [*_sums(account, transfers), *_lots(account, lots, transfers)]
    if row.sequence != account.sequence:
        faults.append(f"the account's sequence is {account.sequence}, its row says {row.sequence}")
    if is_replayed:
        faults += _replay(tx, row, account)
    return faults


class Proved(msgspec.Struct, frozen=True):
    """A card that was proved, and what did not add up."""

    card_id: int
    public_id: bytes
    faults: tuple[str, ...]


def prove_page(
    tx: Transaction, *, after: int, limit: int = CARDS_A_PAGE, is_replayed: bool = True
) -> list[Proved]:
    """Prove the cards after one, so many at once."""
    return [
        Proved(card_id, public, tuple(prove(tx, card_id, is_replayed=is_replayed)))
        for card_id, public in queries.accounts_after(tx, after, limit)
    ]


def prove_sums(tx: Transaction) -> list[str]:
    """Say of which program and unit the places do not sum up to 0, or differ from the lots."""
    faults, places = [], dict[tuple[int, str], dict[str, int]]()
    for each in report_queries.place_sums(tx):
        places.setdefault((each.program_id, each.unit), {})[each.place] = each.units
    for (program_id, unit), found in places.items():
        where = f"program {program_id}, {unit}"
        if sum(found.values()) != 0:
            faults.append(f"{where}: all places together hold {sum(found.values())}, not 0")
        for place, units in found.items():
            if (-units if place in DEBIT_NORMAL else units) < 0:
                faults.append(f"{where}: {place} is below 0")
    for lot in report_queries.lot_sums(tx):
        found = places.get((lot.program_id, lot.unit), {})
        for place, units in (
            ("available", lot.available),
            ("pending", lot.pending),
            ("held", lot.held),
        ):
            if found.get(place, 0) != units:
                where = f"program {lot.program_id}, {lot.unit}"
                faults.append(f"{where}: {place} is {found.get(place, 0)}, its lots hold {units}")
    return faults


def _sums(account: Account, transfers: list[Transfer]) -> Iterator[str]:
    """Compare the account with the sum of its transfers."""
    places: dict[tuple[str, str], int] = {}
    for number, each in enumerate(transfers, 1):
        if each.number != number or each.units <= 0:
            yield f"transfer {each.number} is out of order, or moves nothing"
        for key, change in ((each.debit, -each.units), (each.credit, each.units)):
            places[each.unit, key] = places.get((each.unit, key), 0) + change
    if account.transfers != len(transfers):
        yield f"the account counts {account.transfers} transfers, there are {len(transfers)}"
    for (unit, place), units in places.items():
        # The mint is the program's: what another card was given may be owed, and go back, here.
        if place != "mint" and (-units if place in DEBIT_NORMAL else units) < 0:
            yield f"{unit}: {place} is below 0"
    for unit in {unit for unit, _place in places} | account.sums.keys():
        made = Sums(
            available=places.get((unit, "available"), 0),
            pending=places.get((unit, "pending"), 0),
            held=places.get((unit, "held"), 0),
            debt=-places.get((unit, "debt"), 0),
        )
        if made != account.sums.get(unit, Sums()):
            yield f"{unit}: the account says {account.sums.get(unit)}, its transfers {made}"


def _lots(account: Account, lots: list[Lot], transfers: list[Transfer]) -> Iterator[str]:
    """Compare each lot with its transfers, and all of them with the account."""
    moved: dict[tuple[int, str], int] = {}
    for each in transfers:
        for key, change in ((each.debit, -each.units), (each.credit, each.units)):
            moved[each.lot, key] = moved.get((each.lot, key), 0) + change
    totals: dict[str, Sums] = {}
    for lot in lots:
        parts = (lot.left, lot.held, lot.spent, lot.expired, lot.reversed, lot.withdrawn)
        if lot.amount + lot.owed != sum(parts) or min(parts) < 0:
            yield f"lot {lot.number} does not add up"
        here = "available" if lot.is_available else "pending"
        for place, units in ((here, lot.left), ("held", lot.held), ("expired", lot.expired)):
            if moved.get((lot.number, place), 0) != units:
                yield f"lot {lot.number}: {place} is {units}, its transfers say otherwise"
        sums = totals.setdefault(lot.unit, Sums())
        sums.held += lot.held
        if lot.is_available:
            sums.available += lot.left
        else:
            sums.pending += lot.left
    for unit, sums in account.sums.items():
        found = totals.get(unit, Sums())
        if (found.available, found.pending, found.held) != (
            sums.available,
            sums.pending,
            sums.held,
        ):
            yield f"{unit}: the account and its lots differ"


def _replay(tx: Transaction, row: AccountRow, account: Account) -> list[str]:
    """Do all of a card's journal again in memory, and compare everything."""
    start = new_account(account.opened_at)
    start.referred_by = account.referred_by
    shelf, rules = Shelf(start), rules_of(tx, row.program_id)
    birthdays = queries.birthdays_of(tx, row.card_id)
    if any(birthday is None for _since, birthday in birthdays):
        return []  # the person was erased: what depended on his birthday cannot be done again
    number = 0
    while page := queries.journal_after(tx, row.card_id, number, JOURNAL_PAGE):
        for each in page:
            fault = _again(shelf, each, rules, birthdays)
            if fault is not None:
                return [fault]
        number = page[-1].number
    if number != row.journal:
        return [f"the journal ends at {number}, the account says {row.journal}"]
    if encode(shelf.account).decode() != row.state:
        return ["a replay of the journal gives another account"]
    return [f"a replay gives other {name}" for name in _differing(tx, row.card_id, shelf)]


def _again(
    shelf: Shelf, row: JournalRow, rules: Rules, birthdays: list[tuple[int, str | None]]
) -> str | None:
    body = read_body(row.body)
    known = Rules(tuple(each for each in rules.versions if each.number <= body.version))
    birthday = next((text for since, text in reversed(birthdays) if since <= row.number), None)
    # Read anew as it was stored: then as now, the order of keys is that of the stored text.
    account = read_account(encode(shelf.account))
    book = Book(shelf, account, rules=known, now=row.recorded_at, birthday=birthday)
    catch_up(book)
    for step in body.steps:
        if isinstance(decide(book, step, body.claims), Refusal):
            return f"journal {row.number}: a replay refuses what was done"
    book.account.sequence += 1
    shelf.put(book)
    return None


def _differing(tx: Transaction, card_id: int, shelf: Shelf) -> Iterator[str]:
    if entry_queries.transfers_of(tx, card_id) != shelf.transfers:
        yield "transfers"
    stored: list[tuple[str, list[Any], dict[Any, Any], Callable[[Any], Any]]] = [
        ("lots", lot_queries.all_of(tx, card_id), shelf.lots, lambda it: it.number),
        ("tickets", kept_queries.tickets_of(tx, card_id), shelf.tickets, lambda it: it.id),
        ("burns", kept_queries.burns_of(tx, card_id), shelf.burns, lambda it: it.id),
        ("holds", kept_queries.holds_of(tx, card_id), shelf.holds, lambda it: it.id),
        ("gifts", kept_queries.gifts_of(tx, card_id), shelf.gifts, lambda it: it.id),
        (
            "vouchers",
            kept_queries.vouchers_before(tx, card_id, 2**62, len(shelf.vouchers) + 1),
            shelf.vouchers,
            lambda it: it.number,
        ),
    ]
    for name, rows, made, key in stored:
        if _text({key(each): each for each in rows}) != _text(made):
            yield name
    if kept_queries.tallies_of(tx, card_id) != shelf.tallies:
        yield "counts"
    entries = entry_queries.entries_before(tx, card_id, 2**62, len(shelf.entries) + 1)
    told = [(it.number, it.kind, it.unit, it.units, it.at, it.rule) for it in reversed(entries)]
    made_entries = [(it.number, it.kind, it.unit, it.units, it.at, it.rule) for it in shelf.entries]
    if told != made_entries:
        yield "entries"


def _text(kept: dict[Any, Any]) -> bytes:
    return encode([kept[key] for key in sorted(kept)])

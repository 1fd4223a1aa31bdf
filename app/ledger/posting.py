"""Posts events: one card's unit of work, whole or not at all (specs/loyalty.md §12)."""

from __future__ import annotations

from typing import Any

import msgspec

from app.clock import rfc3339
from app.errors import CardNotFound, Conflict, IdempotencyConflict
from app.ledger import claim_queries, entry_queries, queries
from app.ledger.claim_queries import OpenClaim
from app.ledger.drawing import Drawn, event_public_id, key_hash, voucher_public_id
from app.ledger.entry_queries import EntryRow
from app.ledger.journal import NO_CLAIMS, encode, merged, read_results
from app.ledger.queries import AccountRow, EventRow, ShownRow
from app.ledger.refusing import error_of
from app.ledger.shown import Shown, shown_after, shown_before
from app.ledger.source import Stored
from app.ledger.storing import Done, read_account, store
from app.loyalty.book import Book
from app.loyalty.engine import catch_up, decide
from app.loyalty.events import Claims, Enrol, Step
from app.loyalty.model import Message, Progress, Refusal, Voucher
from app.loyalty.notices import standing
from app.loyalty.rules import Rules
from app.outbox import service as outbox
from app.outbox.service import Changed, Event
from app.storage.database import Transaction

BODY_HASH_BYTES = 8  # of two bodies under one id; a look-up keeps them for ever


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to a card, under one id of the caller's; None: it may happen again.

    `body_hash`: of everything the caller sent but when it was received. `kind`: the caller's word.
    `claimed`: what `claims` stand on, looked at once more before it is given.
    """

    program_id: int
    event_id: str | None
    steps: tuple[Step, ...]
    body_hash: bytes = b""
    claims: Claims = NO_CLAIMS
    claimed: OpenClaim | None = None
    priority: int = outbox.SINGLE
    kind: str = "event"


class Posted(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `is_kept` False: a ticket that enrols nobody, nothing was stored.

    `results`: of all steps together; `each`: of every step by itself. `journal` 0: not kept.
    `vouchers`: issued or used just now.
    """

    card_id: int
    program_id: int
    results: dict[str, Any]
    each: tuple[dict[str, Any], ...] = ()
    entries: tuple[EntryRow, ...] = ()
    is_replay: bool = False
    is_kept: bool = True
    journal: int = 0
    sequence: int = 0
    vouchers: tuple[Voucher, ...] = ()
    messages: tuple[Message, ...] = ()
    progress: tuple[Progress, ...] = ()


def post(
    tx: Transaction, row: AccountRow, rules: Rules, posting: Posting, *, drawn: Drawn, now: int
) -> Posted:
    """Do what was posted to a locked account, once by its id.

    Raises: Refused and its kin; IdempotencyConflict when the id did something else; Conflict for
    a card that was merged into another.
    """
    if posting.event_id is not None:
        known = _claim(tx, row, posting)
        if known is not None:
            return _replayed(tx, row, known)
    if row.merged_into is not None:
        raise Conflict("this card was merged into another")
    book = open_book(tx, row, rules, now=now, birthday=_birthday(posting.steps) or row.birthday)
    vouchers = book.account.vouchers
    catch_up(book)
    caught_up, claims = len(book.transfers), _held_claims(tx, posting)
    results = [take(book, row.card_id, step, claims) for step in posting.steps]
    if not book.is_kept and len(posting.steps) == 1:
        if posting.event_id is not None:
            queries.release_event(tx, row.program_id, key_hash(posting.event_id))
        return Posted(
            card_id=row.card_id,
            program_id=row.program_id,
            results=results[0],
            each=tuple(results),
            is_kept=False,
            sequence=row.sequence,
        )
    book.account.sequence += 1
    done = Done(posting.steps, claims, tuple(results), caught_up, vouchers)
    return keep(tx, row, book, done, priority=posting.priority, drawn=drawn, now=now)


def _held_claims(tx: Transaction, posting: Posting) -> Claims:
    """Return the claims, or none where the sweeper gave them back before this post came to it."""
    if posting.claimed is None or claim_queries.hold(tx, posting.claimed):
        return posting.claims
    return Claims(has_stock=False)


def open_book(
    tx: Transaction, row: AccountRow, rules: Rules, *, now: int, birthday: str | None
) -> Book:
    """Open a card's book over what is stored."""
    account = read_account(row.state)
    return Book(Stored(tx, row.card_id), account, rules=rules, now=now, birthday=birthday)


def take(book: Book, card_id: int, step: Step, claims: Claims) -> dict[str, Any]:
    """Do one step. Raises Refused and its kin."""
    done = attempt(book, card_id, step, claims)
    if isinstance(done, Refusal):
        raise error_of(done)
    return done


def attempt(book: Book, card_id: int, step: Step, claims: Claims) -> dict[str, Any] | Refusal:
    """Do one step, or say why not."""
    event = step.event
    if isinstance(event, Enrol) and event.referred_by == str(card_id):
        return Refusal("self_referral")
    return decide(book, step, claims)


def keep(
    tx: Transaction,
    row: AccountRow,
    book: Book,
    done: Done,
    *,
    priority: int,
    drawn: Drawn,
    now: int,
) -> Posted:
    """Store a book, and tell the outside what it changed."""
    before = shown_before(row, read_account(row.state))
    after, entries = store(tx, row, book, done, now=now)
    shown = shown_after(tx, row, book)
    queries.show(tx, row.card_id, _shown_row(shown, after.sequence), now=now)
    events = _events(row, book, (before, shown), drawn, sequence=after.sequence)
    if before.tier != shown.tier:
        priority = min(priority, outbox.TIER)
    outbox.change(tx, Changed(row.card_id, priority, events), now=now)
    return Posted(
        card_id=row.card_id,
        program_id=row.program_id,
        results=merged(list(done.results)),
        each=done.results,
        entries=entries,
        journal=after.journal,
        sequence=after.sequence,
        vouchers=tuple(
            each
            for each in book.vouchers.values()
            if each.number > done.vouchers or each.used_at == book.now
        ),
        messages=tuple(book.messages),
        progress=tuple(book.progress),
    )


def _claim(tx: Transaction, row: AccountRow, posting: Posting) -> EventRow | None:
    """Use the event's id; return what it did when that was just this."""
    assert posting.event_id is not None
    hashed = key_hash(posting.event_id)
    body = posting.body_hash[:BODY_HASH_BYTES]
    new = EventRow(row.card_id, row.journal + 1, body)
    if queries.claim_event(tx, row.program_id, hashed, new):
        return None
    known = queries.event(tx, row.program_id, hashed)
    if known is None or known.card_id != row.card_id or known.body_hash != body:
        raise IdempotencyConflict("this id was used for something else")
    return known


def _replayed(tx: Transaction, row: AccountRow, known: EventRow) -> Posted:
    """Tell the first answer again, from what the journal and the entries keep."""
    results = read_results(queries.results_of(tx, row.card_id, known.journal))
    entries = entry_queries.entries_between(tx, row.card_id, results.first, results.last)
    return Posted(
        card_id=row.card_id,
        program_id=row.program_id,
        results={**merged(results.steps), "replayed": True},
        each=tuple(results.steps),
        entries=tuple(entries),
        is_replay=True,
        journal=known.journal,
        sequence=row.sequence,
    )


def _birthday(steps: tuple[Step, ...]) -> str | None:
    """Return the birthday that a step brings along: it counts at once."""
    for step in steps:
        if isinstance(step.event, Enrol) and step.event.attrs.birthday is not None:
            return step.event.attrs.birthday
    return None


def _shown_row(shown: Shown, sequence: int) -> ShownRow:
    at, units = shown.next_expiry or (None, None)
    return ShownRow(sequence, encode(shown.balances).decode(), shown.tier, at, units)


def _events(
    row: AccountRow, book: Book, shown: tuple[Shown, Shown], drawn: Drawn, *, sequence: int
) -> tuple[Event, ...]:
    """Say what webhooks are told, in order."""
    before, after = shown
    told: list[tuple[str, dict[str, Any]]] = []
    facts = {"sequence": sequence, "balances": after.balances, "tier": after.tier}
    if before.figures != after.figures:
        told.append(("balance.updated", facts))
    if before.tier != after.tier:
        told.append(("tier.changed", facts))
    for notice in standing(book):
        expiry = {"unit": notice.unit, "units": notice.units, "at": rfc3339(notice.expires_at)}
        told.append(("expiry.near", {"sequence": sequence, "expiry": expiry}))
    known = read_account(row.state).vouchers
    for voucher in book.vouchers.values():
        kind = _voucher_kind(voucher, known, book.now)
        if kind is not None:
            public = voucher_public_id(row.seed, voucher.number).hex()
            told.append((kind, {"voucher": f"vch_{public}", "template": voucher.template}))
    return tuple(
        Event(event_public_id(drawn, place), kind, about)
        for place, (kind, about) in enumerate(told)
    )


def _voucher_kind(voucher: Voucher, known: int, now: int) -> str | None:
    if voucher.used_at == now:
        return "voucher.used"
    return "voucher.issued" if voucher.number > known and voucher.status == "issued" else None


def lock(tx: Transaction, card_id: int) -> AccountRow:
    """Lock a card's account. Raises CardNotFound where it has none."""
    row = queries.lock_account(tx, card_id)
    if row is None:
        raise CardNotFound
    return row

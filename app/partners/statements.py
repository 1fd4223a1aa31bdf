"""Takes statements: one, or a chunk of a bulk file in one unit of work."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards.making import known_card
from app.cards.numbers import look_up_key
from app.errors import AppError, CardNotFound, StaleStatement, WrongAuthority
from app.outbox import service as outbox
from app.outbox.service import Changed, Event
from app.partners import queries
from app.partners.bulk import Answered, error_answer
from app.partners.deciding import Change, Named, Stale, Told, decide
from app.partners.enrolling import card_named
from app.partners.queries import Standing, TakenRow
from app.partners.schemas import StatementOut
from app.programs.service import Program
from app.storage.database import Transaction

EVENTS_PER_CHANGE = 2  # ids drawn for each: balance.updated, tier.changed
_read_balances = msgspec.json.Decoder(dict[str, int]).decode


class Line(msgspec.Struct, frozen=True):
    """A line of a bulk file, read and judged, or what is wrong with it."""

    line: int
    number: str
    told: Told | None
    error: AppError | None = None
    event_ids: tuple[bytes, ...] = ()


def named_of(program: Program) -> Named:
    """Return what a program's statements may name. Raises WrongAuthority for other programs."""
    if program.authority != "merchant":
        raise WrongAuthority("only a program of authority merchant takes statements")
    document = program.document
    return Named(
        tuple(unit.id for unit in document.units), frozenset(tier.id for tier in document.tiers)
    )


def take(
    tx: Transaction,
    program: Program,
    number: str,
    told: Told,
    *,
    event_ids: tuple[bytes, ...],
    now: int,
) -> StatementOut:
    """Take one statement; the card's family only. Raises: CardNotFound, StaleStatement."""
    card_id = known_card(tx, program.program_id, number)
    if card_id is None:
        card_id = card_named(tx, program, number)  # a card_… perhaps
    standing = queries.lock_account(tx, card_id)
    if standing is None or standing.voided_at is not None:
        raise CardNotFound
    decided = decide(standing.account, told)
    if isinstance(decided, Stale):
        raise StaleStatement(decided.sequence)
    queries.take(tx, TakenRow(card_id, decided.account, decided.message), now=now)
    if decided.is_changed:
        changed = change_of(card_id, decided, event_ids, priority=outbox.SINGLE)
        outbox.change(tx, changed, now=now)
    return StatementOut(
        card_number=standing.number, sequence=told.sequence, changed=decided.is_changed
    )


def take_lines(tx: Transaction, program: Program, lines: list[Line], *, now: int) -> list[Answered]:
    """Take a chunk, each line by itself, in order; a number may come twice. # batch

    All cards are read and locked at once, in order of their ids, and written set by set.
    """
    keys = {look_up_key(line.number) for line in lines if line.told is not None}
    standing: dict[str, Standing] = {}
    if keys:
        standing = dict(queries.lock_accounts(tx, program.program_id, sorted(keys)))
    taken: list[TakenRow] = []
    changes: list[Changed] = []
    answers = []
    for line in lines:
        key = look_up_key(line.number)
        found = standing.get(key)
        if line.told is None or found is None or found.voided_at is not None:
            answers.append(_refused(line))
            continue
        decided = decide(found.account, line.told)
        if isinstance(decided, Stale):
            answers.append(Answered(line=line.line, status="stale", sequence=decided.sequence))
            continue
        standing[key] = msgspec.structs.replace(found, account=decided.account)
        taken.append(TakenRow(found.card_id, decided.account, decided.message))
        if decided.is_changed:
            changes.append(change_of(found.card_id, decided, line.event_ids, priority=outbox.BULK))
        answers.append(Answered(line=line.line, status="ok"))
    if taken:
        queries.take_many(tx, taken, now=now)
    if changes:
        outbox.change_many(tx, changes, now=now)
    return answers


def _refused(line: Line) -> Answered:
    return error_answer(line.line, line.error or CardNotFound())


def change_of(
    card_id: int, change: Change, event_ids: tuple[bytes, ...], *, priority: int
) -> Changed:
    """Say what phones and webhooks are told of a statement; two event ids were drawn for it."""
    account = change.account
    facts: dict[str, Any] = {
        "sequence": account.sequence,
        "balances": _read_balances(account.balances),
        "tier": account.tier,
    }
    events = []
    if change.has_balance_changed:
        events.append(Event(event_ids[0], "balance.updated", facts))
    if change.has_tier_changed:
        events.append(Event(event_ids[1], "tier.changed", facts))
        priority = outbox.TIER
    return Changed(card_id, priority, tuple(events))

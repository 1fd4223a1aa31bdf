"""Replays the last months of a program's cards by other rules, before these are published."""

from __future__ import annotations

from collections.abc import Iterator

from app.ledger import queries, simulation_queries
from app.ledger.journal import read_body
from app.ledger.storing import read_account
from app.loyalty.program import Program
from app.loyalty.simulation import Comparison, Happened, Past, compare
from app.programs.schemas import Simulation
from app.programs.service import rules_of
from app.storage.database import Transaction

# A dry run answers within a few seconds: it takes a sample, the cards seen last.
CARDS_MAX = 300
ROWS_MAX = 10_000  # of journals, all cards together
ROWS_PER_CARD_MAX = 1_000  # a card with a longer past is left out


def simulate(
    tx: Transaction, program_id: int, tried: Program, *, since: int, now: int
) -> Simulation:
    """Count who would have gained and lost by the tried rules, in force since a moment."""
    found = list(_comparisons(tx, program_id, tried, since=since, now=now))
    return Simulation(
        cards=len(found),
        gains=sum(each.change > 0 for each in found),
        loses=sum(each.change < 0 for each in found),
        liability_before_minor=sum(each.before.owed_minor for each in found),
        liability_after_minor=sum(each.after.owed_minor for each in found),
    )


def _comparisons(
    tx: Transaction, program_id: int, tried: Program, *, since: int, now: int
) -> Iterator[Comparison]:
    rules, rows_left = rules_of(tx, program_id), ROWS_MAX
    for card_id in simulation_queries.lively_cards(tx, program_id, since, CARDS_MAX):
        past = _past(tx, card_id)
        if past is None:
            continue
        rows_left -= len(past.happened)
        if rows_left < 0:
            return
        yield compare(past, rules, tried, since=since, now=now)


def _past(tx: Transaction, card_id: int) -> Past | None:
    row = queries.account(tx, card_id)
    if row is None or row.journal > ROWS_PER_CARD_MAX:
        return None
    account, birthdays = read_account(row.state), queries.birthdays_of(tx, card_id)
    happened = []
    for each in queries.journal_after(tx, card_id, 0, ROWS_PER_CARD_MAX):
        body = read_body(each.body)
        happened.append(
            Happened(
                recorded_at=each.recorded_at,
                version=body.version,
                steps=body.steps,
                claims=body.claims,
                birthday=next(
                    (text for first, text in reversed(birthdays) if first <= each.number), None
                ),
            )
        )
    return Past(account.opened_at, happened, account.referred_by)

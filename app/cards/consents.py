"""What a card's holder agreed to: given to a text, dated, withdrawn as easily as given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from app.cards import consent_queries as queries
from app.cards.consent_queries import ConsentRow
from app.cards.queries import card_state, lock_card
from app.clock import rfc3339
from app.errors import NotFound, invalid
from app.programs import enrolment
from app.programs import service as programs
from app.programs.enrolment import PROMOTIONS, consents_of
from app.programs.enrolment_queries import TextRow
from app.programs.service import Program
from app.storage.database import Transaction


class ConsentGiven(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as its merchant sees it; `text_version`: the number of the text it was given to."""

    key: str
    given_at: str
    withdrawn_at: str | None
    text_version: int


class ConsentState(msgspec.Struct, frozen=True, kw_only=True):
    """A consent as the holder sees it: what is asked now, and whether he gave it.

    `text_version`: of the text as it is asked now; `given_version`: of the one he agreed to.
    """

    key: str
    text: str | dict[str, str]
    text_version: int
    required: bool
    given: bool
    given_version: int | None = None
    given_at: str | None = None
    withdrawn_at: str | None = None


class Consents(msgspec.Struct, frozen=True, kw_only=True):
    """All that a card's program asks."""

    items: list[ConsentState]


def allows_promotions(tx: Transaction, card_id: int) -> bool:
    """Say whether messages that promote may reach a card.

    Where the program asks the consent `promotions`, only while it stands; else unless it was
    withdrawn when it was still asked.
    """
    state = card_state(tx, card_id)
    if state is None or state.card.voided_at is not None or state.card.program_id is None:
        return False
    found = queries.last_consent(tx, card_id, PROMOTIONS)
    if found is not None:
        return found.withdrawn_at is None
    program = programs.program_by_id(tx, state.card.program_id)
    assert program is not None, "programs are never deleted"
    return all(asked.key != PROMOTIONS for asked in consents_of(program.document))


def judged(program: Program, keys: Iterable[str]) -> frozenset[str]:
    """Read which consents were given. Raises InvalidInput for one that the program asks not."""
    known = {asked.key for asked in consents_of(program.document)}
    for place, key in enumerate(keys):
        if key not in known:
            raise invalid(f"consents[{place}]", "the program asks no such consent")
    return frozenset(keys)


def give(tx: Transaction, program_id: int, card_id: int, keys: Iterable[str], *, now: int) -> None:
    """Write down consents to the texts that are asked now; under the card's lock.

    One that stands stays as it is, unless its text is another now.
    """
    texts = enrolment.current_texts(tx, program_id)
    for key in sorted(keys):
        text, last = texts.get(key), queries.last_consent(tx, card_id, key)
        if text is None:
            continue  # published before texts were numbered: nothing to agree to
        stands = last is not None and last.withdrawn_at is None
        if stands and last is not None and last.text_version == text.text_version:
            continue
        if stands:
            queries.withdraw(tx, card_id, key, now)
        number = 1 if last is None else last.number + 1
        row = ConsentRow(key, number, text.text_version, text.text_hash, now, None)
        queries.insert_consent(tx, card_id, row)


def take_over(tx: Transaction, card_id: int, merged: int) -> None:
    """Let consents that stand on a card which was merged into this one stand here too.

    Not where this card's own stands, or was withdrawn later. The card's family only.
    """
    if lock_card(tx, card_id) is None:
        return
    for row in queries.last_consents(tx, merged):
        own = queries.last_consent(tx, card_id, row.consent_key)
        if row.withdrawn_at is not None:
            continue
        if own is not None and (own.withdrawn_at is None or own.withdrawn_at >= row.given_at):
            continue
        number = 1 if own is None else own.number + 1
        queries.insert_consent(tx, card_id, msgspec.structs.replace(row, number=number))


def change(
    tx: Transaction, program: Program, card_id: int, wanted: Mapping[str, bool], *, now: int
) -> Consents:
    """Give and withdraw as the holder says; a withdrawal is never refused. The card's family.

    Raises: NotFound; InvalidInput for a consent that is neither asked nor given.
    """
    card = lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    asked = {each.key for each in consents_of(program.document)}
    given = {row.consent_key for row in queries.last_consents(tx, card_id)}
    for key, is_given in wanted.items():
        if key not in asked and (is_given or key not in given):
            raise invalid(key, "the program asks no such consent")
    for key, is_given in wanted.items():
        if not is_given:
            queries.withdraw(tx, card_id, key, now)
    give(tx, program.program_id, card_id, [key for key, yes in wanted.items() if yes], now=now)
    return of_holder(tx, program, card_id)


def of_holder(tx: Transaction, program: Program, card_id: int) -> Consents:
    """Show the consents that a program asks, and those given before that it asks no more."""
    rows = {row.consent_key: row for row in queries.last_consents(tx, card_id)}
    texts = enrolment.current_texts(tx, program.program_id)
    required = {each.key: each.required for each in consents_of(program.document)}
    keys = [*required, *(key for key in sorted(rows) if key not in required)]
    return Consents(
        items=[
            _state(texts[key], rows.get(key), is_required=required.get(key, False))
            for key in keys
            if key in texts
        ]
    )


def of_account(tx: Transaction, card_id: int) -> list[ConsentGiven]:
    """Show a card's consents to its merchant."""
    return [
        ConsentGiven(
            key=row.consent_key,
            given_at=rfc3339(row.given_at),
            withdrawn_at=_at(row.withdrawn_at),
            text_version=row.text_version,
        )
        for row in queries.last_consents(tx, card_id)
    ]


def _state(text: TextRow, row: ConsentRow | None, *, is_required: bool) -> ConsentState:
    return ConsentState(
        key=text.consent_key,
        text=msgspec.json.decode(text.text, type=str | dict[str, str]),
        text_version=text.text_version,
        required=is_required,
        given=row is not None and row.withdrawn_at is None,
        given_version=None if row is None else row.text_version,
        given_at=None if row is None else rfc3339(row.given_at),
        withdrawn_at=None if row is None else _at(row.withdrawn_at),
    )


def _at(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)

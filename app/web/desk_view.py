"""What a card's page shows of dealings with its program: its end, consents, points that miss."""

from __future__ import annotations

import msgspec

from app.cards import consents, missing_queries
from app.cards import service as cards
from app.cards.consents import ConsentState
from app.cards.holding_queries import HeldCard
from app.cards.hosted import speaker_of
from app.cards.missing import ADJUSTED, OPEN
from app.cards.missing_queries import MissingRow
from app.cards.notices import ending_text
from app.cards.registering import OWNER
from app.clock import rfc3339
from app.http.fields import moment as moment_of
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.ending import zone_of
from app.programs.service import Program
from app.storage.database import Transaction
from app.web.texts import Catalogue
from passes.content import in_language

REQUESTS_SHOWN = 5
_NEWEST = 2**62


class AskedConsent(msgspec.Struct, frozen=True, kw_only=True):
    """A consent: its words, whether it stands, and since when (in words)."""

    key: str
    text: str
    given: bool
    since: str | None


class AskedPoints(msgspec.Struct, frozen=True, kw_only=True):
    """A request about missing points, with its answer in words."""

    receipt: str
    answer: str
    reason: str | None
    at: str
    day: str


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """What a holder may tell his card's program. `may_ask`: for points that miss."""

    ending: str | None
    consents: list[AskedConsent]
    requests: list[AskedPoints]
    may_ask: bool
    currency: str


def desk_of(tx: Transaction, held: HeldCard, words: Catalogue) -> Desk | None:
    """Read it for one of a card's holders; None for a card of no program.

    Consents are the owner's alone; points may be asked for by who may spend them.
    """
    card = held.state.card
    program = None if card.program_id is None else programs.program_by_id(tx, card.program_id)
    if program is None:
        return None
    asked, requests = [], []
    may_ask = program.authority != "none" and held.holding.access in cards.MAY_SPEND
    if held.holding.access == OWNER:
        found = consents.of_holder(tx, program, card.card_id).items
        asked = [_consent(each, program, words) for each in found]
    if may_ask:
        rows = missing_queries.before(tx, card.card_id, _NEWEST, REQUESTS_SHOWN)
        requests = [_request(row, program, words) for row in rows]
    return Desk(
        ending=ending_text(program, words.language),
        consents=asked,
        requests=requests,
        may_ask=may_ask,
        currency=speaker_of(tx, program).currency,
    )


def _consent(state: ConsentState, program: Program, words: Catalogue) -> AskedConsent:
    text = state.text
    if isinstance(text, dict):
        text = in_language(text, words.language, default=program.document.languages[0])
    since = None
    if state.withdrawn_at is not None:
        since = words.text("card.consent.withdrawn", day=_day(state.withdrawn_at, words))
    elif state.given_at is not None:
        since = words.text("card.consent.given", day=_day(state.given_at, words))
    return AskedConsent(key=state.key, text=text, given=state.given, since=since)


def _day(text: str, words: Catalogue) -> str:
    return words.day(moment_of("at", text))


def _request(row: MissingRow, program: Program, words: Catalogue) -> AskedPoints:
    answer = words.text("card.missing." + row.status)
    if row.status == ADJUSTED and row.units is not None:
        content = program_content(program)
        unit = next((each for each in content.units if each.id == row.unit), None)
        name = row.unit or ""
        if unit is not None:
            name = in_language(unit.name, words.language, default=content.languages[0])
        answer = f"+{words.amount(row.units, unit.currency if unit else None)} {name}"
    at = row.created_at if row.status == OPEN or row.decided_at is None else row.decided_at
    return AskedPoints(
        receipt=row.receipt,
        answer=answer,
        reason=row.reason,
        at=rfc3339(at),
        day=words.day(at, zone_of(program.document)),
    )

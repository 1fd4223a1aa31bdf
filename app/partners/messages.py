"""Messages of a merchant to all or many of his cards: whom one reaches, and its sending off.

Whom it reaches is found by the same walk before it is sent and while it is: page by page over the
program's cards, in order of id.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.clock import DAY, rfc3339
from app.errors import invalid
from app.ids import public_id
from app.partners import message_queries as queries
from app.partners.message_queries import Candidate, PromotionRow, Wanted
from app.partners.message_schemas import MessageOut, NewMessage, Segment
from app.programs.ending import refuse_ended
from app.programs.enrolment import PROMOTIONS, consents_of
from app.programs.service import Program
from app.storage.database import Transaction
from app.users.promotions import PROMOTIONS_MAX, WINDOW

CARDS_A_PAGE = 1_000
FIRST = -1
NEWEST = 2**62

_read_segment = msgspec.json.Decoder(Segment).decode
_read_texts = msgspec.json.Decoder(dict[str, str]).decode


class Activity(msgspec.Struct, frozen=True):
    """Of the engine's account: when units were earned, spent or set aside last."""

    last_activity_at: int | None = None


_read_activity = msgspec.json.Decoder(Activity).decode


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it was judged. `at`: the moment by which its segment is read."""

    program_id: int
    texts: dict[str, str]
    segment: Segment
    base_tier: str | None
    needs_consent: bool
    at: int


class Reach(msgspec.Struct, kw_only=True):
    """How many persons get a message and how many have had their share; and cards without one.

    `seen`: the persons that were counted.
    """

    cards: int = 0
    reaches: int = 0
    capped: int = 0
    refused: int = 0
    nobody: int = 0
    seen: set[int] = msgspec.field(default_factory=set)


def judge(program: Program, sent: NewMessage, *, now: int) -> Draft:
    """Read a message to a program's cards. Raises InvalidInput naming the field, ProgramEnded."""
    refuse_ended(program, now)
    document, segment = program.document, sent.segment or Segment()
    languages = document.languages
    texts = {languages[0]: sent.text} if isinstance(sent.text, str) else dict(sent.text)
    for language, text in texts.items():
        path = "text" if isinstance(sent.text, str) else f"text.{language}"
        if language not in languages:
            raise invalid(path, "the program does not speak this language")
        if not text.strip():
            raise invalid(path, "a text is needed")
    if segment.tier is not None and segment.tier not in {tier.id for tier in document.tiers}:
        raise invalid("segment.tier", "the program has no such tier")
    places = {place.id for place in document.locations}
    if segment.location is not None and places and segment.location not in places:
        raise invalid("segment.location", "the program has no such location")
    return draft_of(program, texts, segment, at=now)


def draft_of(program: Program, texts: dict[str, str], segment: Segment, *, at: int) -> Draft:
    """Put together what decides whom a message reaches."""
    document = program.document
    return Draft(
        program_id=program.program_id,
        texts=texts,
        segment=segment,
        base_tier=document.tiers[0].id if document.tiers else None,
        needs_consent=any(asked.key == PROMOTIONS for asked in consents_of(document)),
        at=at,
    )


def add_reach(draft: Draft, found: Reach, page: list[Candidate]) -> None:
    """Count whom a message would reach of some cards."""
    for candidate in in_segment(draft, page):
        found.cards += 1
        if has_refused(draft, candidate):
            found.refused += 1
        elif is_nobodys(candidate):
            found.nobody += 1
        elif candidate.user_id and candidate.user_id in found.seen:
            continue  # he gets it with another card
        else:
            found.seen.add(candidate.user_id)
            is_capped = candidate.recent >= PROMOTIONS_MAX
            found.capped += is_capped
            found.reaches += not is_capped


def page_of(tx: Transaction, draft: Draft, *, after: int, limit: int, now: int) -> list[Candidate]:
    """List cards behind one that may be meant; whether they are idle is judged by `in_segment`."""
    segment = draft.segment
    wanted = Wanted(
        program_id=draft.program_id,
        tier=segment.tier,
        is_base=segment.tier is not None and segment.tier == draft.base_tier,
        location=segment.location,
        has_history=segment.inactive_days is not None,
    )
    return queries.candidates(
        tx, wanted, after=after, limit=limit, since=now - WINDOW, now=now, consent=PROMOTIONS
    )


def in_segment(draft: Draft, page: list[Candidate]) -> Iterator[Candidate]:
    """Leave out cards to which something has happened of late, where idle ones are meant."""
    days = draft.segment.inactive_days
    for candidate in page:
        if days is None or _last_active(candidate) <= draft.at - days * DAY:
            yield candidate


def has_refused(draft: Draft, candidate: Candidate) -> bool:
    """Say whether promotions may not reach a card (`cards.consents.allows_promotions`)."""
    return candidate.consent == 0 or (candidate.consent is None and draft.needs_consent)


def is_nobodys(candidate: Candidate) -> bool:
    """Say whether nobody would see a message: no holder, no pass in a wallet."""
    return candidate.user_id == 0 and candidate.passes == 0


def _last_active(candidate: Candidate) -> int:
    """Return when a ticket, an event or a new balance came last; else when the card was made."""
    told = None if candidate.state is None else _read_activity(candidate.state).last_activity_at
    moments = (candidate.created_at, candidate.last_ticket_at, candidate.told_at, told)
    return max(at for at in moments if at is not None)


def send_off(
    tx: Transaction, draft: Draft, reach: Reach, *, promotion_id: int, public_id: bytes
) -> PromotionRow:
    """Write a message down; the worker takes it from there, page by page."""
    row = PromotionRow(
        program_id=draft.program_id,
        promotion_id=promotion_id,
        public_id=public_id,
        texts=msgspec.json.encode(draft.texts).decode(),
        segment=msgspec.json.encode(draft.segment).decode(),
        reaches=reach.reaches,
        capped=reach.capped,
        sent=0,
        created_at=draft.at,
        next_card_id=FIRST,
        claimed_until=0,
        done_at=None,
    )
    queries.insert(tx, row)
    return row


def restored(program: Program, row: PromotionRow) -> Draft:
    """Read back a message that is on its way."""
    return draft_of(program, _read_texts(row.texts), _read_segment(row.segment), at=row.created_at)


def message_out(row: PromotionRow, reach: Reach | None = None) -> MessageOut:
    """Write a message; with its reach right after it was sent off."""
    return MessageOut(
        id=public_id("msg", row.public_id),
        text=_shown(_read_texts(row.texts)),
        segment=_read_segment(row.segment),
        reaches=row.reaches,
        capped=row.capped,
        sent=row.sent,
        created_at=rfc3339(row.created_at),
        done_at=None if row.done_at is None else rfc3339(row.done_at),
        cards=None if reach is None else reach.cards,
        refused=None if reach is None else reach.refused,
        nobody=None if reach is None else reach.nobody,
    )


def dry_run_out(draft: Draft, reach: Reach) -> MessageOut:
    """Write what sending would come to."""
    return MessageOut(
        id=None,
        text=_shown(draft.texts),
        segment=draft.segment,
        reaches=reach.reaches,
        capped=reach.capped,
        sent=0,
        created_at=rfc3339(draft.at),
        cards=reach.cards,
        refused=reach.refused,
        nobody=reach.nobody,
    )


def _shown(texts: dict[str, str]) -> str | dict[str, str]:
    return next(iter(texts.values())) if len(texts) == 1 else texts

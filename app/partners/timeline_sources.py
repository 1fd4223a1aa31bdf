"""The sources of a timeline: each reads some rows below a place and words them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from app.cards import member_queries, promotion_queries, queries
from app.cards.hosted import Speaker, entry_out, speaker_of
from app.cards.queries import CardRow
from app.clock import rfc3339
from app.ids import PUBLIC_BYTES, public_id
from app.ledger import service as ledger
from app.partners import timeline_queries
from app.partners.by_hand import SOURCE
from app.partners.members_schemas import TimelineItem, TimelineKind
from app.partners.timeline_words import say
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from passes.content import in_language

ROWS_MAX = 200  # of what has no page of its own: passes, pushes, scans, consents
Place = tuple[int, ...]
_read_balances = msgspec.json.Decoder(dict[str, int]).decode
_read_about = msgspec.json.Decoder(dict[str, Any]).decode
_read_texts = msgspec.json.Decoder(dict[str, str]).decode


class Asked(msgspec.Struct, frozen=True):
    """Whose timeline, in which language, how many items."""

    program: Program
    card_id: int
    language: str
    limit: int


class Found(msgspec.Struct, frozen=True):
    """An item, when it stands in the timeline, and where in its source."""

    at: int
    place: Place
    item: TimelineItem


def entries(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List entries of the ledger, each with why."""
    card, speaker = _card(tx, asked), _speaker(tx, asked)
    found = []
    for booked in timeline_queries.entries_before(tx, asked.card_id, place[0], limit):
        row, out = booked.row, entry_out(tx, card, booked.row, speaker)
        reason = None
        if row.kind == "adjust":
            reason = ledger.reason_of(tx, asked.card_id, row.journal)
        item = TimelineItem(
            id=out.id,
            at=rfc3339(booked.recorded_at),
            kind="entry",
            text=out.text,
            occurred_at=out.at,
            units=row.units,
            unit=row.unit,
            reason=reason,
        )
        found.append(Found(booked.recorded_at, (row.number,), item))
    return found


def statements(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List what the merchant's system told of a mirrored card."""
    card, speaker = _card(tx, asked), _speaker(tx, asked)
    found = []
    for received in timeline_queries.statements_before(tx, asked.card_id, place[0], limit):
        row, balances = received.row, _read_balances(received.row.balances)
        told = ", ".join(f"{value} {speaker.speech(unit).unit}" for unit, value in balances.items())
        item = TimelineItem(
            id=_id("ent", card, "statement", row.sequence),
            at=rfc3339(received.received_at),
            kind="statement",
            text=say("statement", asked.language, balances=told),
            occurred_at=rfc3339(row.as_of),
            balances=balances,
            sequence=row.sequence,
            reason=row.message,
        )
        found.append(Found(received.received_at, (row.sequence,), item))
    return found


def issued(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List vouchers as they were issued; of those given by hand the note tells."""
    card = _card(tx, asked)
    found: list[Found] = []
    before = place[0]
    while len(found) < limit:
        rows = timeline_queries.issued_before(tx, asked.card_id, before, limit)
        for voucher in rows:
            if not voucher.source.startswith(SOURCE):
                text = say("issued", asked.language, template=voucher.template)
                known_as = _id("vch", card, "issued", voucher.number)
                item = _item(known_as, voucher.issued_at, "voucher", text)
                found.append(Found(voucher.issued_at, (voucher.number,), item))
        if len(rows) < limit:
            break
        before = rows[-1].number
    return found[:limit]


def used(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List vouchers as they were used."""
    card = _card(tx, asked)
    found = []
    before = (place[0], place[1])
    for voucher in timeline_queries.used_before(tx, asked.card_id, before, limit):
        assert voucher.used_at is not None, "those that were used are listed"
        text = say("used", asked.language, template=voucher.template)
        item = _item(_id("vch", card, "used", voucher.number), voucher.used_at, "voucher", text)
        found.append(Found(voucher.used_at, (voucher.used_at, voucher.number), item))
    return found


def messages(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List promotional messages that the card was sent."""
    card, speaker = _card(tx, asked), _speaker(tx, asked)
    default = speaker.content.languages[0]
    found = []
    before = (place[0], place[1])
    for row in promotion_queries.page(tx, asked.card_id, before, limit):
        text = in_language(_read_texts(row.texts), asked.language, default=default)
        item = _item(_id("msg", card, "message", row.promotion_id), row.sent_at, "message", text)
        found.append(Found(row.sent_at, (row.sent_at, row.promotion_id), item))
    return found


def notes(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List what was done to the card by hand."""
    card = _card(tx, asked)
    found = []
    for row in member_queries.notes_before(tx, asked.card_id, place[0], limit):
        about = _read_about(row.about)
        kind: TimelineKind = "voucher" if row.kind == "voucher" else "note"
        item = TimelineItem(
            id=_id("note", card, "note", row.note_id),
            at=rfc3339(row.at),
            kind=kind,
            text=say(row.kind, asked.language, **about),
            reason=about.get("reason"),
            by=_by(tx, asked, row.made_by),
            card_id=about.get("card"),
        )
        found.append(Found(row.at, (row.note_id,), item))
    return found


def rest(tx: Transaction, asked: Asked, place: Place, limit: int) -> list[Found]:
    """List what is few, or stands in rows that move: passes, pushes, scans, consents."""
    found = []
    for item, at in _rest(tx, asked):
        key = int.from_bytes(hashlib.sha256(item.id.encode()).digest()[:7], "big")
        if (at, key) < place:
            found.append(Found(at, (at, key), item))
    found.sort(key=lambda each: each.place, reverse=True)
    return found[:limit]


def _rest(tx: Transaction, asked: Asked) -> Iterator[tuple[TimelineItem, int]]:
    card = _card(tx, asked)
    text = say("created", asked.language)
    yield _item(_id("note", card, "created", 0), card.created_at, "note", text), card.created_at
    yield from _passes(tx, asked, card)
    yield from _scans(tx, asked, card)
    yield from _asked_and_agreed(tx, asked, card)


def _passes(tx: Transaction, asked: Asked, card: CardRow) -> Iterator[tuple[TimelineItem, int]]:
    for row in timeline_queries.passes_of(tx, asked.card_id, ROWS_MAX):
        for kind, at in (
            ("pass-made", row.created_at),
            ("pass-added", row.added_at),
            ("pass-removed", row.removed_at),
            ("pass-pulled", row.pulled_at),
            ("pass-voided", row.voided_at),
        ):
            if at is not None:
                text = say(kind, asked.language, wallet=row.wallet)
                known_as = _id("pass", card, f"{kind} {row.serial.hex()}", at)
                yield _item(known_as, at, "pass", text), at
    told = [("apple", each) for each in timeline_queries.told_phones(tx, asked.card_id, ROWS_MAX)]
    told += [("google", each) for each in timeline_queries.told_google(tx, asked.card_id, ROWS_MAX)]
    for wallet, each in told:
        text = say("push", asked.language, wallet=wallet)
        known_as = _id("push", card, f"{each.serial.hex()} {each.device_id}", each.told_at)
        yield _item(known_as, each.told_at, "push", text), each.told_at


def _scans(tx: Transaction, asked: Asked, card: CardRow) -> Iterator[tuple[TimelineItem, int]]:
    for kind, read in (
        ("scan-rotating", timeline_queries.rotating_scans),
        ("scan-one-time", timeline_queries.one_time_scans),
    ):
        for row in read(tx, asked.card_id, ROWS_MAX):
            item = TimelineItem(
                id=_id("scan", card, kind, row.used_at),
                at=rfc3339(row.used_at),
                kind="scan",
                text=say(kind, asked.language),
                by=_by(tx, asked, row.used_by),
            )
            yield item, row.used_at


def _asked_and_agreed(
    tx: Transaction, asked: Asked, card: CardRow
) -> Iterator[tuple[TimelineItem, int]]:
    for row in timeline_queries.consents_of(tx, asked.card_id, ROWS_MAX):
        for kind, at in (
            ("consent-given", row.given_at),
            ("consent-withdrawn", row.withdrawn_at),
        ):
            if at is not None:
                text = say(kind, asked.language, key=row.key)
                known_as = _id("note", card, f"{kind} {row.key}", row.number)
                yield _item(known_as, at, "note", text), at
    for request in timeline_queries.requests_of(tx, asked.card_id, ROWS_MAX):
        text = say("missing-open", asked.language, receipt=request.receipt)
        known_as = _id("note", card, "missing", request.request_id)
        yield _item(known_as, request.created_at, "note", text), request.created_at
        if request.decided_at is not None:
            text = say(f"missing-{request.status}", asked.language, receipt=request.receipt)
            known_as = _id("note", card, "decided", request.request_id)
            item = _item(known_as, request.decided_at, "note", text)
            yield msgspec.structs.replace(item, reason=request.reason), request.decided_at


def _item(known_as: str, at: int, kind: TimelineKind, text: str) -> TimelineItem:
    return TimelineItem(id=known_as, at=rfc3339(at), kind=kind, text=text)


def _id(prefix: str, card: CardRow, kind: str, number: int) -> str:
    # What has no public id of its own is known by its card, its kind and its number.
    text = b"timeline" + card.public_id + kind.encode() + number.to_bytes(8, "big")
    return public_id(prefix, hashlib.sha256(text).digest()[:PUBLIC_BYTES])


def _card(tx: Transaction, asked: Asked) -> CardRow:
    state = queries.card_state(tx, asked.card_id)
    assert state is not None, "it was found in this very snapshot"
    return state.card


def _speaker(tx: Transaction, asked: Asked) -> Speaker:
    speaker = speaker_of(tx, asked.program)
    return msgspec.structs.replace(speaker, language=asked.language)


def _by(tx: Transaction, asked: Asked, made_by: str) -> str | None:
    """Name who did it: a key or a till by its name, staff by name or address."""
    kind, _, number = made_by.partition(":")
    if not number.isdigit():
        return None
    merchant_id, known = asked.program.merchant_id, int(number)
    if kind == "key":
        return timeline_queries.name_of_key(tx, merchant_id, known)
    if kind == "till":
        return timeline_queries.name_of_till(tx, merchant_id, known)
    user = users.by_id(tx, known)
    return None if user is None else user.display_name or user.email

"""Takes a file of members: each row a unit of work of one card, harmless when it comes again."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Literal

import msgspec

from app.cards import merging
from app.cards import queries as card_queries
from app.cards.making import Drawn, add_contact, draw_ids, known_card, make_of_program
from app.cards.notes import Noted, note
from app.cards.numbers import look_up_key
from app.errors import AppError, IdempotencyConflict, Unavailable
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.ledger import service as ledger
from app.ledger.drawing import SEED_BYTES
from app.ledger.service import Posting
from app.loyalty.calendar import write_instant
from app.loyalty.events import Opening, OpeningLot, Step
from app.outbox import service as outbox
from app.partners import queries, statements
from app.partners.deciding import Stale, Told, decide
from app.partners.member_rows import MEMBERS, MemberRow, Reading, Remark
from app.partners.queries import TakenRow
from app.programs.service import Program
from app.storage.database import Transaction, Work

IMPORTED = "imported"  # the kind of its note
_EVENTS = statements.EVENTS_PER_CHANGE


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a row: a card added or known, how many opening balances were opened."""

    row: MemberRow
    status: Literal["added", "known", "failed"]
    opened: int = 0
    remarks: tuple[Remark, ...] = ()


class _Ready(msgspec.Struct, frozen=True, kw_only=True):
    """A row with what was drawn for it."""

    row: MemberRow
    drawn: Drawn
    noted: Noted
    seeds: tuple[bytes, ...]
    event_ids: tuple[bytes, ...]


async def take(
    ports: Ports, reading: Reading, rows: list[MemberRow], *, made_by: str
) -> list[Taken]:
    """Take rows in one commit, each whole by itself, in order.

    Raises Unavailable: what was taken stands, and the file may come again.
    """
    now = ports.clock.wall()
    works = [
        partial(_take, reading=reading, ready=_draw(ports, row, made_by, now=now), now=now)
        for row in rows
    ]
    try:
        done = await ports.database.write_batch(works) if works else []
    except Unavailable:  # another file with the same members holds them: one by one holds up nobody
        done = [await _alone(ports, work) for work in works]
    return [_told(row, found) for row, found in zip(rows, done, strict=True)]


async def _alone(ports: Ports, work: Work[Taken]) -> Taken | Exception:
    try:
        return await ports.database.write(work)
    except Unavailable:
        raise
    except AppError as refused:
        return refused


def _draw(ports: Ports, row: MemberRow, made_by: str, *, now: int) -> _Ready:
    return _Ready(
        row=row,
        drawn=draw_ids(ports, now),
        noted=Noted(ports.ids.next(now), now, made_by),
        seeds=tuple(ports.ids.secret(SEED_BYTES) for _ in row.openings),
        event_ids=tuple(ports.ids.public() for _ in range(_EVENTS)),
    )


def _told(row: MemberRow, found: Taken | Exception) -> Taken:
    if isinstance(found, Taken):
        return found
    if isinstance(found, AppError) and found.status < 500:
        remark = Remark(row.row, None, "refused", found.detail)
        return Taken(row=row, status="failed", remarks=(remark,))
    raise found


def look(tx: Transaction, reading: Reading, rows: list[MemberRow], seen: set[str]) -> list[Taken]:
    """Say what would come of rows, and change nothing. `seen`: numbers of rows before."""
    found = []
    for row in rows:
        key = look_up_key(row.code.number)
        card_id, fault = _known(tx, reading.program, row)
        if fault is not None:
            found.append(Taken(row=row, status="failed", remarks=(fault,)))
            continue
        is_added = card_id is None and key not in seen
        opened = 0
        for unit, _units in row.openings:
            place = f"{key} {opening_id(reading.secrets, reading.program, row, unit)}"
            if place not in seen and _opens(tx, reading, row, unit=unit, card_id=card_id):
                opened += 1
            seen.add(place)
        seen.add(key)
        found.append(Taken(row=row, status="added" if is_added else "known", opened=opened))
    return found


def _opens(
    tx: Transaction, reading: Reading, row: MemberRow, *, unit: str, card_id: int | None
) -> bool:
    if reading.program.authority != "ledger":
        state = None if card_id is None else card_queries.card_state(tx, card_id)
        return state is None or state.account is None or state.account.as_of is None
    own_id = opening_id(reading.secrets, reading.program, row, unit)
    return ledger.event_of(tx, reading.program.program_id, own_id) is None


def _known(tx: Transaction, program: Program, row: MemberRow) -> tuple[int | None, Remark | None]:
    """Find the card of a row's number, None for a new one; or say why there can be none."""
    card_id = known_card(tx, program.program_id, row.code.number)
    if card_id is None:
        key = look_up_key(row.code.number)
        if card_queries.is_retired(tx, program.program_id, key):
            return None, Remark(row.row, None, "retired-number")
        return None, None
    state = card_queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        return None, Remark(row.row, None, "ended-card")
    return card_id, None


def _take(tx: Transaction, *, reading: Reading, ready: _Ready, now: int) -> Taken:
    """Make the card of a row, or find it; open what it brings along. The card's family only."""
    row, program = ready.row, reading.program
    contact = msgspec.structs.replace(row.contact, enrolled_at=row.enrolled_at or now)
    card = make_of_program(
        *(tx, program, (row.code,)),
        drawn=ready.drawn,
        now=now,
        birthday=contact.birthday,
        enrolled_at=row.enrolled_at,
    )
    if card is not None:
        add_contact(tx, card.card_id, contact)
        note(tx, card.card_id, ready.noted, kind=IMPORTED, about={})
        opened, remarks = _open(tx, card.card_id, reading, ready, now=now)
        return Taken(row=row, status="added", opened=opened, remarks=remarks)
    card_id, fault = _known(tx, program, row)
    if card_id is None:
        fault = fault or Remark(row.row, None, "invalid-number")
        return Taken(row=row, status="failed", remarks=(fault,))
    locked = card_queries.lock_card(tx, card_id)
    assert locked is not None, "cards are never deleted"
    merging.fill_contact(tx, locked, contact)
    opened, remarks = _open(tx, card_id, reading, ready, now=now)
    return Taken(row=row, status="known", opened=opened, remarks=remarks)


def _open(
    tx: Transaction, card_id: int, reading: Reading, ready: _Ready, *, now: int
) -> tuple[int, tuple[Remark, ...]]:
    if reading.program.authority == "ledger":
        return _open_lots(tx, card_id, reading, ready, now=now)
    return _state(tx, card_id, ready, now=now)


def _open_lots(
    tx: Transaction, card_id: int, reading: Reading, ready: _Ready, *, now: int
) -> tuple[int, tuple[Remark, ...]]:
    """Post each opening balance once: by its card, unit and expiry."""
    row, opened, remarks = ready.row, 0, []
    if not ledger.has_account(tx, card_id):  # a card made before there were accounts
        first = ledger.Drawn(ready.drawn.seed)
        ledger.open_account(tx, card_id, reading.program.program_id, drawn=first, now=now)
    expires_at = None if row.expires_at is None else write_instant(row.expires_at)
    for (unit, units), seed in zip(row.openings, ready.seeds, strict=True):
        own_id = opening_id(reading.secrets, reading.program, row, unit)
        event = Opening(lots=(OpeningLot(unit, units, expires_at),))
        posting = Posting(
            program_id=reading.program.program_id,
            event_id=own_id,
            steps=(Step(own_id, now, event),),
            body_hash=hashlib.sha256(f"{unit} {units} {expires_at}".encode()).digest(),
            priority=outbox.BULK,
            kind="import",
        )
        try:
            posted = ledger.post(tx, card_id, posting, drawn=ledger.Drawn(seed), now=now)
        except IdempotencyConflict:  # nothing was written for it
            remarks.append(Remark(row.row, unit, "already-opened"))
            continue
        opened += not posted.is_replay
        if row.expires_at is not None and row.expires_at <= now and not posted.is_replay:
            remarks.append(Remark(row.row, None, "already-expired"))
    return opened, tuple(remarks)


def opening_id(secrets: Secrets, program: Program, row: MemberRow, unit: str) -> str:
    """Name an opening balance: the same for the same card, unit and expiry, and nobody's number."""
    told = f"{look_up_key(row.code.number)} {unit} {row.expires_at}"
    tag = secrets.tag(MEMBERS, program.program_id.to_bytes(8, "big"), told)
    return f"import-{tag[:16].hex()}"


def _state(
    tx: Transaction, card_id: int, ready: _Ready, *, now: int
) -> tuple[int, tuple[Remark, ...]]:
    """Tell a mirrored card's first balance, as a statement of sequence 1."""
    row = ready.row
    if not row.openings and row.tier is None:
        return 0, ()
    standing = queries.lock_account(tx, card_id)
    assert standing is not None, "a program's card has an account"
    balances = dict(row.openings)
    columns: dict[str, int | str | None] = {}
    if row.tier is not None:
        columns["tier"] = row.tier
    if row.expires_at is not None and row.openings:
        columns["next_expiry_at"] = row.expires_at
        columns["next_expiry_units"] = row.openings[0][1]
    told = Told(sequence=1, as_of=now, balances=balances, columns=columns)
    if standing.account.as_of is not None:
        return 0, _differs(row, standing.account.balances)
    decided = decide(standing.account, told)
    assert not isinstance(decided, Stale), "it is the first"
    queries.take(tx, TakenRow(card_id, decided.account, None), now=now)
    if decided.is_changed:
        changed = statements.change_of(card_id, decided, ready.event_ids, priority=outbox.BULK)
        outbox.change(tx, changed, now=now)
    return len(row.openings), ()


def _differs(row: MemberRow, balances: str) -> tuple[Remark, ...]:
    told = msgspec.json.decode(balances, type=dict[str, int])
    if all(told.get(unit) == units for unit, units in row.openings):
        return ()
    return (Remark(row.row, None, "balance-told"),)

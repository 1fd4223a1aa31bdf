"""Rows into what callers get: a card's facts, with its holder's own fields or without."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import holding_queries, queries
from app.cards.holding_queries import HeldCard
from app.cards.hosted import HOSTED, as_of, expiry_shown, rules_at, tier_shown, view_of
from app.cards.queries import AccountRow, CardRow, CardState
from app.cards.schemas import (
    BalanceOut,
    CardFacts,
    CardOut,
    FieldOut,
    NextExpiryOut,
    OwnBalanceOut,
    TierOut,
)
from app.clock import rfc3339
from app.errors import NotFound
from app.ids import public_id
from app.ledger.service import View
from app.loyalty.program import Program as RulesProgram
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.service import Program
from app.storage.database import Transaction
from passes.content import ProgramContent, in_language

read_balances = msgspec.json.Decoder(dict[str, int]).decode
read_fields = msgspec.json.Decoder(list[FieldOut]).decode
read_groups = msgspec.json.Decoder(list[str]).decode


class Showing:
    """Shows cards within one unit of work as they are at a moment, each program read once."""

    def __init__(self, tx: Transaction, *, now: int) -> None:
        self._tx = tx
        self.now = now
        self._view: View | None = None  # the last one, which facts and account share
        self._programs: dict[int, Program] = {}

    def program(self, program_id: int) -> Program:
        """Return a program, read once."""
        found = self._programs.get(program_id)
        if found is None:
            found = programs.program_by_id(self._tx, program_id)
            assert found is not None, "programs are never deleted"
            self._programs[program_id] = found
        return found

    def facts(self, state: CardState) -> dict[str, Any]:
        """Return the members of CardFacts."""
        card = state.card
        program = None if card.program_id is None else self.program(card.program_id)
        return {
            "id": public_id("card", card.public_id),
            "authority": card.authority,
            "program_id": public_id("prog", program.public_id) if program else None,
            "shop_name": program.name if program else card.shop_name,
            "number": card.number,
            "barcode_value": card.barcode_value,
            "barcode_format": card.barcode_format,
            "created_at": rfc3339(card.created_at),
            **(_nothing() if program is None else self._told(state, program)),
        }

    def view(self, card: CardRow) -> View | None:
        """Look at a hosted card's account; None for other cards, and for one without account."""
        if card.authority != HOSTED:
            return None
        if self._view is None or self._view.card_id != card.card_id:
            self._view = view_of(self._tx, card.card_id, now=self.now)
        return self._view

    def _told(self, state: CardState, program: Program) -> dict[str, Any]:
        view = self.view(state.card)
        if view is not None:
            return _viewed(view, program_content(program), rules_at(self._tx, view))
        return _nothing() if state.account is None else _told(state.card, state.account, program)

    def card(self, held: HeldCard) -> CardOut:
        """Show a card to its holder."""
        card, own = held.state.card, held.holding
        balance = None
        if card.own_value is not None:
            balance = OwnBalanceOut(value=card.own_value, currency=card.own_currency)
        return CardOut(
            **self.facts(held.state),
            label=own.label,
            color=own.color,
            note=own.note,
            groups=read_groups(own.group_names),
            own_balance=balance,
            valid_from=_at(card.valid_from),
            expires_at=_at(card.expires_at),
            last_used_at=_at(own.last_used_at),
            is_favorite=bool(own.is_favorite),
            is_archived=bool(own.is_archived),
            position=own.position,
            access=own.access,
            pictures=list(held.pictures),
        )


class _Place(msgspec.Struct, frozen=True):
    id: str
    position: int


def read_place(body: bytes) -> tuple[str, int]:
    """Read from an encoded CardOut its public id and position."""
    found = msgspec.json.decode(body, type=_Place)
    return found.id, found.position


def card_facts(tx: Transaction, card_id: int, *, now: int) -> CardFacts:
    """Show a card to whoever has its claim token. Raises NotFound."""
    state = queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        raise NotFound
    return CardFacts(**Showing(tx, now=now).facts(state))


def card_out(tx: Transaction, user_id: int, card_id: int, *, now: int) -> CardOut:
    """Show a card to its holder. Raises NotFound when he is none."""
    held = holding_queries.held_card(tx, user_id, card_id)
    if held is None:
        raise NotFound
    return Showing(tx, now=now).card(held)


def balances_out(text: str, content: ProgramContent, *, is_hosted: bool) -> list[BalanceOut]:
    """Name what a card holds, in the program's order; a hosted card shows 0 of each unit."""
    held = read_balances(text)
    return [
        BalanceOut(unit=unit.id, name=_named(unit.name, content), value=held.get(unit.id, 0))
        for unit in content.units
        if is_hosted or unit.id in held
    ]


def tier_out(tier_id: str | None, content: ProgramContent) -> TierOut | None:
    """Name a tier; None for none, or one that the program has no more."""
    for tier in content.tiers:
        if tier.id == tier_id:
            return TierOut(id=tier.id, name=_named(tier.name, content))
    return None


def _nothing() -> dict[str, Any]:
    return {
        "balances": [],
        "tier": None,
        "next_expiry": None,
        "fields": [],
        "as_of": None,
        "sequence": None,
    }


def _viewed(view: View, content: ProgramContent, rules: RulesProgram) -> dict[str, Any]:
    """Return what a hosted card shows of its account."""
    expiry, next_expiry = expiry_shown(view, content), None
    if expiry is not None:
        next_expiry = NextExpiryOut(at=rfc3339(expiry[1]), units=expiry[2])
    return {
        "balances": [
            BalanceOut(
                unit=unit.id,
                name=_named(unit.name, content),
                value=view.balances.get(unit.id, 0),
                pending=view.pending.get(unit.id, (0, None))[0],
            )
            for unit in content.units
        ],
        "tier": tier_out(tier_shown(view, rules), content),
        "next_expiry": next_expiry,
        "fields": [],
        "as_of": as_of(view),
        "sequence": view.sequence,
    }


def _told(card: CardRow, account: AccountRow, program: Program) -> dict[str, Any]:
    content, expiry = program_content(program), None
    if account.next_expiry_at is not None:
        units = account.next_expiry_units or 0
        expiry = NextExpiryOut(at=rfc3339(account.next_expiry_at), units=units)
    return {
        "balances": balances_out(account.balances, content, is_hosted=card.authority == HOSTED),
        "tier": tier_out(account.tier, content),
        "next_expiry": expiry,
        "fields": read_fields(account.fields),
        "as_of": _at(account.as_of),
        "sequence": account.sequence,
    }


def _named(text: dict[str, str], content: ProgramContent) -> str:
    language = content.languages[0]
    return in_language(text, language, default=language)


def _at(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)

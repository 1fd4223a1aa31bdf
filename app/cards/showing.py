"""Rows into what callers get: a card's facts, with its holder's own fields or without."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import holding_queries, queries
from app.cards.holding_queries import HeldCard
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
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.service import Program
from app.storage.database import Transaction
from passes.content import ProgramContent, in_language

read_balances = msgspec.json.Decoder(dict[str, int]).decode
read_fields = msgspec.json.Decoder(list[FieldOut]).decode
read_groups = msgspec.json.Decoder(list[str]).decode


class Showing:
    """Shows cards within one unit of work, each program read once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
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
            **_told(card, state.account, program),
        }

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
        )


class _Place(msgspec.Struct, frozen=True):
    id: str
    position: int


def read_place(body: bytes) -> tuple[str, int]:
    """Read from an encoded CardOut its public id and position."""
    found = msgspec.json.decode(body, type=_Place)
    return found.id, found.position


def card_facts(tx: Transaction, card_id: int) -> CardFacts:
    """Show a card to whoever has its claim token. Raises NotFound."""
    state = queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        raise NotFound
    return CardFacts(**Showing(tx).facts(state))


def card_out(tx: Transaction, user_id: int, card_id: int) -> CardOut:
    """Show a card to its holder. Raises NotFound when he is none."""
    held = holding_queries.held_card(tx, user_id, card_id)
    if held is None:
        raise NotFound
    return Showing(tx).card(held)


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


def _told(card: CardRow, account: AccountRow | None, program: Program | None) -> dict[str, Any]:
    if program is None or account is None:
        return {
            "balances": [],
            "tier": None,
            "next_expiry": None,
            "fields": [],
            "as_of": None,
            "sequence": None,
        }
    content, expiry = program_content(program), None
    if account.next_expiry_at is not None:
        units = account.next_expiry_units or 0
        expiry = NextExpiryOut(at=rfc3339(account.next_expiry_at), units=units)
    return {
        "balances": balances_out(account.balances, content, is_hosted=card.authority == "ledger"),
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

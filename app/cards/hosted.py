"""What a hosted card shows: its account in the ledger, in the words of its program."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from app.cards import hosted_queries
from app.cards.queries import CardRow
from app.cards.schemas import EntryOut, LotOut, VoucherOut
from app.cards.tickets import ticket_public
from app.clock import SECOND, rfc3339
from app.ids import PUBLIC_BYTES, public_id
from app.ledger import service as ledger
from app.ledger.service import EntryRow, ShownVoucher, View
from app.loyalty.program import Program as RulesProgram
from app.loyalty.wording import Speech, explain
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from passes.content import ProgramContent, in_language

HOSTED = "ledger"  # the authority of cards whose account is here
LOTS_SHOWN_MAX = 100


class Speaker(msgspec.Struct, frozen=True):
    """Names a program's units in one language, its money and its days."""

    content: ProgramContent
    language: str
    currency: str
    tz: str  # whose days are meant

    def speech(self, unit_id: str) -> Speech:
        """Return how entries of a unit are spoken of."""
        unit = next((unit for unit in self.content.units if unit.id == unit_id), None)
        default = self.content.languages[0]
        name = unit_id if unit is None else in_language(unit.name, self.language, default=default)
        return Speech(
            language=self.language,
            unit=name,
            currency=self.currency,
            unit_currency=None if unit is None else unit.currency,
        )


def speaker_of(tx: Transaction, program: Program, *, user_id: int = 0) -> Speaker:
    """Speak of a program to a user, in his language; to others in the program's first."""
    content = program_content(program)
    user = users.by_id(tx, user_id) if user_id else None
    rules: Any = program.document.rules
    told = rules if isinstance(rules, dict) else {}
    language = content.languages[0] if user is None else user.language
    return Speaker(content, language, told.get("currency") or "EUR", told.get("tz") or "UTC")


def view_of(tx: Transaction, card_id: int, *, now: int) -> View | None:
    """Look at a card's account; None for one that was made before there were accounts."""
    return ledger.view(tx, card_id, now=now) if ledger.has_account(tx, card_id) else None


def rules_at(tx: Transaction, view: View) -> RulesProgram:
    """Return the rules that a view was made by."""
    return programs.rules_of(tx, view.program_id).at(view.at).program


def tier_shown(view: View, rules: RulesProgram) -> str | None:
    """Return the tier's id: who reached none stands on the base one."""
    if view.tier is not None or rules.tiers is None or not rules.tiers.ladder:
        return view.tier
    return rules.tiers.ladder[0].id


def expiry_shown(view: View, content: ProgramContent) -> tuple[str, int, int] | None:
    """Return (unit, moment, units): of the first unit that has units which expire."""
    for unit in content.units:
        if unit.id in view.next_expiry:
            return (unit.id, *view.next_expiry[unit.id])
    return None


def usable_vouchers(view: View) -> int:
    """Count vouchers that may be used now."""
    return sum(each.is_usable(view.at) for each in view.vouchers)


def entry_out(tx: Transaction, card: CardRow, row: EntryRow, speaker: Speaker) -> EntryOut:
    """Write a card's entry with why in words; of a correction with what its merchant wrote."""
    speech = speaker.speech(row.unit)
    text = explain(row.kind, row.units, row.facts, rule=row.rule, speech=speech)
    is_corrected = row.kind == "adjust"
    reason = ledger.reason_of(tx, card.card_id, row.journal) if is_corrected else None
    return EntryOut(
        id=public_id("ent", _entry_id(card.public_id, row.number)),
        kind=row.kind,
        unit=row.unit,
        units=row.units,
        at=rfc3339(row.at),
        rule=row.rule,
        text=text if reason is None else f"{text}, {reason}",
    )


def _entry_id(card_public: bytes, number: int) -> bytes:
    # An entry is known by its card and number; its public id is made of them.
    text = b"entry" + card_public + number.to_bytes(8, "big")
    return hashlib.sha256(text).digest()[:PUBLIC_BYTES]


def voucher_out(shown: ShownVoucher, *, has_code: bool = True) -> VoucherOut:
    """Write a voucher; one that has expired still reads `issued` (specs/loyalty.md §1).

    Without its code for who may not use it.
    """
    voucher = shown.voucher
    return VoucherOut(
        id=public_id("vch", shown.public_id),
        code=shown.code if has_code else None,
        template=voucher.template,
        kind=voucher.kind,
        value=voucher.value,
        min_basket_minor=voucher.min_basket_minor,
        status=voucher.status,
        expires_at=_at(voucher.expires_at),
    )


def lots_out(tx: Transaction, view: View) -> list[LotOut]:
    """Write lots with something left, those first that expire first."""
    lots = ledger.lots_of(tx, view.card_id, limit=LOTS_SHOWN_MAX)
    sources = sorted({lot.source for lot in lots})
    tickets = hosted_queries.tickets_among(tx, view.card_id, sources)
    return [
        LotOut(
            unit=lot.unit,
            units=lot.amount,
            left=lot.left,
            earned_at=rfc3339(lot.earned_at),
            available_at=rfc3339(lot.available_at),
            expires_at=_at(lot.expires_at),
            source=ticket_public(view.program_id, lot.source)
            if lot.source in tickets
            else lot.source,
        )
        for lot in lots
    ]


def as_of(view: View) -> str:
    """Return the moment a view is of, in whole seconds."""
    return rfc3339(view.at - view.at % SECOND)


def _at(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)

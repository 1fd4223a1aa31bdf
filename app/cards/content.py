"""What a card shows in a wallet: card, program and account put together."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import holding_queries, queries
from app.cards.expiry_notices import told_of_expiry
from app.cards.hosted import HOSTED, speaker_of
from app.cards.hosted_content import hosted_members
from app.cards.notices import with_notices
from app.cards.promoting import promoted
from app.cards.queries import AccountRow, CardRow, CardState
from app.outbox import queries as outbox_queries
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from passes.content import (
    Balance,
    ExtraField,
    NextExpiry,
    Nfc,
    PassContent,
    ProgramContent,
)
from passes.templates.colors import color_of

SERVER = 0  # the merchant whose signer makes passes of number-only cards
_GONE = "-"  # where a number stood
NAMELESS = "Portecarte"  # an erased card has lost its shop's name, and is still served voided
Key = tuple[int | str, ...]

_read_balances = msgspec.json.Decoder(dict[str, int]).decode
_read_fields = msgspec.json.Decoder(list[ExtraField]).decode


class CardContent(msgspec.Struct, frozen=True, kw_only=True):
    """All that a pass is made of, and which revisions it shows.

    `program_revision` 0 and `merchant_id` 0: a number-only card. `template_key`: passes with equal
    keys share pictures and design.
    """

    card_id: int
    public_id: bytes
    program_id: int | None
    program_revision: int
    card_revision: int
    merchant_id: int
    signer_id: int
    content: PassContent
    is_voided: bool
    template_key: Key


def content_of(
    tx: Transaction,
    card_id: int,
    *,
    user_id: int,
    now: int,
    public_url: str | None = None,
    is_ended: bool = False,
) -> CardContent | None:
    """Put together what a card shows its user (0: who has the claim token); None: no such card.

    `now`: a hosted card shows what its account is then.
    A user who does not hold the card sees it voided, without its code and any balance; so does
    who looks at a pass that has ended (`is_ended`): it may be on a phone that was lost.
    """
    state = queries.card_state(tx, card_id)
    if state is None:
        return None
    card, program = state.card, None
    is_voided = is_ended or card.voided_at is not None or not _may_see(tx, card_id, user_id)
    if card.program_id is None:
        shown, key = _shop(tx, card, user_id)
    else:
        program = _program(tx, card.program_id)
        shown, key = program_content(program), (program.program_id, program.revision)
    content = PassContent(
        program=shown,
        number=_GONE if is_voided else card.number,
        barcode_value="" if is_voided else card.barcode_value,
        barcode_format="none" if is_voided else card.barcode_format,
        card_url=f"{public_url}/" if public_url else None,
        expires_at=card.expires_at,
        is_voided=is_voided,
    )
    if program is not None and state.account is not None and not is_voided:
        told = _held(tx, state, program, shown, user_id=user_id, now=now)
        content = msgspec.structs.replace(content, nfc=_nfc(card, program), **told)
        content = with_notices(tx, content, program, card_id=card_id, user_id=user_id, now=now)
    return CardContent(
        card_id=card_id,
        public_id=card.public_id,
        program_id=card.program_id,
        program_revision=program.revision if program else 0,
        card_revision=outbox_queries.revision(tx, card_id),
        merchant_id=program.merchant_id if program else SERVER,
        signer_id=program.signer_id if program else programs.first_signer_id(tx),
        content=content,
        is_voided=is_voided,
        template_key=key,
    )


def shop_content(name: str, color: str) -> ProgramContent:
    """Return what all cards of a shop without program show."""
    return ProgramContent(
        name=name,
        description={"fr": f"Carte {name}", "en": f"{name} card"},
        languages=("fr", "en"),
        logo_text=name,
        background_color=color,
    )


def _shop(tx: Transaction, card: CardRow, user_id: int) -> tuple[ProgramContent, Key]:
    name = card.shop_name or NAMELESS
    color = holding_queries.color_of(tx, user_id, card.card_id) or color_of(name)
    return shop_content(name, color), ("shop", name, color)


def signer_of(tx: Transaction, card: CardRow) -> int:
    """Return whose certificate makes a card's passes."""
    if card.program_id is None:
        return programs.first_signer_id(tx)
    return _program(tx, card.program_id).signer_id


def _program(tx: Transaction, program_id: int) -> Program:
    program = programs.program_by_id(tx, program_id)
    assert program is not None, "programs are never deleted"
    return program


def _may_see(tx: Transaction, card_id: int, user_id: int) -> bool:
    if user_id == 0:
        return queries.owner_of(tx, card_id) is None
    return queries.access_of(tx, card_id, user_id) is not None


def _held(
    tx: Transaction,
    state: CardState,
    program: Program,
    shown: ProgramContent,
    *,
    user_id: int,
    now: int,
) -> dict[str, Any]:
    """Return what the card's account adds to the pass."""
    card, account = state.card, state.account
    assert account is not None, "asked for cards that have one"
    promotion = promoted(tx, card.card_id, user_id=user_id, shown=shown)
    if card.authority != HOSTED:
        return _told(account, shown) | promotion
    told = hosted_members(tx, card.card_id, shown, now=now) | _spoken(tx, user_id) | promotion
    speaker = speaker_of(tx, program, user_id=user_id)
    return told | told_of_expiry(tx, card.card_id, speaker, sequence=account.sequence, now=now)


def _spoken(tx: Transaction, user_id: int) -> dict[str, Any]:
    """Say in which language the user reads what only his card says."""
    user = users.by_id(tx, user_id) if user_id else None
    return {"language": None if user is None else user.language}


def _told(account: AccountRow, shown: ProgramContent) -> dict[str, Any]:
    """Return what a merchant's statements add to the pass."""
    held = _read_balances(account.balances)
    balances = tuple(
        Balance(unit=unit, value=held[unit.id]) for unit in shown.units if unit.id in held
    )
    expiry = None
    if account.next_expiry_at is not None and shown.units:
        units = account.next_expiry_units or 0
        expiry = NextExpiry(at=account.next_expiry_at, units=units, unit=shown.units[0])
    return {
        "balances": balances,
        "tier": next((tier for tier in shown.tiers if tier.id == account.tier), None),
        "next_expiry": expiry,
        "as_of": account.as_of,
        "fields": tuple(_read_fields(account.fields)),
        "message": account.message,
        "is_message_new": bool(account.is_message_new),
    }


def _nfc(card: CardRow, program: Program) -> Nfc | None:
    nfc = program.document.settings.nfc
    if nfc is None:
        return None
    return Nfc(
        message=card.barcode_value,
        public_key=nfc.public_key,
        requires_authentication=nfc.requires_authentication,
    )

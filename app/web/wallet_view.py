"""A card in the words of a page: figures, dates and sentences, ready to be laid out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from decimal import Decimal

import msgspec

from app.cards import content
from app.cards import service as cards
from app.cards.holding_queries import HeldCard
from app.cards.showing import read_groups
from app.clock import rfc3339
from app.ids import public_id
from app.programs import queries as program_queries
from app.storage.database import Transaction
from app.web.texts import Catalogue
from passes.content import PassContent, Text, in_language
from passes.money import amount
from passes.templates.colors import WHITE, color_of, text_on

CARDS_MAX = 2_000  # on one page; whoever has more finds the others by the API
_UNDRAWN = "none"
_LINEAR = frozenset(
    [
        "EAN_13",
        "EAN_8",
        "UPC_A",
        "UPC_E",
        "CODE_128",
        "CODE_39",
        "CODE_93",
        "ITF",
        "CODABAR",
        "GS1_128",
        "RSS_14",
        "RSS_EXPANDED",
    ]
)


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A balance: how much of what, and what counts only later."""

    value: str
    label: str
    pending: str | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A label and what stands beside it."""

    label: str
    value: str


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A card as its holder sees it on a page. `revision` differs when anything shown does.

    `ink`: light or dark, whichever reads on the colour. `code_url` None: only the number is shown.
    `changes`: its code is one that changes, where the network is there.
    """

    id: str
    name: str
    shop: str
    number: str
    barcode_value: str
    barcode_format: str
    code_url: str | None
    is_linear: bool
    changes: bool
    color: str
    own_color: str | None
    ink: str
    initials: str
    logo_url: str | None
    figures: tuple[Figure, ...]
    tier: str | None
    next_tier: str | None
    expiry: str | None
    keep_by: str | None
    vouchers: int
    as_of: str | None
    fields: tuple[Fact, ...]
    message: str | None
    ends: str | None
    has_ended: bool
    own_value: str | None
    own_currency: str | None
    expires_at: str | None
    label: str | None
    note: str | None
    groups: tuple[str, ...]
    is_favorite: bool
    is_archived: bool
    position: int
    access: str
    pictures: tuple[str, ...]
    is_live: bool
    may_edit: bool
    revision: str = ""


def wallet_views(tx: Transaction, user_id: int, *, words: Catalogue, now: int) -> list[CardView]:
    """Describe a user's cards: favourites first, then in his own order; archived ones too."""
    held = cards.cards_of_user(tx, user_id, limit=CARDS_MAX)
    found = [card_view(tx, one, user_id, words=words, now=now) for one in held]
    return sorted(found, key=lambda card: not card.is_favorite)


def card_view(
    tx: Transaction, held: HeldCard, user_id: int, *, words: Catalogue, now: int
) -> CardView:
    """Describe one card to one of its holders."""
    card, own = held.state.card, held.holding
    shown = content.content_of(tx, card.card_id, user_id=user_id, now=now)
    assert shown is not None, "a card that is held is there"
    told = shown.content
    color = own.color or told.program.background_color or color_of(told.program.name)
    view = CardView(
        id=public_id("card", card.public_id),
        name=own.label or told.program.name,
        shop=told.program.name,
        number=card.number,
        barcode_value=card.barcode_value,
        barcode_format=card.barcode_format,
        code_url=_code_url(card.public_id, card.barcode_format, card.barcode_value),
        is_linear=card.barcode_format in _LINEAR,
        changes=told.program.rotates_code and own.access in cards.MAY_SPEND,
        color=color,
        own_color=own.color,
        ink="light" if text_on(color) == WHITE else "dark",
        initials=initials(told.program.name),
        logo_url=_logo(tx, held),
        figures=tuple(_figures(told, card.own_value, card.own_currency, words)),
        tier=_said(told.tier.name, told, words) if told.tier else None,
        next_tier=_next_tier(told, words),
        expiry=_expiry(told, words),
        keep_by=_keep_by(told, words),
        vouchers=told.vouchers or 0,
        as_of=None if told.as_of is None else rfc3339(told.as_of),
        fields=_facts(told),
        message=told.message,
        ends=None if card.expires_at is None else words.day(card.expires_at - 1),
        has_ended=card.expires_at is not None and card.expires_at <= now,
        own_value=card.own_value,
        own_currency=card.own_currency,
        expires_at=None if card.expires_at is None else rfc3339(card.expires_at),
        label=own.label,
        note=own.note,
        groups=tuple(read_groups(own.group_names)),
        is_favorite=bool(own.is_favorite),
        is_archived=bool(own.is_archived),
        position=own.position,
        access=own.access,
        pictures=tuple(side for side in ("front", "back") if side in held.pictures),
        is_live=card.program_id is not None,
        may_edit=own.access == "owner" and card.program_id is None,
    )
    return _stamped(view, f"{shown.card_revision} {shown.program_revision}")


def _facts(told: PassContent) -> tuple[Fact, ...]:
    return tuple(Fact(label=it.label, value=it.value) for it in told.fields if it.value)


def _stamped(view: CardView, revisions: str) -> CardView:
    known = revisions.encode() + msgspec.json.encode(view)
    return msgspec.structs.replace(view, revision=hashlib.sha256(known).hexdigest()[:12])


def initials(name: str) -> str:
    """Return one or two letters for a shop without logo: `Boulangerie du Port` is BP."""
    parts: list[str] = re.findall(r"[^\W_]+", name)
    big = [part for part in parts if not part[0].islower()] or parts
    if not big:
        return name[:1].upper() or "?"
    if len(big) == 1:
        return big[0][:2].title() if len(big[0]) > 1 else big[0].upper()
    return (big[0][0] + big[-1][0]).upper()


def _code_url(public: bytes, barcode_format: str, value: str) -> str | None:
    if barcode_format == _UNDRAWN or not value.isascii():
        return None
    # What is drawn names the address: a browser may keep it and never shows an old code.
    known = hashlib.sha256(f"{barcode_format} {value}".encode()).hexdigest()[:8]
    return f"/v1/cards/{public_id('card', public)}/barcode.svg?v={known}"


def _logo(tx: Transaction, held: HeldCard) -> str | None:
    """Return the holder's own icon, else the merchant's."""
    card = held.state.card
    if "icon" in held.pictures:
        return f"/v1/cards/{public_id('card', card.public_id)}/pictures/icon"
    if card.program_id is None:
        return None
    images = program_queries.images_of(tx, card.program_id)
    found = images.get("icon") or images.get("logo")
    return None if found is None else f"/images/{found.hex()}.png"


def _figures(
    told: PassContent, own_value: str | None, own_currency: str | None, words: Catalogue
) -> Iterator[Figure]:
    for held in told.balances:
        currency = held.unit.currency
        pending = None
        if held.pending:
            amount = words.amount(held.pending, currency)
            pending = words.text("wallet.pending", amount=amount)
        yield Figure(
            value=words.amount(held.value, currency),
            label=_said(held.unit.name, told, words),
            pending=pending,
        )
    if own_value is not None:
        value = _own_amount(own_value, own_currency, words.language)
        yield Figure(value=value, label=words.text("wallet.own_balance"))


def _own_amount(value: str, currency: str | None, language: str) -> str:
    """Write a holder's own note, with the currency's decimals at least: `1 234,50 €`."""
    least = len(str(amount(1, currency)).partition(".")[2])
    figures = f"{Decimal(value):,.{max(least, len(value.partition('.')[2]))}f}"
    if language == "fr":
        figures = figures.replace(",", "\u00a0").replace(".", ",")
    return f"{figures}\u00a0{'€' if currency == 'EUR' else currency}" if currency else figures


def _next_tier(told: PassContent, words: Catalogue) -> str | None:
    following = told.next_tier
    if following is None:
        return None
    amount = words.amount(following.missing, following.currency)
    tier = _said(following.tier.name, told, words)
    name = "wallet.next_tier_money" if following.currency else "wallet.next_tier"
    return words.text(name, amount=amount, tier=tier)


def _expiry(told: PassContent, words: Catalogue) -> str | None:
    expiry = told.next_expiry
    if expiry is None:
        return None
    # The last moment they count: what ends at midnight ends on the day before.
    day = words.day(expiry.at - 1, told.program.time_zone)
    amount = words.amount(expiry.units, expiry.unit.currency)
    if expiry.unit.currency is None:
        unit = _said(expiry.unit.name, told, words)
        amount = f"{amount} {unit.lower() if unit.istitle() else unit}"
    several = (
        2 if expiry.unit.currency else expiry.units
    )  # money is more than one in both languages
    return words.text("wallet.expiry", n=several, amount=amount, day=day)


def _keep_by(told: PassContent, words: Catalogue) -> str | None:
    if told.keep_by is None or told.tier is None:
        return None
    day = words.day(told.keep_by - 1, told.program.time_zone)
    return words.text("wallet.keep_by", tier=_said(told.tier.name, told, words), day=day)


def _said(text: Text, told: PassContent, words: Catalogue) -> str:
    return in_language(text, words.language, default=told.program.languages[0])

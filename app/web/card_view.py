"""All that a card's page shows beside the card itself: its code, vouchers, history."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from markupsafe import Markup

from app.cards import history, hosted, pass_queries
from app.cards import service as cards
from app.cards.holding_queries import HeldCard
from app.cards.hosted import Speaker
from app.cards.schemas import HistoryEntry
from app.http.fields import moment as microseconds_of
from app.http.secrets import Secrets
from app.ids import public_id
from app.ledger.service import ShownVoucher, View
from app.loyalty import program as rules
from app.loyalty.burn_rules import Catalogue as CatalogueReward
from app.loyalty.burn_rules import ConvertToVoucher, GiveVoucher
from app.loyalty.words import percent
from app.programs import service as programs
from app.programs.content import program_content
from app.storage.database import Transaction
from app.web.desk_view import Desk, desk_of
from app.web.texts import Catalogue
from app.web.wallet_view import CardView
from app.web.wallet_view import card_view as view_of_card
from passes.barcode import Undrawable, draw_svg
from passes.content import ProgramContent

HISTORY_SHOWN = 10
VOUCHERS_SHOWN = 20


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the holder may turn his units into now: a redemption's type and rule, in words."""

    type: str
    rule: str
    text: str


class VoucherView(msgspec.Struct, frozen=True, kw_only=True):
    """A voucher: what it is worth, its code and how that is drawn."""

    id: str
    title: str
    until: str | None
    least: str | None
    code: str
    drawing: Markup | None
    is_usable: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of what happened: when (RFC 3339), in words, and how much as a figure."""

    at: str
    day: str
    text: str
    change: str | None
    is_gain: bool


class CardPage(msgspec.Struct, frozen=True, kw_only=True):
    """What a card's page shows. `drawing` None: only its number is shown.

    `installed`: the wallets, apple or google, that hold it for this user.
    `currencies`: of the units that are money, as JSON, for the script that draws older lines.
    """

    card: CardView
    drawing: Markup | None
    usable: list[VoucherView]
    spent: list[VoucherView]
    lines: list[Line]
    has_more: bool
    currencies: str
    offers: list[Offer]
    installed: frozenset[str]
    desk: Desk | None


def card_page(
    tx: Transaction,
    user_id: int,
    card_public: bytes,
    *,
    words: Catalogue,
    now: int,
    secrets: Secrets,
) -> CardPage:
    """Read a card's page for one of its holders. Raises NotFound."""
    held = cards.held_by(tx, user_id, card_public)
    card = held.state.card
    found = history.history(
        tx,
        card,
        user_id=user_id,
        before=history.NEWEST,
        limit=HISTORY_SHOWN,
        secrets=secrets,
        language=words.language,
    )
    content = _content(tx, held)
    vouchers, offers = _hosted(tx, held, words=words, now=now)
    return CardPage(
        card=view_of_card(tx, held, user_id, words=words, now=now),
        drawing=_drawn(card.barcode_format, card.barcode_value),
        usable=[each for each in vouchers if each.is_usable],
        spent=[each for each in vouchers if not each.is_usable],
        lines=[_line(entry, content, words) for _, entry in found[:HISTORY_SHOWN]],
        has_more=len(found) > HISTORY_SHOWN,
        currencies=_currencies(content),
        offers=offers,
        installed=frozenset(_installed(tx, card.card_id, user_id)),
        desk=desk_of(tx, held, words),
    )


def _installed(tx: Transaction, card_id: int, user_id: int) -> Iterator[str]:
    """Name the wallets that hold one of the user's passes of a card."""
    for found in pass_queries.live_of_user(tx, card_id, user_id):
        if found.installed > 0:
            yield found.wallet


def _hosted(
    tx: Transaction, held: HeldCard, *, words: Catalogue, now: int
) -> tuple[list[VoucherView], list[Offer]]:
    """Describe vouchers and what units can buy, to who may spend them."""
    card = held.state.card
    if card.authority != hosted.HOSTED or held.holding.access not in cards.MAY_SPEND:
        return [], []
    view = hosted.view_of(tx, card.card_id, now=now)
    program = programs.program_by_id(tx, card.program_id or 0)
    if view is None or program is None:
        return [], []
    in_force = hosted.rules_at(tx, view)
    speaker = hosted.speaker_of(tx, program)
    vouchers = [
        _voucher(each, words, currency=in_force.currency, tz=in_force.tz, now=now)
        for each in view.vouchers[:VOUCHERS_SHOWN]
    ]
    spoken = Speaker(speaker.content, words.language, speaker.currency, speaker.tz)
    return vouchers, list(_offers(view, in_force, spoken, words))


def _offers(
    view: View, in_force: rules.Program, speaker: Speaker, words: Catalogue
) -> Iterator[Offer]:
    """Say what the card's units buy now, of what a holder may take by himself."""
    templates = {voucher.id: voucher for voucher in in_force.vouchers}
    for rule in in_force.burn:
        have = view.balances.get(getattr(rule, "unit", ""), 0)
        speech = speaker.speech(getattr(rule, "unit", ""))
        if isinstance(rule, ConvertToVoucher) and rule.mode == "on_demand":
            units = have if rule.take == "all" else have - have % rule.min_units
            if have >= rule.min_units:
                worth = words.amount(units * rule.minor_per_unit, in_force.currency)
                text = words.text("card.convert", units=speech.units(units), worth=worth)
                yield Offer(type="convert", rule=rule.id, text=text)
        elif isinstance(rule, CatalogueReward) and have >= rule.cost:
            grant = rule.grant
            if isinstance(grant, GiveVoucher) and grant.voucher in templates:
                found = templates[grant.voucher]
                what = voucher_title(
                    found.kind, found.value, found.id, words, currency=in_force.currency
                )
                text = words.text("card.reward", units=speech.units(rule.cost), what=what)
                yield Offer(type="catalogue", rule=rule.id, text=text)


def _voucher(
    shown: ShownVoucher, words: Catalogue, *, currency: str, tz: str, now: int
) -> VoucherView:
    voucher = shown.voucher
    least = voucher.min_basket_minor
    return VoucherView(
        id=public_id("vch", shown.public_id),
        title=voucher_title(
            voucher.kind, voucher.value, voucher.template, words, currency=currency
        ),
        until=None if voucher.expires_at is None else words.day(voucher.expires_at - 1, tz),
        least=words.amount(least, currency) if least else None,
        code=shown.code,
        drawing=_drawn("QR_CODE", shown.code),
        is_usable=shown.is_usable(now),
    )


def voucher_title(kind: str, value: int, template: str, words: Catalogue, *, currency: str) -> str:
    """Say what a voucher is worth; one for an item is called by its template's name."""
    if kind == "amount":
        return words.text("card.voucher_amount", amount=words.amount(value, currency))
    if kind == "percent":
        return words.text("card.voucher_percent", percent=percent(value, words.language))
    name = template.replace("-", " ").replace("_", " ").capitalize()
    return words.text("card.voucher_item", name=name)


def _line(entry: HistoryEntry, content: ProgramContent | None, words: Catalogue) -> Line:
    at = microseconds_of("at", entry.at)
    change, is_gain = None, False
    if isinstance(entry.units, int) and isinstance(entry.unit, str):
        unit = next((u for u in content.units if u.id == entry.unit), None) if content else None
        figure = words.amount(abs(entry.units), unit.currency if unit else None)
        is_gain = entry.units > 0
        change = ("+" if is_gain else "\u2212") + figure
    elif isinstance(entry.balances, list) and entry.balances:
        balance = entry.balances[0]
        unit = next((u for u in content.units if u.id == balance.unit), None) if content else None
        change = words.amount(balance.value, unit.currency if unit else None)
    day = words.moment(at, content.time_zone if content else "UTC")
    return Line(at=entry.at, day=day, text=entry.text, change=change, is_gain=is_gain)


def _content(tx: Transaction, held: HeldCard) -> ProgramContent | None:
    program_id = held.state.card.program_id
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    return None if program is None else program_content(program)


def _currencies(content: ProgramContent | None) -> str:
    units = content.units if content else ()
    return msgspec.json.encode({u.id: u.currency for u in units if u.currency}).decode()


def _drawn(barcode_format: str, value: str) -> Markup | None:
    try:
        # Our own drawing: it holds numbers of modules only, no text of anybody.
        return Markup(draw_svg(barcode_format, value))  # noqa: S704
    except Undrawable:
        return None

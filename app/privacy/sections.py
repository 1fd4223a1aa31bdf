"""What is held about a user, section by section, as each room's `EXPORT` statements find it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from app.apple import queries as apple_queries
from app.cards import (
    claim_queries,
    code_queries,
    consent_queries,
    history,
    holding_queries,
    hosted,
    member_queries,
    missing_queries,
    pass_queries,
    picture_queries,
    promotion_queries,
    queries,
    share_queries,
)
from app.cards.queries import CardRow
from app.clock import rfc3339
from app.google import queries as google_queries
from app.http.secrets import Secrets
from app.ids import public_id
from app.ledger import kept_queries, lot_queries
from app.ledger import queries as ledger_queries
from app.ledger import service as ledger
from app.outbox import mail_queries
from app.outbox import queries as outbox_queries
from app.privacy import queries as privacy_queries
from app.programs import merchant_queries
from app.storage.database import Transaction, Value
from app.users import passkey_queries
from app.users import promotion_queries as users_promotion_queries
from app.users import queries as users

OF_USER: Mapping[str, str] = {
    **users.EXPORT,
    **passkey_queries.EXPORT,
    **users_promotion_queries.EXPORT,
    **merchant_queries.EXPORT,
    **holding_queries.EXPORT,
    **picture_queries.EXPORT,
    **queries.EXPORT,
    **share_queries.EXPORT,
    **member_queries.EXPORT,
    **claim_queries.EXPORT,
    **code_queries.EXPORT,
    **consent_queries.EXPORT,
    **missing_queries.EXPORT,
    **pass_queries.EXPORT,
    **promotion_queries.EXPORT,
    **apple_queries.EXPORT,
    **google_queries.EXPORT,
    **outbox_queries.EXPORT,
    **mail_queries.EXPORT,
}
OF_CARD: Mapping[str, str] = {
    **ledger_queries.EXPORT,
    **kept_queries.EXPORT,
    **lot_queries.EXPORT,
}
LINES_AT_ONCE = 500  # of a card's history
_PREFIXES = {
    "card_id": "card",
    "passkey_id": "pky",
    "program_id": "prog",
    "session_id": "sess",
    "share_id": "shr",
    "user_id": "user",
}
_MOMENTS = {"at", "since", "as_of", "valid_from"}
_JSON = {"about", "balances", "body", "consent_text", "facts", "fields", "group_names", "texts"}

Row = dict[str, Any]
Section = list[Row]


def sections(tx: Transaction, user_id: int, *, secrets: Secrets) -> dict[str, Section]:
    """Read everything that is held about a user, in one snapshot."""
    found = {name: _read(tx, sql, user_id) for name, sql in OF_USER.items()}
    of_cards: dict[str, Section] = {name: [] for name in ("history", "vouchers", *OF_CARD)}
    for card_id in privacy_queries.owned_with_account(tx, user_id):
        state = queries.card_state(tx, card_id)
        assert state is not None, "it was found in this very snapshot"
        card = state.card
        for name, rows in _of_card(tx, card, user_id=user_id, secrets=secrets).items():
            shown = public_id("card", card.public_id)
            of_cards[name] += [{"card_id": shown, **row} for row in rows]
    return found | of_cards


def columns_of(sql: str) -> list[str]:
    """Return how a statement names what it selects."""
    selected = sql[len("SELECT ") :].partition(" FROM ")[0]
    depth, parts, begin = 0, [], 0
    for place, letter in enumerate(selected):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(selected[begin:place])
            begin = place + 1
    return [re.split(r"[\s.]", part.strip())[-1] for part in (*parts, selected[begin:])]


def _of_card(
    tx: Transaction, card: CardRow, *, user_id: int, secrets: Secrets
) -> dict[str, Section]:
    found = {"history": _history(tx, card, user_id=user_id, secrets=secrets)}
    if card.authority == hosted.HOSTED:
        found |= {name: _read(tx, sql, card.card_id) for name, sql in OF_CARD.items()}
        if ledger.has_account(tx, card.card_id):
            found["vouchers"] = _vouchers(tx, card.card_id)
    return found


def _history(tx: Transaction, card: CardRow, *, user_id: int, secrets: Secrets) -> Section:
    """Tell what happened on a card in the user's language, newest first."""
    rows: Section = []
    before = history.NEWEST
    while True:
        lines = history.history(
            tx, card, user_id=user_id, before=before, limit=LINES_AT_ONCE, secrets=secrets
        )[:LINES_AT_ONCE]
        rows += [msgspec.to_builtins(line) for _, line in lines]
        if len(lines) < LINES_AT_ONCE:
            return rows
        before = lines[-1][0][0]


def _vouchers(tx: Transaction, card_id: int) -> Section:
    rows: Section = []
    before = None
    while found := ledger.vouchers_of(tx, card_id, before=before, limit=LINES_AT_ONCE):
        rows += [msgspec.to_builtins(hosted.voucher_out(each)) for each in found]
        before = found[-1].voucher.number
    return rows


def _read(tx: Transaction, sql: str, of_id: int) -> Section:
    names = columns_of(sql)
    return tx.all(lambda *row: _shaped(names, row), sql, of_id)


def _shaped(names: list[str], row: tuple[Value, ...]) -> Row:
    return {name: _told(name, value) for name, value in zip(names, row, strict=True)}


def _told(name: str, value: Any) -> Any:
    """Write a value as the API does: public ids, moments, booleans."""
    if value is None:
        return None
    if isinstance(value, bytes | memoryview):
        prefix = _PREFIXES.get(name)
        return bytes(value) if prefix is None else public_id(prefix, bytes(value))
    if isinstance(value, int) and (name in _MOMENTS or name.endswith("_at")):
        return rfc3339(value)
    if name.startswith("is_"):
        return bool(value)
    return msgspec.json.decode(value) if name in _JSON else value

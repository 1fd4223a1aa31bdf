"""SQL of what a card keeps beside its lots: tickets, burns, holds, gifts, vouchers, counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from app.ledger.journal import trimmed
from app.loyalty.model import Burn, Gift, Hold, Line, Ticket, Voucher
from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "ticket": "what was bought, by an id of ours",
    "burn": "figures by an id of ours",
    "hold": "figures by an id of ours",
    "gift": "figures by an id of ours",
    "voucher": "figures by an id of ours",
    "voucher_by_code": "a random code and an id of ours",
    "tally": "figures by an id of ours",
}
EXPORT = {  # of one hosted card
    "purchases": "SELECT id, occurred_at, net AS net_minor, body FROM ticket WHERE card_id = ?"
    " ORDER BY occurred_at, id",
    "redemptions": "SELECT id, redeemer, body FROM burn WHERE card_id = ? ORDER BY burned_by",
}


class _Context(msgspec.Struct, array_like=True):
    """A ticket without what has columns of its own; the defaults at its end are left out."""

    version: int
    lines: list[Line]
    lots: dict[str, int]
    merchant: str | None = None
    tier_before: str | None = None
    channel: str = "store"
    country: str = "FR"
    tenders: list[tuple[str, int]] = []


_DEFAULTS: tuple[Any, ...] = (None, None, None, None, None, "store", "FR", [])
_LINE = (None, 1, None, ())


_write = msgspec.json.Encoder().encode
_read_context = msgspec.json.Decoder(_Context).decode
_read_burn = msgspec.json.Decoder(Burn).decode
_read_hold = msgspec.json.Decoder(Hold).decode
_read_gift = msgspec.json.Decoder(Gift).decode


def _ticket(key: str, occurred_at: int, net: int, body: str) -> Ticket:
    it = _read_context(body)
    return Ticket(
        id=key,
        occurred_at=occurred_at,
        version=it.version,
        net=net,
        lines=it.lines,
        merchant=it.merchant,
        channel=it.channel,
        country=it.country,
        tenders=it.tenders,
        tier_before=it.tier_before,
        lots=it.lots,
    )


def ticket(tx: Transaction, card_id: int, key: str) -> Ticket | None:
    """Read a ticket by the merchant's own id."""
    return tx.one(
        _ticket,
        "SELECT id, occurred_at, net, body FROM ticket WHERE card_id = ? AND id = ?",
        *(card_id, key),
    )


def tickets_between(
    tx: Transaction, card_id: int, *, after: tuple[int, str], end: int, limit: int
) -> list[tuple[str, int, int]]:
    """List (id, occurred_at, net) of tickets after a place until a moment, by time."""
    return tx.all(
        lambda key, at, net: (str(key), int(at), int(net)),
        "SELECT id, occurred_at, net FROM ticket WHERE card_id = ? AND (occurred_at, id) > (?, ?)"
        " AND occurred_at <= ? ORDER BY occurred_at, id LIMIT ?",
        *(card_id, *after, end, limit),
    )


def tickets_of(tx: Transaction, card_id: int) -> list[Ticket]:
    """List all tickets of a card."""
    return tx.all(
        _ticket, "SELECT id, occurred_at, net, body FROM ticket WHERE card_id = ?", card_id
    )


def put_tickets(tx: Transaction, card_id: int, tickets: Iterable[Ticket]) -> None:
    """Write tickets as a decision leaves them."""
    rows = []
    for it in tickets:
        lines = [
            trimmed([line.unit_minor, line.qty, line.sku, line.tags], _LINE) for line in it.lines
        ]
        told = [it.version, lines, it.lots, it.merchant, it.tier_before, it.channel, it.country]
        context = trimmed([*told, it.tenders], _DEFAULTS)
        rows.append((card_id, it.id, it.occurred_at, it.net, _write(context).decode()))
    tx.run_many(
        "INSERT INTO ticket (card_id, id, occurred_at, net, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, id) DO UPDATE SET net = excluded.net, body = excluded.body",
        rows,
    )


class BurnRow(msgspec.Struct, frozen=True):
    """Units spent: by which transfer first, and at which merchant."""

    burn: Burn
    burned_by: int
    redeemer: str | None


def _burn(body: str, burned_by: int, redeemer: str | None) -> BurnRow:
    return BurnRow(_read_burn(body), burned_by, redeemer)


def burn(tx: Transaction, card_id: int, key: str) -> BurnRow | None:
    """Read a burn by its id."""
    return tx.one(
        _burn,
        "SELECT body, burned_by, redeemer FROM burn WHERE card_id = ? AND id = ?",
        *(card_id, key),
    )


def burns_of(tx: Transaction, card_id: int) -> list[Burn]:
    """List all burns of a card."""
    return tx.all(_read_burn, "SELECT body FROM burn WHERE card_id = ?", card_id)


def put_burns(tx: Transaction, card_id: int, burns: Iterable[BurnRow]) -> None:
    """Write burns as a decision leaves them."""
    tx.run_many(
        "INSERT INTO burn (card_id, id, body, burned_by, redeemer) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, id) DO UPDATE SET body = excluded.body",
        [
            (card_id, row.burn.id, _write(row.burn).decode(), row.burned_by, row.redeemer)
            for row in burns
        ],
    )


def hold(tx: Transaction, card_id: int, key: str) -> Hold | None:
    """Read a hold by its id."""
    return tx.one(_read_hold, "SELECT body FROM hold WHERE card_id = ? AND id = ?", card_id, key)


def holds_of(tx: Transaction, card_id: int) -> list[Hold]:
    """List all holds of a card."""
    return tx.all(_read_hold, "SELECT body FROM hold WHERE card_id = ?", card_id)


def put_holds(tx: Transaction, card_id: int, holds: Iterable[Hold]) -> None:
    """Write holds as a decision leaves them."""
    tx.run_many(
        "INSERT INTO hold (card_id, id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, id) DO UPDATE SET body = excluded.body",
        [(card_id, it.id, _write(it).decode()) for it in holds],
    )


def gift(tx: Transaction, card_id: int, key: str) -> Gift | None:
    """Read what a message gave."""
    return tx.one(_read_gift, "SELECT body FROM gift WHERE card_id = ? AND id = ?", card_id, key)


def gifts_of(tx: Transaction, card_id: int) -> list[Gift]:
    """List all gifts of a card."""
    return tx.all(_read_gift, "SELECT body FROM gift WHERE card_id = ?", card_id)


def put_gifts(tx: Transaction, card_id: int, gifts: Iterable[Gift]) -> None:
    """Write gifts as a decision leaves them."""
    tx.run_many(
        "INSERT INTO gift (card_id, id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, id) DO UPDATE SET body = excluded.body",
        [(card_id, it.id, _write(it).decode()) for it in gifts],
    )


_VOUCHER = (
    "SELECT number, template, kind, value, min_basket_minor, source, issued_at, expires_at,"
    " status, used_at FROM voucher WHERE card_id = ?"
)


def voucher(tx: Transaction, card_id: int, number: int) -> Voucher | None:
    """Read a voucher by its number, from 1 in order of issue."""
    return tx.one(Voucher, _VOUCHER + " AND number = ?", card_id, number)


def vouchers_before(tx: Transaction, card_id: int, number: int, limit: int) -> list[Voucher]:
    """List a card's vouchers below a number, newest first."""
    return tx.all(
        Voucher, _VOUCHER + " AND number < ? ORDER BY number DESC LIMIT ?", card_id, number, limit
    )


def open_vouchers(tx: Transaction, card_id: int) -> list[Voucher]:
    """List a card's vouchers that were neither used nor voided, in order of issue."""
    return tx.all(Voucher, _VOUCHER + " AND status = 'issued' ORDER BY number", card_id)


def put_vouchers(tx: Transaction, card_id: int, vouchers: Iterable[Voucher]) -> None:
    """Write vouchers as a decision leaves them."""
    tx.run_many(
        "INSERT INTO voucher (card_id, number, template, kind, value, min_basket_minor, source,"
        " issued_at, expires_at, status, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_id, number) DO UPDATE SET status = excluded.status,"
        " used_at = excluded.used_at",
        [(card_id, *msgspec.structs.astuple(it)) for it in vouchers],
    )


def put_codes(tx: Transaction, program_id: int, rows: Iterable[tuple[str, int, int]]) -> None:
    """Point codes at vouchers: (code, card id, number)."""
    tx.run_many(
        "INSERT INTO voucher_by_code (program_id, code, card_id, number) VALUES (?, ?, ?, ?)",
        [(program_id, *row) for row in rows],
    )


def voucher_place(tx: Transaction, program_id: int, code: str) -> tuple[int, int] | None:
    """Find (card id, number) of a voucher by its code."""
    return tx.one(
        lambda card_id, number: (int(card_id), int(number)),
        "SELECT card_id, number FROM voucher_by_code WHERE program_id = ? AND code = ?",
        *(program_id, code),
    )


def tally(tx: Transaction, card_id: int, name: str) -> int:
    """Read a count; 0 where there is none."""
    found = tx.value("SELECT units FROM tally WHERE card_id = ? AND name = ?", card_id, name)
    return found if isinstance(found, int) else 0


def tallies_of(tx: Transaction, card_id: int) -> dict[str, int]:
    """Read all counts of a card."""
    return dict(
        tx.all(
            lambda name, units: (str(name), int(units)),
            "SELECT name, units FROM tally WHERE card_id = ?",
            card_id,
        )
    )


def put_tallies(tx: Transaction, card_id: int, tallies: dict[str, int]) -> None:
    """Write counts as a decision leaves them."""
    tx.run_many(
        "INSERT INTO tally (card_id, name, units) VALUES (?, ?, ?)"
        " ON CONFLICT (card_id, name) DO UPDATE SET units = excluded.units",
        [(card_id, name, units) for name, units in tallies.items()],
    )

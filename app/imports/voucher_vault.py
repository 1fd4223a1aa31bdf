"""Voucher Vault (the mobile app): a JSON list of vouchers. The self-hosted one has no export."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from app.imports import values
from app.imports.found import FoundCard, FoundFile, Given, OwnBalance
from app.imports.judging import GUESS, Said, format_named, take, text_in

_NAMES = {
    "shop_name": "description",
    "number": "code",
    "barcode_value": "code",
    "barcode_format": "codeType",
}
_COLORS = {
    "GREY": "#757575",
    "BLUE": "#1e66b5",
    "GREEN": "#2e7d32",
    "ORANGE": "#d9730d",
    "PURPLE": "#7b3fa0",
    "RED": "#c62828",
    "YELLOW": "#f2c029",
}


def is_voucher(item: dict[str, Any]) -> bool:
    """Tell whether an object of a list is one of this app's."""
    return "code" in item and "codeType" in item


def read_items(items: Iterable[tuple[int, dict[str, Any] | None]], given: Given) -> FoundFile:
    """Read the objects of the list; None: what stands there is none."""
    said = Said()
    for position, item in items:
        if item is None:
            said.fail(position, "bad-json", "vouchers")
        else:
            _take(said, position, item, given)
    return said.file()


def _take(said: Said, row: int, item: dict[str, Any], given: Given) -> None:
    name, code = text_in(item.get("codeType")), text_in(item.get("code"))
    color = _COLORS.get(text_in(item.get("color")).upper())
    if item.get("color") and color is None:
        said.warn(row, "bad-colour", "color")
    expires_at = _expiry(said, row, item)
    is_over = expires_at is not None and expires_at <= given.now
    card = FoundCard(
        row=row,
        shop_name=text_in(item.get("description")),
        number=code,
        barcode_value=code,
        barcode_format=format_named(said, row, name, "codeType") if name else GUESS,
        color=color,
        expires_at=expires_at,
        is_archived=is_over and item.get("removeOnceExpired") is True,
        own_balance=_balance(said, row, item),
    )
    take(said, card, _NAMES, given)


def _expiry(said: Said, row: int, item: dict[str, Any]) -> int | None:
    written = item.get("expires")
    if written is None:
        return None
    at = values.written_moment(text_in(written))
    if at is None:
        said.warn(row, "bad-date", "expires")
    return at


def _balance(said: Said, row: int, item: dict[str, Any]) -> OwnBalance | None:
    """Read thousandths, or what older versions wrote; the app knows no currency."""
    thousandths, old = item.get("balanceMilliunits"), item.get("balance")
    try:
        if thousandths is not None:
            text = text_in(thousandths)
            number = values.integer(text)
            if number is None:
                raise ValueError("no whole number")
            return values.own_balance(f"{(Decimal(number) / 1000).normalize():f}", "")
        if old is None:
            return None
        if isinstance(old, bool) or not isinstance(old, str | int | float):
            raise ValueError("no number")
        return values.own_balance(str(old), "")
    except ValueError:
        said.warn(row, "bad-balance", "balance" if thousandths is None else "balanceMilliunits")
        return None

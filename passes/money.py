"""Money and counts: minor units by currency, and both as a person writes them."""

from __future__ import annotations

from decimal import Decimal

_MICRO_DECIMALS = 6  # Google counts money in millionths
_SYMBOLS = {"EUR": "€"}

# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DECIMALS = {
    currency: decimals
    for decimals, currencies in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
    )
    for currency in currencies.split()
}


def amount(value: int, currency: str | None) -> int | Decimal:
    """Return a count as it is, and minor units of money with the currency's decimals."""
    if currency is None:
        return value
    decimals = _DECIMALS.get(currency, 2)
    return Decimal(value).scaleb(-decimals) if decimals else value


def micros(value: int, currency: str) -> int:
    """Turn minor units into millionths of the currency: 1 EUR is 1,000,000."""
    return int(value * 10 ** (_MICRO_DECIMALS - _DECIMALS.get(currency, 2)))


def written(value: int, currency: str | None, language: str, *, is_signed: bool = False) -> str:
    """Write a count or minor units of money: `1 250,50 €` in French, `1,250.50 EUR` elsewhere."""
    figures = format(amount(value, currency), "+," if is_signed else ",")
    if language == "fr":
        figures = figures.replace(",", "\u00a0").replace(".", ",")
    if currency is None:
        return figures
    return f"{figures} {_SYMBOLS.get(currency, currency) if language == 'fr' else currency}"

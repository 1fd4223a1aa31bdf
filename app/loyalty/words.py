"""How numbers, money and units are written in a sentence, in French and English."""

from __future__ import annotations

import datetime

from app.loyalty import calendar

LANGUAGES = ("fr", "en")
_FALLBACK = "en"  # where we do not speak a language
_THIN = "\u00a0"  # parts thousands in French; lines do not break at it
_SYMBOLS = {"EUR": "€"}
_NAMES = {
    "EUR": {"fr": "euros", "en": "euros"},
    "USD": {"fr": "dollars", "en": "dollars"},
    "GBP": {"fr": "livres", "en": "pounds"},
    "CHF": {"fr": "francs", "en": "francs"},
}
# ISO 4217, list one: the currencies whose minor unit is not a hundredth.
_DECIMALS = {
    currency: places
    for places, currencies in (
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
    )
    for currency in currencies.split()
}


def spoken(language: str) -> str:
    """Return the language of ours that comes nearest: `fr-CA` is `fr`; others are English."""
    head = language[:2].lower()
    return head if head in LANGUAGES else _FALLBACK


def number(value: int, language: str) -> str:
    """Write a count with its thousands parted."""
    written = f"{value:,}"
    return written.replace(",", _THIN) if language == "fr" else written


def decimals(currency: str) -> int:
    """Return how many decimals a currency has."""
    return _DECIMALS.get(currency, 2)


def money(minor: int, currency: str, language: str) -> str:
    """Write minor units: `29.95 EUR`, « 29,95 € »."""
    places = decimals(currency)
    whole, rest = divmod(abs(minor), 10**places)
    sign, written = ("-" if minor < 0 else ""), number(whole, language)
    if places:
        written += ("," if language == "fr" else ".") + str(rest).zfill(places)
    symbol = _SYMBOLS.get(currency, currency) if language == "fr" else currency
    return f"{sign}{written} {symbol}"


def major_name(currency: str, language: str) -> str:
    """Name a currency's major unit in the plural: « euros »; its code where we know no name."""
    return _NAMES.get(currency, {}).get(language, currency)


def units_text(units: int, unit: str, language: str, *, currency: str | None = None) -> str:
    """Write a count of units by their name: `58 points`; of money by its currency."""
    if currency is not None:
        return money(units, currency, language)
    return f"{number(units, language)} {in_a_sentence(unit)}"


def in_a_sentence(name: str) -> str:
    """Begin a name with a small letter, unless it is no plain word: `VIP` stays."""
    first, rest = name[:1], name[1:]
    return first.lower() + rest if rest == rest.lower() else name


def percent(bps: int, language: str) -> str:
    """Write basis points: `5%`, « 2,5 % »."""
    whole, rest = divmod(bps, 100)
    written = str(whole)
    if rest:
        written += ("," if language == "fr" else ".") + f"{rest:02}".rstrip("0")
    return f"{written} %" if language == "fr" else f"{written}%"


def day(at: int, tz: str, language: str) -> str:
    """Write the local day of a moment: `31 Jan 2027`, « 31/01/2027 »."""
    local: datetime.date = calendar.local_date(at, tz)
    if language == "fr":
        return f"{local.day:02}/{local.month:02}/{local.year:04}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

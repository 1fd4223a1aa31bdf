"""The words of the pages: one catalogue a language, read from .po files when the server starts.

A catalogue is the sum of `locales/<language>/*.po`, one file a page. A text is known by a name such
as `wallet.title`; names `<page>.js.<name>` are for that page's script, `common.js.…` for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from babel import Locale
from babel.messages.pofile import read_po

from passes.moments import spoken_day, spoken_moment
from passes.money import written

LANGUAGES = ("fr", "en")
Text = str | tuple[str, ...]  # a plural text has two forms: one, and several


class Catalogue(msgspec.Struct, frozen=True):
    """All texts of a language, and its way to write numbers, days and money."""

    language: str
    texts: Mapping[str, Text]

    @property
    def locale(self) -> Locale:
        """The language as babel knows it."""
        return _locale(self.language)

    def text(self, name: str, /, **values: object) -> str:
        """Return a text with its values filled in. `n` chooses the form where there are two.

        Raises KeyError for a name without text: a test walks all templates.
        """
        found = self.texts[name]
        if isinstance(found, tuple):
            n = values.get("n")
            count = n if isinstance(n, int) else 0
            found = found[0 if self.locale.plural_form(count) == "one" else 1]
            values = values | {"n": self.number(count)}
        return found.format(**values) if values else found

    def number(self, value: int) -> str:
        """Write a count."""
        return written(value, None, self.language)

    def amount(self, value: int, currency: str | None) -> str:
        """Write a count, or an amount in minor units of an ISO 4217 currency."""
        return written(value, currency, self.language)

    def day(self, at: int, zone: str = "UTC") -> str:
        """Write the day of a moment (microseconds)."""
        return spoken_day(at, zone, self.language)

    def moment(self, at: int, zone: str = "UTC") -> str:
        """Write a day and a time."""
        return spoken_moment(at, zone, self.language)

    def for_script(self, page: str, *, is_console: bool = False) -> dict[str, Text]:
        """Return what the scripts of a page may say, and those of all the console's pages."""
        begins = ("common.js.", f"{page}.js.", *(("console.js.",) if is_console else ()))
        return {name: text for name, text in self.texts.items() if name.startswith(begins)}


@lru_cache(len(LANGUAGES))
def catalogue(language: str) -> Catalogue:
    """Read a language's files, once. Raises ValueError for a name that stands twice."""
    texts: dict[str, Text] = {}
    folder = files("app.web") / "locales" / language
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".po"):
            continue
        with file.open("rb") as opened:
            for message in read_po(opened, locale=language):
                if message.id:
                    _add(texts, message)
    return Catalogue(language, texts)


def _add(texts: dict[str, Text], message: Any) -> None:
    name = message.id if isinstance(message.id, str) else message.id[0]
    if name in texts:
        raise ValueError(f"{name} stands twice")
    texts[name] = message.string if isinstance(message.string, str) else tuple(message.string)


@lru_cache(len(LANGUAGES))
def _locale(language: str) -> Locale:
    return Locale.parse(language)

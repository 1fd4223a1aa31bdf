"""What an Android phone writes of a card: labels, balances and notifications, translated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

MICROS = 1_000_000
Word = Callable[[str], str]  # language → text
BALANCES = ("loyaltyPoints", "secondaryLoyaltyPoints")


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that every phone with the object shows. `at` in microseconds."""

    object_id: str
    kind: str  # update or message
    text: str
    texts: Mapping[str, str]  # by language
    at: int

    def said(self, language: str) -> str:
        """Return the text in a language, else the default one."""
        return self.texts.get(language, self.text)


def said(holder: Mapping[str, Any], name: str, language: str) -> str:
    """Return a text's translation (`localizedName` before `name`), "" when there is none."""
    localized = holder.get("localized" + name[0].upper() + name[1:])
    if localized is None:
        return str(holder.get(name, ""))
    default = localized.get("defaultValue", {})
    every = [*localized.get("translatedValues", []), default]
    wanted = language.lower()
    for same in (lambda tag: tag == wanted, lambda tag: _first(tag) == _first(wanted)):
        for each in every:
            if same(str(each.get("language", "")).lower()):
                return str(each.get("value", ""))
    return str(default.get("value", ""))


def balance_text(points: Mapping[str, Any]) -> str:
    """Write a balance; "" when there is none."""
    balance = points.get("balance", {})
    if "money" in balance:
        money = balance["money"]
        whole, rest = divmod(abs(int(money["micros"])), MICROS)
        sign = "-" if int(money["micros"]) < 0 else ""
        return f"{sign}{whole}.{rest // 10_000:02d} {money['currencyCode']}"
    return next((str(balance[name]) for name in ("string", "int", "double") if name in balance), "")


def update_push(
    document: Mapping[str, Any], of_class: Mapping[str, Any], changed: list[str], *, at: int
) -> Push:
    """Word a change of balances as Google does: we cannot."""

    def word(language: str) -> str:
        told = ", ".join(
            f"{said(document[name], 'label', language) or 'Balance'}: "
            f"{balance_text(document[name])}"
            for name in changed
            if name in document
        )
        return f"{said(of_class, 'programName', language)}: {told or 'pass updated'}"

    return _push(document, of_class, word, kind="update", at=at)


def message_push(
    document: Mapping[str, Any], of_class: Mapping[str, Any], message: Mapping[str, Any], *, at: int
) -> Push:
    """Word a message."""

    def word(language: str) -> str:
        head, body = said(message, "header", language), said(message, "body", language)
        program = said(of_class, "programName", language)
        return f"{program}: {'. '.join(text for text in (head, body) if text)}"

    return _push({**document, "message": message}, of_class, word, kind="message", at=at)


def _push(
    document: Mapping[str, Any], of_class: Mapping[str, Any], word: Word, *, kind: str, at: int
) -> Push:
    languages = sorted({*_languages(document), *_languages(of_class), "en"})
    return Push(
        object_id=document["id"],
        kind=kind,
        text=word(next(_defaults(of_class), "en")),
        texts={language: word(language) for language in languages},
        at=at,
    )


def _first(tag: str) -> str:
    return tag.split("-", maxsplit=1)[0]


def _languages(holder: Any) -> Iterator[str]:
    """Find every language that something is said in."""
    if isinstance(holder, Mapping):
        if isinstance(holder.get("language"), str):
            yield holder["language"]
        for value in holder.values():
            yield from _languages(value)
    elif isinstance(holder, list):
        for value in holder:
            yield from _languages(value)


def _defaults(of_class: Mapping[str, Any]) -> Iterator[str]:
    for value in of_class.values():
        if isinstance(value, Mapping) and "defaultValue" in value:
            yield str(value["defaultValue"].get("language", "en"))

"""Texts as Google's documents hold them: localized, and cut to what a small screen shows."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from passes.content import ProgramContent, Text, in_language
from passes.words import word

# Google's advice for small screens, in characters.
NAME_MAX, LABEL_MAX, ACCOUNT_LABEL_MAX = 20, 9, 15
HEADER_MAX, BODY_MAX, LINK_MAX = 35, 500, 20
MODULES_MAX = 10  # as many text modules of a class, and of an object, are shown
_CUT = "…"
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


def words(program: ProgramContent, key: str, **names: Text) -> Text:
    """Return our word in each language of the program."""
    return {
        language: word(key, language, **{name: text[language] for name, text in names.items()})
        for language in program.languages
    }


def spoken(program: ProgramContent, text: Text) -> Text:
    """Return the program's text in each of its languages."""
    default = program.languages[0]
    return {
        language: in_language(text, language, default=default) for language in program.languages
    }


def localized(said: Text) -> dict[str, Any]:
    """Write a LocalizedString: the first language is the default, others translate it."""
    (language, value), *others = said.items()
    found: dict[str, Any] = {"defaultValue": {"language": language, "value": value}}
    if others:
        found["translatedValues"] = [
            {"language": language, "value": value} for language, value in others
        ]
    return found


def member(name: str, said: Text) -> dict[str, Any]:
    """Write a text and, where languages differ, its translations: `header`, `localizedHeader`."""
    first = next(iter(said.values()))
    found: dict[str, Any] = {name: first}
    if any(value != first for value in said.values()):
        found[f"localized{name[0].upper()}{name[1:]}"] = localized(said)
    return found


def cut(text: str, limit: int) -> str:
    """Shorten a text at a word, else within it, and say so by `…`."""
    if len(text) <= limit:
        return text
    head = text[:limit]  # one more than fits beside the sign: a word may end just there
    start = head.rfind(" ")
    if start < limit // 3:
        start = limit - 1
    return head[:start].rstrip(" ,;:-") + _CUT


def cut_all(said: Text, limit: int) -> Text:
    """Shorten a text in each language."""
    return {language: cut(value, limit) for language, value in said.items()}


def module(key: str, header: Text, body: Text) -> dict[str, Any]:
    """Write a text module."""
    return {
        "id": key,
        **member("header", cut_all(header, HEADER_MAX)),
        **member("body", cut_all(body, BODY_MAX)),
    }


def modules_of_long_text(key: str, header: Text, body: Text, *, limit: int) -> list[dict[str, Any]]:
    """Write a text of any length as at most `limit` modules, `Terms (1/3)`; the last is cut."""
    count = min(max(len(_pieces(text, BODY_MAX)) for text in body.values()), limit)
    if count <= 1:
        return [module(key, header, body)][:limit]
    pieces = {language: _evenly(text, count) for language, text in body.items()}
    return [
        module(
            f"{key}_{place + 1}",
            {
                language: cut(text, HEADER_MAX - 8) + f" ({place + 1}/{count})"
                for language, text in header.items()
            },
            {language: parts[place] for language, parts in pieces.items()},
        )
        for place in range(count)
    ]


def identifier(kind: str, key: str) -> str:
    """Make the id of a module: letters, digits, `_` and `-` only; two keys never share one."""
    plain = _NOT_IN_IDS.sub("-", key)
    if plain != key:
        plain += "-" + hashlib.blake2b(key.encode(), digest_size=4).hexdigest()
    return f"{kind}_{plain}"


def _pieces(text: str, limit: int) -> list[str]:
    """Split at line breaks or words, so that each piece fits."""
    found = []
    while len(text) > limit:
        end = max(text.rfind("\n", limit // 2, limit + 1), text.rfind(" ", limit // 2, limit + 1))
        end = end if end > 0 else limit
        found.append(text[:end].strip())
        text = text[end:].strip()
    found.append(text)
    return [piece for piece in found if piece] or [text]


def _evenly(text: str, count: int) -> list[str]:
    """Split in so many pieces of about one length; a short text leaves the last ones a dash."""
    pieces = _pieces(text, min(max(-(-len(text) // count) + 40, 80), BODY_MAX))
    kept = [*pieces[: count - 1], " ".join(pieces[count - 1 :])]
    kept = [piece for piece in kept if piece]
    return kept + ["-"] * (count - len(kept))

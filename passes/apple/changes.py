"""What the lock screen says of a change: which field speaks, and by how much its units moved."""

from __future__ import annotations

from typing import Any

from passes.content import PassContent, Unit, in_language
from passes.money import written
from passes.words import word

Fields = dict[str, Any]


def speaking(content: PassContent, designed: Fields, silent: Fields) -> Fields:
    """Choose the designs by who may speak.

    Of several changed fields a phone only says that the pass changed, so where one is named the
    others are silent, but for messages: a promotion changes by itself.
    """
    if content.message is not None and content.is_message_new:
        return silent
    if content.speaks is None:
        return designed
    names = [name for name in designed if name.partition(":")[0] == content.speaks]
    if content.speaks in designed:
        names.append(content.speaks)
    return silent | {name: designed[name] for name in names}


def moved(design: Fields, content: PassContent, unit: Unit, change: int, *, key: str) -> Fields:
    """Say by how much a speaking field moved, `+30 points: %@`; nothing where it did not.

    In the user's language: a program's translations hold no words with a card's own figures.
    """
    if change == 0 or "changeMessage" not in design:
        return {}
    program = content.program
    language = content.language or program.languages[0]
    if language not in program.languages:
        language = program.languages[0]
    by = written(change, unit.currency, language, is_signed=True)
    if unit.currency is None:
        name = in_language(unit.name, language, default=program.languages[0])
        return {"changeMessage": word(f"units_{key}", language, change=by, unit=_lower(name))}
    return {"changeMessage": word(f"money_{key}", language, change=by)}


def _lower(name: str) -> str:
    """Begin a name with a small letter within a sentence, unless it is no plain word: `VIP`."""
    return name[:1].lower() + name[1:] if name[1:] == name[1:].lower() else name

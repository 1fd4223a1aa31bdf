"""The files of golden/, renewed by `python -m tests.passes.google.google_golden`: read the difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.passes.apple.cards import CARDS, PROGRAMS, hosted, hosted_card
from tests.passes.google.given import class_of, object_of

FOLDER = Path(__file__).parent / "golden"


def files() -> Iterator[tuple[str, bytes]]:
    """Yield name and content: class and object of each authority in fr and en, and the odd ones."""
    for authority, card_of in CARDS.items():
        for languages in (("fr", "en"), ("en", "fr")):
            program = PROGRAMS[authority](*languages)
            name = f"{authority}.{languages[0]}"
            yield f"{name}.loyaltyClass.json", written(class_of(program))
            yield f"{name}.loyaltyObject.json", written(object_of(card_of(program)))
    rotating = msgspec.structs.replace(hosted(), rotates_code=True)
    yield "rotating.loyaltyObject.json", written(object_of(hosted_card(rotating)))
    yield "voided.loyaltyObject.json", written(object_of(hosted_card(is_voided=True)))


def written(document: dict[str, Any]) -> bytes:
    """Write a document to be read by people."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files():
        (FOLDER / name).write_bytes(content)

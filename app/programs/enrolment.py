"""Judges what a program asks at enrolment, and keeps each consent's words by number."""

from __future__ import annotations

import hashlib

import msgspec

from app.errors import InvalidInput, invalid
from app.loyalty import program as loyalty
from app.programs import enrolment_queries as queries
from app.programs.enrolment_queries import TextRow
from app.programs.enrolment_schemas import ConsentAsked, Enrolment
from app.programs.schemas import NewProgram, ProgramDocument
from app.storage.database import Transaction

PROMOTIONS = "promotions"  # the consent that messages which promote need
_BIRTHDAY_RULE = b'"birthday_within"'
_encode = msgspec.json.Encoder(order="deterministic").encode


def judge(sent: NewProgram, rules: loyalty.Program | None) -> list[str]:
    """Refuse what cannot be asked, and return warnings. Raises InvalidInput naming the field."""
    asked = sent.settings.enrolment or Enrolment()
    path = "settings.enrolment"
    _once(f"{path}.fields", [field.key for field in asked.fields])
    _once(f"{path}.consents", [consent.key for consent in asked.consents])
    for place, consent in enumerate(asked.consents):
        here = f"{path}.consents[{place}]"
        if isinstance(consent.text, dict) and not consent.text.get(sent.languages[0], "").strip():
            text = f"a text in {sent.languages[0]}, the program's first language, is expected"
            raise invalid(f"{here}.text", text)
        if consent.key == PROMOTIONS and consent.required:
            raise invalid(f"{here}.required", "promotions are asked apart from membership")
    asks_birthday = any(field.key == "birthday" for field in asked.fields)
    if rules is not None and not asks_birthday and _BIRTHDAY_RULE in _encode(rules):
        return [f"{path}.fields: the rules count on birthdays, and the join page asks for none"]
    return []


def consents_of(document: ProgramDocument) -> tuple[ConsentAsked, ...]:
    """Return the consents that a program asks now."""
    asked = document.settings.enrolment
    return () if asked is None else asked.consents


def missing_fields(
    document: ProgramDocument, told: dict[str, str | None], consents: frozenset[str]
) -> InvalidInput | None:
    """Say what a program needs of who joins and was not told; `told`: by the field's key.

    Paths name the fields of the join route.
    """
    asked = document.settings.enrolment or Enrolment()
    errors = [
        {"path": "display_name" if field.key == "name" else field.key, "message": "needed to join"}
        for field in asked.fields
        if field.required and not told.get(field.key)
    ]
    errors += [
        {"path": "consents", "message": f"{consent.key} is needed to join"}
        for consent in asked.consents
        if consent.required and consent.key not in consents
    ]
    if not errors:
        return None
    text = "; ".join(f"{each['path']}: {each['message']}" for each in errors)
    return InvalidInput(text, errors=errors)


def note_texts(tx: Transaction, program_id: int, document: ProgramDocument, *, now: int) -> None:
    """Give each consent text that was not asked last its number; under the program's lock."""
    last = {row.consent_key: row for row in queries.last_texts(tx, program_id)}
    for consent in consents_of(document):
        text, before = written(consent), last.get(consent.key)
        if before is not None and before.text == text:
            continue
        number = 1 if before is None else before.text_version + 1
        row = TextRow(consent.key, number, text, hash_of(text), now)
        queries.insert_text(tx, program_id, row)


def current_texts(tx: Transaction, program_id: int) -> dict[str, TextRow]:
    """Return by consent the text that is asked now, or was asked last."""
    return {row.consent_key: row for row in queries.last_texts(tx, program_id)}


def written(consent: ConsentAsked) -> str:
    """Write a consent's text as it is kept: one text, or one per language."""
    return _encode(consent.text).decode()


def hash_of(text: str) -> bytes:
    """Return by what a consent names the words it was given to."""
    return hashlib.sha256(text.encode()).digest()


def _once(path: str, keys: list[str]) -> None:
    for place, key in enumerate(keys):
        if key in keys[:place]:
            raise invalid(f"{path}[{place}].key", f"{key} stands twice")

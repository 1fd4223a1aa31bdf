"""The engine's "no" as an error that a caller is told."""

from __future__ import annotations

from app.errors import AppError, NotFound, Refused, invalid
from app.loyalty.model import Refusal
from app.loyalty.refusal_codes import REFUSALS
from app.loyalty.refusal_words import refusal_text

_UNKNOWN = {"unknown_ticket", "unknown_burn", "unknown_voucher"}
# What a body names and the rules do not know, by the field that names it.
_FIELDS = {"unknown_rule": "rule", "unknown_unit": "unit", "unknown_sale": "sale"}


def error_of(refusal: Refusal) -> AppError:
    """Turn a refusal into the error that HTTP answers."""
    text = refusal_text(refusal.code, refusal.facts, "en")
    if refusal.code in _UNKNOWN:
        return NotFound()
    if refusal.code == "hold_closed" and refusal.facts.get("status") is None:
        return NotFound()  # an unknown hold (specs/loyalty.md §1)
    if refusal.code in _FIELDS:
        return invalid(_FIELDS[refusal.code], text)
    code = refusal.code.replace("_", "-")
    assert code in REFUSALS, "the list of refusals is closed"
    return Refused(code, text, **refusal.facts)

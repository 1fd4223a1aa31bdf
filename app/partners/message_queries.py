"""All SQL of merchants' messages: what is to be sent, and how far it came."""

from __future__ import annotations

ERASE: dict[str, str] = {}
KEPT = {"promotion": "a merchant's own words to all"}

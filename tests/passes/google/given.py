"""Classes, objects and an account, as app/google hands them to passes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from passes.content import PassContent, ProgramContent
from passes.finding import Finding
from passes.google.lint import lint_class, lint_object
from passes.google.loyalty_class import ClassIssue, loyalty_class
from passes.google.loyalty_object import ObjectIssue, loyalty_object
from passes.google.save_link import Account
from tests.passes.google.discovery import faults

NUMBER = "3388000000012345678"  # an issuer at Google
CLASS_ID = f"{NUMBER}.prog_01"
OBJECT_ID = f"{NUMBER}.8f3a018f3a018f3a018f3a018f3a018f"
CARD_REF = "0123456789abcdef0123456789abcdef"
SECRET = b"12345678901234567890"
EMAIL = "wallet@example.iam.gserviceaccount.com"
ORIGINS = ("https://wallet.example.com",)
AT_SECONDS = 1_795_291_200  # 2026-11-21T20:00:00Z


def class_of(program: ProgramContent, **changes: object) -> dict[str, Any]:
    """Write a program's class with all that an issue can give."""
    keys: dict[str, Any] = {
        "class_id": CLASS_ID,
        "logo_url": "https://wallet.example.com/pictures/logo.png",
        "hero_url": "https://wallet.example.com/pictures/hero.png",
        "wide_logo_url": "https://wallet.example.com/pictures/wide.png",
        "callback_url": "https://wallet.example.com/google/callbacks",
        "country": "FR",
    }
    return loyalty_class(program, ClassIssue(**keys | changes))


def object_of(content: PassContent, **changes: object) -> dict[str, Any]:
    """Write a card's object with all that an issue can give."""
    keys: dict[str, Any] = {
        "object_id": OBJECT_ID,
        "class_id": CLASS_ID,
        "grouping_id": "5f0c2ab9d1e84c37",
        "sort_index": 0,
        "holder_name": "Marie Dupont",
    }
    if content.program.rotates_code:
        keys |= {"card_ref": CARD_REF, "secret": SECRET}
    return loyalty_object(content, ObjectIssue(**keys | changes))


def class_findings(document: Any, **how: bool) -> list[Finding]:
    """Ask our linter about a class."""
    return lint_class(json.dumps(document).encode(), issuer=NUMBER, **how)


def object_findings(document: Any, **how: bool) -> list[Finding]:
    """Ask our linter about an object."""
    return lint_object(json.dumps(document).encode(), issuer=NUMBER, **how)


def assert_taken(kind: str, document: dict[str, Any]) -> None:
    """Let both judges look: our linter and Google's discovery document."""
    ask = class_findings if kind == "LoyaltyClass" else object_findings
    assert ask(document) == []
    assert faults(kind, document) == []


@cache
def account() -> Account:
    """Make a service account."""
    return Account(EMAIL, rsa.generate_private_key(65537, 2048), "key-1")


@cache
def stranger() -> Account:
    """Make another account."""
    return Account(EMAIL, rsa.generate_private_key(65537, 2048), "key-2")

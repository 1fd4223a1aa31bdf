"""What Google accepts of a class, an object or a message: its schema, and our own linter on top."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from app.sandbox.fake_google_answers import Refused, invalid
from app.sandbox.fake_google_schema import check
from passes.finding import Finding
from passes.google.lint import lint_class, lint_message, lint_object

_ID = re.compile(r"(?P<issuer>[0-9]{1,20})\.[A-Za-z0-9._-]{1,200}", re.ASCII)
_OUTPUT_ONLY = {"hasUsers", "hasLinkedDevice", "classReference"}


def issuer_of(resource_id: Any) -> str:
    """Return the issuer an id begins with. Raises Refused 400."""
    found = _ID.fullmatch(resource_id) if isinstance(resource_id, str) else None
    if found is None:
        raise invalid(f"Invalid resource ID: {resource_id}.")
    return found["issuer"]


def read_json(body: bytes) -> dict[str, Any]:
    """Read a JSON object. Raises Refused 400."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Refused(400, "parseError", "Invalid JSON payload received.") from None
    if not isinstance(content, dict):
        raise Refused(400, "parseError", "Invalid JSON payload received. An object is needed.")
    return content


def check_sent(kind: str, sent: Mapping[str, Any]) -> None:
    """Check what was sent against the schema and for what only Google may say."""
    check(sent, "LoyaltyClass" if kind == "class" else "LoyaltyObject")
    for name in sorted(_OUTPUT_ONLY & sent.keys()):
        raise invalid(f"{name} is output only.")


def merged(stored: Any, sent: Any) -> Any:
    """Merge a PATCH: objects member by member, everything else (lists too) is replaced."""
    if not isinstance(stored, dict) or not isinstance(sent, dict):
        return sent
    result = dict(stored)
    for name, value in sent.items():
        result[name] = merged(stored.get(name), value)
    return result


class Rules:
    """Judges as Google does. `allow_loopback`: http addresses of this machine pass (sandbox)."""

    def __init__(self, *, allow_loopback: bool = True) -> None:
        self.allow_loopback = allow_loopback

    def judge(self, kind: str, document: Mapping[str, Any]) -> None:
        """Check a whole document: what was sent, or what a change would make. Raises Refused."""
        for name in _CLASS_NEEDS if kind == "class" else _OBJECT_NEEDS:
            if not document.get(name):
                raise invalid(f"{name} is required.")
        issuer = issuer_of(document["id"])
        for name in _BALANCES:
            if name in document and len(document[name].get("balance", {})) != 1:
                raise invalid(f"{name}.balance: exactly one of string, int, double, money.")
        judge = lint_class if kind == "class" else lint_object
        encoded = msgspec.json.encode(document)
        _refuse(judge(encoded, issuer=issuer, allow_loopback=self.allow_loopback))

    def judge_message(self, sent: Mapping[str, Any]) -> None:
        """Check the body of addMessage. Raises Refused 400."""
        check(sent, "AddMessageRequest")
        if not sent.get("message"):
            raise invalid("message is required.")
        _refuse(lint_message(msgspec.json.encode(sent)))


def _refuse(findings: Sequence[Finding]) -> None:
    if findings:
        raise invalid("; ".join(f"{it.path}: {it.text}" for it in findings[:FINDINGS_MAX]) + ".")


FINDINGS_MAX = 5  # told at once
_CLASS_NEEDS = ("id", "issuerName", "programName", "programLogo", "reviewStatus")
_OBJECT_NEEDS = ("id", "classId", "state")
_BALANCES = ("loyaltyPoints", "secondaryLoyaltyPoints")

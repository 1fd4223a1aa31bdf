"""The REST calls of walletobjects v1: who may, what is asked, what it answers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.sandbox.fake_google_answers import Refused, Reply, answered, denied, invalid
from app.sandbox.fake_google_fields import selected
from app.sandbox.fake_google_memory import Memory, Stored
from app.sandbox.fake_google_rules import issuer_of, read_json
from app.sandbox.fake_google_save import SaveDesk

BASE = "/walletobjects/v1/"
_INT32_MAX = 2**31 - 1
_OF_EVERY_CALL = {"fields", "alt", "prettyPrint", "quotaUser", "key"}
_OF_LISTS = {"issuerId", "classId", "maxResults", "token"}
_KINDS = {"loyaltyClass": "class", "loyaltyObject": "object"}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call, its token already exchanged for the account it belongs to."""

    account: str
    method: str
    path: str
    query: Mapping[str, str]
    body: bytes


class Rest:
    """Routes calls. `may`: whether an account was invited by an issuer."""

    def __init__(self, memory: Memory, desk: SaveDesk, may: Callable[[str, str], bool]) -> None:
        self._memory = memory
        self._desk = desk
        self._may = may

    def answer(self, call: Call) -> Reply:
        """Answer a call. Raises Refused."""
        _check_query(call)
        parts = call.path.removeprefix(BASE).split("/")
        if call.method == "POST" and parts[0] == "jwt":
            return self._jwt(parts[1:], call)
        kind = _KINDS.get(parts[0])
        if kind is None or not call.path.startswith(BASE):
            raise Refused(404, "notFound", "The requested URL was not found on this server.")
        match call.method, parts[1:]:
            case "POST", []:
                content = self._insert(kind, call)
            case "GET", []:
                content = self._list(kind, call)
            case "GET", [resource_id]:
                content = self._view(kind, self._known(kind, resource_id, call))
            case "PATCH" | "PUT" as method, [resource_id]:
                self._check_may(resource_id, call)
                change = self._memory.patch if method == "PATCH" else self._memory.put
                content = self._view(kind, change(kind, resource_id, read_json(call.body)))
            case "POST", [resource_id, "addMessage"]:
                self._check_may(resource_id, call)
                stored = self._memory.add_message(kind, resource_id, read_json(call.body))
                content = {"resource": self._view(kind, stored)}
            case _:
                raise Refused(404, "notFound", "The requested URL was not found on this server.")
        return answered(selected(content, call.query.get("fields")))

    def _jwt(self, parts: list[str], call: Call) -> Reply:
        if parts == ["validate"]:
            self._desk.validate(read_json(call.body), call.account)
            return answered({})
        if parts:
            raise Refused(404, "notFound", "The requested URL was not found on this server.")
        content = self._desk.insert(read_json(call.body), call.account)
        return answered(selected(content, call.query.get("fields")))

    def _insert(self, kind: str, call: Call) -> Any:
        sent = read_json(call.body)
        self._check_may(sent.get("id"), call)
        return self._view(kind, self._memory.insert(kind, sent))

    def _list(self, kind: str, call: Call) -> Any:
        after = _read_token(call.query.get("token"))
        if kind == "class":
            issuer = call.query.get("issuerId", "")
            if not self._may(call.account, issuer):
                raise denied()
            left = [
                it
                for class_id, it in self._memory.classes.items()
                if it.number > after and issuer_of(class_id) == issuer
            ]
        else:
            class_id = call.query.get("classId", "")
            self._known("class", class_id, call)
            left = self._memory.of_class(class_id, after=after)
        return self._page(kind, left, _read_count(call.query.get("maxResults")))

    def _page(self, kind: str, left: list[Stored], count: int | None) -> Any:
        page = left if count is None else left[:count]
        told: dict[str, Any] = {"kind": "walletobjects#pagination", "resultsPerPage": len(page)}
        if len(page) < len(left):
            number = str(page[-1].number).encode()
            told["nextPageToken"] = base64.urlsafe_b64encode(number).decode()
        return {"resources": [self._view(kind, it) for it in page], "pagination": told}

    def _known(self, kind: str, resource_id: str, call: Call) -> Stored:
        self._check_may(resource_id, call)
        return self._memory.found(kind, resource_id)

    def _check_may(self, resource_id: Any, call: Call) -> None:
        if not self._may(call.account, issuer_of(resource_id)):
            raise denied()

    def _view(self, kind: str, stored: Stored) -> dict[str, Any]:
        return self._memory.view(kind, stored)


def _check_query(call: Call) -> None:
    known = _OF_EVERY_CALL | (_OF_LISTS if call.method == "GET" else set())
    for name in call.query:
        if name not in known:
            text = f'Unknown name "{name}": Cannot bind query parameter.'
            raise Refused(400, "badRequest", f"Invalid JSON payload received. {text}")


def _read_token(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token).decode("ascii"))
    except (binascii.Error, ValueError):
        raise invalid("Invalid page token.") from None


def _read_count(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:11]) <= _INT32_MAX:
        raise invalid("maxResults must be 1 or more.")
    return int(text)

"""Who calls: a closed set. Authentication puts one into the request, controllers take it out."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request

from app.storage.database import Work

Kind = Literal["user", "merchant", "till", "claim"]
Scope = Literal["read", "write", "admin"]


class UserCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A signed-in user or a guest, by session token or cookie."""

    user_id: int
    session_id: int
    is_guest: bool


class MerchantCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant's key, or a staff member's session. `key_id` 0: staff, then `user_id` is set."""

    merchant_id: int
    key_id: int
    scopes: frozenset[str]
    user_id: int = 0


class TillCaller(msgspec.Struct, frozen=True, kw_only=True):
    """A paired till: checkout at one location of a merchant."""

    merchant_id: int
    till_id: int
    location_id: str


class ClaimCaller(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever has the claim token of one card."""

    card_id: int


Caller = UserCaller | MerchantCaller | TillCaller | ClaimCaller


def caller_of(request: Request[Any, Any, Any]) -> Caller | None:
    """Return who calls; None only on routes that need no credential."""
    found: Caller | None = request.scope.get("auth")
    return found


def user_of(request: Request[Any, Any, Any]) -> UserCaller:
    """Return the user on a route whose `callers` is ("user",)."""
    caller = caller_of(request)
    assert isinstance(caller, UserCaller)
    return caller


def merchant_of(request: Request[Any, Any, Any]) -> MerchantCaller:
    """Return the merchant on a route whose `callers` is ("merchant",)."""
    caller = caller_of(request)
    assert isinstance(caller, MerchantCaller)
    return caller


def scope_of(caller: Caller | None, route: str) -> str:
    """Return the scope of idempotency keys: the caller's merchant or user, else the route."""
    match caller:
        case UserCaller(user_id=user_id):
            return f"user:{user_id}"
        case MerchantCaller(merchant_id=merchant_id) | TillCaller(merchant_id=merchant_id):
            return f"merchant:{merchant_id}"
        case ClaimCaller(card_id=card_id):
            return f"claim:{card_id}"
        case None:
            return f"route:{route}"


class Found(msgspec.Struct, frozen=True):
    """What a room's finder knows of a credential: who calls, and a small write that notes its use.

    `touch` slides a session or a key's last use, at most once in a while; None: nothing to note.
    It runs after the look-up, in a transaction of its own.
    """

    caller: Caller
    touch: Work[None] | None = None

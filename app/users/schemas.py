"""What users send and get: guests, codes, sign-in, sessions, profile (specs: api §4)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.http.fields import Email, Name

SpokenLanguage = Literal["fr", "en"]
# Whatever is typed that is no code of ours is a wrong code, not a wrong form.
TypedCode = Annotated[str, Meta(min_length=1, max_length=32, examples=["48201573"])]


class NewGuest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A guest to be; absent: the language that the request asks for."""

    language: SpokenLanguage | None = None


class NewSignInCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a code shall go."""

    email: Email


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An address and the code that went there."""

    email: Email
    code: TypedCode


class ProfileChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user changes of himself; absent stays, a `display_name` of null is cleared."""

    display_name: Name | UnsetType | None = UNSET
    language: SpokenLanguage | UnsetType = UNSET


class CodeSent(msgspec.Struct, frozen=True, kw_only=True):
    """The same answer for every address."""

    expires_in_seconds: int


class UserOut(msgspec.Struct, frozen=True, kw_only=True):
    """A user; `email` null: a guest."""

    id: str
    email: str | None
    display_name: str | None
    language: str
    created_at: str


class SignedInOut(msgspec.Struct, frozen=True, kw_only=True):
    """A session's token, shown this once, and whose it is; a page gets the cookie instead."""

    token: str | UnsetType = UNSET
    user: UserOut


class SessionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One sign-in; `is_current`: the one that asks."""

    id: str
    created_at: str
    last_used_at: str
    expires_at: str
    is_current: bool

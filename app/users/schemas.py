"""What users send and get: guests, codes, sign-in, sessions, profile (specs: api §4)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from app.http.fields import Email, Name, Token

SpokenLanguage = Literal["fr", "en"]
# Whatever is typed that is no code of ours is a wrong code, not a wrong form.
TypedCode = Annotated[str, Meta(min_length=1, max_length=32, examples=["48201573"])]

# Bytes as the W3C's JSON forms of WebAuthn write them: base64url without padding.
Base64Url = Annotated[str, Meta(max_length=16_384, pattern=r"^[A-Za-z0-9_-]+(?![\s\S])")]
CredentialId = Annotated[str, Meta(max_length=1364, pattern=r"^[A-Za-z0-9_-]+(?![\s\S])")]


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


class EmailChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new address and the code that went there; `merge`: with the account that has it."""

    email: Email
    code: TypedCode
    merge: bool = False


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


class _Answer(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What browsers send of every credential (`PublicKeyCredential.toJSON()`)."""

    id: CredentialId
    rawId: CredentialId  # noqa: N815
    type: Literal["public-key"]
    authenticatorAttachment: Literal["platform", "cross-platform"] | None = None  # noqa: N815
    clientExtensionResults: dict[str, Any] = {}  # noqa: N815


class AttestationResponse(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a new passkey says of itself; only the first two are read, they hold the others."""

    clientDataJSON: Base64Url  # noqa: N815
    attestationObject: Base64Url  # noqa: N815
    authenticatorData: Base64Url | None = None  # noqa: N815
    publicKey: Base64Url | None = None  # noqa: N815
    publicKeyAlgorithm: Annotated[int, Meta(ge=-65_536, le=65_536)] | None = None  # noqa: N815
    transports: Annotated[list[Token], Meta(max_length=16)] = []


class AssertionResponse(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What a passkey signed."""

    clientDataJSON: Base64Url  # noqa: N815
    authenticatorData: Base64Url  # noqa: N815
    signature: Base64Url
    userHandle: CredentialId | None = None  # noqa: N815


class AttestedCredential(_Answer, frozen=True, kw_only=True):
    """The answer of `navigator.credentials.create`."""

    response: AttestationResponse


class AssertedCredential(_Answer, frozen=True, kw_only=True):
    """The answer of `navigator.credentials.get`."""

    response: AssertionResponse


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey, and what its user calls it."""

    credential: AttestedCredential
    name: Name = "Passkey"


class PasskeySignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answer of a passkey to the last question."""

    credential: AssertedCredential


class PasskeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user calls a passkey."""

    name: Name


class PasskeyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What the page hands to `navigator.credentials`; the challenge is good for one answer."""

    options: dict[str, Any]
    expires_in_seconds: int


class PasskeyOut(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey as its user sees it."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None

"""What a program asks whoever joins: its own fields, and consents with their texts."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from app.http.fields import LongText

CONSENTS_MAX = 8
FieldKey = Literal["name", "email", "phone", "birthday"]
ConsentKey = Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*(?![\s\S])")]
# A text, or one per language. The string carries no pattern (see LocalText in app/http/fields.py).
ConsentText = (
    Annotated[str, Meta(min_length=1, max_length=2000)]
    | Annotated[dict[Literal["fr", "en"], LongText], Meta(min_length=1)]
)


class EnrolmentField(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something the join page asks; a required one must be told."""

    key: FieldKey
    required: bool = False


class ConsentAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A consent that is asked, never ticked beforehand.

    `key` is the merchant's; `promotions` is the consent to messages that promote, and stands
    apart from membership: it cannot be required.
    """

    key: ConsentKey
    text: ConsentText
    required: bool = False


class Enrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked at enrolment, in this order."""

    fields: Annotated[tuple[EnrolmentField, ...], Meta(max_length=4)] = ()
    consents: Annotated[tuple[ConsentAsked, ...], Meta(max_length=CONSENTS_MAX)] = ()

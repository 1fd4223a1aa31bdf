"""The loyaltyObject of a card: what one user's pass shows (specs: google.md §3, §9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from passes.barcode import google_barcode
from passes.content import PassContent
from passes.google.addresses import is_link
from passes.google.balances import faces
from passes.google.loyalty_class import link
from passes.google.modules import object_modules
from passes.google.rotating import DIGITS, PERIOD_SECONDS, value_pattern
from passes.google.texts import NAME_MAX, cut, member, module, words
from passes.moments import local_time

NEUTRAL = "-"  # stands where a voided card's object said something of its user
FACES = ("loyaltyPoints", "secondaryLoyaltyPoints")
# What a fat link holds: no name of a person, no secret, nothing long.
_MINIMAL = (
    *("id", "classId", "state", "accountId", "barcode", "groupingInfo"),
    *FACES,
)
_BARE = ("id", "classId", "state", "accountId", "barcode")


class ObjectIssue(msgspec.Struct, frozen=True, kw_only=True):
    """What makes an object this one. `grouping_id`: one per user; a low `sort_index` comes first.

    `card_ref`: the card's public id, 32 hexadecimal digits; `secret`: of its rotating code. Both
    where the program rotates codes.
    """

    object_id: str
    class_id: str
    grouping_id: str | None = None
    sort_index: int | None = None
    holder_name: str | None = None
    card_ref: str | None = None
    secret: bytes | None = None


def loyalty_object(content: PassContent, issue: ObjectIssue) -> dict[str, Any]:
    """Write the object as JSON holds it: nothing in it is null or empty.

    A voided card's is blank: whatever said something of its user says nothing now.
    """
    if content.is_voided:
        return _blank(content, issue)
    first, second = faces(content)
    document: dict[str, Any] = {
        "id": issue.object_id,
        "classId": issue.class_id,
        "state": "EXPIRED" if content.is_expired else "ACTIVE",
        "accountId": content.number,
        "accountName": issue.holder_name and cut(issue.holder_name, NAME_MAX),
        "loyaltyPoints": first,
        "secondaryLoyaltyPoints": second,
        **_code(content, issue),
        "validTimeInterval": _valid_until(content),
        "groupingInfo": _group(issue),
        "textModulesData": object_modules(content),
        "linksModuleData": _card_page(content),
        "messages": messages_of(content),
    }
    return {key: value for key, value in document.items() if value}


def minimal_object(document: dict[str, Any]) -> dict[str, Any]:
    """Take what a link may hold: never a name, never the secret of a rotating code."""
    return {key: document[key] for key in _MINIMAL if key in document}


def small_objects(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Take less and less of it, for a link that brings a class too: in the end what must be."""
    bare = {key: document[key] for key in _BARE if key in document}
    points = {
        key: {"label": document[key]["label"], "balance": document[key]["balance"]}
        for key in FACES
        if key in document
    }
    while points:
        yield bare | points
        points.popitem()
    yield bare


def messages_of(content: PassContent) -> list[dict[str, Any]]:
    """Write what the merchant said: to this card, and to all or many."""
    return [each for each in (message_of(content), promotion_of(content)) if each]


def message_of(content: PassContent) -> dict[str, Any] | None:
    """Write the merchant's latest message; of one text it always has the same id."""
    return _said(content, "message", content.message)


def promotion_of(content: PassContent) -> dict[str, Any] | None:
    """Write the latest message to all or many; each has an id of its own, also of equal words."""
    return _said(content, "promotion", content.promotion, at=content.promoted_at)


def _said(
    content: PassContent, kind: str, text: str | None, *, at: int | None = None
) -> dict[str, Any] | None:
    if not text or content.is_voided:
        return None
    marked = text if at is None else f"{at}:{text}"
    mark = hashlib.blake2b(marked.encode(), digest_size=8).hexdigest()
    return {
        "id": f"{kind}_{mark}",
        **member("header", words(content.program, kind)),
        "body": text,
        "messageType": "TEXT",
    }


def _blank(content: PassContent, issue: ObjectIssue) -> dict[str, Any]:
    gone = words(content.program, "no_longer_valid")
    return {
        "id": issue.object_id,
        "classId": issue.class_id,
        "state": "INACTIVE",
        "accountId": NEUTRAL,
        "accountName": NEUTRAL,
        "barcode": {"type": "TEXT_ONLY", "value": NEUTRAL, "alternateText": NEUTRAL},
        "textModulesData": [module("card", words(content.program, "card"), gone)],
    }


def _code(content: PassContent, issue: ObjectIssue) -> dict[str, Any]:
    """Write the code; none beside one that rotates, which would undo its protection."""
    if issue.secret is not None:
        assert issue.card_ref, "a rotating code names its card"
        return {"rotatingBarcode": _rotating(content, issue.secret, issue.card_ref)}
    if content.program.rotates_code:
        return {}
    return {
        "barcode": google_barcode(
            content.barcode_format,
            content.barcode_value,
            number=content.number,
            accepts=content.program.accepts,
        )
    }


def _rotating(content: PassContent, secret: bytes, card_ref: str) -> dict[str, Any]:
    return {
        "type": "QR_CODE",
        "valuePattern": value_pattern(card_ref),
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": str(PERIOD_SECONDS * 1000),
            "parameters": [{"key": secret.hex().upper(), "valueLength": DIGITS}],
        },
        "alternateText": content.number,
    }


def _valid_until(content: PassContent) -> dict[str, Any] | None:
    if content.expires_at is None:
        return None
    return {"end": {"date": local_time(content.expires_at, content.program.time_zone)}}


def _group(issue: ObjectIssue) -> dict[str, Any] | None:
    if issue.grouping_id is None:
        return None
    found: dict[str, Any] = {"groupingId": issue.grouping_id}
    if issue.sort_index is not None:
        found["sortIndex"] = issue.sort_index
    return found


def _card_page(content: PassContent) -> dict[str, Any] | None:
    if content.card_url is None or not is_link(content.card_url):
        return None
    return {"uris": [link("card_page", words(content.program, "card_page"), content.card_url)]}

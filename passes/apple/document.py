"""pass.json of a card: wallet-py3k's Pass plus today's keys, and the same made quickly."""

from __future__ import annotations

from typing import Any

import msgspec
from wallet.models import Field as WalletField
from wallet.models import Pass, StoreCard

from passes.apple.changes import speaking
from passes.apple.fields import designs, same_on_all_cards
from passes.apple.layout import Field, Zones, poster, zones
from passes.apple.values import rgb
from passes.barcode import apple_barcodes, apple_old_barcode
from passes.content import LOCATIONS_MAX, PassContent, ProgramContent, in_language
from passes.moments import utc_time

# wallet-py3k writes one wrongly and the other always; the right `barcode` stands in `extra`.
_DROPPED = ("barcode", "suppressStripShine")
_MESSAGES = {"message", "promotion"}  # speak whatever else does
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who signs passes, and where phones ask for them: no slash at its end, None is nowhere."""

    pass_type: str
    team: str
    web_service_url: str | None = None


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a pass this one. Neither may change once the pass is on a phone."""

    serial_number: str
    authentication_token: str | None = None


class CardField(WalletField):  # type: ignore[misc]  # wallet-py3k has no types
    """A field that holds the keys it was given and none else."""

    def __init__(self, keys: Field) -> None:
        self.__dict__.update(keys)


class CardDocument(Pass):  # type: ignore[misc]
    """wallet-py3k's Pass plus, in `extra`, the keys it does not know."""

    def __init__(self, found: Zones, extra: dict[str, Any]) -> None:
        card = StoreCard()
        for zone, fields in found.items():
            setattr(card, zone, [CardField(field) for field in fields])
        super().__init__(card)
        self.extra = extra

    def json_dict(self) -> dict[str, Any]:
        """Return a copy of what pass.json holds, nothing empty in it."""
        known = {k: v for k, v in super().json_dict().items() if k not in _DROPPED}
        cleaned: dict[str, Any] = without_empty(known | self.extra)
        return cleaned


class Skeleton(msgspec.Struct, frozen=True, kw_only=True):
    """What all pass.json of a program version and an issuer share, written once."""

    head: bytes  # the JSON object without its closing brace
    designed: dict[str, Any]
    silent: dict[str, Any]  # the same, where nothing but messages notifies
    closing: list[Any]


def card_document(content: PassContent, issuer: Issuer, issue: Issue) -> CardDocument:
    """Lay a card out as a pass: the definition of what `pass_json` writes."""
    program, keys = content.program, _card_keys(content)
    designed = speaking(
        content, _designed(program, is_silent=False), _designed(program, is_silent=True)
    )
    closing = [designed[name] for name in same_on_all_cards(program)]
    found = zones(content, designed, closing, shows_code="barcodes" in keys)
    if program.has_poster:
        keys["posterGeneric"] = poster(found)
    document = _of_program(program, issuer, found, keys)
    document.serialNumber = issue.serial_number
    document.authenticationToken = issue.authentication_token
    return document


def skeleton(program: ProgramContent, issuer: Issuer) -> Skeleton:
    """Write what no card changes."""
    designed, silent = (_written(program, is_silent=is_silent) for is_silent in (False, True))
    return Skeleton(
        head=_encode(_of_program(program, issuer, {}, {}).json_dict())[:-1],
        designed=designed,
        silent=silent,
        closing=[designed[name] for name in same_on_all_cards(program)],
    )


def pass_json(prepared: Skeleton, content: PassContent, issue: Issue) -> bytes:
    """Write pass.json of a card of the skeleton's program; the same as its CardDocument."""
    keys = _card_keys(content)
    designed = speaking(content, prepared.designed, prepared.silent)
    found = zones(content, designed, prepared.closing, shows_code="barcodes" in keys)
    keys["serialNumber"] = issue.serial_number
    if issue.authentication_token:
        keys["authenticationToken"] = issue.authentication_token
    keys["storeCard"] = found
    if content.program.has_poster:
        keys["posterGeneric"] = poster(found)
    return b"%b,%b" % (prepared.head, _encode(keys)[1:])


def without_empty(node: Any) -> Any:
    """Copy without None, "", [] and {}, but for a field's value; 0 and False stay."""
    match node:
        case dict():
            cleaned = {key: without_empty(value) for key, value in node.items()}
            return {k: v for k, v in cleaned.items() if k == "value" or not _is_empty(v)}
        case list() | tuple():
            return [v for v in map(without_empty, node) if not _is_empty(v)]
        case _:
            return node


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _designed(program: ProgramContent, *, is_silent: bool) -> dict[str, Field]:
    language = program.languages[0]
    return {
        name: field.keys(language, is_silent=is_silent and name not in _MESSAGES)
        for name, field in designs(program).items()
    }


def _written(program: ProgramContent, *, is_silent: bool) -> dict[str, Any]:
    return {
        name: msgspec.Raw(_encode(keys)) if "value" in keys else keys
        for name, keys in _designed(program, is_silent=is_silent).items()
    }


def _of_program(
    program: ProgramContent, issuer: Issuer, found: Zones, extra: dict[str, Any]
) -> CardDocument:
    document = CardDocument(found, extra)
    document.passTypeIdentifier = issuer.pass_type
    document.teamIdentifier = issuer.team
    document.webServiceURL = issuer.web_service_url
    document.organizationName = program.name
    document.description = in_language(
        program.description, program.languages[0], default=program.languages[0]
    )
    document.logoText = program.logo_text
    document.backgroundColor = program.background_color and rgb(program.background_color)
    document.foregroundColor = program.foreground_color and rgb(program.foreground_color)
    document.labelColor = program.label_color and rgb(program.label_color)
    document.locations = [
        {"latitude": at.latitude, "longitude": at.longitude, "relevantText": at.name}
        for at in program.locations[:LOCATIONS_MAX]
    ]
    document.extra = document.extra | {
        "maxDistance": program.max_distance_metres if program.locations else None,
        "featuredActions": [
            {"identifier": action.id, "type": "membershipBenefits", "url": action.url}
            for action in program.featured_actions
        ],
    }
    return document


def _card_keys(content: PassContent) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    code, value, number = content.barcode_format, content.barcode_value, content.number
    barcodes = apple_barcodes(code, value, number=number, accepts=content.program.accepts)
    if barcodes:
        keys["barcodes"] = barcodes
        old = apple_old_barcode(code, value, number=number)
        if old:
            keys["barcode"] = old
    if content.expires_at is not None:
        keys["expirationDate"] = utc_time(content.expires_at)
    if content.is_voided or content.is_expired:
        keys["voided"] = True
    if content.nfc:
        keys["nfc"] = {
            "message": content.nfc.message,
            "encryptionPublicKey": content.nfc.public_key,
            "requiresAuthentication": content.nfc.requires_authentication,
        }
    if content.program.sharing_prohibited or (content.nfc and content.nfc.requires_authentication):
        keys["sharingProhibited"] = True
    return keys

"""Apple's rules for pass.json: Wallet refuses a bad pass without a word, so we say it first.

The shapes are in schema.py; here are the rules between keys (specs: apple.md §1).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key
from msgspec import UNSET, UnsetType

from passes.apple.schema import (
    MOMENT,
    Barcode,
    CardJson,
    Field,
    Nfc,
    OldBarcode,
    Part,
    PassJson,
    PosterGeneric,
)
from passes.finding import Finding

FRONT_MAX = 4  # secondary and auxiliary together
NFC_MESSAGE_BYTES_MAX = 64  # Wallet cuts what is longer
NEW_FORMATS = {f"PKBarcodeFormat{name}" for name in ("EAN13", "Code39", "Codabar", "I2of5")}
_MOMENT = re.compile(MOMENT)
_CURRENCY = re.compile(r"[A-Z]{3}\Z")
_LATIN_1 = re.compile(r"[\x00-\xff]+")
_HTTPS = re.compile(r"https://[^/\s]+(/\S*)?")
_LOOPBACK = re.compile(r"http://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/\S*)?")
_card_json = msgspec.json.Decoder(CardJson)


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_NO_JSON = Finding("pass.json", "is no JSON in UTF-8, or too deep")


class BadPass(ValueError):  # it is refused, nothing went wrong here
    """The pass breaks rules of Apple's; it was not made."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(f"{found.path}: {found.text}" for found in findings))
        self.findings = findings


def lint(
    document: bytes, *, only_new_codes: bool = False, allow_loopback: bool = False
) -> list[Finding]:
    """Judge a whole pass.json.

    `only_new_codes`: the program's tills read nothing iOS 26 could show, so the last code may be of
    iOS 27. `allow_loopback`: plain http to this machine will do, in the sandbox.
    """
    found = _decoded(document, PassJson)
    if isinstance(found, list):
        return found
    has_web_service = found.web_service_url is not UNSET
    return [
        *_card_rules(found, has_web_service=has_web_service, only_new_codes=only_new_codes),
        *_program_rules(found, allow_loopback=allow_loopback),
    ]


def lint_card(part: bytes, *, has_web_service: bool, only_new_codes: bool) -> list[Finding]:
    """Judge the keys that differ from card to card; the others were judged with their program."""
    try:
        card = _card_json.decode(part)
    except _UNREADABLE:
        found = _decoded(part, CardJson)
        assert isinstance(found, list)
        return found
    return _card_rules(card, has_web_service=has_web_service, only_new_codes=only_new_codes)


def nfc_key_refusal(public_key: str) -> str | None:
    """Say why Wallet would not take the key of an NFC dictionary; None when it would."""
    try:
        key = load_der_public_key(base64.b64decode(public_key, validate=True))
    except (ValueError, binascii.Error, UnsupportedAlgorithm):
        return "must be base64 of an X.509 SubjectPublicKeyInfo, without PEM lines"
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return "must be a key of curve P-256"
    return None


def _card_rules(card: CardJson, *, has_web_service: bool, only_new_codes: bool) -> list[Finding]:
    # Lists and no generators on the way that every pass takes: they cost as much as the rules.
    zones = card.store_card
    front = zones.secondary_fields + zones.auxiliary_fields
    fields = zones.header_fields + zones.primary_fields + front + zones.back_fields
    found = _field_rules("storeCard", fields)
    if len(front) > FRONT_MAX:
        text = f"{len(front)} fields with auxiliaryFields, {FRONT_MAX} are shown"
        found.append(Finding("storeCard.secondaryFields", text))
    if has_web_service != (card.authentication_token is not UNSET):
        found.append(Finding("webServiceURL", "goes with authenticationToken: both or neither"))
    if not (card.serial_number.isascii() and card.serial_number.isalnum()):
        found.append(Finding("serialNumber", "must be letters and digits only"))
    if card.barcodes or card.barcode is not UNSET:
        found += _code_rules(card.barcodes, card.barcode, only_new_codes=only_new_codes)
    if card.nfc is not UNSET:
        found += _nfc_rules(card.nfc, is_sharing_prohibited=card.sharing_prohibited is True)
    if card.poster_generic is not UNSET:
        found += _poster_rules(card.poster_generic)
    return found


def _poster_rules(zones: PosterGeneric) -> list[Finding]:
    fields = zones.header_fields + zones.primary_fields
    more = zones.footer_fields + zones.additional_info_fields
    return _field_rules("posterGeneric", fields + more)


def _field_rules(style: str, fields: tuple[Field, ...]) -> list[Finding]:
    found: list[Finding] = []
    unset = UNSET
    for field in fields:
        if field.change_message is not unset and "%@" not in field.change_message:
            found.append(Finding(field.key, "changeMessage must contain %@"))
        if field.currency_code is not unset:
            found += _money_rules(field)
        elif field.number_style is not unset and isinstance(field.value, str):
            found.append(Finding(field.key, "value must be a number with numberStyle"))
        if field.date_style is not unset or field.time_style is not unset:
            found += _date_rules(field)
    if len({field.key for field in fields}) != len(fields):
        found.append(Finding(style, "a key stands twice: keys are unique in the whole pass"))
    return found


def _date_rules(field: Field) -> Iterator[Finding]:
    if not (isinstance(field.value, str) and _MOMENT.match(field.value)):
        yield Finding(field.key, "value must be a date with time and zone")
    if field.number_style is not UNSET or field.currency_code is not UNSET:
        yield Finding(field.key, "is a date or a number, not both")


def _money_rules(field: Field) -> Iterator[Finding]:
    assert field.currency_code is not UNSET
    if isinstance(field.value, str):
        yield Finding(field.key, "value must be a number with currencyCode")
    if field.number_style is not UNSET:
        yield Finding(field.key, "currencyCode and numberStyle exclude each other")
    if not _CURRENCY.match(field.currency_code):
        yield Finding(field.key, "currencyCode must be three capital letters, ISO 4217")


def _code_rules(
    codes: tuple[Barcode, ...], old: OldBarcode | UnsetType, *, only_new_codes: bool
) -> list[Finding]:
    found = [
        Finding("barcodes", "a message must be written in iso-8859-1")
        for code in codes
        if not code.message.isascii() and not _LATIN_1.fullmatch(code.message)
    ]
    if old is not UNSET and not (codes and _same(codes[0], old)):
        found.append(Finding("barcode", "must be the first of barcodes: some readers prefer it"))
    if codes and codes[-1].format in NEW_FORMATS and not only_new_codes:
        text = "end with a format only iOS 27 shows: add Code 128 or QR"
        found.append(Finding("barcodes", text))
    return found


def _same(code: OldBarcode, old: OldBarcode) -> bool:
    return (code.format, code.message) == (old.format, old.message)


def _nfc_rules(nfc: Nfc, *, is_sharing_prohibited: bool) -> Iterator[Finding]:
    if len(nfc.message.encode()) > NFC_MESSAGE_BYTES_MAX:
        yield Finding("nfc.message", f"longer than {NFC_MESSAGE_BYTES_MAX} bytes: it would be cut")
    refusal = nfc_key_refusal(nfc.encryption_public_key)
    if refusal:
        yield Finding("nfc.encryptionPublicKey", refusal)
    if nfc.requires_authentication is True and not is_sharing_prohibited:
        yield Finding("nfc.requiresAuthentication", "needs sharingProhibited")


def _program_rules(found: PassJson, *, allow_loopback: bool) -> Iterator[Finding]:
    url = found.web_service_url
    if url is not UNSET:
        is_loopback = allow_loopback and _LOOPBACK.fullmatch(url)
        if not _HTTPS.fullmatch(url) and not is_loopback:
            yield Finding("webServiceURL", "must be an https address")
        if url.endswith("/"):
            yield Finding("webServiceURL", "must not end with a slash")
    if found.app_launch_url is not UNSET and found.associated_store_identifiers is UNSET:
        yield Finding("appLaunchURL", "needs associatedStoreIdentifiers")
    for each in found.relevant_dates or ():
        spans = (each.date is UNSET, each.start_date is UNSET, each.end_date is UNSET)
        if spans not in {(False, True, True), (True, False, False)}:
            yield Finding("relevantDates", "take a date, or startDate and endDate")
    actions = found.featured_actions or []
    if len({action.identifier for action in actions}) != len(actions):
        yield Finding("featuredActions", "an identifier stands twice")
    if not all(_HTTPS.fullmatch(action.url) for action in actions):
        yield Finding("featuredActions", "a url must be an https address")


def _decoded(document: bytes, kind: type[PassJson] | type[CardJson]) -> Any:
    try:
        return msgspec.json.decode(document, type=kind)
    except msgspec.ValidationError:
        pass  # it may be broken JSON behind the first key that does not fit
    except _UNREADABLE:
        return [_NO_JSON]
    try:
        return list(_misfits(kind, msgspec.json.decode(document), ""))
    except _UNREADABLE:
        return [_NO_JSON]


def _misfits(kind: Any, value: Any, path: str) -> Iterator[Finding]:
    """Judge each key of an object by itself, so that one bad key hides no other."""
    try:
        msgspec.convert(value, kind)
        return
    except msgspec.ValidationError as error:
        text = str(error)
    if not (isinstance(kind, type) and issubclass(kind, Part) and isinstance(value, dict)):
        yield Finding(path or "pass.json", text)
        return
    known = {key.encode_name: key for key in msgspec.structs.fields(kind)}
    for name in value.keys() - known.keys():
        yield Finding(f"{path}{name}", "is no key Wallet knows here")
    for name, key in known.items():
        if name in value:
            yield from _misfits(key.type, value[name], f"{path}{name}.")
        elif key.required:
            yield Finding(f"{path}{name}", "is missing")

"""Google's rules for classes, objects and messages: said before Google says them.

The shapes are in schema.py; what is between members of both is in rules.py (specs: google.md §10).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import UNSET, UnsetType

from passes.barcode import check
from passes.barcode.digits import has_right_check_digit, is_digits
from passes.finding import Finding
from passes.google.addresses import fetch_refusal
from passes.google.class_schema import LoyaltyClass
from passes.google.misfits import decoded
from passes.google.object_schema import (
    Balance,
    Barcode,
    LoyaltyObject,
    LoyaltyPoints,
    RotatingBarcode,
)
from passes.google.rules import (
    id_rules,
    image_rules,
    interval_rules,
    language_rules,
    message_rules,
    shared_rules,
    twice,
)
from passes.google.schema import NewMessage

_CLASS_NEEDS = ("id", "issuerName", "programName", "programLogo", "reviewStatus")
_OBJECT_NEEDS = ("id", "classId", "state")
_INT_64 = 2**63
_BYTES_MAX = {"QR_CODE": 2_953, "PDF_417": 1_850, "AZTEC": 1_914, "DATA_MATRIX": 1_556}
_SUBSTITUTION = re.compile(r"\{([^{}]*)\}")
_TOTP_VALUE = re.compile(r"totp_value_([0-9]{1,3})")
_TIMESTAMPS = {"totp_timestamp_millis", "totp_timestamp_seconds"}


def lint_class(
    document: bytes, *, issuer: str, allow_loopback: bool = False, is_patch: bool = False
) -> list[Finding]:
    """Judge a loyaltyClass of that issuer (decimal text).

    `allow_loopback`: pictures and callbacks may be on this machine, in the sandbox. `is_patch`:
    only the members given.
    """
    found = decoded(document, LoyaltyClass, "loyaltyClass")
    if isinstance(found, list):
        return found
    return list(_class_rules(found, issuer, allow_loopback=allow_loopback, is_patch=is_patch))


def lint_object(
    document: bytes, *, issuer: str, allow_loopback: bool = False, is_patch: bool = False
) -> list[Finding]:
    """Judge a loyaltyObject of that issuer (decimal text), as `lint_class` does a class."""
    found = decoded(document, LoyaltyObject, "loyaltyObject")
    if isinstance(found, list):
        return found
    return list(_object_rules(found, issuer, allow_loopback=allow_loopback, is_patch=is_patch))


def lint_message(document: bytes) -> list[Finding]:
    """Judge the body of addMessage, `{"message": {…}}`."""
    found = decoded(document, NewMessage, "message")
    if isinstance(found, list):
        return found
    findings = [*message_rules("message", found.message), *language_rules(found)]
    if found.message.message_type == "EXPIRATION_NOTIFICATION":
        findings.append(Finding("message.messageType", "must be TEXT or TEXT_AND_NOTIFY"))
    return findings


def _class_rules(
    found: LoyaltyClass, issuer: str, *, allow_loopback: bool, is_patch: bool
) -> Iterator[Finding]:
    if not is_patch:
        yield from _missing(found, _CLASS_NEEDS)
    yield from shared_rules(found, issuer, allow_loopback=allow_loopback)
    for path, image in (
        ("programLogo", found.program_logo),
        ("wideProgramLogo", found.wide_program_logo),
    ):
        yield from image_rules(path, image, allow_loopback=allow_loopback)
    if found.callback_options is not UNSET:
        refusal = fetch_refusal(found.callback_options.url, allow_loopback=allow_loopback)
        if refusal:
            yield Finding("callbackOptions.url", refusal)
    if found.enable_smart_tap is True and not found.redemption_issuers:
        yield Finding("redemptionIssuers", "is missing: enableSmartTap needs somebody to redeem")
    yield from language_rules(found)


def _object_rules(
    found: LoyaltyObject, issuer: str, *, allow_loopback: bool, is_patch: bool
) -> Iterator[Finding]:
    if not is_patch:
        yield from _missing(found, _OBJECT_NEEDS)
    yield from shared_rules(found, issuer, allow_loopback=allow_loopback)
    yield from id_rules("classId", found.class_id, issuer)
    yield from _points_rules("loyaltyPoints", found.loyalty_points)
    yield from _points_rules("secondaryLoyaltyPoints", found.secondary_loyalty_points)
    if found.barcode is not UNSET:
        yield from _code_rules(found.barcode)
    if found.rotating_barcode is not UNSET:
        yield from _rotating_rules(found.rotating_barcode)
        if found.barcode is not UNSET:
            yield Finding("barcode", "stands beside one that rotates: that undoes its protection")
    yield from interval_rules("validTimeInterval", found.valid_time_interval)
    tap = found.smart_tap_redemption_value
    if tap is not UNSET and not (tap.isascii() and tap.isprintable()):
        yield Finding("smartTapRedemptionValue", "must be ASCII")
    linked = found.linked_object_ids or []
    for place, each in enumerate(linked):
        yield from id_rules(f"linkedObjectIds[{place}]", each, issuer)
    yield from twice("linkedObjectIds", linked)
    yield from language_rules(found)


def _missing(found: LoyaltyClass | LoyaltyObject, needed: tuple[str, ...]) -> Iterator[Finding]:
    names = dict(zip(found.__struct_encode_fields__, found.__struct_fields__, strict=True))
    for name in needed:
        if getattr(found, names[name]) is UNSET:
            yield Finding(name, "is missing")


def _points_rules(path: str, points: LoyaltyPoints | UnsetType) -> Iterator[Finding]:
    if points is UNSET:
        return
    if points.label is UNSET and points.localized_label is UNSET:
        yield Finding(f"{path}.label", "is missing: take label or localizedLabel")
    yield from _balance_rules(f"{path}.balance", points.balance)


def _balance_rules(path: str, balance: Balance) -> Iterator[Finding]:
    kinds = (balance.as_string, balance.as_int, balance.as_double, balance.as_money)
    given = sum(kind is not UNSET for kind in kinds)
    if given != 1:
        yield Finding(path, f"takes exactly one of string, int, double, money: {given} given")
    money = balance.as_money
    if money is not UNSET and not -_INT_64 <= int(money.micros) < _INT_64:
        yield Finding(f"{path}.money.micros", "must fit in 64 bits")


def _code_rules(code: Barcode) -> Iterator[Finding]:
    if code.type == "TEXT_ONLY":
        return
    most = _BYTES_MAX.get(code.type)
    if most is not None:  # these hold any text
        if len(code.value.encode()) > most:
            yield Finding("barcode.value", f"at most {most} bytes")
        return
    if code.type == "ITF_14":
        is_right = len(code.value) == 14 and is_digits(code.value)
        if not (is_right and has_right_check_digit(code.value)):
            yield Finding("barcode.value", "14 digits with a right check digit expected")
        return
    refusal = check(code.type, code.value)
    if refusal:
        yield Finding("barcode.value", refusal.reason)


def _rotating_rules(code: RotatingBarcode) -> Iterator[Finding]:
    path = "rotatingBarcode.valuePattern"
    secrets, has_value = len(code.totp_details.parameters), False
    for name in _SUBSTITUTION.findall(code.value_pattern):
        value = _TOTP_VALUE.fullmatch(name)
        if value and int(value[1]) < secrets:
            has_value = True
        elif value:
            yield Finding(path, f"{{{name}}} has no parameter: {secrets} given")
        elif name not in _TIMESTAMPS:
            yield Finding(path, f"{{{name}}} is no substitution Google knows")
    if not has_value:
        yield Finding(path, "holds no {totp_value_…}: it would never change")

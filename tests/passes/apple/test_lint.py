"""The linter refuses each of Apple's rules, names the place, and takes all that we make."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from passes.apple.artwork import lint_files
from passes.apple.document import pass_json, skeleton
from passes.apple.lint import BadPass, Finding, lint, lint_card, nfc_key_refusal
from tests.passes.apple.cards import (
    CARDS,
    IMAGES,
    ISSUE,
    ISSUER,
    PIXEL,
    base64_of,
    hosted,
    hosted_card,
    nfc,
)
from tests.passes.pictures import ICONS, picture

Change = Callable[[dict[str, Any]], object]
ACTION = {"identifier": "a", "type": "membershipBenefits", "url": "https://a.example"}
PLACE = {"latitude": 1.5, "longitude": 2}


def good() -> dict[str, Any]:
    content = hosted_card(nfc=nfc())
    document: dict[str, Any] = json.loads(pass_json(skeleton(hosted(), ISSUER), content, ISSUE))
    return copy.deepcopy(document)


def field(document: dict[str, Any], zone: str) -> dict[str, Any]:
    found: dict[str, Any] = document["storeCard"][zone][0]
    return found


def put(**keys: object) -> Change:
    return lambda document: document.update(keys)


def drop(*names: str) -> Change:
    return lambda document: [document.pop(name) for name in names]


def in_field(zone: str, **keys: object) -> Change:
    return lambda document: field(document, zone).update(keys)


def in_nfc(**keys: object) -> Change:
    return lambda document: document["nfc"].update(keys)


def in_code(place: int = 0, **keys: object) -> Change:
    return lambda document: document["barcodes"][place].update(keys)


def add_fields(zone: str, count: int) -> Change:
    fields = [{"key": f"new{n}", "label": "L", "value": "V"} for n in range(count)]
    return lambda document: document["storeCard"].setdefault(zone, []).extend(fields)


BROKEN: dict[str, tuple[Change, str]] = {
    "formatVersion 2": (put(formatVersion=2), "formatVersion"),
    "formatVersion as text": (put(formatVersion="1"), "formatVersion"),
    "no formatVersion": (drop("formatVersion"), "formatVersion"),
    "no description": (drop("description"), "description"),
    "empty description": (put(description=""), "description"),
    "no organizationName": (drop("organizationName"), "organizationName"),
    "no passTypeIdentifier": (drop("passTypeIdentifier"), "passTypeIdentifier"),
    "no teamIdentifier": (drop("teamIdentifier"), "teamIdentifier"),
    "no serialNumber": (drop("serialNumber"), "serialNumber"),
    "serialNumber with a dash": (put(serialNumber="a-b"), "serialNumber"),
    "serialNumber with an accent": (put(serialNumber="é"), "serialNumber"),
    "serialNumber a number": (put(serialNumber=1), "serialNumber"),
    "no storeCard": (drop("storeCard"), "storeCard"),
    "another style": (put(coupon={}), "coupon"),
    "token without address": (drop("webServiceURL"), "webServiceURL"),
    "address without token": (drop("authenticationToken"), "webServiceURL"),
    "short token": (put(authenticationToken="x" * 15), "authenticationToken"),
    "http": (put(webServiceURL="http://wallet.example.com/apple"), "webServiceURL"),
    "http to this machine": (put(webServiceURL="http://localhost:8080/apple"), "webServiceURL"),
    "slash at the end": (put(webServiceURL="https://wallet.example.com/apple/"), "webServiceURL"),
    "no address at all": (put(webServiceURL="wallet"), "webServiceURL"),
    "empty barcodes": (put(barcodes=[]), "barcodes"),
    "null": (put(logoText=None), "logoText"),
    "empty locations": (put(locations=[]), "locations"),
    "eleven locations": (put(locations=[PLACE] * 11), "locations"),
    "latitude of 91": (put(locations=[PLACE | {"latitude": 91}]), "locations"),
    "longitude of 181": (put(locations=[PLACE | {"longitude": 181}]), "locations"),
    "empty relevantText": (put(locations=[PLACE | {"relevantText": ""}]), "locations"),
    "distance null": (put(locations=[PLACE | {"distance": None}]), "locations"),
    "maxDistance of zero": (put(maxDistance=0), "maxDistance"),
    "unknown format": (in_code(format="PKBarcodeFormatITF"), "barcodes"),
    "another encoding": (in_code(messageEncoding="utf-8"), "barcodes"),
    "no message": (in_code(message=""), "barcodes"),
    "message beyond latin-1": (in_code(message="日本"), "barcodes"),
    "iOS 27 last": (lambda d: d["barcodes"].__delitem__(slice(1, None)), "barcodes"),
    "old key of a new format": (lambda d: d.update(barcode=d["barcodes"][0]), "barcode"),
    "old key that is not first": (lambda d: d.update(barcode=d["barcodes"][2]), "barcode"),
    "colour in hex": (put(backgroundColor="#ffffff"), "backgroundColor"),
    "colour above 255": (put(foregroundColor="rgb(256, 0, 0)"), "foregroundColor"),
    "colour with newline": (put(labelColor="rgb(1, 2, 3)\n"), "labelColor"),
    "date without zone": (put(expirationDate="2027-01-31T22:59:00"), "expirationDate"),
    "date without time": (put(expirationDate="2027-01-31"), "expirationDate"),
    "date as a number": (put(expirationDate=1801436400), "expirationDate"),
    "voided as text": (put(voided="true"), "voided"),
    "grouping of a storeCard": (put(groupingIdentifier="a"), "groupingIdentifier"),
    "app link without store": (put(appLaunchURL="app:"), "appLaunchURL"),
    "store ids as text": (put(associatedStoreIdentifiers=["1"]), "associatedStoreIdentifiers"),
    "half a span": (put(relevantDates=[{"startDate": "2027-01-31T22:59Z"}]), "relevantDates"),
    "no relevant date": (put(relevantDates=[{}]), "relevantDates"),
    "three actions": (put(featuredActions=[ACTION] * 3), "featuredActions"),
    "one action twice": (put(featuredActions=[ACTION] * 2), "featuredActions"),
    "unknown action": (put(featuredActions=[ACTION | {"type": "x"}]), "featuredActions"),
    "action by http": (put(featuredActions=[ACTION | {"url": "http://a.example"}]), "featured"),
    "shine": (put(suppressStripShine=False), "suppressStripShine"),
    "long nfc message": (in_nfc(message="é" * 33), "nfc.message"),
    "nfc key that is none": (in_nfc(encryptionPublicKey="AAAA"), "nfc.encryptionPublicKey"),
    "nfc key with pem": (in_nfc(encryptionPublicKey="-----BEGIN"), "nfc.encryptionPublicKey"),
    "nfc alone asks who": (in_nfc(requiresAuthentication=True), "nfc.requiresAuthentication"),
    "four in the header": (add_fields("headerFields", 2), "storeCard.headerFields"),
    "two primary": (add_fields("primaryFields", 1), "storeCard.primaryFields"),
    "five on the front": (add_fields("auxiliaryFields", 2), "storeCard.secondaryFields"),
    "empty zone": (lambda d: d["storeCard"].update(headerFields=[]), "storeCard.headerFields"),
    "one key twice": (in_field("backFields", key="tier"), "storeCard"),
    "no key": (lambda d: field(d, "backFields").pop("key"), "storeCard.backFields"),
    "no label": (lambda d: field(d, "backFields").pop("label"), "storeCard.backFields"),
    "no value": (lambda d: field(d, "backFields").pop("value"), "storeCard.backFields"),
    "empty value": (in_field("backFields", value=""), "storeCard.backFields"),
    "empty changeMessage": (in_field("headerFields", changeMessage=""), "storeCard.headerFields"),
    "changeMessage without %@": (in_field("headerFields", changeMessage="New"), "unit_pts"),
    "number as text": (in_field("headerFields", value="12"), "unit_pts"),
    "money as text": (in_field("primaryFields", value="12.05"), "unit_cash"),
    "number and money": (in_field("headerFields", currencyCode="EUR"), "unit_pts"),
    "no currency": (in_field("primaryFields", currencyCode="eur"), "unit_cash"),
    "unknown number style": (in_field("headerFields", numberStyle="X"), "storeCard.headerFields"),
    "date of no date": (in_field("backFields", dateStyle="PKDateStyleShort"), "number"),
    "unknown date style": (in_field("backFields", dateStyle="Short"), "storeCard.backFields"),
    "aligned primary": (
        in_field("primaryFields", textAlignment="PKTextAlignmentLeft"),
        "storeCard.primaryFields",
    ),
    "aligned back": (
        in_field("backFields", textAlignment="PKTextAlignmentLeft"),
        "storeCard.backFields",
    ),
    "attributed value": (in_field("backFields", attributedValue="<b>"), "storeCard.backFields"),
    "poster with two footers": (
        put(posterGeneric={"footerFields": [{"key": k, "label": "L", "value": "V"} for k in "ab"]}),
        "posterGeneric",
    ),
    "poster with a key twice": (
        put(
            posterGeneric={
                "headerFields": [{"key": "a", "label": "L", "value": "V"}],
                "primaryFields": [{"key": "a", "label": "L", "value": "V"}],
            }
        ),
        "posterGeneric",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found_where_it_is_broken(name: str) -> None:
    change, path = BROKEN[name]
    document = good()
    assert lint(json.dumps(document).encode()) == []
    change(document)
    found = lint(json.dumps(document).encode())
    assert found
    assert any(finding.path.startswith(path) for finding in found), found


GOOD: dict[str, Change] = {
    "aligned header": in_field("headerFields", textAlignment="PKTextAlignmentLeft"),
    "minutes only": put(expirationDate="2027-01-31T22:59+01:00"),
    "an older date": put(relevantDate="2027-01-31T22:59:00Z"),
    "span": put(relevantDates=[{"startDate": "2027-01-31T22:59Z", "endDate": "2027-01-31T23:59Z"}]),
    "a date": put(relevantDates=[{"date": "2027-01-31T22:59Z"}]),
    "two actions": put(featuredActions=[ACTION, ACTION | {"identifier": "b"}]),
    "app link": put(appLaunchURL="app:", associatedStoreIdentifiers=[1]),
    "user info": put(userInfo={"a": [1, {}]}),
    "accents in latin-1": in_code(1, message="é"),
    "nfc asks who and is not shared": lambda d: (
        d["nfc"].update(requiresAuthentication=True),
        d.update(sharingProhibited=True),
    ),
    "nfc of 64 bytes": in_nfc(message="é" * 32),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_apple_allows_is_not_refused(name: str) -> None:
    document = good()
    GOOD[name](document)
    assert lint(json.dumps(document).encode()) == []


@pytest.mark.parametrize("authority", CARDS)
def test_cards_of_every_authority_are_clean(authority: str) -> None:
    content = CARDS[authority]()
    assert lint(pass_json(skeleton(content.program, ISSUER), content, ISSUE)) == []


@pytest.mark.parametrize(
    "url", ["http://localhost:8080/apple", "http://127.0.0.1:1/apple", "http://[::1]:1/apple"]
)
def test_the_sandbox_may_ask_this_machine_by_http(url: str) -> None:
    document = good() | {"webServiceURL": url}
    assert lint(json.dumps(document).encode(), allow_loopback=True) == []


@pytest.mark.parametrize(
    "url", ["http://localhost.example", "http://10.0.0.1", "http://127.0.0.1/"]
)
def test_no_other_machine_is_asked_by_http(url: str) -> None:
    document = good() | {"webServiceURL": url}
    assert lint(json.dumps(document).encode(), allow_loopback=True)


def test_a_code_of_ios_27_may_be_last_where_tills_read_no_other() -> None:
    document = good()
    del document["barcodes"][1:]
    assert lint(json.dumps(document).encode(), only_new_codes=True) == []


def test_one_broken_rule_hides_no_other() -> None:
    document = good() | {"voided": 1, "logoText": "", "unheardOf": 1}
    del document["description"]
    paths = {finding.path.rstrip(".") for finding in lint(json.dumps(document).encode())}
    assert paths == {"voided", "logoText", "unheardOf", "description"}


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"null", b"1", b"\xff\xfe", b'{"a": "\xff"}', b"[" * 20_000]
)
def test_what_is_no_pass_json_is_a_finding_and_no_crash(document: bytes) -> None:
    assert lint(document)
    assert lint_card(document, has_web_service=True, only_new_codes=False)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_a_finding_and_no_crash(value: object) -> None:
    assert lint(json.dumps(value).encode())


@given(st.sampled_from(sorted(good())), st.none() | st.integers() | st.text() | st.lists(st.none()))
def test_any_value_under_a_known_key_is_judged(name: str, value: object) -> None:
    document = good() | {name: value}
    for finding in lint(json.dumps(document).encode()):
        assert isinstance(finding, Finding)


def test_the_error_says_where_and_what() -> None:
    error = BadPass([Finding("voided", "is wrong"), Finding("icon.png", "is missing")])
    assert str(error) == "voided: is wrong; icon.png: is missing"


@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "é"])
def test_a_key_that_is_none_is_refused_in_words(key: str) -> None:
    assert "SubjectPublicKeyInfo" in (nfc_key_refusal(key) or "")


def test_only_a_key_of_p_256_is_taken() -> None:
    def written(key: Any) -> str:
        return base64_of(
            key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )

    assert nfc_key_refusal(written(ec.generate_private_key(ec.SECP256R1()))) is None
    for other in (ec.generate_private_key(ec.SECP384R1()), ed25519.Ed25519PrivateKey.generate()):
        assert nfc_key_refusal(written(other)) == "must be a key of curve P-256"


def test_icons_are_needed_at_each_scale() -> None:
    for name in ICONS:
        less = {key: data for key, data in ICONS.items() if key != name}
        assert lint_files(less) == [Finding(name, "is missing")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("icon.png", picture(39, 38)),
        ("icon@2x.png", picture(76, 77)),
        ("logo.png", picture(161, 50)),
        ("strip@3x.png", picture(375 * 3 + 1, 144)),
        ("logo.png", b"GIF89a"),
        ("logo.png", b""),
        ("logo.png", PIXEL[:20]),
        ("logo@4x.png", PIXEL),
        ("logo.jpg", PIXEL),
        ("../icon.png", PIXEL),
        ("pass.json", b"{}"),
        ("signature", b""),
        ("manifest.json", b"{}"),
        ("folder/", b""),
        ("fr.lproj/logo.png", PIXEL),
        ("fr.lproj/pass.strings", b'\xff\xfe"\0'),
        ("fr.lproj/pass.strings", b'\xef\xbb\xbf"a" = "b";'),
        ("fr.lproj/pass.strings", b""),
        ("FR.lproj/pass.strings", b'"a" = "b";'),
    ],
)
def test_a_file_that_is_none_of_a_pass_is_refused(name: str, data: bytes) -> None:
    assert [finding.path for finding in lint_files(IMAGES | {name: data})] == [name]


def test_a_poster_needs_its_pictures() -> None:
    missing = {finding.path for finding in lint_files(IMAGES, has_poster=True)}
    assert missing == {"background@2x.png", "primaryLogo@2x.png"}

"""Save links: the right form is chosen, and every broken one is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from passes.content import PassContent, ProgramContent
from passes.finding import Finding
from passes.google.lint_link import lint_save_jwt, lint_save_url
from passes.google.loyalty_class import minimal_class
from passes.google.loyalty_object import minimal_object
from passes.google.save_link import LINK_MAX, Chosen, TooLong, choose, sign_assertion, sign_save_jwt
from tests.passes.apple.cards import hosted, hosted_card, mirrored_card, shop, shop_card
from tests.passes.google.given import (
    AT_SECONDS,
    CLASS_ID,
    EMAIL,
    NUMBER,
    OBJECT_ID,
    ORIGINS,
    SECRET,
    account,
    class_of,
    object_of,
    stranger,
)

Claims = dict[str, Any]
URL = "https://pay.google.com/gp/v/save/"
MINIMAL = minimal_object(object_of(hosted_card()))
SKINNY = {"id": OBJECT_ID, "classId": CLASS_ID}


def chosen(content: PassContent, **how: Any) -> Chosen:
    keys: dict[str, Any] = {"may_be_fat": True, "origins": ORIGINS, "at_seconds": AT_SECONDS}
    return choose(account(), document=object_of(content), **keys | how)


def findings(jwt: str, **how: Any) -> list[Finding]:
    keys: dict[str, Any] = {"issuer": NUMBER, "service_account": EMAIL}
    return lint_save_jwt(jwt, public_key=account().key.public_key(), **keys | how)


def claims_of(jwt: str) -> Claims:
    return pyjwt.decode(jwt, account().key.public_key(), ["RS256"], audience="google", issuer=EMAIL)


def claims() -> Claims:
    return {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": AT_SECONDS,
        "origins": list(ORIGINS),
        "payload": {"loyaltyObjects": [json.loads(json.dumps(MINIMAL))]},
    }


def signed(made: Claims, header: Claims | None = None, key: rsa.RSAPrivateKey | None = None) -> str:
    """Sign anything, by the book and not by our code."""
    head = {"alg": "RS256", "typ": "JWT"} if header is None else header
    parts = [_text(json.dumps(part).encode()) for part in (head, made)]
    hashed = SHA384() if head.get("alg") == "RS384" else SHA256()
    signature = (key or account().key).sign(".".join(parts).encode(), padding.PKCS1v15(), hashed)
    return ".".join([*parts, _text(signature)])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_claims(**changes: object) -> str:
    return signed(claims() | changes)


def with_payload(**payload: object) -> str:
    return with_claims(payload=payload)


def with_object(**changes: object) -> str:
    return with_payload(loyaltyObjects=[MINIMAL | changes])


def without(name: str) -> str:
    made = claims()
    del made[name]
    return signed(made)


BROKEN: dict[str, tuple[Callable[[], str], str]] = {
    "more than 1,800 characters": (
        lambda: with_object(accountId="1" * 2_000),
        "jwt",
    ),
    "wrong key": (lambda: signed(claims(), key=stranger().key), "jwt"),
    "RS384": (lambda: signed(claims(), {"alg": "RS384", "typ": "JWT"}), "header.alg"),
    "aud a list": (lambda: with_claims(aud=["google"]), "aud"),
    "other aud": (lambda: with_claims(aud="apple"), "aud"),
    "other typ": (lambda: with_claims(typ="savetoandroidpay"), "typ"),
    "other account": (lambda: with_claims(iss="x@example.com"), "iss"),
    "iat in ms": (lambda: with_claims(iat=AT_SECONDS * 1000), "iat"),
    "iat as text": (lambda: with_claims(iat=str(AT_SECONDS)), "iat"),
    "iat empty": (lambda: with_claims(iat=""), "iat"),
    "iat a fraction": (lambda: with_claims(iat=AT_SECONDS + 0.5), "iat"),
    "no iat": (lambda: without("iat"), "iat"),
    "an exp": (lambda: with_claims(exp=AT_SECONDS + 60), "exp"),
    "no origins": (lambda: without("origins"), "origins"),
    "origin with a path": (lambda: with_claims(origins=["https://a.example/x"]), "origins[0]"),
    "origin with a slash": (lambda: with_claims(origins=["https://a.example/"]), "origins[0]"),
    "empty payload": (with_payload, "payload"),
    "no payload": (lambda: without("payload"), "payload"),
    "empty list": (lambda: with_payload(loyaltyObjects=[]), "payload"),
    "LoyaltyObjects": (lambda: with_payload(LoyaltyObjects=[MINIMAL]), "payload.LoyaltyObjects"),
    "one id twice": (lambda: with_payload(loyaltyObjects=[MINIMAL, SKINNY]), "payload"),
    "only a class": (lambda: with_payload(loyaltyClasses=[class_of(shop())]), "payload"),
    "broken object": (lambda: with_object(state="VALID"), "payload.loyaltyObjects[0].state"),
    "object of another issuer": (
        lambda: with_payload(loyaltyObjects=[SKINNY | {"id": "1.a"}]),
        "payload.loyaltyObjects[0].id",
    ),
    "a secret in the link": (
        lambda: signed(claims() | {"payload": {"loyaltyObjects": [secret_object()]}}),
        "payload.loyaltyObjects[0].rotatingBarcode",
    ),
    "a name in the link": (
        lambda: with_object(accountName="Marie"),
        "payload.loyaltyObjects[0].accountName",
    ),
    "alg none": (lambda: unsigned("none"), "header.alg"),
    "alg None": (lambda: unsigned("None"), "header.alg"),
    "alg nOnE": (lambda: unsigned("nOnE"), "header.alg"),
    "other typ of token": (lambda: signed(claims(), {"alg": "RS256", "typ": "at+jwt"}), "header"),
    "kid of a path": (lambda: named("../../etc/passwd"), "header.kid"),
    "kid of SQL": (lambda: named("1' OR '1'='1"), "header.kid"),
    "a token of another kind": (lambda: assertion("x"), "aud"),
    "HS256 of the public key": (lambda: confused("HS256"), "header.alg"),
    "a crit header": (
        lambda: signed(claims(), {"alg": "RS256", "typ": "JWT", "crit": ["x"], "x": 1}),
        "jwt",
    ),
    "a jwk header": (
        lambda: signed(claims(), {"alg": "RS256", "typ": "JWT", "jwk": {}}),
        "header",
    ),
    "a jku header": (
        lambda: signed(claims(), {"alg": "RS256", "typ": "JWT", "jku": "https://a.example"}),
        "header",
    ),
    "a cut signature": (lambda: with_claims()[:-8], "jwt"),
    "no JWT": (lambda: "x", "jwt"),
    "claims that are a list": (lambda: signed([]), "jwt"),  # type: ignore[arg-type]
}


def secret_object() -> Claims:
    program = msgspec.structs.replace(hosted(), rotates_code=True)
    document = object_of(hosted_card(program))
    return {name: document[name] for name in (*SKINNY, "state", "rotatingBarcode")}


def unsigned(name: str) -> str:
    head = _text(json.dumps({"alg": name, "typ": "JWT"}).encode())
    return f"{head}.{_text(json.dumps(claims()).encode())}."


def named(key_id: str) -> str:
    return signed(claims(), {"alg": "RS256", "typ": "JWT", "kid": key_id})


def assertion(scope: str) -> str:
    audience = "https://oauth2.googleapis.com/token"
    return sign_assertion(account(), at_seconds=AT_SECONDS, audience=audience, scope=scope)


def confused(name: str) -> str:
    key = account().key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = (
        _text(json.dumps({"alg": name, "typ": "JWT"}).encode())
        + "."
        + _text(json.dumps(claims()).encode())
    )
    return head + "." + _text(hmac.digest(key, head.encode(), hashlib.sha256))


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_link_is_refused_with_its_path(name: str) -> None:
    make, path = BROKEN[name]
    paths = {found.path for found in findings(make())}
    assert path in paths or any(each.startswith(f"{path}.") for each in paths)


def test_what_is_broken_was_good_before() -> None:
    assert findings(signed(claims())) == []
    assert findings(named("key-1")) == []
    assert findings(with_payload(loyaltyObjects=[SKINNY])) == []
    assert (
        findings(with_payload(loyaltyObjects=[MINIMAL], offerObjects=[{"id": f"{NUMBER}.o"}])) == []
    )


def test_another_host_is_refused() -> None:
    keys: dict[str, Any] = {
        "issuer": NUMBER,
        "service_account": EMAIL,
        "public_key": account().key.public_key(),
    }
    made = signed(claims())
    assert lint_save_url(URL + made, **keys) == []
    assert (
        lint_save_url("http://127.0.0.1:1/save/" + made, save_url="http://127.0.0.1:1/save", **keys)
        == []
    )
    for start in ("https://pay.google.com.a.example/gp/v/save/", "https://wallet.google.com/"):
        assert [found.path for found in lint_save_url(start + made, **keys)] == ["url"]


def test_a_link_claims_what_google_asks_for_and_no_more() -> None:
    made = chosen(hosted_card())
    head, body, signature = made.jwt.split(".")
    padded = [base64.urlsafe_b64decode(part + "==") for part in (head, body, signature)]
    assert json.loads(padded[0]) == {"alg": "RS256", "typ": "JWT"}
    found = json.loads(padded[1])
    assert {name: found[name] for name in found if name != "payload"} == {
        "iss": EMAIL,
        "aud": "google",
        "typ": "savetowallet",
        "iat": AT_SECONDS,
        "origins": list(ORIGINS),
    }
    account().key.public_key().verify(
        padded[2], f"{head}.{body}".encode(), padding.PKCS1v15(), SHA256()
    )
    assert findings(made.jwt) == []


def test_a_fat_link_holds_no_name_and_no_words() -> None:
    made = chosen(mirrored_card())
    assert made.is_fat
    (card,) = claims_of(made.jwt)["payload"]["loyaltyObjects"]
    assert card == made.held
    assert "Marie" not in json.dumps(card)
    assert "chèque" not in json.dumps(card, ensure_ascii=False)
    assert card["loyaltyPoints"]["balance"] == {"int": 1300}
    assert card["validTimeInterval"] == object_of(mirrored_card())["validTimeInterval"]


def test_where_all_that_is_public_is_too_long_the_minimum_is_held() -> None:
    url = "https://wallet.example.com/" + "a" * 700
    made = chosen(hosted_card(card_url=url))
    assert made.is_fat
    assert made.held == MINIMAL
    assert findings(made.jwt) == []


@pytest.mark.parametrize(
    ("digits", "points"),
    [(150, ["loyaltyPoints", "secondaryLoyaltyPoints"]), (200, ["loyaltyPoints"]), (218, [])],
)
def test_as_many_points_as_fit_stand_beside_the_number(digits: int, points: list[str]) -> None:
    number = "1" * digits
    made = chosen(hosted_card(number=number, barcode_format="none", barcode_value=number))
    assert made.is_fat
    held = [name for name in made.held if name not in {"groupingInfo"}]
    assert held == ["id", "classId", "state", "accountId", "barcode", *points]
    assert len(made.jwt) <= LINK_MAX


def test_where_even_the_minimum_is_too_long_the_link_holds_ids() -> None:
    number = "1" * 1_500
    made = chosen(shop_card(number=number, barcode_format="none", barcode_value=number))
    assert not made.is_fat
    assert claims_of(made.jwt)["payload"] == {"loyaltyObjects": [SKINNY]}
    assert made.held == SKINNY


def test_what_holds_a_secret_is_never_in_a_link() -> None:
    content = hosted_card(msgspec.structs.replace(hosted(), rotates_code=True))
    for may_be_fat in (False, True):
        made = chosen(content, may_be_fat=may_be_fat)
        assert not made.is_fat
        body = base64.urlsafe_b64decode(made.jwt.split(".")[1] + "==")
        assert SECRET.hex().upper().encode() not in body
        assert json.loads(body)["payload"] == {"loyaltyObjects": [SKINNY]}


def test_a_programs_first_card_brings_its_class() -> None:
    small = class_of(shop(), hero_url=None, wide_logo_url=None, country=None)
    made = chosen(shop_card(), class_document=small)
    assert (made.is_fat, made.has_class) == (True, True)
    payload = claims_of(made.jwt)["payload"]
    assert payload == {"loyaltyObjects": [made.held], "loyaltyClasses": [small]}
    assert len(made.jwt) <= LINK_MAX
    assert findings(made.jwt) == []


@pytest.mark.parametrize("program", [shop("fr", "en"), hosted()])
def test_of_a_class_too_rich_a_link_holds_what_google_requires(program: ProgramContent) -> None:
    rich = class_of(program)
    made = chosen(hosted_card(program), class_document=rich)
    assert (made.is_fat, made.has_class) == (True, True)
    (held,) = claims_of(made.jwt)["payload"]["loyaltyClasses"]
    assert held == minimal_class(rich)
    assert held["callbackOptions"] == rich["callbackOptions"]
    assert len(made.jwt) <= LINK_MAX
    assert findings(made.jwt) == []


def test_what_does_not_fit_with_its_class_needs_the_class_inserted_first() -> None:
    url = "https://wallet.example.com/" + "a" * 900
    with pytest.raises(TooLong):
        chosen(hosted_card(), class_document=class_of(hosted(), logo_url=url))
    with pytest.raises(TooLong):
        chosen(shop_card(), class_document=class_of(shop()), may_be_fat=False)
    assert not chosen(hosted_card(), class_document=None).has_class


@pytest.mark.parametrize("size", range(100, 900, 40))
def test_the_length_is_that_of_the_jwt_to_the_character(size: int) -> None:
    number = "1" * size
    content = shop_card(number="1", barcode_format="none", barcode_value="1")
    document = object_of(content, holder_name=None) | {"accountId": number}
    keys: dict[str, Any] = {"origins": ORIGINS, "at_seconds": AT_SECONDS}
    fat = sign_save_jwt(account(), objects=[document], **keys)
    made = choose(account(), document=document, **keys)
    assert (made.held == document) == (len(fat) <= LINK_MAX)


def test_an_assertion_asks_for_a_token_as_oauth_wants_it() -> None:
    audience, scope = "https://oauth2.googleapis.com/token", "https://a.example/scope"
    made = sign_assertion(account(), at_seconds=AT_SECONDS, audience=audience, scope=scope)
    assert pyjwt.get_unverified_header(made) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
    found = json.loads(base64.urlsafe_b64decode(made.split(".")[1] + "=="))
    assert found == {
        "iss": EMAIL,
        "scope": scope,
        "aud": audience,
        "iat": AT_SECONDS,
        "exp": AT_SECONDS + 3600,
    }
    assert pyjwt.PyJWS().decode(made, account().key.public_key(), ["RS256"])


def test_the_key_of_an_account_is_an_object_and_never_told() -> None:
    assert isinstance(account().key, rsa.RSAPrivateKey)
    assert "PRIVATE" not in repr(account())
    numbers = account().key.private_numbers()
    assert str(numbers.d) not in repr(account())

"""A fake Google, a caller of it and a clock moved by hand."""

from __future__ import annotations

from typing import Any

import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import rsa

from app.clock import SECOND, FrozenClock
from app.ids import SeededRandomness
from app.sandbox.android import AndroidPhone
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_tokens import AUDIENCE, GRANT, SCOPE, GoogleAccount
from app.sandbox.phone import Answer

ISSUER, EMAIL, KEY_ID = "3388000000012345678", "wallet@shop.iam.gserviceaccount.com", "k1"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
API = "/walletobjects/v1"
CLASS_ID, OBJECT_ID = f"{ISSUER}.prog_1", f"{ISSUER}.8f3a01"


def account_of(key: rsa.RSAPrivateKey = KEY, email: str = EMAIL) -> GoogleAccount:
    """Return what Google knows of an account."""
    return GoogleAccount(email=email, public_key=key.public_key(), key_id=KEY_ID)


def card_class(**changed: Any) -> dict[str, Any]:
    """Return a class as a program would send it."""
    return {
        "id": CLASS_ID,
        "issuerName": "Maison Verte",
        "programName": "Maison Verte",
        "programLogo": {"sourceUri": {"uri": "https://example.org/logo.png"}},
        "reviewStatus": "UNDER_REVIEW",
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        "hexBackgroundColor": "#2e7d32",
        "countryCode": "FR",
        "callbackOptions": {"url": CALLBACKS},
    } | changed


CALLBACKS = "https://cards.example.org/google/callbacks"


def card_object(**changed: Any) -> dict[str, Any]:
    """Return an object as a card would send it."""
    return {
        "id": OBJECT_ID,
        "classId": CLASS_ID,
        "state": "ACTIVE",
        "accountId": "4006381333931",
        "barcode": {"type": "EAN_13", "value": "4006381333931"},
        "loyaltyPoints": points(1250),
    } | changed


def points(count: int) -> dict[str, Any]:
    """Return a balance of points."""
    return {
        "localizedLabel": {
            "defaultValue": {"language": "en", "value": "Points"},
            "translatedValues": [{"language": "fr", "value": "Pts"}],
        },
        "balance": {"int": count},
    }


class GoogleWorld:
    """A running fake; `call` asks it with a token, `google.app` is what a client takes."""

    def __init__(self, **options: Any) -> None:
        self.clock = FrozenClock()
        self.google = FakeGoogle(
            account_of(),
            ISSUER,
            clock=self.clock,
            randomness=SeededRandomness(5),
            base_url="http://google",
            **options,
        )
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.google.app), base_url="http://google"
        )
        self.token = ""
        self.shop = Shop()
        self.google.callbacks.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=self.shop)
        )

    def phone(self, account: str = "camille", language: str = "en") -> AndroidPhone:
        """Make a phone."""
        return AndroidPhone(self._ask, self.google, language=language, account=account)

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = await self.client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, dict(answer.headers), answer.content)

    def link(self, *, classes: Any = (), objects: Any = (), **changed: Any) -> str:
        """Sign a save link; a claim of None is left out."""
        key, algorithm = changed.pop("key", KEY), changed.pop("algorithm", "RS256")
        payload = {"loyaltyClasses": list(classes), "loyaltyObjects": list(objects)}
        claims = {
            "iss": EMAIL,
            "aud": "google",
            "typ": "savetowallet",
            "iat": self.clock.wall() // SECOND,
            "origins": ["https://example.org"],
            "payload": {name: it for name, it in payload.items() if it},
        }
        claims = {name: it for name, it in (claims | changed).items() if it is not None}
        return self.google.save_url + jwt.encode(claims, key, algorithm=algorithm)

    def assertion(self, **changed: Any) -> str:
        """Sign an assertion; a claim of None is left out."""
        now = self.clock.wall() // SECOND
        key, algorithm = changed.pop("key", KEY), changed.pop("algorithm", "RS256")
        kid = changed.pop("kid", KEY_ID)
        claims = {"iss": EMAIL, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + 3600}
        claims = {name: it for name, it in (claims | changed).items() if it is not None}
        return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": kid})

    async def ask_token(self, assertion: str | None = None, grant: str = GRANT) -> Any:
        """Ask the token page."""
        form = {"grant_type": grant, "assertion": assertion or self.assertion()}
        return await self.client.post("/token", data=form)

    async def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """Call the API with a token."""
        if not self.token:
            self.token = (await self.ask_token()).json()["access_token"]
        return await self.client.request(
            method,
            API + path,
            content=None if body is None else msgspec.json.encode(body),
            params=query or None,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    async def card(self, **changed: Any) -> None:
        """Insert a class and an object."""
        assert (await self.call("POST", "/loyaltyClass", card_class())).status_code == 200
        made = await self.call("POST", "/loyaltyObject", card_object(**changed))
        assert made.status_code == 200, made.text


class Shop:
    """A server of ours as Google's callbacks find it: robots.txt, and a mailbox of callbacks."""

    def __init__(self) -> None:
        self.robots = ""
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []  # answered in turn, then 200

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body = (await receive()).get("body", b"")
        status, said = 200, b""
        if scope["path"] == "/robots.txt":
            status, said = (200, self.robots.encode()) if self.robots else (404, b"")
        else:
            self.bodies.append(body)
            status = self.statuses.pop(0) if self.statuses else 200
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": said})

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the callbacks said, unverified."""
        return [
            msgspec.json.decode(msgspec.json.decode(body)["signedMessage"]) for body in self.bodies
        ]


def reason_of(answer: Any) -> tuple[int, str]:
    """Return an error's status and Google's reason."""
    error = answer.json()["error"]
    assert error["code"] == answer.status_code
    return answer.status_code, error["errors"][0]["reason"]

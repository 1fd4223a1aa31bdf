"""Google's token page: assertions are verified, tokens last an hour and can be revoked early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from app.clock import SECOND, Clock
from app.ids import Randomness
from app.sandbox.fake_google_answers import Refused, Reply, answered

AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_SECONDS = 3600
ASSERTION_SECONDS_MAX = 3600
AHEAD_SECONDS_MAX = 60  # a clock that is a little fast


class GoogleAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A service account as Google knows it."""

    email: str
    public_key: RSAPublicKey
    key_id: str | None = None


class TokenDesk:
    """Hands out tokens and knows whose they are."""

    def __init__(
        self, accounts: Mapping[str, GoogleAccount], clock: Clock, randomness: Randomness
    ) -> None:
        """Take the accounts by their e-mail; the mapping may grow."""
        self._accounts = accounts
        self._clock = clock
        self._randomness = randomness
        self._live: dict[str, tuple[str, int]] = {}  # token → account, until when
        self.given = 0  # tokens handed out

    def revoke(self) -> None:
        """Take back all tokens."""
        self._live.clear()

    def answer(self, form: bytes) -> Reply:
        """Answer a request for a token."""
        try:
            account = self._judge(dict(parse_qsl(form.decode("ascii", "replace"))))
        except _NoGrant as error:
            name, text = error.args
            return answered({"error": name, "error_description": text}, 400)
        token = "ya29.sandbox." + self._randomness.bytes(24).hex()
        self._live[token] = (account.email, self._clock.wall() + TOKEN_SECONDS * SECOND)
        self.given += 1
        return answered(
            {"access_token": token, "expires_in": TOKEN_SECONDS - 1, "token_type": "Bearer"}
        )

    def account_of(self, authorization: str) -> str:
        """Return the e-mail a call's token belongs to. Raises Refused 401."""
        scheme, _, token = authorization.partition(" ")
        email, until = self._live.get(token.strip(), ("", 0))
        if scheme.lower() != "bearer" or until <= self._clock.wall():
            self._live.pop(token.strip(), None)
            raise Refused(
                401,
                "authError",
                "Request had invalid authentication credentials. Expected OAuth 2 access token.",
            )
        return email

    def _judge(self, form: dict[str, str]) -> GoogleAccount:
        if form.get("grant_type") != GRANT:
            raise _NoGrant("unsupported_grant_type", f"Invalid grant_type: {GRANT} is needed")
        assertion = form.get("assertion", "")
        account = self._account(assertion)
        try:
            claims: dict[str, Any] = jwt.decode(
                assertion,
                account.public_key,
                algorithms=["RS256"],
                options={"verify_aud": False, "verify_iat": False, "verify_exp": False},
            )
        except jwt.PyJWTError:
            raise _NoGrant("invalid_grant", "Invalid JWT Signature.") from None
        self._judge_claims(claims)
        return account

    def _account(self, assertion: str) -> GoogleAccount:
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
            account = self._accounts[str(claims.get("iss"))]
        except jwt.PyJWTError:
            raise _NoGrant("invalid_grant", "Bad JWT") from None
        except KeyError:
            raise _NoGrant("invalid_grant", "Invalid grant: account not found") from None
        if header.get("alg") != "RS256":
            raise _NoGrant("invalid_grant", "Invalid JWT: RS256 is needed")
        if account.key_id is not None and header.get("kid") != account.key_id:
            raise _NoGrant("invalid_grant", "Invalid JWT: unknown kid")
        return account

    def _judge_claims(self, claims: Mapping[str, Any]) -> None:
        now = self._clock.wall() // SECOND
        issued_at, expires_at = claims.get("iat"), claims.get("exp")
        if type(issued_at) is not int or type(expires_at) is not int:
            raise _NoGrant("invalid_grant", "Invalid JWT: iat and exp in whole seconds are needed")
        if claims.get("aud") != AUDIENCE:
            raise _NoGrant("invalid_grant", f"Invalid JWT: aud must be {AUDIENCE}")
        if SCOPE not in str(claims.get("scope", "")).split():
            raise _NoGrant("invalid_scope", "Invalid OAuth scope or ID token audience provided.")
        if not 0 < expires_at - issued_at <= ASSERTION_SECONDS_MAX:
            raise _NoGrant("invalid_grant", "Invalid JWT: Token must be short-lived (60 minutes)")
        if expires_at <= now or issued_at > now + AHEAD_SECONDS_MAX:
            raise _NoGrant(
                "invalid_grant", "Invalid JWT: iat and exp must be in a reasonable timeframe"
            )


class _NoGrant(Exception):
    """OAuth's error and its description (RFC 6749 §5.2)."""

"""Judges provider tokens as APNs does: ES256, a known key, not old, not new too often."""

from __future__ import annotations

from collections.abc import Mapping

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from app.clock import MINUTE, SECOND, Clock
from app.sandbox.fake_apple_orders import Answer

AGE_MINUTES_MAX = 60
CHANGE_MINUTES_MIN = 20
AHEAD_SECONDS_MAX = 60  # a clock that is a little fast

_INVALID = Answer(403, "InvalidProviderToken")


class TeamKey(msgspec.Struct, frozen=True):
    """Whose key it is."""

    team: str
    public: EllipticCurvePublicKey


class TokenJudge:
    """Remembers each team's last token, so that a new one too soon is refused."""

    def __init__(self, keys: Mapping[str, TeamKey], clock: Clock) -> None:
        """Take the public keys by key id."""
        self._keys = keys
        self._clock = clock
        self._last: dict[str, tuple[str, int]] = {}  # team → token, when it first came

    def judge(self, authorization: str) -> str | Answer:
        """Return the token's team, or the refusal."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            return Answer(403, "MissingProviderToken")
        team, issued_at = self._verified(token)
        if not team:
            return _INVALID
        age = self._clock.wall() - issued_at * SECOND
        if age > AGE_MINUTES_MAX * MINUTE:
            return Answer(403, "ExpiredProviderToken")
        if age < -AHEAD_SECONDS_MAX * SECOND:
            return _INVALID
        return self._judge_change(team, token)

    def _judge_change(self, team: str, token: str) -> str | Answer:
        known, since = self._last.get(team, ("", 0))
        if known == token:
            return team
        if known and self._clock.wall() - since < CHANGE_MINUTES_MIN * MINUTE:
            return Answer(429, "TooManyProviderTokenUpdates")
        self._last[team] = (token, self._clock.wall())
        return team

    def _verified(self, token: str) -> tuple[str, int]:
        """Return team and time of a genuine token; no team otherwise."""
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token, key.public, algorithms=["ES256"], options={"verify_iat": False}
            )
        except (jwt.PyJWTError, KeyError, TypeError):
            return "", 0
        issued_at = claims.get("iat")
        if claims.get("iss") != key.team or not isinstance(issued_at, int):
            return "", 0
        return key.team, issued_at

"""The token that a team shows to APNs instead of a certificate (Apple: Token-based connection)."""

from __future__ import annotations

from collections.abc import Callable

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from app.clock import MINUTE, SECOND, Clock

RENEW_MINUTES = 40  # refused when older than 60
RENEW_SPREAD_MINUTES = 5  # either way, so that a fleet does not renew at once
RENEW_MINUTES_MIN = 20  # more often gives 429 TooManyProviderTokenUpdates


class ProviderToken:
    """One team's token: the same for all its connections until it is renewed."""

    def __init__(
        self, team: str, key_id: str, key: bytes, *, clock: Clock, chance: Callable[[], float]
    ) -> None:
        """Take the `.p8` key (PEM); `chance` draws from 0 to 1.

        Raises ValueError for a key that is not P-256.
        """
        self._team = team
        self._key_id = key_id
        self._key = _p256(key)
        self._clock = clock
        self._chance = chance
        self._bearer = ""
        self._made_at = self._renew_at = 0.0  # monotonic seconds

    def bearer(self) -> str:
        """Return the `authorization` header."""
        if not self._bearer or self._clock.monotonic() >= self._renew_at:
            self._renew()
        return self._bearer

    def renew_refused(self) -> bool:
        """Make a new token after ExpiredProviderToken; False where that would be too often."""
        age = self._clock.monotonic() - self._made_at
        if self._bearer and age < RENEW_MINUTES_MIN * MINUTE // SECOND:
            return False
        self._renew()
        return True

    def _renew(self) -> None:
        spread = (2 * self._chance() - 1) * RENEW_SPREAD_MINUTES
        self._made_at = self._clock.monotonic()
        self._renew_at = self._made_at + (RENEW_MINUTES + spread) * MINUTE / SECOND
        claims = {"iss": self._team, "iat": self._clock.wall() // SECOND}
        token = jwt.encode(claims, self._key, algorithm="ES256", headers={"kid": self._key_id})
        self._bearer = f"bearer {token}"


def _p256(pem: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise ValueError("the push token key is not a P-256 key")
    return key

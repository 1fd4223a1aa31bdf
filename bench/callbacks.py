"""Google's callbacks verified: how many a second, beside what two bare P-256 verifications cost.

python bench/callbacks.py
"""

from __future__ import annotations

import measure

from cryptography.hazmat.primitives import hashes  # isort: skip
from cryptography.hazmat.primitives.asymmetric import ec

from app.google.verifying import PROTOCOL, RootKey, verify
from tests.google.callback_signer import HOUR_MS, ISSUER, NOW_MS, CallbackSigner, spki

COUNT = 2_000
BAR = 2_000  # a second
BODIES = 50


def main() -> int:
    """Measure, print, and end with 1 when the bar is missed."""
    signer = CallbackSigner()
    roots = [RootKey(key_value=spki(signer.root), protocol=PROTOCOL, expires_ms=NOW_MS + HOUR_MS)]
    bodies = [signer.body(signer.message(nonce=f"nonce-{n}")) for n in range(BODIES)]
    key, data = signer.root, b"x" * 300
    public, algorithm = key.public_key(), ec.ECDSA(hashes.SHA256())
    signature = key.sign(data, algorithm)
    turn = iter(range(10**9))

    def whole() -> None:
        body = bodies[next(turn) % BODIES]
        verify(body, roots=roots, issuers=[ISSUER], now_ms=NOW_MS)

    def bare() -> None:
        public.verify(signature, data, algorithm)
        public.verify(signature, data, algorithm)

    ours, two, ratio = measure.ratios(
        lambda: measure.cpu_seconds(whole, COUNT), lambda: measure.cpu_seconds(bare, COUNT)
    )
    rate = 1 / ours
    measure.row("callbacks verified", "a second", "of bare", f"bar {BAR:,}")
    measure.row("two bare P-256 verifications", 1 / two, 1.0, "")
    measure.row(
        "a whole callback", rate, 1 / ratio,
        measure.verdict(rate, bar=BAR, goal=BAR, is_low_good=False),
    )  # fmt: skip
    return 0 if rate >= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())

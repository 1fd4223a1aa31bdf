"""Save links against bare RSA-2048 signing: at least 0.93 of its rate, each form of link.

Ours is all that makes a link: the JSON, the choice by length, the JWT. A link with the class is
made for a program's first card only, so no bar is set for it. Beside it what a key parsed for each
link would cost, and how long the links are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from measure import ROUNDS, cpu_seconds, ratios, row, verdict

from passes.google.save_link import Account, choose
from tests.passes.apple.cards import hosted, hosted_card, shop, shop_card
from tests.passes.google.given import AT_SECONDS, EMAIL, ORIGINS, class_of, object_of

LINKS = 2_000  # a round
PARSED = 40
BAR = 0.93


def main() -> None:
    """Print a line per form of link, and one of the key parsed each time."""
    account = Account(EMAIL, rsa.generate_private_key(65537, 2048))
    row("save links, CPU", "ours/s", "bare/s", "ratio", "reaches", "characters")
    for name, make in forms(account).items():
        jwt = make()
        bare = partial(sign, account.key, jwt.rpartition(".")[0].encode())
        ours, alone, ratio = ratios(partial(rate, make, LINKS), partial(rate, bare, LINKS), ROUNDS)
        is_judged = "class" not in name
        reaches = verdict(ratio, bar=BAR, goal=BAR, is_low_good=False) if is_judged else ""
        row(name, ours, alone, ratio, reaches, len(jwt))
    text = account.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    claims = pyjwt.decode(forms(account)["fat"](), options={"verify_signature": False})
    parsed = rate(lambda: pyjwt.encode(claims, text, "RS256"), PARSED)
    row("key parsed for each link", parsed, "", "", "", "")


def forms(account: Account) -> dict[str, Callable[[], str]]:
    """Return what makes a link of each form."""
    rich, plain = object_of(hosted_card()), object_of(shop_card())

    def chosen(**how: object) -> str:
        return choose(account, origins=ORIGINS, at_seconds=AT_SECONDS, **how).jwt

    return {
        "skinny": partial(chosen, document=rich, may_be_fat=False),
        "fat, number only": partial(chosen, document=plain),
        "fat": partial(chosen, document=rich),
        "fat with the class, number only": partial(
            chosen, document=plain, class_document=class_of(shop())
        ),
        "fat with the class": partial(chosen, document=rich, class_document=class_of(hosted())),
    }


def sign(key: rsa.RSAPrivateKey, data: bytes) -> bytes:
    """Do what no link can do without."""
    return key.sign(data, padding.PKCS1v15(), SHA256())


def rate(fn: Callable[[], object], n: int) -> float:
    """Return how many a second of CPU makes."""
    return 1 / cpu_seconds(fn, n)


if __name__ == "__main__":
    main()

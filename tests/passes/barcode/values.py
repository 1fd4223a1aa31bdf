"""Random values of each symbology, within specs barcodes.md §2, the same in each run."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

from passes.barcode import check

DRAWABLE = (
    *("EAN_13", "EAN_8", "UPC_A", "UPC_E", "CODE_128", "CODE_39", "CODE_93", "ITF", "CODABAR"),
    *("QR_CODE", "PDF_417", "AZTEC", "DATA_MATRIX", "GS1_128", "RSS_14", "RSS_EXPANDED"),
    "MAXICODE",
)
PRINTABLE = "".join(map(chr, range(32, 127)))
CODE_39 = string.digits + string.ascii_uppercase + " -.$/+%"
CODABAR_BODY = string.digits + "-$:/.+"


def values(barcode_format: str, count: int) -> Iterator[str]:
    """Yield that many values which the format's rules allow."""
    dice = random.Random(barcode_format)
    while count:
        value = _MAKERS[barcode_format](dice)
        if check(barcode_format, value) is None:
            count -= 1
            yield value


def with_check_digit(body: str) -> str:
    """Append the GS1 check digit, by the book and not by our code."""
    total = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(body)))
    return body + str(-total % 10)


def digits(dice: random.Random, count: int) -> str:
    """Draw that many digits."""
    return "".join(dice.choices(string.digits, k=count))


def _retail(count: int) -> Callable[[random.Random], str]:
    return lambda dice: with_check_digit(digits(dice, count - 1))


def _upc_e(dice: random.Random) -> str:
    return dice.choice("01") + digits(dice, 7)  # one in ten has the right last digit


def _text(alphabet: str, longest: int) -> Callable[[random.Random], str]:
    def make(dice: random.Random) -> str:
        # Most cards are short; some values reach the limit.
        length = dice.randint(1, longest if dice.random() < 0.1 else min(longest, 40))
        return "".join(dice.choices(alphabet, k=length))

    return make


def _itf(dice: random.Random) -> str:
    return digits(dice, 2 * dice.randint(2, 40 if dice.random() < 0.1 else 12))


def _codabar(dice: random.Random) -> str:
    body = "".join(dice.choices(CODABAR_BODY, k=dice.randint(2, 24)))
    return body if dice.random() < 0.5 else dice.choice("ABCD") + body + dice.choice("ABCD")


def _gs1(dice: random.Random) -> str:
    return dice.choice(
        [
            f"[8018]{with_check_digit(digits(dice, 17))}",
            f"[01]{with_check_digit(digits(dice, 13))}",
            f"[01]{with_check_digit(digits(dice, 13))}[10]{digits(dice, dice.randint(1, 12))}",
            f"[21]{digits(dice, dice.randint(1, 20))}",
        ]
    )


_MAKERS: dict[str, Callable[[random.Random], str]] = {
    "EAN_13": _retail(13),
    "EAN_8": _retail(8),
    "UPC_A": _retail(12),
    "UPC_E": _upc_e,
    "CODE_128": _text(PRINTABLE, 80),
    "CODE_39": _text(CODE_39, 43),
    "CODE_93": _text(PRINTABLE, 60),
    "ITF": _itf,
    "CODABAR": _codabar,
    "QR_CODE": _text(PRINTABLE, 2_953),
    "PDF_417": _text(PRINTABLE, 1_000),
    "AZTEC": _text(PRINTABLE, 1_800),
    "DATA_MATRIX": _text(PRINTABLE, 1_400),
    "GS1_128": _gs1,
    "RSS_14": _retail(14),
    "RSS_EXPANDED": _gs1,
    "MAXICODE": _text(PRINTABLE, 90),
}

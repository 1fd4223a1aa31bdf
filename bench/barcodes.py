"""Checking and drawing a code against the bare library: at least 0.8 of its rate, each format.

Every value is new, so that nothing is answered from the cache of drawings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import zxingcpp
from measure import ROUNDS, cpu_seconds, ratios, row, verdict

from passes.barcode import check, draw_png, draw_svg
from passes.barcode.symbologies import SYMBOLOGIES
from tests.passes.barcode.values import values

DRAWN = 2_000  # a round
BAR = 0.8
FORMATS = ("EAN_13", "CODE_128", "QR_CODE", "PDF_417", "AZTEC")


def main() -> None:
    """Print a line per format: as SVG beside the bare library, and PNG files a second."""
    row("check and draw, CPU", "ours/s", "bare/s", "ratio", "reaches", "PNG/s")
    for name in FORMATS:
        ours, bare, ratio = ratios(
            partial(rate, values_of(name), checked_of(name)),
            partial(rate, values_of(name), bare_of(name)),
            ROUNDS,
        )
        png = rate(values_of(name), png_of(name))
        reaches = verdict(ratio, bar=BAR, goal=BAR, is_low_good=False)
        row(name, ours, bare, ratio, reaches, png)


def values_of(name: str) -> Iterator[str]:
    """Return the values of all rounds, each once, drawn beforehand."""
    every = dict.fromkeys(
        value if len(value) <= 40 else value[:40] for value in values(name, DRAWN * ROUNDS * 2)
    )
    kept = [value for value in every if check(name, value) is None]
    assert len(kept) >= DRAWN * ROUNDS
    return iter(kept)


def rate(fresh: Iterator[str], draw: Callable[[str], object]) -> float:
    """Draw the next values; return how many a second of CPU makes."""
    return 1 / cpu_seconds(lambda: draw(next(fresh)), DRAWN)


def checked_of(name: str) -> Callable[[str], object]:
    """Return what the server does with a value."""
    return lambda value: (check(name, value), draw_svg(name, value))


def bare_of(name: str) -> Callable[[str], object]:
    """Return what the library alone needs."""
    zxing = SYMBOLOGIES[name].zxing
    level = {"ec_level": "M"} if name == "QR_CODE" else {}
    return lambda value: zxingcpp.create_barcode(value, zxing, **level).to_svg(
        scale=1, add_hrt=False, add_quiet_zones=True
    )


def png_of(name: str) -> Callable[[str], object]:
    """Return the drawing of a PNG file at the scale of our own screen."""
    return lambda value: draw_png(name, value, scale=4)


if __name__ == "__main__":
    main()

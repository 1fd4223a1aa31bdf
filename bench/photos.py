"""Reading codes off pictures: milliseconds of the route's worker beside decoding them right here.

The difference is what it costs that no picture of a stranger is decoded in the server itself:
a fork a picture, limits, and the picture's way there. Bombs are timed until they are refused.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from contextlib import suppress
from io import BytesIO
from time import perf_counter

from measure import ROUNDS, percentile, row
from PIL import Image, ImageFilter

from app.errors import AppError
from app.pictures.decoding import codes_in
from app.pictures.reading import Pictures
from passes.barcode import draw_png

TIMES = 10  # a round
EAN = "4006381333931"


async def main() -> None:
    """Print a line a picture."""
    pictures = Pictures()
    await asked(pictures, PICTURES["frame 640 by 480, EAN-13"])  # its first one starts a process
    row("picture, milliseconds", "worker p50", "worker p99", "here p50", "kB")
    for name, data in PICTURES.items():
        theirs: list[float] = []
        ours: list[float] = []
        for _ in range(ROUNDS * TIMES):
            theirs.append(await asked(pictures, data))
            ours.append(decoded_here(data))
        figures = percentile(theirs, 50), percentile(theirs, 99), percentile(ours, 50)
        row(name, *figures, len(data) / 1_000)
    await pictures.close()


async def asked(pictures: Pictures, data: bytes) -> float:
    """Return the milliseconds until the route would know."""
    begun = perf_counter()
    with suppress(AppError):  # a bomb: refusing it is what is timed
        await pictures.codes(data)
    return (perf_counter() - begun) * 1_000


def decoded_here(data: bytes) -> float:
    """Return the milliseconds of the same work in this process; a bomb is not tried."""
    begun = perf_counter()
    if data is not PICTURES[BOMB]:
        codes_in(data)
    return (perf_counter() - begun) * 1_000


def jpeg(picture: Image.Image) -> bytes:
    """Write it as a camera does."""
    out = BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=80)
    return out.getvalue()


def photo(width: int, height: int, *, has_code: bool) -> bytes:
    """Take a picture of soft things, with or without a card's code among them."""
    scene = Image.effect_noise((width, height), 60).filter(ImageFilter.GaussianBlur(4))
    if has_code:
        drawn = Image.open(BytesIO(draw_png("EAN_13", EAN, scale=max(2, width // 400))))
        turned = drawn.convert("L").rotate(6, expand=True, fillcolor=255)
        scene.paste(turned, (width // 5, height // 5))
    return jpeg(scene)


def bomb() -> bytes:
    """Write a PNG of 144 megapixels in some kilobytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", 12_000, 12_000, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(12_000 * 1_501), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


BOMB = "PNG of 144 megapixels, refused"
PICTURES = {
    "frame 640 by 480, EAN-13": photo(640, 480, has_code=True),
    "frame 640 by 480, no code": photo(640, 480, has_code=False),
    "frame 1280 by 720, EAN-13": photo(1280, 720, has_code=True),
    "photo 2300 by 1700, EAN-13": photo(2300, 1700, has_code=True),
    "photo 2300 by 1700, no code": photo(2300, 1700, has_code=False),
    BOMB: bomb(),
}


if __name__ == "__main__":
    asyncio.run(main())

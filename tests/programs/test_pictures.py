"""Pictures that others send: what is no small PNG never reaches a decoder of ours for long."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from app.errors import AppError, InvalidPicture, TooBig
from app.pictures.merchant import BYTES_MAX, reencode_png

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, body: bytes) -> bytes:
    """Write a chunk of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *, depth: int = 8, kind: int = 2, pixels: bytes = b"") -> bytes:
    """Write a PNG by hand, so that it may lie."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(pixels, 9))
    return _SIGNATURE + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


def drawn(kind: str = "PNG", size: tuple[int, int] = (8, 8), mode: str = "RGB") -> bytes:
    """Draw a picture in a format."""
    out = BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


SMALL = drawn()
BAD = {
    "empty": b"",
    "text": b"no picture",
    "jpeg": drawn("JPEG"),
    "gif": drawn("GIF"),
    "bmp": drawn("BMP"),
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "signature only": _SIGNATURE,
    "cut in its header": SMALL[:20],
    "cut in its pixels": png(64, 64, pixels=bytes(range(256)) * 50)[:150],
    "no width": png(0, 5),
    "no height": png(5, 0),
    "too few pixels": png(50, 50, pixels=b"\x00"),
    "144 megapixels": png(12_000, 12_000, pixels=b"\x00" * 1000),
    "as wide as can be": png(2**31 - 1, 1, pixels=b"\x00"),
    "2**32 - 1 wide": png(2**32 - 1, 2**32 - 1, pixels=b"\x00"),
    "unknown colours": png(8, 8, kind=7, pixels=b"\x00" * 400),
    "unknown depth": png(8, 8, depth=3, pixels=b"\x00" * 400),
    "pixels that are no deflate": SMALL[:41] + b"\xff" * 30,
    "too many bytes": SMALL + b"\x00" * BYTES_MAX,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_small_png_is_refused(name: str) -> None:
    with pytest.raises(AppError) as refused:
        reencode_png(BAD[name])
    assert isinstance(refused.value, InvalidPicture | TooBig)
    assert refused.value.status in {413, 422}


def test_a_text_chunk_that_unpacks_to_100_mb_is_refused_or_dropped() -> None:
    bomb = chunk(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"\x00" * 100_000_000, 9))
    sent = SMALL[:33] + bomb + SMALL[33:]
    try:
        made = reencode_png(sent)
    except InvalidPicture:
        return
    assert len(made) < 1000


def test_a_picture_keeps_its_pixels_and_nothing_else() -> None:
    hidden = b"<script>alert(1)</script>"
    sent = SMALL[:33] + chunk(b"tEXt", b"Comment\x00" + hidden) + SMALL[33:] + hidden
    made = reencode_png(sent)
    assert hidden not in made
    assert Image.open(BytesIO(made)).size == (8, 8)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "I;16"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    assert Image.open(BytesIO(reencode_png(drawn(mode=mode)))).mode == "RGBA"


def test_the_same_picture_is_written_the_same() -> None:
    assert reencode_png(SMALL) == reencode_png(SMALL)

"""Pictures of programs: a plain PNG of ours made of a PNG that a merchant sends."""

from __future__ import annotations

import io
import resource
import struct
import subprocess
import sys

from app.errors import InvalidPicture, TooBig

BYTES_MAX = 1024 * 1024
PIXELS_MAX = 4_000_000
SECONDS_MAX = 2  # of the processor
_WAIT_SECONDS_MAX = 10  # for the process, however busy the machine is
_MEMORY_MAX = 1024 * 1024 * 1024  # address space: the interpreter and its libraries take most of it
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def reencode_png(data: bytes) -> bytes:
    """Return the picture as a plain PNG of ours; what else the file held is gone. Blocks.

    Raises: TooBig, InvalidPicture.
    """
    width, height = png_size(data)
    if width * height > PIXELS_MAX:
        raise TooBig(f"a picture has at most {PIXELS_MAX:,} pixels, this one {width * height:,}")
    try:
        done = subprocess.run(  # our own interpreter and module, nothing of theirs
            [sys.executable, "-m", "app.pictures.merchant"],
            input=data,
            capture_output=True,
            timeout=_WAIT_SECONDS_MAX,
            env={},  # the settings are none of its business
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise InvalidPicture("it takes too long to decode") from None
    if done.returncode != 0 or not done.stdout.startswith(_PNG_HEAD):
        raise InvalidPicture("it cannot be decoded as a PNG")
    return done.stdout


def png_size(data: bytes) -> tuple[int, int]:
    """Read width and height from a PNG's header. Raises TooBig, InvalidPicture."""
    if len(data) > BYTES_MAX:
        raise TooBig(f"a picture has at most {BYTES_MAX:,} bytes")
    if not data.startswith(_PNG_HEAD) or len(data) < len(_PNG_HEAD) + 8:
        raise InvalidPicture("a PNG is expected")
    width, height = struct.unpack_from(">II", data, len(_PNG_HEAD))
    if not width or not height:
        raise InvalidPicture("it has no size")
    return width, height


def _work() -> None:
    """Be the process: decode standard input, write a plain PNG to standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_MAX, _MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    from PIL import Image  # noqa: PLC0415  # only this process decodes what others send

    Image.MAX_IMAGE_PIXELS = PIXELS_MAX
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=("PNG",)) as picture:
        picture.load()
        plain = picture.convert("RGBA")
    out = io.BytesIO()
    plain.save(out, "PNG")
    sys.stdout.buffer.write(out.getvalue())


if __name__ == "__main__":
    _work()

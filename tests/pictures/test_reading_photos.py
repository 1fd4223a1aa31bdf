"""Pictures in the worker processes: codes are found, pixels are kept, and nothing brings them down."""

from __future__ import annotations

import asyncio
import struct
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from app.errors import InvalidPicture, TooBig, Unavailable
from app.pictures.decoding import PHOTO_BYTES_MAX, PHOTO_SIDE_MAX
from app.pictures.reading import WAITING_MAX, Pictures
from app.pictures.sizes import BYTES_MAX
from passes.barcode import draw_png, same_code
from tests.passes.barcode.values import DRAWABLE, values

EAN = "4006381333931"


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    kept = Pictures()
    yield kept
    await kept.close()


def code(barcode_format: str = "EAN_13", value: str = EAN, *, scale: int = 4) -> Image.Image:
    return Image.open(BytesIO(draw_png(barcode_format, value, scale=scale))).convert("RGB")


def on_paper(*codes: Image.Image, size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Lay codes on grey paper, one below the other."""
    paper, top = Image.new("RGB", size, "#d8d4c8"), 60
    for one in codes:
        paper.paste(one, (80, top))
        top += one.height + 60
    return paper


def as_file(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("barcode_format", DRAWABLE)
async def test_every_format_is_read_as_a_card_would_hold_it(
    pictures: Pictures, barcode_format: str
) -> None:
    scale = 10 if barcode_format == "MAXICODE" else 3
    for value in values(barcode_format, 3):
        drawn = code(barcode_format, value, scale=scale)
        assert drawn.width * drawn.height <= 4_000_000
        found = await pictures.codes(as_file(drawn))
        assert len(found) == 1
        assert same_code(barcode_format, value, found[0].format, found[0].value), value
        assert found[0].valid, (value, found)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    "changed",
    [
        lambda it: it.rotate(90, expand=True),
        lambda it: it.rotate(8, expand=True, fillcolor="white"),
        lambda it: it.rotate(180),
        ImageOps.invert,
        lambda it: it.filter(ImageFilter.GaussianBlur(1.5)),
        lambda it: it.resize((it.width // 2, it.height // 2)),
        lambda it: it.convert("L"),
    ],
    ids=["quarter turn", "tilted", "upside down", "inverted", "blurred", "small", "grey"],
)
async def test_photos_as_people_take_them_are_read(
    pictures: Pictures, changed: Any, kind: str
) -> None:
    found = await pictures.codes(as_file(changed(on_paper(code())), kind))
    assert [(it.format, it.value, it.valid) for it in found] == [("EAN_13", EAN, True)]


async def test_a_transparent_picture_is_laid_on_white(pictures: Pictures) -> None:
    drawn = code().convert("L")
    clear = Image.merge("LA", (Image.new("L", drawn.size, 0), ImageOps.invert(drawn)))
    assert [it.value for it in await pictures.codes(as_file(clear))] == [EAN]


async def test_the_number_comes_before_the_makers_address(pictures: Pictures) -> None:
    paper = on_paper(code("QR_CODE", "https://example.com/app", scale=8), code())
    found = await pictures.codes(as_file(paper))
    assert [it.format for it in found] == ["EAN_13", "QR_CODE"]


async def test_a_value_that_no_card_may_hold_is_told_as_not_valid(pictures: Pictures) -> None:
    drawn = zxingcpp.create_barcode("Käse", zxingcpp.BarcodeFormat.QRCode).to_image(scale=6)
    found = await pictures.codes(as_file(Image.fromarray(drawn)))
    assert [(it.format, it.value, it.valid) for it in found] == [("QR_CODE", "Käse", False)]


async def test_no_code_is_an_empty_list(pictures: Pictures) -> None:
    assert await pictures.codes(as_file(Image.new("RGB", (640, 480), "gray"))) == []


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claimed(width: int, height: int) -> bytes:
    """Write a small PNG that claims a size."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(bytes(1_000_000), 9))
    return b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b"")


def webp(width: int, height: int) -> bytes:
    """Write a WebP canvas that claims a size."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg(width: int, height: int) -> bytes:
    """Change the size in a photo's header."""
    real = as_file(Image.new("RGB", (64, 64)), "JPEG")
    place = real.index(b"\xff\xc0") + 5
    return real[:place] + struct.pack(">HH", height, width) + real[place + 4 :]


SMALL = as_file(code())
TOO_BIG = {
    "a PNG of 144 megapixels": claimed(12_000, 12_000),
    "a PNG as wide as can be": claimed(2**31 - 1, 1),
    "a JPEG of 4,294 megapixels": jpeg(65_535, 65_535),
    "a WebP of 268 megapixels": webp(16_383, 16_383),
    "too many bytes": SMALL + bytes(BYTES_MAX),
}
BROKEN = {
    "nothing": b"",
    "text": b"no picture",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a gif": as_file(Image.new("P", (8, 8)), "GIF"),
    "a bmp": as_file(Image.new("RGB", (8, 8)), "BMP"),
    "a pdf": b"%PDF-1.7",
    "no pixels": claimed(0, 9),
    "too few pixels": claimed(1_900, 2_000),
    "a cut PNG": SMALL[:200],
    "a cut JPEG": as_file(on_paper(code()), "JPEG")[:5_000],
    "a JPEG of markers": b"\xff\xd8" + b"\xff\xe0\x00\x02" * 5_000,
    "a JPEG of fill bytes": b"\xff\xd8" + b"\xff" * 100_000,
    "a WebP that is cut": webp(8, 8)[:20],
    "a WebP of nothing": webp(8, 8),
}


@pytest.mark.parametrize("name", TOO_BIG)
async def test_what_is_too_big_is_refused_by_its_header(pictures: Pictures, name: str) -> None:
    for ask in (pictures.codes, pictures.photo, pictures.icon):
        with pytest.raises(TooBig):
            await ask(TOO_BIG[name])


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_picture_is_refused_and_the_next_one_read(
    pictures: Pictures, name: str
) -> None:
    for ask in (pictures.codes, pictures.photo, pictures.icon):
        with pytest.raises(InvalidPicture):
            await ask(BROKEN[name])
    assert [it.value for it in await pictures.codes(SMALL)] == [EAN]


async def test_every_damaged_picture_is_answered_or_refused(pictures: Pictures) -> None:
    whole = as_file(on_paper(code(), size=(600, 400)), "JPEG")
    for place in range(0, len(whole), len(whole) // 40):
        damaged = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
        for data in (damaged, whole[:place]):
            try:
                await pictures.codes(data)
            except (InvalidPicture, TooBig):
                continue


async def test_a_worker_that_dies_is_begun_again(pictures: Pictures) -> None:
    await pictures.codes(SMALL)
    for worker in pictures._idle:
        worker.kill()
        await worker.wait()
    assert [it.value for it in await pictures.codes(SMALL)] == [EAN]


async def test_too_many_at_once_are_told_to_come_again(pictures: Pictures) -> None:
    asking = [pictures.codes(SMALL) for _ in range(WAITING_MAX + 3)]
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert sum(isinstance(answer, Unavailable) for answer in answers) == 3
    assert sum(isinstance(answer, list) for answer in answers) == WAITING_MAX


async def test_who_goes_away_leaves_no_answer_to_the_next(pictures: Pictures) -> None:
    asking = asyncio.get_running_loop().create_task(pictures.photo(SMALL))
    for _ in range(5):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert [it.value for it in await pictures.codes(SMALL)] == [EAN]


async def test_a_photo_keeps_its_pixels_and_nothing_else(pictures: Pictures) -> None:
    secret = b"48.8566 N 2.3522 E"
    exif = Image.Exif()
    exif[0x010E] = secret.decode()
    made = await pictures.photo(as_file(on_paper(code()), "JPEG", exif=exif) + b"<script>")
    assert secret not in made
    assert b"<script>" not in made
    assert Image.open(BytesIO(made)).info == {}
    assert max(Image.open(BytesIO(made)).size) == PHOTO_SIDE_MAX


async def test_a_photo_stands_upright_once_its_exif_is_dropped(pictures: Pictures) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    made = await pictures.photo(as_file(Image.new("RGB", (80, 40)), "JPEG", exif=exif))
    assert Image.open(BytesIO(made)).size == (40, 80)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16", "CMYK"])
async def test_the_worker_leaves_its_own_output_as_it_is(pictures: Pictures, mode: str) -> None:
    noise = Image.effect_noise((1_300, 900), 80).convert("RGB")
    if mode == "I;16":
        sent = as_file(Image.new("I;16", (90, 50), 40_000))
    elif mode == "PA":
        sent = as_file(noise.convert("RGBA").quantize(8))
    else:
        sent = as_file(noise.convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    for ask in (pictures.photo, pictures.icon):
        made = await ask(sent)
        assert await ask(made) == made
        assert len(made) < 2 * 1024 * 1024
    if mode == "RGB":
        assert len(await pictures.photo(sent)) > PHOTO_BYTES_MAX  # noise is the worst there is


async def test_colours_of_a_plain_picture_are_kept_exactly(pictures: Pictures) -> None:
    drawn = Image.linear_gradient("L").convert("RGB")
    made = await pictures.photo(as_file(drawn))
    assert Image.open(BytesIO(made)).convert("RGB") == drawn


@pytest.mark.parametrize(
    "task",
    [
        "lambda data: bytes(2 << 30)",
        "lambda data: [0 for _ in iter(int, 1)]",
        "lambda data: open('left-behind', 'wb').write(data)",
        "lambda data: 1 / 0",
        "lambda data: os.kill(os.getpid(), 11)",
    ],
    ids=["memory", "time", "files", "mistakes", "crashes"],
)
def test_a_child_is_ended_by_its_limits_and_the_worker_lives(task: str, tmp_path: Path) -> None:
    program = f"""
import os
from app.pictures.worker import _apart
print(_apart({task}, bytes(9)), _apart(lambda data: data[:2], b"good"))
"""
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, check=True
    )
    assert told.stdout == b"None b'go'\n"
    assert not [file for file in tmp_path.iterdir() if file.stat().st_size]

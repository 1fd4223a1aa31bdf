"""What is done with a picture once it is decoded; runs in the worker's children only."""

from __future__ import annotations

import io

import msgspec
import zxingcpp
from PIL import Image, ImageOps

from app.pictures.frames import ReadCode
from app.pictures.sizes import PIXELS_MAX
from passes.barcode import READABLE, check, from_zxing
from passes.barcode.digits import upc_a_to_upc_e

PHOTO_SIDE_MAX = 1_024  # pixels: a card's small print can be read
PHOTO_BYTES_MAX = 256 * 1024  # as a PNG of full colours; a bigger one is written with 256
ICON_SIDE_MAX = 256
COLORS = 256
_EAN_13_DIGITS = 13
CODES_MAX = 16
RETRY_SIDE_MAX = 1_200  # pixels: what is tried twice must fit into its time
_KINDS = ("PNG", "JPEG", "WEBP")


def codes_in(data: bytes) -> bytes:
    """Return the codes of a picture, the best first, as a JSON list of ReadCode."""
    picture = _on_white(_opened(data)).convert("L")
    found = _read(picture, zxingcpp.Binarizer.LocalAverage)
    if not found:
        picture.thumbnail((RETRY_SIDE_MAX, RETRY_SIDE_MAX))
        found = _read(picture, zxingcpp.Binarizer.GlobalHistogram)
    if not found:  # the library looks for white bars on black in square codes only
        found = _read(ImageOps.invert(picture), zxingcpp.Binarizer.LocalAverage)
    ranked = sorted(found, key=_rank, reverse=True)
    codes = dict.fromkeys(_code(barcode) for barcode in ranked)
    return msgspec.json.encode(sorted(codes, key=lambda code: not code.valid)[:CODES_MAX])


def photo_of(data: bytes) -> bytes:
    """Return a side of a card as a PNG of ours: upright, small, without anything else of the file.

    Of its own output it makes the same bytes.
    """
    picture = _opened(data)
    if picture.mode not in {"P", "1", "L"} or "transparency" in picture.info:
        picture = _on_white(picture)
    picture = _upright(picture, PHOTO_SIDE_MAX)
    plain = _png(picture)
    if len(plain) <= PHOTO_BYTES_MAX or picture.mode != "RGB":
        return plain
    return _png(picture.quantize(COLORS, method=Image.Quantize.MEDIANCUT))


def icon_of(data: bytes) -> bytes:
    """Return an icon as a PNG of ours, with what is transparent in it."""
    return _png(_upright(_opened(data).convert("RGBA"), ICON_SIDE_MAX))


def _opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=_KINDS)
    if picture.width * picture.height > PIXELS_MAX:
        raise ValueError("too many pixels")
    picture.load()
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    is_clear = "transparency" in picture.info or picture.mode in {"RGBA", "LA", "PA", "La", "RGBa"}
    if not is_clear:
        return _reduced(picture)
    clear = picture.convert("RGBA")
    white = Image.new("RGBA", clear.size, "white")
    white.alpha_composite(clear)
    made = white.convert("RGB")
    made.info.update({"exif": picture.info["exif"]} if "exif" in picture.info else {})
    return made


def _reduced(picture: Image.Image) -> Image.Image:
    """Return colours of eight bits: Pillow cuts off what 16 bits of grey have more."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda value: value / 256).convert("L").convert("RGB")
    return picture.convert("RGB")


def _upright(picture: Image.Image, side_max: int) -> Image.Image:
    """Turn a photo as its EXIF says, since that is dropped, and scale it down where it is big."""
    turned = ImageOps.exif_transpose(picture)
    if max(turned.size) > side_max:
        turned = turned.convert("RGBA" if turned.mode == "RGBA" else "RGB")
        turned.thumbnail((side_max, side_max), Image.Resampling.LANCZOS)
    return turned


def _png(picture: Image.Image) -> bytes:
    """Write pixels only: a fresh picture has no texts, profiles or dates to take along."""
    bare = Image.new(picture.mode, picture.size)
    if picture.mode == "P":
        bare.putpalette(picture.getpalette() or [])
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "PNG")
    return out.getvalue()


def _read(picture: Image.Image, binarizer: zxingcpp.Binarizer) -> list[zxingcpp.Barcode]:
    return zxingcpp.read_barcodes(
        picture, formats=READABLE, text_mode=zxingcpp.TextMode.Plain, binarizer=binarizer
    )


def _code(barcode: zxingcpp.Barcode) -> ReadCode:
    """Name a code as we do; a UPC-E, read as its 13 digits, gets the 8 that stand under it."""
    name, value = from_zxing(barcode.format.name, barcode.symbology_identifier), barcode.text
    if name == "UPC_E" and len(value) == _EAN_13_DIGITS:
        value = upc_a_to_upc_e(value[1:])
    return ReadCode(name, value, name != "none" and check(name, value) is None)


def _rank(barcode: zxingcpp.Barcode) -> tuple[bool, int]:
    """Put what is no address first, then what is biggest: cards show their maker's address too."""
    place = barcode.position
    xs = [place.top_left.x, place.top_right.x, place.bottom_left.x, place.bottom_right.x]
    ys = [place.top_left.y, place.top_right.y, place.bottom_left.y, place.bottom_right.y]
    is_address = barcode.text.lower().startswith(("http://", "https://", "www."))
    return not is_address, max(max(xs) - min(xs), max(ys) - min(ys))

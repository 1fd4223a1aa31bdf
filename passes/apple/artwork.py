"""Apple's rules for a pass's pictures and translations (specs: apple.md §2)."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping

from passes.finding import Finding

# The largest picture of each name in points: width, height. PassBuilder.
POINTS_MAX = {
    "icon": (38, 38),
    "logo": (160, 50),
    "strip": (375, 144),
    "thumbnail": (90, 90),
    "footer": (286, 15),
    "background": (345, 505),
    "primaryLogo": (126, 30),
    "secondaryLogo": (135, 12),
}
NEEDED = ("icon.png", "icon@2x.png", "icon@3x.png")
NEEDED_BY_A_POSTER = ("background@2x.png", "primaryLogo@2x.png")
_PICTURE = re.compile(rf"({'|'.join(POINTS_MAX)})(?:@([23])x)?\.png")
_STRINGS = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*\.lproj/pass\.strings")
_PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_SIZE = struct.Struct(">II")


def lint_files(files: Mapping[str, bytes], *, has_poster: bool = False) -> list[Finding]:
    """Judge all files of a package but pass.json, manifest.json and signature."""
    needed = NEEDED + NEEDED_BY_A_POSTER if has_poster else NEEDED
    missing = [Finding(name, "is missing") for name in needed if name not in files]
    return missing + [found for name, data in files.items() for found in _file(name, data)]


def _file(name: str, data: bytes) -> Iterator[Finding]:
    if picture := _PICTURE.fullmatch(name):
        yield from _picture(name, data, POINTS_MAX[picture[1]], int(picture[2] or 1))
    elif not _STRINGS.fullmatch(name):
        yield Finding(name, "is no file of a pass: PNG pictures and xx.lproj/pass.strings are")
    elif not data.startswith(b'"'):
        yield Finding(name, 'must be UTF-8 without byte order mark and begin with "')


def _picture(name: str, data: bytes, points: tuple[int, int], scale: int) -> Iterator[Finding]:
    if not data.startswith(_PNG) or len(data) < len(_PNG) + _SIZE.size:
        yield Finding(name, "is no PNG")
        return
    width, height = _SIZE.unpack_from(data, len(_PNG))
    width_max, height_max = (side * scale for side in points)
    if not (0 < width <= width_max and 0 < height <= height_max):
        text = f"is {width} by {height} pixels, at most {width_max} by {height_max}"
        yield Finding(name, text)

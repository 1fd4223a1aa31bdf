"""Pictures for tests of passes."""

from __future__ import annotations

from io import BytesIO

from PIL import Image


def picture(width: int, height: int, color: str = "#cc0000", mode: str = "RGB") -> bytes:
    """Draw a PNG of one colour."""
    file = BytesIO()
    Image.new("RGBA", (width, height), color).convert(mode).save(file, "PNG")
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    """Read a PNG back."""
    found = Image.open(BytesIO(data), formats=("PNG",))
    found.load()
    return found


ICONS = {
    "icon.png": picture(38, 38),
    "icon@2x.png": picture(76, 76),
    "icon@3x.png": picture(114, 114),
}

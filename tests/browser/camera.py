"""What the browser's camera sees: one still picture of a card's code, as a video file."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image

from passes.barcode import draw_png

NUMBER = "3760123456784"  # an EAN-13 that no demo card has
_SIZE = (640, 480)
_FRAMES = 5  # the browser plays them again and again


def write_video(path: Path) -> None:
    """Write it as Motion JPEG, which the browser's simulated camera plays."""
    code = Image.open(BytesIO(draw_png("EAN_13", NUMBER, scale=4))).convert("RGB")
    frame = Image.new("RGB", _SIZE, "white")
    frame.paste(code, ((_SIZE[0] - code.width) // 2, (_SIZE[1] - code.height) // 2))
    packed = BytesIO()
    frame.save(packed, "JPEG", quality=95)
    path.write_bytes(packed.getvalue() * _FRAMES)

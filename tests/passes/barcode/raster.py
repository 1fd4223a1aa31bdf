"""Turns our own SVG into pixels: a rectangle, paths of M h v L Z, and a MaxiCode's circles."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from PIL import Image, ImageDraw

_NAMESPACE = "{http://www.w3.org/2000/svg}"
_RECTANGLE = re.compile(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+Z")
_POLYGON = re.compile(r"M([^MZ]+)Z")
_SMOOTH = 2  # a hexagon is drawn so many times larger, then reduced


def rasterised(svg: str, *, scale: int) -> Image.Image:
    """Draw every shape of the file; one that is not understood is an error."""
    root = ElementTree.fromstring(svg)
    width, height = int(root.attrib["width"]), int(root.attrib["height"])
    assert root.attrib["viewBox"] == f"0 0 {width} {height}"
    shapes = list(root)
    paper, first, *circles = shapes
    assert paper.tag == f"{_NAMESPACE}rect"
    assert paper.attrib == _whole(width, height)
    path = first.attrib["d"]
    if circles or "L" in path:
        return _hexagons(path, circles, (width, height), scale)
    picture = Image.new("1", (width, height), 1)
    draw = ImageDraw.Draw(picture)
    rectangles = _RECTANGLE.findall(path)
    assert _RECTANGLE.sub("", path) == ""
    for x, y, wide, high in (map(int, found) for found in rectangles):
        draw.rectangle((x, y, x + wide - 1, y + high - 1), fill=0)
    return picture.convert("L").resize((width * scale, height * scale), Image.Resampling.NEAREST)


def _whole(width: int, height: int) -> dict[str, str]:
    return {"x": "0", "y": "0", "width": str(width), "height": str(height), "fill": "#FFFFFF"}


def _hexagons(
    path: str, circles: list[ElementTree.Element], size: tuple[int, int], scale: int
) -> Image.Image:
    fine = scale * _SMOOTH
    picture = Image.new("L", (size[0] * fine, size[1] * fine), 255)
    draw = ImageDraw.Draw(picture)
    for corners in _POLYGON.findall(path):
        points = [tuple(float(n) * fine for n in corner.split()) for corner in corners.split("L")]
        draw.polygon(points, fill=0)
    for circle in circles:
        assert circle.tag == f"{_NAMESPACE}circle"
        x, y, radius, stroke = (
            float(circle.attrib[name]) * fine for name in ("cx", "cy", "r", "stroke-width")
        )
        outer = radius + stroke / 2
        box = (x - outer, y - outer, x + outer, y + outer)
        draw.ellipse(box, outline=0, width=round(stroke))
    return picture.resize((size[0] * scale, size[1] * scale), Image.Resampling.LANCZOS)

"""Posters: a phone reads the code off the printed page, which holds vectors and letters only."""

from __future__ import annotations

import re
import shutil
import subprocess
import zlib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from app.programs.publishing import draft
from app.sandbox.demo_programs import HOSTED
from app.web.poster import SIZES, Size, poster_of
from app.web.poster_drawing import as_pdf, as_svg
from app.web.poster_letters import printable, width_of
from tests.cards.cards_world import merchant, program
from tests.flows.conftest import World

URL = "https://cards.example.org/join/maison-verte-cafe"
AT = datetime(2026, 11, 25, tzinfo=UTC)
POINTS_PER_MM, PIXELS_PER_MM = 72 / 25.4, 6
_FILL = re.compile(
    rb"([\d.]+(?: [\d.]+ [\d.]+)?) (rg|g)\b|([-\d.]+) ([-\d.]+) ([-\d.]+) ([-\d.]+) re f"
)


def pdf(size: Size, name: str = HOSTED.name, language: str = "fr", url: str = URL) -> bytes:
    named = msgspec.structs.replace(HOSTED, name=name)
    poster = poster_of(draft(named), size=size, language=language, url=url)
    return as_pdf(poster, at=AT)


def painted(document: bytes, size: Size) -> Image.Image:
    """Paint the filled rectangles of a page as any reader of PDF does; other shapes there are none.

    PDF 32000-1 §8.5: `re` adds a rectangle, `f` fills it, `rg` and `g` choose its colour.
    """
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", document, re.DOTALL)
    content = next(text for text in map(unpacked, streams) if b" re f" in text)
    width, height = SIZES[size]
    image = Image.new("RGB", (round(width * PIXELS_PER_MM), round(height * PIXELS_PER_MM)), "white")
    draw, color, scale = ImageDraw.Draw(image), (0, 0, 0), PIXELS_PER_MM / POINTS_PER_MM
    for found in _FILL.finditer(content):
        if found[1]:
            parts = [round(float(part) * 255) for part in found[1].split()]
            color = (parts * 3)[0], (parts * 3)[1], (parts * 3)[2]
            continue
        x, y, wide, high = (float(found[place]) * scale for place in (3, 4, 5, 6))
        top, bottom = sorted((image.height - y, image.height - y - high))
        box = (round(x), round(top), round(x + wide) - 1, round(bottom) - 1)
        draw.rectangle(box, fill=color)
    return image


def unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def read(image: Image.Image) -> list[tuple[str, str]]:
    return [(it.format.name, it.text) for it in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("url", [URL, "http://127.0.0.1:8000/join/" + "x" * 64])
def test_the_code_on_the_page_is_read_as_the_join_pages_address(size: Size, url: str) -> None:
    found = read(painted(pdf(size, url=url), size))
    assert [text for _, text in found] == [url]


@pytest.mark.skipif(shutil.which("gs") is None, reason="Ghostscript is not installed")
@pytest.mark.parametrize("size", SIZES)
def test_another_programs_print_of_the_page_is_read_too(size: Size, tmp_path: Path) -> None:
    source, page = tmp_path / "poster.pdf", tmp_path / "poster.png"
    source.write_bytes(pdf(size))
    command = ["gs", "-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-sDEVICE=png16m", "-r120"]
    subprocess.run([*command, f"-sOutputFile={page}", str(source)], check=True, timeout=60)
    assert [text for _, text in read(Image.open(page))] == [URL]


@pytest.mark.parametrize("size", SIZES)
def test_a_page_has_the_papers_size_and_holds_no_picture_and_no_font(size: Size) -> None:
    document = pdf(size)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", document)
    assert box is not None
    sides = [float(box[place]) / POINTS_PER_MM for place in (1, 2)]
    assert sides == pytest.approx(SIZES[size], abs=0.1)
    assert b"/Subtype /Image" not in document and b"/FontFile" not in document
    assert len(document) < 20_000


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "name", ["A", "東京", "L'Épicerie de Zoé & fils", "W" * 80, "Word " * 15 + "word", "a€é œ"]
)
def test_any_name_leaves_the_code_alone_and_stays_on_the_page(size: Size, name: str) -> None:
    named = msgspec.structs.replace(HOSTED, name=name.strip())
    for language in ("fr", "en"):
        poster = poster_of(draft(named), size=size, language=language, url=URL)
        code = poster.boxes[2]  # the white card below the code
        for line in poster.lines:
            wide = width_of(line.text, line.size, is_bold=line.is_bold)
            assert wide <= poster.width * 0.9, line
            assert not code.y < line.y < code.y + code.height, line
            assert line.y < poster.height, line
        assert [it[1] for it in read(painted(as_pdf(poster, at=AT), size))] == [URL]


def test_letters_that_no_printer_has_are_left_out() -> None:
    assert printable("Café 東京 €5") == "Café €5"
    assert printable("東京") == ""


def test_the_pages_picture_is_of_the_same_layout_and_holds_a_name_as_text() -> None:
    named = msgspec.structs.replace(HOSTED, name="A<b>&B")
    svg = as_svg(poster_of(draft(named), size="a6", language="en", url=URL))
    assert "A&lt;b&gt;&amp;B" in svg and "<b>" not in svg
    poster = poster_of(draft(named), size="a6", language="en", url=URL)
    assert svg.count("<rect") == len(poster.boxes)


async def test_a_merchants_poster_is_a_pdf_to_download_and_anothers_is_not_found(
    world: World,
) -> None:
    _, partner = await merchant(world)
    made = await program(partner, name="Café du Port")
    answer = await partner("GET", f"/v1/partner/programs/{made}/poster.pdf?size=a6&lang=en")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/pdf"
    assert "cafe-du-port-a6-en.pdf" in answer.headers["content-disposition"]
    url = f"{world.ports.settings.public_url}/join/cafe-du-port"
    assert [it[1] for it in read(painted(answer.content, "a6"))] == [url]
    _, other = await merchant(world, "Other")
    for path, status in (
        (f"/v1/partner/programs/{made}/poster.pdf", 404),
        ("/v1/partner/programs/none/poster.pdf", 404),
    ):
        assert (await other("GET", path)).status_code == status
    wrong: Any = await partner("GET", f"/v1/partner/programs/{made}/poster.pdf?size=a3")
    assert wrong.status_code == 400 and wrong.json()["errors"][0]["path"] == "size"
    assert BytesIO(answer.content).read(5) == b"%PDF-"

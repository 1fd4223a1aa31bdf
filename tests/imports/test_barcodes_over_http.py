"""POST /v1/barcodes/read: a picture in, the code on it out, and never an error of ours."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from passes.barcode import draw_png
from tests.flows.conftest import World
from tests.users.people import bearer, guest

EAN = "4006381333931"
PNG = draw_png("EAN_13", EAN, scale=3)
NO_CODE = {"format": "EAN_13", "value": EAN, "valid": True, "others": []}


@pytest.fixture
async def headers(world: World) -> dict[str, str]:
    return bearer((await guest(world))["token"])


async def read(world: World, headers: dict[str, str], data: bytes, kind: str = "image/png") -> Any:
    return await world.client.post(
        "/v1/barcodes/read", content=data, headers={**headers, "Content-Type": kind}
    )


async def test_a_picture_as_the_body_or_in_a_form_is_read(
    world: World, headers: dict[str, str]
) -> None:
    alone = await read(world, headers, PNG)
    assert (alone.status_code, alone.json()) == (200, NO_CODE)
    form = await world.client.post(
        "/v1/barcodes/read", headers=headers, files={"file": ("photo.png", PNG, "image/png")}
    )
    assert (form.status_code, form.json()) == (200, NO_CODE)


async def test_several_codes_are_told_the_best_first(world: World, headers: dict[str, str]) -> None:
    paper = Image.new("L", (900, 900), 255)
    paper.paste(Image.open(BytesIO(draw_png("QR_CODE", "https://example.com/", scale=6))), (0, 0))
    paper.paste(Image.open(BytesIO(PNG)), (40, 500))
    out = BytesIO()
    paper.save(out, "WEBP", lossless=True)
    told = (await read(world, headers, out.getvalue(), "image/webp")).json()
    assert (told["format"], told["value"]) == ("EAN_13", EAN)
    assert told["others"] == [{"format": "QR_CODE", "value": "https://example.com/", "valid": True}]


async def test_a_picture_without_a_code_says_what_to_do(
    world: World, headers: dict[str, str]
) -> None:
    out = BytesIO()
    Image.new("RGB", (64, 48), "gray").save(out, "JPEG")
    answer = await read(world, headers, out.getvalue(), "image/jpeg")
    assert (answer.status_code, answer.json()["code"]) == (422, "no-barcode-found")
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    ("data", "kind", "status"),
    [
        (b"", "image/png", 422),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 422),
        (b"\x89PNG\r\n\x1a\n", "image/png", 422),
        (PNG[: len(PNG) // 2], "image/png", 422),
        (bytes(6 * 1024 * 1024), "image/png", 413),
        (PNG + bytes(5 * 1024 * 1024), "image/png", 413),
        (PNG, "application/json", 415),
        (PNG, "text/plain", 415),
        (PNG, "multipart/form-data", 400),
        (PNG, "multipart/form-data; boundary=x", 400),
    ],
)
async def test_what_cannot_be_read_is_refused(
    world: World, headers: dict[str, str], data: bytes, kind: str, status: int
) -> None:
    answer = await read(world, headers, data, kind)
    assert answer.status_code == status, answer.text
    assert answer.json()["request_id"]


async def test_who_is_not_signed_in_has_nothing_read(world: World) -> None:
    assert (await read(world, {}, PNG)).status_code == 401

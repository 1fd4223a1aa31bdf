"""POST /v1/barcodes/read: the code on a photo, a screenshot or a frame of the camera."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from app.clock import HOUR
from app.http.callers import TillCaller, caller_of, scope_of
from app.http.ports import Ports
from app.imports.files import unreadable
from app.imports.schemas import CodeOut, PhotoRead
from app.imports.upload import file_of
from app.pictures.frames import ReadCode
from app.pictures.sizes import BYTES_MAX

PHOTOS_PER_HOUR = 7_200  # a camera that sends two frames a second
_FORM_MAX = BYTES_MAX + 64 * 1024  # the picture and what a form puts around it
_HINT = "Take it again closer and straight, in even light, or type the number."


@post(
    "/v1/barcodes/read",
    status_code=200,
    callers=("user", "till"),
    content_types=("image/*", "multipart/form-data"),
    request_max_body_size=_FORM_MAX,
    tags=["Imports"],
    summary="Read the code on a picture",
)
async def read_photo(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> PhotoRead:
    """Answer the best code on a PNG, JPEG or WebP of at most 4 megapixels; nothing is kept.

    422 `no-barcode-found` where none is seen. Addresses in a code are text; nobody calls them.
    """
    caller, now = caller_of(request), ports.clock.wall()
    # A till's camera reads as a user's does; tills of one merchant do not count together.
    who = f"till:{caller.till_id}" if isinstance(caller, TillCaller) else scope_of(caller, "")
    ports.limiter.check("photos", who, per_hour=PHOTOS_PER_HOUR, now=now, window=HOUR)
    found = await ports.pictures.codes(await _picture(request))
    if not found:
        raise unreadable("no-barcode-found", _HINT)
    best, *others = map(_out, found)
    return PhotoRead(format=best.format, value=best.value, valid=best.valid, others=others)


async def _picture(request: Request[Any, Any, Any]) -> bytes:
    body, kind = await request.body(), request.headers.get("content-type", "")
    return file_of(kind, body) if kind.lower().startswith("multipart/") else body


def _out(code: ReadCode) -> CodeOut:
    return CodeOut(format=code.format, value=code.value, valid=code.valid)


ROUTES = [read_photo]

"""POST /v1/imports: another app's file into the caller's wallet."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.types import ASGIApp

from app.errors import AppError, invalid
from app.http.callers import user_of
from app.http.media import decode_json
from app.http.ports import Ports
from app.http.streaming import streamed
from app.imports import export_controller, photos_controller
from app.imports.files import FILE_MAX
from app.imports.schemas import ImportedOut, SharedLink
from app.imports.service import Order, Prepared, import_file, prepare, steps
from app.imports.upload import parts_of, text_part
from app.imports.values import has_control_character
from app.users import service as users

LINES = "application/x-ndjson"
PASSWORD_MAX = 256
SHOP_NAME_MAX = 80
_ONLY_MAX = 5_000 * 40  # characters: as many ids as a file has cards
_FORM_MAX = FILE_MAX + 512 * 1024  # the file and what a form puts around it
_encode = msgspec.json.Encoder().encode


@post(
    "/v1/imports",
    status_code=200,
    callers=("user",),
    content_types=("multipart/form-data", "application/json"),
    request_max_body_size=_FORM_MAX,
    gives=ImportedOut,  # for the document: the answer may also come line by line
    tags=["Imports"],
    summary="Import cards from another app's file",
)
async def import_cards(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], dry_run: bool = False
) -> ASGIApp:
    """Add the file's cards to the wallet; a bad row is reported and loses no other.

    `dry_run` gives the same answer and changes nothing. The same file again changes nothing.
    A form may hold `file`, `password` (of an encrypted file), `shop_name` (of a photo) and `only`
    (ids of new cards, from a dry run, with commas between: the others are left out). Whoever
    accepts application/x-ndjson is told `{done, of}` line by line, and the answer last.
    """
    user_id = user_of(request).user_id
    form = await _form(request)
    user = await ports.database.read_point(lambda tx: users.user_by_id(tx, user_id))
    assert user is not None, "who has a session is known"
    order = msgspec.structs.replace(form, language=user.language, is_dry_run=dry_run)
    if LINES in request.headers.get("accept", ""):
        prepared = await prepare(ports, user_id, order)
        return _told(ports, prepared, request)
    answer = await import_file(ports, user_id, order)
    return Response(answer, status_code=200).to_asgi_response(None, request)


def _told(ports: Ports, prepared: Prepared, request: Request[Any, Any, Any]) -> ASGIApp:
    request_id = str(request.scope.get("state", {}).get("request_id", ""))
    return streamed(_lines(ports, prepared, request_id), media_type=LINES)


async def _lines(ports: Ports, prepared: Prepared, request_id: str) -> AsyncGenerator[bytes, None]:
    """Write a line a step; where it stops, the last is the problem. Cards written by then stay."""
    try:
        async for step in steps(ports, prepared):
            yield _encode(step) + b"\n"
    except AppError as error:
        yield _encode(error.document(request_id)) + b"\n"


async def _form(request: Request[Any, Any, Any]) -> Order:
    body, kind = await request.body(), request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/"):
        return Order(content=decode_json(body, SharedLink).link.strip().encode())
    parts = parts_of(kind, body)
    if "file" not in parts:
        raise invalid("file", "a part named file is expected")
    only = text_part(parts, "only", _ONLY_MAX)
    shop_name = text_part(parts, "shop_name", SHOP_NAME_MAX)
    if shop_name is not None and (has_control_character(shop_name) or not shop_name.strip()):
        raise invalid("shop_name", "a line of text expected")
    return Order(
        content=parts["file"],
        password=text_part(parts, "password", PASSWORD_MAX),
        shop_name=shop_name,
        only=None if only is None else frozenset(it.strip() for it in only.split(",")),
    )


ROUTES: list[Any] = [import_cards, *photos_controller.ROUTES, *export_controller.ROUTES]

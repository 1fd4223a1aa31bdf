"""POST /v1/imports: another app's file into the caller's wallet."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.di import NamedDependency

from app.http.callers import user_of
from app.http.media import decode_json
from app.http.ports import Ports
from app.imports import photos_controller
from app.imports.files import FILE_MAX, READ_FORMATS, unreadable
from app.imports.schemas import ImportedOut, SharedLink
from app.imports.service import import_file
from app.imports.upload import file_of
from app.users import service as users

_FORM_MAX = FILE_MAX + 64 * 1024  # the file and what a form puts around it


@post(
    "/v1/imports",
    status_code=200,
    callers=("user",),
    content_types=("multipart/form-data", "application/json"),
    request_max_body_size=_FORM_MAX,
    tags=["Imports"],
    summary="Import cards from another app's file",
)
async def import_cards(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], dry_run: bool = False
) -> ImportedOut:
    """Add the file's cards to the wallet; a bad row is reported and loses no other.

    `dry_run` gives the same answer and changes nothing. The same file again changes nothing.
    """
    user_id = user_of(request).user_id
    content = await _content(request)
    user = await ports.database.read_point(lambda tx: users.user_by_id(tx, user_id))
    assert user is not None, "who has a session is known"
    return await import_file(ports, user_id, content, language=user.language, is_dry_run=dry_run)


async def _content(request: Request[Any, Any, Any]) -> bytes:
    body, kind = await request.body(), request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/"):
        return file_of(kind, body)
    decode_json(body, SharedLink)
    detail = f"Shared links are not read yet. What is read: {READ_FORMATS}."
    raise unreadable("unknown-file", detail)


ROUTES: list[Any] = [import_cards, *photos_controller.ROUTES]

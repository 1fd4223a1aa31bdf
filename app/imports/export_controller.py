"""GET /v1/export/…: a wallet as another app's file, or as ours, at once and without asking."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import Parameter

from app.errors import invalid
from app.http.callers import user_of
from app.http.ports import Ports
from app.imports.exporting import exported

PASSWORD_MAX = 256
_USER: dict[str, Any] = {"callers": ("user",), "tags": ["Imports"], "media_type": MediaType.TEXT}
Password = Annotated[
    str | None,
    Parameter(
        header="X-Export-Password",
        description="Encrypts the zip (AES-256). Percent-encoded UTF-8.",
    ),
]


@get("/v1/export/catima.zip", summary="Your cards as a file of Catima's", **_USER)
async def export_catima(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], password: Password = None
) -> Response[bytes]:
    """Answer a zip that Catima takes, with groups and pictures.

    Labels and the order are lost there, and of live cards all but number, balance, tier and date.
    A password stands in a header, so that no address or log holds it.
    """
    content = await exported(ports, user_of(request).user_id, "catima", password=_decoded(password))
    return _file(content, "catima.zip", "application/zip")


@get("/v1/export/portecarte.json", summary="Your cards as our own file", **_USER)
async def export_portecarte(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[bytes]:
    """Answer all cards with everything about them; keys stand in one order, so two compare."""
    content = await exported(ports, user_of(request).user_id, "portecarte")
    return _file(content, "portecarte.json", "application/json")


def _decoded(password: str | None) -> str | None:
    """Return the password that was meant. Raises InvalidInput."""
    try:
        text = unquote(password or "", errors="strict")
    except UnicodeDecodeError:
        raise invalid("X-Export-Password", "percent-encoded UTF-8 expected") from None
    if len(text) > PASSWORD_MAX:
        raise invalid("X-Export-Password", f"at most {PASSWORD_MAX} characters expected")
    return text or None


def _file(content: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


ROUTES = [export_catima, export_portecarte]

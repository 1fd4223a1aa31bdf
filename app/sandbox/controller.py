"""Sandbox only: the mails that arrived, and a plain page of phones, pushes and mails."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Response, get
from litestar.params import Parameter

from app.sandbox import pages
from app.sandbox.mails import Mail
from app.sandbox.running import Sandbox

_STYLE = Path(__file__).parent / "sandbox.css"
To = Annotated[str | None, Parameter(max_length=254, description="Only mails to this address.")]


class Mails(msgspec.Struct, frozen=True):
    """The mails that arrived, newest first."""

    items: list[Mail]


def routes(sandbox: Sandbox) -> list[Any]:
    """Make the routes of a running sandbox; no server in live mode has them."""

    @get("/sandbox/mails", tags=["Sandbox"], summary="Read the mails that arrived")
    async def mails(to: To = None) -> Mails:
        """Answer the newest 100, without sign-in: it is how a program reads its sign-in code."""
        return Mails(sandbox.mails.newest(to))

    @get("/sandbox", media_type=MediaType.HTML, tags=["Sandbox"], summary="See the sandbox")
    async def page() -> str:
        """Show the phones and what happened to them."""
        return pages.overview(sandbox, now=sandbox.now())

    @get("/sandbox/style.css", media_type="text/css", tags=["Sandbox"], summary="Its style")
    async def style() -> Response[bytes]:
        """Answer the page's style sheet."""
        return Response(_STYLE.read_bytes(), media_type="text/css")

    return [mails, page, style]

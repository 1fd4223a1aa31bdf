"""Sandbox only: the mails that arrived, for programs; the page of app/web shows them to people."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import Parameter

from app.sandbox.mails import Mail
from app.sandbox.running import Sandbox

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

    return [mails]

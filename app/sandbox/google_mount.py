"""Hangs the fake Google into the app: everything below /sandbox/google is hers to answer."""

from __future__ import annotations

from litestar.handlers.asgi_handlers import ASGIRouteHandler, asgi
from litestar.types import Receive, Scope, Send

from app.sandbox.fake_google import FakeGoogle

PATH = "/sandbox/google"


def mount(fake: FakeGoogle) -> ASGIRouteHandler:
    """Make the route of a running fake; no server in live mode has it."""

    @asgi(PATH, is_mount=True, copy_scope=True)
    async def google(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as Google would."""
        await fake.answer(scope, receive, send, root=PATH)

    return google

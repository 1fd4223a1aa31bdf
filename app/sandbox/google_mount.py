"""Hangs the fake Google into the app: everything below /sandbox/google is hers to answer."""

from __future__ import annotations

from pathlib import Path

from litestar.handlers.asgi_handlers import ASGIRouteHandler, asgi
from litestar.types import Receive, Scope, Send

from app.clock import Clock
from app.ids import Randomness
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.google_account import GOOGLE_ISSUER, make_google_account, read_google_account

PATH = "/sandbox/google"


def google_beside(
    folder: Path, public_url: str, *, clock: Clock, randomness: Randomness
) -> FakeGoogle:
    """Make the sandbox's Google: it knows the development account of a folder of certificates.

    Below `public_url` it is reached at /sandbox/google, once it is mounted.
    """
    return FakeGoogle(
        read_google_account(make_google_account(folder)),
        GOOGLE_ISSUER,
        clock=clock,
        randomness=randomness,
        base_url=public_url + PATH,
    )


def mount(fake: FakeGoogle) -> ASGIRouteHandler:
    """Make the route of a running fake; no server in live mode has it."""

    @asgi(PATH, is_mount=True, copy_scope=True)
    async def google(scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as Google would."""
        await fake.answer(scope, receive, send, root=PATH)

    return google

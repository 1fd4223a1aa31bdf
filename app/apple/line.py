"""Where a credential's connections lead, and how they are opened."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import msgspec

from app.apple.conversation import Conversation
from app.apple.credentials import Credential, TokenCredential, tls_context
from app.apple.link import Link, OpenStream, dial
from app.apple.verdicts import BAD_CREDENTIAL
from app.clock import Clock

HTTPS_PORT = 443


class CannotConnect(Exception):
    """No connection; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """All that a connection needs. `executor` reads the certificate, which blocks for 40 ms."""

    host: str
    port: int
    credential: Credential
    ca_file: Path | None
    open_stream: OpenStream
    executor: Executor | None
    clock: Clock

    async def connect(self, on_news: Callable[[Link], None]) -> Link:
        """Open a connection; its `run` must be awaited. Raises CannotConnect."""
        loop = asyncio.get_running_loop()
        try:
            context = await loop.run_in_executor(
                self.executor, tls_context, self.credential, self.ca_file
            )
        except (OSError, ValueError, TypeError) as error:
            raise CannotConnect(BAD_CREDENTIAL) from error
        try:
            streams = await dial(
                self.open_stream, (self.host, self.port), context, clock=self.clock
            )
        except ssl.SSLError as error:
            raise CannotConnect("TlsRefused") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that is none
            raise CannotConnect("Unreachable") from error
        authority = self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"
        is_one_first = isinstance(self.credential, TokenCredential)
        conversation = Conversation(authority, is_one_first=is_one_first)
        return Link(streams, conversation, on_news=on_news)

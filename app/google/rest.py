"""Google Wallet over HTTP: one call, its token, its answer read; whatever happens is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import httpx2
import msgspec
import structlog

from app.clock import Clock
from app.errors import AppError
from app.google import reading
from app.google.issuers import IssuerSource, LoadedIssuer
from app.google.tokens import Token, Tokens
from app.google.trust import trusted
from app.google.verdicts import NO_ISSUER
from app.google.wallet import Answer

TIMEOUT = httpx2.Timeout(20, connect=10)  # seconds; `read` between two pieces of an answer
WHOLE_SECONDS = 40.0  # of one call: an answer that trickles does not keep a worker
ANSWER_MAX = 8 * 1024 * 1024  # bytes; a page of a class's objects is far smaller
LIMITS = httpx2.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=60)

_log = structlog.get_logger("google")


class RestWallet:
    """`GoogleWallet` over the REST API; a `transport` may stand for the network."""

    def __init__(
        self,
        issuers: IssuerSource,
        *,
        clock: Clock,
        api_url: str,
        token_url: str,
        executor: Executor,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._issuers = issuers
        self._clock = clock
        self._api_url = api_url
        self._token_url = token_url
        # trust_env: a proxy of the environment would hear tokens that nobody meant for it.
        self._client = httpx2.AsyncClient(
            verify=trusted(),
            timeout=TIMEOUT,
            limits=LIMITS,
            transport=transport,
            trust_env=False,
        )
        self._tokens = Tokens(self._ask_token, clock=clock, executor=executor)

    async def call(
        self,
        issuer_id: int,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        may_repeat: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer:
        """Make one call. Never raises for what the network, Google or a missing account does.

        `may_repeat`: asked before a call is made again with another token; it may wait.
        """
        try:
            issuer = await self._issuers.get(issuer_id)
        except (AppError, ValueError):
            return self._noted(method, Answer(status=0, reason=NO_ISSUER))
        request = self._client.build_request(
            method,
            self._api_url + path,
            params=query,
            content=None if body is None else msgspec.json.encode(body),
            headers={"Accept": "application/json"}
            | ({} if body is None else {"Content-Type": "application/json"}),
        )
        return self._noted(method, await self._authorized(issuer, request, may_repeat))

    async def ready(self, issuer_id: int) -> bool:
        """Have a token at hand if one can be had, so that the next call leaves at once.

        True: it was there, and nothing had to be waited for.
        """
        try:
            account = (await self._issuers.get(issuer_id)).account
        except (AppError, ValueError):
            return False
        is_there = self._tokens.is_there(account)
        if not is_there:
            await self._tokens.get(account)
        return is_there

    async def close(self) -> None:
        """Close the connections."""
        await self._tokens.close()
        await self._client.aclose()

    async def _authorized(
        self,
        issuer: LoadedIssuer,
        request: httpx2.Request,
        may_repeat: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer:
        """Send with a token; one that is refused is replaced once."""
        token = await self._tokens.get(issuer.account)
        if isinstance(token, Answer):
            return token
        answer = await self._send(request, token)
        if answer.status != 401:
            return answer
        token = await self._tokens.replace(issuer.account, token)
        if isinstance(token, Answer):
            return token
        if may_repeat is not None and not await may_repeat():
            return answer
        answer = await self._send(request, token)
        if answer.status == 401:
            _log.error("google refuses a new token", code=answer.reason)
        return answer

    async def _send(self, request: httpx2.Request, token: Token | None = None) -> Answer:
        if token is not None:
            request.headers["Authorization"] = f"Bearer {token.bearer}"
        try:
            async with asyncio.timeout(WHOLE_SECONDS):
                response = await self._client.send(request, stream=True)
                try:
                    content = await _content(response)
                finally:
                    await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
            return Answer(status=0, reason=type(error).__name__)
        if content is None:
            return Answer(status=0, reason="TooLong")
        now = self._clock.wall()
        return reading.read(response.status_code, response.headers, content, now=now)

    async def _ask_token(self, form: Mapping[str, str]) -> Answer:
        request = self._client.build_request("POST", self._token_url, data=dict(form))
        return self._noted("TOKEN", await self._send(request))

    @staticmethod
    def _noted(method: str, answer: Answer) -> Answer:
        """Write a line of what did not go well: never an id, a body or a text of Google."""
        if not 200 <= answer.status < 300:
            _log.info("google", method=method, status=answer.status, code=answer.reason)
        return answer


async def _content(response: httpx2.Response) -> bytes | None:
    """Read the answer, None when it is too long."""
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > ANSWER_MAX:
            return None
        parts.append(part)
    return b"".join(parts)

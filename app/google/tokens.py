"""OAuth tokens of service accounts: one each, renewed early, asked for once (google.md §5)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import msgspec

from app.clock import SECOND, Clock
from app.google.wallet import Answer
from passes.google.save_link import Account, sign_assertion

# What the assertion is for; the address that is asked (GOOGLE_TOKEN_URL) may be another.
AUDIENCE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RENEW_SECONDS = 5 * 60  # before its end
RENEW_AGAIN_SECONDS = 10.0  # after a renewal that failed, while the old token still lives
LIFE_SECONDS = 3_600  # what Google gives; also believed where an answer does not say it
_TOKEN_MAX = 8_192  # Google names 2,048

# Posts a form and reads the answer, like `RestWallet`: never raises for what the network does.
Post = Callable[[Mapping[str, str]], Awaitable[Answer]]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token; monotonic seconds."""

    bearer: str
    renew_at: float
    expires_at: float


class Tokens:
    """The token of each service account, by its address."""

    def __init__(self, post: Post, *, clock: Clock, executor: Executor) -> None:
        self._post = post
        self._clock = clock
        self._executor = executor
        self._tokens: dict[str, Token] = {}
        self._asking: dict[str, asyncio.Task[Token | Answer]] = {}

    def is_there(self, account: Account) -> bool:
        """Say whether `get` has nothing to wait for."""
        known = self._tokens.get(account.email)
        return known is not None and self._clock.monotonic() < known.renew_at

    async def get(self, account: Account) -> Token | Answer:
        """Return a token that lives; an Answer of status 0 says why there is none."""
        known = self._tokens.get(account.email)
        now = self._clock.monotonic()
        if known is not None and now < known.renew_at:
            return known
        found = await self._renewed(account)
        if isinstance(found, Answer) and known is not None and now < known.expires_at:
            # The old one is good for some minutes: use it, and try again soon.
            again = min(known.expires_at, self._clock.monotonic() + RENEW_AGAIN_SECONDS)
            self._tokens[account.email] = msgspec.structs.replace(known, renew_at=again)
            return known
        return found

    async def replace(self, account: Account, refused: Token) -> Token | Answer:
        """Return another token than one that was answered 401."""
        known = self._tokens.get(account.email)
        if known is not None and known.bearer != refused.bearer:
            return known  # somebody else was refused before us
        self._tokens.pop(account.email, None)
        return await self._renewed(account)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = tuple(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _renewed(self, account: Account) -> Token | Answer:
        """Ask once for all who wait; whoever gives up waiting does not end the request."""
        task = self._asking.get(account.email)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(account))
            self._asking[account.email] = task
            task.add_done_callback(lambda _: self._asking.pop(account.email, None))
        return await asyncio.shield(task)

    async def _ask(self, account: Account) -> Token | Answer:
        assertion = await asyncio.get_running_loop().run_in_executor(
            self._executor, self._assertion, account
        )
        asked_at = self._clock.monotonic()
        answer = await self._post({"grant_type": GRANT, "assertion": assertion})
        token = _token(answer.body, asked_at) if answer.status == 200 else None
        if token is None:
            return _refusal(answer)
        self._tokens[account.email] = token
        return token

    def _assertion(self, account: Account) -> str:
        at_seconds = self._clock.wall() // SECOND
        return sign_assertion(account, at_seconds=at_seconds, audience=AUDIENCE, scope=SCOPE)


def _token(body: Any, asked_at: float) -> Token | None:
    """Read the answer, whatever it is; None: no token in it that a header can hold."""
    if not isinstance(body, dict):
        return None
    bearer, kind = body.get("access_token"), body.get("token_type", "Bearer")
    if not isinstance(bearer, str) or not 0 < len(bearer) <= _TOKEN_MAX:
        return None
    if not (bearer.isascii() and bearer.isprintable()) or " " in bearer:
        return None
    if not isinstance(kind, str) or kind.lower() != "bearer":
        return None
    life = _life(body.get("expires_in"))
    early = min(RENEW_SECONDS, life / 2)  # a short-lived one is used for its first half
    return Token(bearer=bearer, renew_at=asked_at + life - early, expires_at=asked_at + life)


def _life(given: Any) -> float:
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 10:
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int | float) or not given > 0:
        return LIFE_SECONDS
    return min(LIFE_SECONDS, given)


def _refusal(answer: Answer) -> Answer:
    """Say that nothing was asked of the API; `reason` only where the account is refused."""
    is_refused = 400 <= answer.status < 500 and answer.status not in {408, 429}
    return Answer(
        status=0,
        reason=answer.reason if is_refused else None,
        message=answer.message if is_refused else None,
        retry_after=answer.retry_after,
    )

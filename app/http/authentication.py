"""Who calls: tokens are looked up by their hash before a body is read; 401 and 403 arise here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from app.clock import SECOND
from app.errors import MissingScope, Unauthorized, Unavailable, WrongToken
from app.http import cookies
from app.http.addresses import client_address
from app.http.callers import Caller, Found, Kind, MerchantCaller, UserCaller
from app.http.ports import Ports
from app.http.routing import restore_slashes
from app.http.workplaces import Asked, asked_of
from app.ids import digest
from app.storage.database import Transaction

_TOKEN_MAX = 200
_KINDS: Mapping[str, Kind] = {"pcu": "user", "pck": "merchant", "pct": "till", "pcc": "claim"}
_READING = {"GET", "HEAD"}

# Finds a credential by its hash (32 bytes) for a caller at an address; None: there is none.
Finder = Callable[[Transaction, bytes, int, str], Found | None]
StaffFinder = Callable[[Transaction, UserCaller, Asked], MerchantCaller | None]


class Finders(msgspec.Struct, frozen=True, kw_only=True):
    """The look-ups of the rooms that keep credentials. Main fills it in."""

    by_kind: Mapping[Kind, Finder]
    staff: StaffFinder | None = None


class Authentication:
    """Middleware of every route: fills `scope["auth"]` as the route's options ask."""

    def __init__(self, app: ASGIApp, ports: Ports, finders: Finders) -> None:
        self.app = app
        self._ports = ports
        self._finders = finders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or raise Unauthorized, WrongToken, MissingScope."""
        restore_slashes(scope)
        options = scope["route_handler"].opt
        callers = options.get("callers")
        if callers:
            send = await self._authenticate(scope, callers, options, send)
        await self.app(scope, receive, send)

    async def _authenticate(
        self, scope: Any, callers: tuple[Kind, ...], options: Mapping[str, Any], send: Send
    ) -> Send:
        """Fill `scope["auth"]`; return how to answer, which keeps a cookie that was used."""
        token, is_cookie = _bearer(scope), False
        if token is None:
            token, is_cookie = self._cookie(scope), True
        if token is None:
            if options.get("optional"):
                return send
            raise Unauthorized
        try:
            found = await self._find(scope, token, callers)
        except Unauthorized:
            # A page cannot see that its cookie has died: it must be able to sign in over it.
            if is_cookie and options.get("optional"):
                return send
            raise
        self._check_scope(scope, found.caller, options)
        scope["auth"] = found.caller
        if found.touch is None:
            return send
        # Noted next time; a full disk must not end reading.
        with contextlib.suppress(Unavailable):
            await self._ports.database.write(found.touch)
        kept = cookies.keep(scope, self._ports.settings, token)
        return _keeping(send, kept) if is_cookie else send

    def _cookie(self, scope: Any) -> str | None:
        token = cookies.token_in(scope, self._ports.settings)
        if token is not None and not cookies.is_same_origin(
            scope["method"], dict(scope["headers"])
        ):
            raise Unauthorized("a cookie counts only on requests of our own pages")
        return token

    async def _find(self, scope: Any, token: str, callers: tuple[Kind, ...]) -> Found:
        ports = self._ports
        kind = _kind_of(token, ports.settings.token_mode)
        finder = self._finders.by_kind.get(kind) if kind else None
        if kind is None or finder is None:
            raise Unauthorized
        now, hashed = ports.clock.wall(), digest(token)
        address = client_address(scope, ports.settings.trusted_proxies)
        found = await ports.database.read_point(lambda tx: finder(tx, hashed, now, address))
        if found is None:
            raise Unauthorized
        if kind in callers:
            return found
        if isinstance(found.caller, UserCaller) and "merchant" in callers:
            return await self._as_staff(found, found.caller, asked_of(scope))
        raise WrongToken(f"this needs the token of a {' or '.join(callers)}")

    async def _as_staff(self, found: Found, user: UserCaller, asked: Asked) -> Found:
        staff = self._finders.staff
        if staff is not None:
            merchant = await self._ports.database.read_point(lambda tx: staff(tx, user, asked))
            if merchant is not None:
                return Found(merchant, found.touch)
        raise WrongToken("this user works for no merchant")

    def _check_scope(self, scope: Any, caller: Caller, options: Mapping[str, Any]) -> None:
        if not isinstance(caller, MerchantCaller):
            return
        needed = options.get("scope") or ("read" if scope["method"] in _READING else "write")
        if needed not in caller.scopes:
            raise MissingScope(f"the scope {needed} is needed", scope=needed)
        settings = self._ports.settings
        if settings.merchant_rate is not None and caller.key_id:
            self._ports.limiter.check(
                "merchant-key",
                str(caller.key_id),
                per_hour=settings.merchant_rate,  # per window: a second
                now=self._ports.clock.wall(),
                window=SECOND,
            )


def _bearer(scope: Any) -> str | None:
    """Take the token that a program sends; None without one."""
    given = dict(scope["headers"]).get(b"authorization")
    if given is None:
        return None
    name, _, token = str(given.decode("latin-1")).partition(" ")
    if name.lower() != "bearer":
        raise Unauthorized("send Authorization: Bearer and a token")
    return token.strip()


def _keeping(send: Send, cookie: str) -> Send:
    """Let a cookie last as long as its session, unless the answer sets or ends it itself."""

    async def send_and_keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            if not any(name.lower() == b"set-cookie" for name, _ in headers):
                message["headers"] = [*headers, (b"set-cookie", cookie.encode("latin-1"))]
        await send(message)

    return send_and_keep


def _kind_of(token: str, mode: str) -> Kind | None:
    """Read the kind from `pcu_test_…`; None for the other mode's token and for anything else."""
    if len(token) > _TOKEN_MAX or not token.isascii():
        return None
    prefix, _, rest = token.partition("_")
    token_mode, _, secret = rest.partition("_")
    return _KINDS.get(prefix) if token_mode == mode and secret else None

"""A fake Google Wallet: token page, REST with a memory, limits, save page; open to orders."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from app.clock import Clock
from app.ids import Randomness
from app.sandbox.fake_google_answers import Refused, Reply, answered
from app.sandbox.fake_google_batch import answer_batch
from app.sandbox.fake_google_callbacks import Callbacks
from app.sandbox.fake_google_http import (
    Cut,
    Request,
    read_request,
    send_reply,
    wait_for_the_end,
)
from app.sandbox.fake_google_keys import KeyRing
from app.sandbox.fake_google_memory import Memory
from app.sandbox.fake_google_orders import Broken, Order, Orders, Reset, Say, Stall
from app.sandbox.fake_google_pages import PAGES, answer_page
from app.sandbox.fake_google_pushes import Pushes
from app.sandbox.fake_google_rates import Rates
from app.sandbox.fake_google_rest import BASE, Call, Rest
from app.sandbox.fake_google_rules import Rules
from app.sandbox.fake_google_save import SaveDesk
from app.sandbox.fake_google_texts import Push
from app.sandbox.fake_google_tokens import GoogleAccount, TokenDesk

MEMORY = 200_000  # calls kept, the newest
TOO_FAST = Say(403, "rateLimitExceeded", "Rate Limit Exceeded")
TOO_FAST_429 = Say(429, "rateLimitExceeded", "Too many requests", retry_after=2)
_OUTAGE = Say(503, "backendError", "The service is currently unavailable.")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A REST call as it came and what it was answered; 0: nothing. `at` in microseconds."""

    method: str
    path: str
    at: int
    status: int
    body: bytes


class FakeGoogle:
    """An ASGI callable. Read `calls`, `pushes`, `busiest_second`; give `order`s.

    `refusal`: what is said to whoever is too fast.
    """

    def __init__(
        self,
        account: GoogleAccount,
        google_issuer: str,
        *,
        clock: Clock,
        randomness: Randomness,
        base_url: str = "",
    ) -> None:
        """`base_url`: where the outside reaches its root; may be set later."""
        self.clock = clock
        self.base_url = base_url
        self.orders = Orders()
        self.refusal = TOO_FAST
        self.calls: deque[Seen] = deque(maxlen=MEMORY)
        self.rates = Rates(clock)
        self.push_desk = Pushes(clock)
        self.rules = Rules()
        self.memory = Memory(self.push_desk, self.rules)
        self._accounts: dict[str, GoogleAccount] = {}
        self._invited: set[tuple[str, str]] = set()
        self.invite(account, google_issuer)
        self.tokens = TokenDesk(self._accounts, clock, randomness)
        self.keys = KeyRing(clock, randomness)
        self.callbacks = Callbacks(self.keys, clock, randomness)
        self.desk = SaveDesk(
            self.memory,
            self.rules,
            self.callbacks,
            accounts=self._accounts,
            may=self._may,
            randomness=randomness,
            page_url=lambda: self.save_url,
        )
        self._rest = Rest(self.memory, self.desk, self._may)
        self._outage_until = 0

    @property
    def app(self) -> Any:
        """What an ASGI server or transport calls."""
        return self

    @property
    def save_url(self) -> str:
        """What a save link begins with; the JWT follows."""
        return f"{self.base_url}/save/"

    @property
    def pushes(self) -> deque[Push]:
        """What phones have shown, oldest first."""
        return self.push_desk.shown

    @property
    def on_push(self) -> Callable[[Push], None] | None:
        """Who hears of each push at once."""
        return self.push_desk.on_push

    @on_push.setter
    def on_push(self, listener: Callable[[Push], None] | None) -> None:
        self.push_desk.on_push = listener

    @property
    def busiest_second(self) -> int:
        """The most REST calls of one account in any second, refused ones too."""
        return self.rates.busiest_second

    def invite(self, account: GoogleAccount, google_issuer: str) -> None:
        """Let an account work for an issuer, as the Wallet console does."""
        self._accounts[account.email] = account
        self._invited.add((account.email, google_issuer))

    def expel(self, account: GoogleAccount, google_issuer: str) -> None:
        """Take an invitation back: 403 permissionDenied from now on."""
        self._invited.discard((account.email, google_issuer))

    def order(self, *orders: Order, path: str | None = None) -> None:
        """Have the next REST calls (whose path holds `path`) treated so, one order each.

        Calls for a token are meant by `path="/token"` only.
        """
        self.orders.add(*orders, path=path)

    def outage(self, until: int) -> None:
        """Answer every REST call 503 until a moment (microseconds)."""
        self._outage_until = until

    def revoke_tokens(self) -> None:
        """Take back all tokens before their time."""
        self.tokens.revoke()

    async def close(self) -> None:
        """Stop sending callbacks."""
        await self.callbacks.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            await self.answer(scope, receive, send)

    async def answer(self, scope: Any, receive: Any, send: Any, *, root: str = "") -> None:
        """Answer one request below a root path."""
        request = await read_request(scope, receive, root)
        if request is None:
            return
        match self.outcome(request):
            case Reply() as reply:
                await send_reply(send, reply)
            case Stall():
                await wait_for_the_end(receive)
            case Reset():
                raise Cut("the connection was cut")

    def outcome(self, request: Request) -> Reply | Stall | Reset:
        """Work out what a request is answered."""
        is_page = request.path.startswith(PAGES) or request.path == "/remove"
        try:
            match request.method, request.path:
                case "POST", "/token":
                    return self._token(request)
                case "GET", "/keys" | "/gp/m/issuer/keys":
                    return answered(self.keys.published())
                case (("GET" | "POST"), _) if is_page:
                    return answer_page(self.desk, request)
                case "POST", "/batch":
                    return answer_batch(request, self._inner)
                case _ if request.path.startswith(BASE):
                    return self._call(request)
                case _:
                    raise Refused(404, "notFound", "The requested URL was not found here.")
        except Refused as refused:
            return refused.reply()

    def _token(self, request: Request) -> Reply | Stall | Reset:
        order = self.orders.take(request.path, is_token=True)
        if order is not None:
            return _obeyed(order, lambda: self.tokens.answer(request.body))
        return self.tokens.answer(request.body)

    def _inner(self, request: Request) -> Reply:
        """Answer a call within a batch, which is counted like any other."""
        outcome = self._call(request)
        if isinstance(outcome, Reply):
            return outcome
        return Refused(503, "backendError", "Backend Error").reply()

    def _may(self, email: str, google_issuer: str) -> bool:
        return (email, google_issuer) in self._invited

    def _call(self, request: Request) -> Reply | Stall | Reset:
        outcome = self._judged(request)
        seen = Seen(
            method=request.method,
            path=request.path,
            at=self.clock.wall(),
            status=outcome.status if isinstance(outcome, Reply) else 0,
            body=request.body,
        )
        self.calls.append(seen)
        return outcome

    def _judged(self, request: Request) -> Reply | Stall | Reset:
        try:
            account = self.tokens.account_of(request.headers.get("authorization", ""))
            if not self.rates.admit(account):
                raise self.refusal.refused()
            if self.clock.wall() < self._outage_until:
                raise _OUTAGE.refused()
            order = self.orders.take(request.path)
            if order is not None:
                return _obeyed(order, lambda: self._answer(account, request))
            return self._answer(account, request)
        except Refused as refused:
            return refused.reply()

    def _answer(self, account: str, request: Request) -> Reply:
        return self._rest.answer(
            Call(
                account=account,
                method=request.method,
                path=request.path,
                query=request.query,
                body=request.body,
            )
        )


def _obeyed(order: Order, work: Callable[[], Reply]) -> Reply | Stall | Reset:
    """Do as ordered; the work is done where the order says so."""
    if isinstance(order, Say):
        if order.has_json:
            return order.refused().reply()
        return Reply(order.status, b"<html>Error</html>", "text/html")
    if order.is_done:
        work()
    if isinstance(order, Broken):
        return Reply(200, order.body)
    return order

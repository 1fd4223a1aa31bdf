"""The calls of one piece of work: each in a slot of its own, its answer judged at once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from app.clock import SECOND
from app.google.issuers import LoadedIssuer
from app.google.pace import LATE_MAX
from app.google.pacing import Pacer
from app.google.verdicts import Later, Stopped, TooFast, Verdict, noise, verdict
from app.google.wallet import GoogleWallet
from app.http.ports import Ports

NO_SLOT_SECONDS = 0.05  # no slot is near: the work is not begun, and comes back
SMALL = {"fields": "id"}
TOKENS = 3  # times that a token is waited for before a call


class Means(msgspec.Struct, frozen=True):
    """By which calls are made. `counts`: answers by reason or status."""

    ports: Ports
    wallet: GoogleWallet
    pacer: Pacer
    counts: Counter[str]


class Calls:
    """Makes calls for one issuer. `failures`: answers that were Google's or the network's fault.

    `made`: calls so far; `is_stopped`: the issuer may say nothing more;
    `is_unanswered`: the last call had no answer, so it may have been made or not.
    """

    def __init__(
        self,
        means: Means,
        issuer: LoadedIssuer,
        *,
        ahead: float,
        attempts: int = 0,
        slot_at: int | None = None,
    ) -> None:
        """`ahead`: seconds to wait for a slot; `slot_at`: of one that is reserved already."""
        self.issuer = issuer
        self.failures = 0
        self.made = 0
        self.is_stopped = False
        self.is_unanswered = False
        self.used = asyncio.Event()  # the slot that was here is not any more
        self._means = means
        self._ahead = ahead
        self.attempts = attempts
        self._slot_at = slot_at

    @property
    def slot_at(self) -> int | None:
        """The moment of the slot that is still here; None: it was used."""
        return self._slot_at

    async def make(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        is_notifying: bool = False,
        query: Mapping[str, str] | None = SMALL,
    ) -> Verdict:
        """Make one call in the next slot; an answer that concerns the issuer is obeyed here."""
        if not await self._has_slot():
            return Later(NO_SLOT_SECONDS)
        means = self._means
        sent_at = means.ports.clock.wall()
        answer = await means.wallet.call(
            self.issuer.issuer_id, method, path, body, query=query, may_repeat=self._next_slot
        )
        self.made += 1
        self.is_unanswered = answer.status == 0
        means.counts[f"google:{answer.reason or answer.status}"] += 1
        found = verdict(
            answer,
            is_notifying=is_notifying,
            attempts=self.attempts,
            noise=noise(means.ports.ids.secret(2)),
        )
        if isinstance(found, TooFast):
            await means.pacer.slower(self.issuer, found.retry_after, sent_at=sent_at)
        elif isinstance(found, Stopped):
            self.is_stopped = True
            await means.pacer.stop(self.issuer, found.sentence)
        elif isinstance(found, Later):
            self.failures += 1
        return found

    async def _has_slot(self) -> bool:
        slot_at, self._slot_at = self._slot_at, None
        self.used.set()
        if slot_at is not None:
            clock = self._means.ports.clock
            if clock.wall() < slot_at:
                await clock.sleep((slot_at - clock.wall()) / SECOND)
            if await self._is_ready() and clock.wall() - slot_at <= LATE_MAX:
                return True
        return await self._next_slot()

    async def _next_slot(self) -> bool:
        """Wait for a slot; what a call would wait for comes first, for it must leave at once."""
        for _ in range(TOKENS):
            await self._is_ready()
            if await self._means.pacer.take(self.issuer, ahead=self._ahead) is None:
                return False
            if await self._is_ready():
                return True
        return True  # there is no token to be had: the call will say why

    async def _is_ready(self) -> bool:
        return await self._means.wallet.ready(self.issuer.issuer_id)

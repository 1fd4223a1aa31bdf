"""The demo's Android phones: they save every card, and say what they are told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import httpx2
import msgspec

from app.sandbox.android import AndroidPhone, SaveRefused
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_callbacks import Sent
from app.sandbox.fake_google_kept import Keeper
from app.sandbox.fake_google_texts import Push
from app.sandbox.google_mount import PATH
from app.sandbox.phone import Ask

# Name → language. A personal card is the first saver's only, so both phones have one account.
PHONES = {"Camille's Pixel": "fr", "Sam's Galaxy": "en"}

RETRY_SECONDS = (1, 2, 4, 8, 16, 32, 64)  # a server that has just started may not answer yet

_HEARD = 200


class _Link(msgspec.Struct, frozen=True):
    save_url: str


class Pixels:
    """None without a Google. `note` hears each line; `memory`: a file that outlives a restart."""

    def __init__(
        self,
        google: FakeGoogle | None,
        ask: Ask,
        note: Callable[[str], None],
        *,
        memory: Path | None = None,
    ) -> None:
        self.google = google
        self._ask = ask
        self._note = note
        self._memory = memory
        self.keeper: Keeper | None = None
        self.public_url, self._address = "", ""
        self.phones: dict[str, AndroidPhone] = {}
        if google is not None:
            self.public_url = google.base_url.removesuffix(PATH)
            self.phones = {
                name: AndroidPhone(ask, google, language=language)
                for name, language in PHONES.items()
            }

    def start(self) -> None:
        """Listen for pushes, and remember what an earlier run knew."""
        if self.google is None:
            return
        self.google.on_push = self._pushed
        self.google.callbacks.reach = self.reached
        self.google.callbacks.on_sent = self._called_back
        self.google.callbacks.retry_seconds = RETRY_SECONDS
        if self._memory is not None:
            self.keeper = Keeper(self.google.memory, self._memory, self.google.clock)

    async def close(self) -> None:
        """Stop the callbacks and keep what Google knows."""
        if self.google is None:
            return
        await self.google.close()
        if self.keeper is not None:
            await self.keeper.close()

    def reach(self, address: str) -> None:
        """Say where the server really listens, whatever name stands in links and callbacks."""
        self._address = address

    def reached(self, url: str) -> str:
        """Return where an address of ours really is."""
        if self.public_url and self._address and url.startswith(self.public_url + "/"):
            return self._address + url.removeprefix(self.public_url)
        return url

    async def hold(self, links: Sequence[str], headers: Mapping[str, str]) -> None:
        """Save the cards whose save links stand at those addresses, on every phone."""
        for name, phone in self.phones.items():
            for url in links:
                self._note(f"{name}{await self._saved(phone, url, dict(headers))}")

    async def _saved(self, phone: AndroidPhone, url: str, headers: dict[str, str]) -> str:
        try:
            answer = await self._ask("GET", url, headers, b"")
            if answer.status != 200:
                return f": a save link was answered {answer.status}"
            link = msgspec.json.decode(answer.body, type=_Link)
            ids = await phone.save(link.save_url)
        except (SaveRefused, httpx2.HTTPError, msgspec.MsgspecError) as error:
            return f" could not save a card: {error}"
        return f" holds {', '.join(phone.name_of(object_id) for object_id in ids)}"

    def _pushed(self, push: Push) -> None:
        for name, phone in self.phones.items():
            if phone.holds(push.object_id):
                self._note(f"{name} shows: {push.said(phone.language)}")

    def _called_back(self, sent: Sent) -> None:
        if sent.status != _HEARD:
            self._note(f"a callback of Google ({sent.event}) was answered {sent.status}")

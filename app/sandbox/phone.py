"""A simulated iPhone: holds passes, registers, is pushed, lists, pulls, shows what changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from babel.numbers import format_decimal
from cryptography import x509

from app.ids import Randomness
from app.sandbox.pkpass_reader import OpenedPass, open_pass


class Answer(msgspec.Struct, frozen=True):
    """What the server answered. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


# Asks the server: (method, URL, headers, body) → its answer.
Ask = Callable[[str, str, dict[str, str], bytes], Awaitable[Answer]]


class Shown(msgspec.Struct, frozen=True):
    """A notification on the lock screen."""

    serial: str
    text: str


class Held(msgspec.Struct):
    """A pass in the phone's wallet."""

    opened: OpenedPass
    modified: str | None


class Phone:
    """One iPhone. `ask` carries its requests; `root` is the authority it trusts."""

    def __init__(
        self, ask: Ask, root: x509.Certificate, randomness: Randomness, *, language: str = "en"
    ) -> None:
        self._ask = ask
        self._root = root
        self.language = language
        self.library_id = randomness.bytes(16).hex()
        self.push_token = randomness.bytes(32).hex()
        self.wallet: dict[str, Held] = {}
        self.lock_screen: list[Shown] = []
        self._tags: dict[str, str] = {}

    async def add(self, packed: bytes, *, modified: str | None = None) -> OpenedPass:
        """Open a pass, keep it and register for its changes. Raises Refused."""
        opened = open_pass(packed, self._root)
        self.wallet[opened.serial] = Held(opened, modified)
        if "webServiceURL" in opened.document:
            answer = await self._ask(
                "POST",
                self._registration(opened),
                {"Authorization": f"ApplePass {opened.token}", "Content-Type": "application/json"},
                msgspec.json.encode({"pushToken": self.push_token}),
            )
            assert answer.status in {200, 201}, f"registration answered {answer.status}"
        return opened

    async def remove(self, serial: str) -> None:
        """Throw a pass away and tell the server."""
        opened = self.wallet.pop(serial).opened
        headers = {"Authorization": f"ApplePass {opened.token}"}
        await self._ask("DELETE", self._registration(opened), headers, b"")

    async def pushed(self, pass_type: str) -> list[Shown]:
        """Be told by APNs that passes of a type changed: list, pull, and show what changed."""
        changed = await self.list_changed(pass_type)
        found = [shown for serial in changed for shown in await self.pull(serial)]
        self.lock_screen += found
        return found

    async def list_changed(self, pass_type: str) -> list[str]:
        """Ask which passes of a type changed since the last tag."""
        first = next((h for h in self.wallet.values() if h.opened.pass_type == pass_type), None)
        if first is None:
            return []
        url = (
            f"{first.opened.document['webServiceURL']}/v1/devices/{self.library_id}"
            f"/registrations/{quote(pass_type, safe='')}"
        )
        if pass_type in self._tags:
            url += f"?passesUpdatedSince={quote(self._tags[pass_type], safe='')}"
        answer = await self._ask("GET", url, {}, b"")
        if answer.status == 204:
            return []
        assert answer.status == 200, f"list answered {answer.status}"
        listed: dict[str, Any] = msgspec.json.decode(answer.body)
        assert isinstance(listed["lastUpdated"], str), "iOS ignores a tag that is no string"
        self._tags[pass_type] = listed["lastUpdated"]
        return [serial for serial in listed["serialNumbers"] if serial in self.wallet]

    async def pull(self, serial: str) -> list[Shown]:
        """Fetch a pass again if it changed; return what the lock screen says. Raises Refused."""
        held = self.wallet[serial]
        headers = {"Authorization": f"ApplePass {held.opened.token}"}
        if held.modified:
            headers["If-Modified-Since"] = held.modified
        answer = await self._ask("GET", self._pass_url(held.opened), headers, b"")
        if answer.status == 304:
            return []
        assert answer.status == 200, f"pull answered {answer.status}"
        assert answer.headers["content-type"].startswith("application/vnd.apple.pkpass")
        opened = open_pass(answer.body, self._root)
        before, self.wallet[serial] = (
            held.opened,
            Held(opened, answer.headers.get("last-modified")),
        )
        return self._changes(before, opened)

    def _changes(self, before: OpenedPass, after: OpenedPass) -> list[Shown]:
        old, new = before.fields(), after.fields()
        told = [
            field
            for key, field in new.items()
            if "changeMessage" in field and field["value"] != old.get(key, {}).get("value")
        ]
        if not told:
            return []
        if len(told) > 1:  # since iOS 9 several changes give one text of Apple's
            return [Shown(after.serial, f"{after.document['organizationName']}: pass changed")]
        message = after.said(told[0]["changeMessage"], self.language)
        value = told[0]["value"]
        is_text = isinstance(value, str)
        text = after.said(value, self.language) if is_text else _figure(value, self.language)
        return [Shown(after.serial, message.replace("%@", text))]

    def _registration(self, opened: OpenedPass) -> str:
        return (
            f"{opened.document['webServiceURL']}/v1/devices/{self.library_id}/registrations"
            f"/{quote(opened.pass_type, safe='')}/{quote(opened.serial, safe='')}"
        )

    def _pass_url(self, opened: OpenedPass) -> str:
        return (
            f"{opened.document['webServiceURL']}/v1/passes"
            f"/{quote(opened.pass_type, safe='')}/{quote(opened.serial, safe='')}"
        )


def _figure(value: float, language: str) -> str:
    """Write a number as the phone's language does: 1,250 or 1 250."""
    return str(format_decimal(Decimal(str(value)), locale=language))

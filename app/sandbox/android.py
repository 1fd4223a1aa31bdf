"""A simulated Android phone: saves a link, shows what its account holds, is notified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_texts import BALANCES, Push, balance_text, said
from app.sandbox.phone import Ask, Shown
from passes.google.rotating import code_at

SIGNED_IN = "demo@example.org"  # the account of the demo's phones
_MILLISECONDS = 1000
_PAGE = {"Accept": "text/html, application/json"}  # a page, or why there is none
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class SaveRefused(Exception):
    """Google's page did not add the card; the text says why."""


class Line(msgspec.Struct, frozen=True):
    """A label and what stands beside it."""

    label: str
    value: str


class Shows(msgspec.Struct, frozen=True, kw_only=True):
    """A card as the phone draws it. `code`: what the barcode holds now, None without one."""

    object_id: str
    program: str
    issuer: str
    logo: str
    state: str
    lines: list[Line]
    code: str | None
    code_format: str | None


class AndroidPhone:
    """One phone. `ask` carries its requests; phones of one account show the same cards."""

    def __init__(
        self, ask: Ask, google: FakeGoogle, *, language: str = "en", account: str = SIGNED_IN
    ) -> None:
        self._ask = ask
        self._google = google
        self.language = language
        self.account = account

    @property
    def wallet(self) -> dict[str, Mapping[str, Any]]:
        """The objects this account holds, as Google knows them now."""
        return {
            object_id: stored.document
            for object_id, stored in self._google.memory.objects.items()
            if self.account in stored.holders
        }

    @property
    def lock_screen(self) -> list[Shown]:
        """Every notification of the cards held, oldest first."""
        return [self.notice(push) for push in self._google.pushes if self.holds(push.object_id)]

    def holds(self, object_id: str) -> bool:
        """Tell whether a card is in this wallet."""
        stored = self._google.memory.objects.get(object_id)
        return stored is not None and self.account in stored.holders

    def notice(self, push: Push) -> Shown:
        """Word a push in the phone's language."""
        return Shown(push.object_id, push.said(self.language))

    async def save(self, save_url: str) -> list[str]:
        """Open a save link as a browser does and press its button; return the objects' ids.

        Raises SaveRefused.
        """
        if not save_url.startswith(self._google.save_url):
            raise SaveRefused(f"not a link of {self._google.save_url}")
        offered = await self._ask("GET", save_url, _PAGE, b"")
        if offered.status != 200:
            raise SaveRefused(_reason(offered.body))
        form = urlencode({"account": self.account}).encode()
        answer = await self._ask("POST", save_url, _FORM, form)
        if answer.status != 200:
            raise SaveRefused(_reason(answer.body))
        ids: list[str] = msgspec.json.decode(answer.body)["objectIds"]
        return ids

    async def remove(self, object_id: str) -> None:
        """Take a card out of the wallet. Raises SaveRefused when it is not there."""
        form = urlencode({"account": self.account, "object_id": object_id}).encode()
        url = f"{self._google.base_url}/remove"
        answer = await self._ask("POST", url, _FORM, form)
        if answer.status != 200:
            raise SaveRefused(_reason(answer.body))

    def name_of(self, object_id: str) -> str:
        """Return the program's name on a card that is held."""
        of_class = self._google.memory.classes[self.wallet[object_id]["classId"]].document
        return said(of_class, "programName", self.language)

    def shown(self, object_id: str, *, at: int) -> Shows:
        """Draw a card at a moment (Unix microseconds). Raises KeyError: it is not held."""
        document = self.wallet[object_id]
        of_class = self._google.memory.classes[document["classId"]].document
        return shows_of(document, of_class, self.language, at=at)


def shows_of(
    document: Mapping[str, Any], of_class: Mapping[str, Any], language: str, *, at: int
) -> Shows:
    """Draw an object of a class in a phone's language at a moment (Unix microseconds)."""
    lines = [
        Line(said(document[name], "label", language), balance_text(document[name]))
        for name in BALANCES
        if name in document
    ]
    lines += [
        Line(said(module, "header", language), said(module, "body", language))
        for module in document.get("textModulesData", [])
    ]
    code = document.get("barcode") or document.get("rotatingBarcode")
    return Shows(
        object_id=document["id"],
        program=said(of_class, "programName", language),
        issuer=said(of_class, "issuerName", language),
        logo=of_class["programLogo"].get("sourceUri", {}).get("uri", ""),
        state=document["state"],
        lines=lines,
        code=code_of(document, at),
        code_format=code["type"] if code else None,
    )


def code_of(document: Mapping[str, Any], at: int) -> str | None:
    """Return what the barcode holds at a moment (Unix microseconds); None without one.

    Google: Rotating barcodes; T0 is 0, the step is as long as the period.
    """
    rotating = document.get("rotatingBarcode")
    if rotating is None:
        value: str | None = document.get("barcode", {}).get("value")
        return value
    details = rotating["totpDetails"]
    milliseconds = at // _MILLISECONDS
    step = milliseconds // int(details["periodMillis"])
    text: str = rotating["valuePattern"]
    for index, parameter in enumerate(details["parameters"]):
        digits = code_at(bytes.fromhex(parameter["key"]), step, parameter["valueLength"])
        text = text.replace(f"{{totp_value_{index}}}", digits)
    text = text.replace("{totp_timestamp_millis}", str(milliseconds))
    return text.replace("{totp_timestamp_seconds}", str(milliseconds // 1000))


def _reason(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body)["error"]["message"])
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")[:500]

"""Save links: one for each state of a card, signed in threads, kept (specs: google.md §4)."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import Any
from urllib.parse import urlsplit

import jwt as pyjwt
import msgspec
from jwt.api_jws import PyJWS

from app.cards import codes
from app.clock import SECOND
from app.errors import Unavailable
from app.google import documents, keeping
from app.google.documents import Pictures
from app.google.issuers import Issuers, LoadedIssuer
from app.google.keeping import Drawn, Kept, Prepared
from app.google.pictures import ClassPictures
from app.google.service import CALLBACKS
from app.google.teller import Teller
from app.google.verdicts import Later, Refused, Settled, Stopped, TooFast, Verdict
from app.http.ports import Ports
from app.settings import Settings, google_save_url
from passes.google.difference import fingerprint
from passes.google.lint import lint_class, lint_object
from passes.google.save_link import Chosen, TooLong, choose

_AWAY = "Google Wallet must know this card first, and does not answer right now"
_REPAIR_SECONDS = 300
_jws = PyJWS()


class SaveLink(msgspec.Struct, frozen=True):
    """Where a card is saved, and whether its holder has it saved."""

    url: str
    is_saved: bool


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """A card's object, and its class."""

    object: dict[str, Any]
    loyalty_class: dict[str, Any]


class SaveLinks:
    """Gives links. What has not changed is a row read; who comes meanwhile waits for the same."""

    def __init__(
        self, ports: Ports, issuers: Issuers, *, teller: Teller, pictures: ClassPictures
    ) -> None:
        self._ports = ports
        self._issuers = issuers
        self._teller = teller
        self._pictures = pictures
        self._made: dict[tuple[int, int], asyncio.Task[str]] = {}

    async def link(self, kept: Kept) -> SaveLink:
        """Return the link of a card as it is now, made where none is kept.

        Raises: NotFound for a card that has ended; Unavailable without an account at Google, or
        when Google must know the card first and does not answer.
        """
        try:
            issuer = await self._issuers.get(kept.issuer_id)
        except ValueError:  # its row cannot be read; `doctor` says why
            raise Unavailable("this server's account with Google cannot be read") from None
        jwt = kept.link
        if jwt is None or not is_good(jwt, issuer, needs_class=kept.needs_class):
            jwt = await self._once(kept, issuer)
        return SaveLink(google_save_url(self._ports.settings) + jwt, kept.is_saved)

    async def _once(self, kept: Kept, issuer: LoadedIssuer) -> str:
        key = (kept.card_id, kept.user_id)
        task = self._made.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._make(kept, issuer))
            self._made[key] = task
            task.add_done_callback(lambda done: self._forget(key, done))
        return await asyncio.shield(task)  # one caller's leaving ends it for nobody

    def _forget(self, key: tuple[int, int], done: asyncio.Task[str]) -> None:
        self._made.pop(key, None)
        if not done.cancelled():
            done.exception()  # read, also where nobody waits for it any more

    async def _make(self, kept: Kept, issuer: LoadedIssuer) -> str:
        prepared = await self._prepare(kept)
        pictures = await self._pictures.of(prepared.looks)
        settings, at = self._ports.settings, self._ports.clock.wall() // SECOND

        def sign() -> tuple[Chosen, bytes | None]:
            written = documents_of(prepared, issuer, pictures=pictures, settings=settings)
            chosen = chosen_link(prepared, written, issuer, settings=settings, at_seconds=at)
            return chosen, fingerprint(chosen.held) if chosen.is_fat else None

        loop = asyncio.get_running_loop()
        chosen, told = await loop.run_in_executor(self._ports.threads, sign)
        if not chosen.is_fat:
            # It only names what Google must have: both are there before anybody sees the link.
            row = prepared.wanted.row
            _ensure(await self._teller.tell_object(row.card_id, row.serial))
        return await self._ports.database.write(
            lambda tx: keeping.keep_link(
                tx, prepared, chosen.jwt, is_fat=chosen.is_fat, fingerprint=told
            )
        )

    async def _prepare(self, kept: Kept) -> Prepared:
        ports = self._ports
        drawn = Drawn(serial=ports.ids.public(), secret=codes.draw_secret(ports.ids))
        now, public_url = ports.clock.wall(), ports.settings.public_url
        return await ports.database.write(
            lambda tx: keeping.prepare(
                *(tx, kept.card_id, kept.user_id),
                drawn=drawn,
                secrets=ports.secrets,
                now=now,
                public_url=public_url,
            )
        )


def documents_of(
    prepared: Prepared, issuer: LoadedIssuer, *, pictures: Pictures, settings: Settings
) -> Documents:
    """Write object and class as Google should know them now."""
    return Documents(
        object=documents.object_document(prepared.wanted, issuer=issuer.google_issuer),
        loyalty_class=documents.class_document(
            prepared.looks,
            prepared.wanted.class_suffix,
            issuer=issuer.google_issuer,
            pictures=pictures,
            callback_url=settings.public_url + CALLBACKS,
        ),
    )


def chosen_link(
    prepared: Prepared,
    written: Documents,
    issuer: LoadedIssuer,
    *,
    settings: Settings,
    at_seconds: int,
) -> Chosen:
    """Sign the link that says most and fits. A signature takes a quarter of a millisecond.

    A class that Google does not know goes with it, as much of it as fits: so a first card needs
    no call. Where not even that fits, class and object are told first. Raises Unavailable for
    what Google would refuse.
    """
    _judge(written, issuer, settings)
    rotates = prepared.wanted.content.content.program.rotates_code
    options: dict[str, Any] = {
        "origins": (origin_of(settings.public_url),),
        "at_seconds": at_seconds,
    }
    if rotates:  # the object holds a secret
        return choose(issuer.account, document=written.object, may_be_fat=False, **options)
    if prepared.has_class:
        return choose(issuer.account, document=written.object, **options)
    with contextlib.suppress(TooLong):
        return choose(
            issuer.account,
            document=written.object,
            class_document=written.loyalty_class,
            **options,
        )
    return choose(issuer.account, document=written.object, may_be_fat=False, **options)


def is_good(jwt: str, issuer: LoadedIssuer, *, needs_class: bool) -> bool:
    """Say whether a kept link is signed by the account of today, and brings a class if it must."""
    try:
        body = _jws.decode(jwt, issuer.account.key.public_key(), ["RS256"])
        claims = _read(body)
    except (pyjwt.PyJWTError, msgspec.MsgspecError):
        return False  # the account was renewed since
    return claims.iss == issuer.account.email and (
        not needs_class or bool(claims.payload.loyalty_classes)
    )


def _ensure(found: Verdict) -> None:
    """Raise Unavailable unless Google has it now."""
    match found:
        case Settled():
            return
        case Later(delay=seconds) | TooFast(retry_after=float(seconds)):
            raise Unavailable(_AWAY, retry_after=max(1, math.ceil(seconds)))
        case Refused() | Stopped():
            raise Unavailable("Google Wallet does not take this card", retry_after=_REPAIR_SECONDS)
        case _:
            raise Unavailable(_AWAY)


def origin_of(public_url: str) -> str:
    """Return scheme and host of an address."""
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{parts.netloc}"


class _Payload(msgspec.Struct, rename="camel"):
    loyalty_classes: list[msgspec.Raw] = []


class _Claims(msgspec.Struct):
    iss: str
    payload: _Payload


_read = msgspec.json.Decoder(_Claims).decode


def _judge(written: Documents, issuer: LoadedIssuer, settings: Settings) -> None:
    issuer_number, may_be_local = issuer.google_issuer, not settings.is_live
    in_class = lint_class(
        msgspec.json.encode(written.loyalty_class),
        issuer=issuer_number,
        allow_loopback=may_be_local,
    )
    in_object = lint_object(
        msgspec.json.encode(written.object), issuer=issuer_number, allow_loopback=may_be_local
    )
    for found in (*in_class, *in_object):
        raise Unavailable(
            f"this card cannot be shown in Google Wallet: {found.path}: {found.text}",
            retry_after=_REPAIR_SECONDS,
        )

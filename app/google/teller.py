"""Tells Google of a class or an object: the calls that are missing, and what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from app.cards import codes, pass_queries
from app.google import documents, noting, queries
from app.google.calls import Calls, Means
from app.google.documents import Looks, Pictures, Wanted
from app.google.issuers import Issuers
from app.google.noting import Sent
from app.google.pacing import Pacer
from app.google.queries import ClassRow
from app.google.speaking import change_object
from app.google.verdicts import Exists409, Later, Settled, Unknown404, Verdict
from app.google.wallet import CLASSES, OBJECTS, GoogleWallet
from app.http.ports import Ports
from app.outbox import service as outbox
from app.storage.database import Transaction
from passes.google.difference import difference, fingerprint

AHEAD_SECONDS = 3.0  # how long somebody who asks for a link waits for his turn
RETRY_SECONDS = 1.0
# Google refuses a change of an approved class that does not ask for another review.
_REVIEW = {"reviewStatus": "UNDER_REVIEW"}

Pictured = Callable[[Looks], Awaitable[Pictures]]


class Teller:
    """Knows what Google was told; delivery and who asks for a link use the same one."""

    def __init__(
        self,
        ports: Ports,
        issuers: Issuers,
        wallet: GoogleWallet,
        pacer: Pacer,
        *,
        pictures: Pictured,
    ) -> None:
        """`pictures`: says where Google fetches a class's pictures, once they are there."""
        self._ports = ports
        self._issuers = issuers
        self._pictures = pictures
        self.counts: Counter[str] = Counter()
        self.means = Means(ports, wallet, pacer, self.counts)

    async def tell_class(
        self, issuer_id: int, suffix: str, *, ahead: float = AHEAD_SECONDS
    ) -> Verdict:
        """Tell a class that has a row; Settled: Google has it. Raises Unavailable: no issuer."""
        issuer = await self._issuers.get(issuer_id)
        row = await self._ports.database.read_point(
            lambda tx: queries.class_of(tx, issuer_id, suffix)
        )
        if row is None:
            return Unknown404()
        return await self.class_told(Calls(self.means, issuer, ahead=ahead), row)

    async def tell_object(
        self,
        card_id: int,
        serial: bytes,
        *,
        ahead: float = AHEAD_SECONDS,
        priority: int = outbox.SINGLE,
    ) -> Verdict:
        """Tell an object that has a row, saved or not; Settled: Google has it as it is now.

        Raises Unavailable when its issuer is not known here.
        """
        now = self._ports.clock.wall()
        found = await self._ports.database.read_point(
            lambda tx: self.wanted(tx, card_id, serial, now=now)
        )
        if found is None or found.known is None:
            return Unknown404()
        issuer = await self._issuers.get(found.issuer_id)
        calls = Calls(self.means, issuer, ahead=ahead)
        return (await self.object_told(calls, found, priority=priority)).verdict

    def wanted(self, tx: Transaction, card_id: int, serial: bytes, *, now: int) -> Wanted | None:
        """Read what Google should know of a pass now."""
        row = pass_queries.by_serial(tx, card_id, serial)
        ports = self._ports
        if row is None:
            return None
        return documents.wanted(
            tx,
            row,
            secrets=ports.secrets,
            now=now,
            public_url=ports.settings.public_url,
        )

    async def class_told(self, calls: Calls, row: ClassRow) -> Verdict:
        """Tell a class and write down what came of it; what is to come back is left as it is."""
        looks = await self._ports.database.read_point(lambda tx: documents.looks_of(tx, row))
        pictures = await self._pictures(looks)
        document = documents.class_document(
            looks,
            row.suffix,
            issuer=calls.issuer.google_issuer,
            pictures=pictures,
            callback_url=f"{self._ports.settings.public_url}/google/callbacks",
        )
        found = await _send_class(calls, row, document)
        told = fingerprint(document)
        await self._ports.database.write(lambda tx: noting.note_class(tx, row, found, told=told))
        return found

    async def object_told(self, calls: Calls, found: Wanted, *, priority: int) -> Sent:
        """Tell an object and write down what came of it. `priority`: what its phone may say."""
        if found.lacks_secret:
            found = await self._with_secret(found)
        document = documents.object_document(found, issuer=calls.issuer.google_issuer)
        sent = await self._send_object(calls, found, document, priority=priority)
        now = self._ports.clock.wall()
        is_certain = await self._ports.database.write(
            lambda tx: noting.note_object(tx, found, sent, told=fingerprint(document), now=now)
        )
        if is_certain:
            return sent
        # Somebody saved or unsaved it meanwhile: what Google has is not known for sure.
        return msgspec.structs.replace(sent, verdict=Later(RETRY_SECONDS))

    async def _with_secret(self, found: Wanted) -> Wanted:
        drawn, now = codes.draw_secret(self._ports.ids), self._ports.clock.wall()
        secret = await self._ports.database.write(
            lambda tx: _secret(tx, self._ports, found.row.card_id, drawn=drawn, now=now)
        )
        return msgspec.structs.replace(found, secret=secret)

    async def _send_object(
        self, calls: Calls, found: Wanted, document: dict[str, Any], *, priority: int
    ) -> Sent:
        known = found.known
        assert known is not None, "an object has its row before anybody tells it"
        if known.is_inserted or found.row.installed:
            change = difference(known.told, document)
            if change is None:
                return Sent(verdict=Settled())
            now = self._ports.clock.wall()
            sent = await change_object(
                calls, found, document, change=change, priority=priority, now=now
            )
            if not isinstance(sent.verdict, Unknown404) or found.content.is_voided:
                return sent
        return Sent(verdict=await self._insert(calls, found, document))

    async def _insert(self, calls: Calls, found: Wanted, document: dict[str, Any]) -> Verdict:
        row = found.class_row
        if row is None:
            row = documents.new_class(found)
            await self._ports.database.write(partial(queries.insert_class, row=row))
        if not row.is_inserted:
            told = await self.class_told(calls, row)
            if not isinstance(told, Settled):
                return told
        inserted = await calls.make("POST", OBJECTS, document)
        if isinstance(inserted, Unknown404):  # its class is not there, whatever we believed
            lost = msgspec.structs.replace(row, is_inserted=0, told=None)
            told = await self.class_told(calls, lost)
            if not isinstance(told, Settled):
                return told
            inserted = await calls.make("POST", OBJECTS, document)
        if isinstance(inserted, Exists409):
            return await _send_all(calls, f"{OBJECTS}/{document['id']}", document)
        return inserted


async def _send_class(calls: Calls, row: ClassRow, document: dict[str, Any]) -> Verdict:
    place = f"{CLASSES}/{document['id']}"
    if row.is_inserted:
        change = difference(row.told, document)
        if change is None:
            return Settled()
        found = await calls.make(change.method, place, change.body | _REVIEW)
        if not isinstance(found, Unknown404):
            return found
    found = await calls.make("POST", CLASSES, document)
    if isinstance(found, Exists409):
        return await _send_all(calls, place, document | _REVIEW)
    return found


async def _send_all(calls: Calls, place: str, document: dict[str, Any]) -> Verdict:
    change = difference(None, document)
    assert change is not None, "of a document that nobody told, everything is new"
    return await calls.make(change.method, place, change.body)


def _secret(
    tx: Transaction, ports: Ports, card_id: int, *, drawn: codes.DrawnSecret, now: int
) -> bytes:
    return codes.secret_of(tx, ports.secrets, card_id, drawn=drawn, now=now)

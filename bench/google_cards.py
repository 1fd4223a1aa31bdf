"""Fills a database, and a fake Google, with saved cards of several merchants that changed since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from app.cards import pass_queries
from app.google import documents, queries
from app.google.documents import channel_of, class_document, class_of_program, looks_of
from app.google.pictures import ClassPictures
from app.google.queries import ClassRow
from app.http.ports import Ports
from app.outbox import service as outbox
from app.programs import merchants, publishing
from app.programs.issuers import FIRST_ISSUER
from app.programs.publishing import Drawn
from app.programs.schemas import NewProgram
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.fake_google_memory import Stored
from app.storage.database import Transaction
from passes.google.difference import fingerprint

CHUNK = 5_000
PLACEHOLDER = "0" * 12
OLD, NEW = '{"pts":0}', '{"pts":5}'
PROGRAM = {
    "name": "Bench",
    "authority": "merchant",
    "units": [{"id": "pts", "name": {"fr": "Points", "en": "Points"}}],
    "barcode": {"format": "QR_CODE"},
    "languages": ["fr", "en"],
}
_TABLES = {
    "card": "card_id, public_id, program_id, authority, shop_name, number, barcode_value,"
    " barcode_format, created_at",
    "card_revision": "card_id, revision, events",
    "account": "card_id, sequence, balances, fields, as_of, received_at",
    "pass": "card_id, serial, user_id, wallet, signer_id, pass_key, served_card_revision,"
    " served_program_revision, modified, installed, created_at",
    "pass_by_serial": "serial, card_id",
    "google_object": "card_id, serial, issuer_id, class_suffix, is_inserted, told, told_at,"
    " link_card_revision, link_program_revision, is_link_fat, pushed_at, spoken_at",
    "outbox": "card_id, channel, wanted, done, priority, merchant_id, attempts, next_at,"
    " claimed_until",
}


class Card(msgspec.Struct, frozen=True):
    """A saved card, by its ids here and at Google."""

    card_id: int
    merchant_id: int
    object_id: str


class Maker:
    """Makes merchants and their cards; `google_issuer` heads the ids."""

    def __init__(self, ports: Ports, fake: FakeGoogle, google_issuer: str) -> None:
        self._ports, self._fake, self._google_issuer = ports, fake, google_issuer
        self._pictures = ClassPictures(ports)
        self._count = 0

    async def merchant(self, cards: int, *, is_dirty: bool = True) -> list[Card]:
        """Make a merchant, a program and saved cards; Google knows them as they were."""
        merchant_id, program_id, suffix = await self._program()
        rows = [self._card(program_id, merchant_id) for _ in range(cards)]
        template = await self._template(rows[0], suffix)
        for start in range(0, cards, CHUNK):
            part = rows[start : start + CHUNK]
            told = [self._told(row, template) for row in part]
            work = partial(_fill, part=part, told=told, suffix=suffix, is_dirty=is_dirty)
            await self._ports.database.write(work)
        return [Card(row["card_id"], merchant_id, self._object_id(row)) for row in rows]

    async def _program(self) -> tuple[int, int, str]:
        ports, now = self._ports, self._ports.clock.wall()
        merchant_id, program_id = ports.ids.next(now), ports.ids.next(now)
        publics = [ports.ids.public() for _ in range(2)]
        drawn = Drawn(program_id, publics[1], ports.ids.next(now))
        sent = msgspec.convert(PROGRAM | {"name": f"Bench {merchant_id}"}, NewProgram)

        def work(tx: Transaction) -> str:
            merchants.add_merchant(
                tx, merchant_id=merchant_id, public=publics[0], name="Bench", owner_id=1, now=now
            )
            made = publishing.create(tx, merchant_id, sent, drawn=drawn, now=now)
            suffix = class_of_program(made)[1]
            row = ClassRow(
                issuer_id=FIRST_ISSUER, suffix=suffix, program_id=program_id, is_inserted=1,
                done=1, listed_at=now,
            )  # fmt: skip
            queries.insert_class(tx, row)
            return suffix

        suffix = await ports.database.write(work)
        row = await ports.database.read(lambda tx: queries.class_of(tx, FIRST_ISSUER, suffix))
        assert row is not None
        looks = await ports.database.read(lambda tx: looks_of(tx, row))
        pictures = await self._pictures.of(looks)
        document = class_document(
            looks, suffix, issuer=self._google_issuer, pictures=pictures,
            callback_url=f"{ports.settings.public_url}/google/callbacks",
        )  # fmt: skip
        told = msgspec.structs.replace(row, told=fingerprint(document))
        await ports.database.write(lambda tx: queries.settle_class(tx, told, told_to=1))
        self._fake.memory.insert("class", document)
        return merchant_id, program_id, suffix

    def _card(self, program_id: int, merchant_id: int) -> dict[str, Any]:
        self._count += 1
        ids, now = self._ports.ids, self._ports.clock.wall()
        return {
            "card_id": ids.next(now),
            "merchant_id": merchant_id,
            "public_id": ids.public(),
            "serial": ids.public(),
            "program_id": program_id,
            "number": str(self._count).zfill(len(PLACEHOLDER)),
            "now": now,
        }

    async def _template(self, row: dict[str, Any], suffix: str) -> str:
        """Write the first card as it was, and return its object with places for what differs."""
        database = self._ports.database
        fill = partial(_fill, part=[row], told=[b""], suffix=suffix, is_dirty=False)
        await database.write(fill)

        def read(tx: Transaction) -> dict[str, Any]:
            found = pass_queries.by_serial(tx, row["card_id"], row["serial"])
            assert found is not None
            wanted = documents.wanted(
                tx, found, secrets=self._ports.secrets, now=row["now"],
                public_url=self._ports.settings.public_url,
            )  # fmt: skip
            assert wanted is not None
            return documents.object_document(wanted, issuer=self._google_issuer)

        document = await database.read(read)
        await database.write(lambda tx: _delete(tx, row["card_id"]))
        text = msgspec.json.encode(document).decode()
        return text.replace(row["serial"].hex(), "SERIAL").replace(row["number"], "NUMBER")

    def _told(self, row: dict[str, Any], template: str) -> bytes:
        text = template.replace("SERIAL", row["serial"].hex()).replace("NUMBER", row["number"])
        document = msgspec.json.decode(text)
        memory = self._fake.memory
        memory.objects[document["id"]] = Stored(document, len(memory.objects), ["somebody"])
        return fingerprint(document)

    def _object_id(self, row: dict[str, Any]) -> str:
        return f"{self._google_issuer}.{row['serial'].hex()}"


def _fill(
    tx: Transaction,
    *,
    part: Sequence[dict[str, Any]],
    told: Sequence[bytes],
    suffix: str,
    is_dirty: bool,
) -> None:
    rows = list(_rows(part, told, suffix, is_dirty=is_dirty))
    for place, (table, columns) in enumerate(_TABLES.items()):
        marks = ", ".join("?" * len(columns.split(",")))
        sql = f"INSERT INTO {table} ({columns}) VALUES ({marks})"
        tx.run_many(sql, [each[place] for each in rows])


def _rows(
    part: Sequence[dict[str, Any]], told: Sequence[bytes], suffix: str, *, is_dirty: bool
) -> Iterator[tuple[tuple[Any, ...], ...]]:
    revision, balances = (2, NEW) if is_dirty else (1, OLD)
    for row, print_ in zip(part, told, strict=True):
        card_id, serial, number, now = row["card_id"], row["serial"], row["number"], row["now"]
        yield (
            (card_id, row["public_id"], row["program_id"], "merchant", "", number, number,
             "QR_CODE", now),
            (card_id, revision, 0),
            (card_id, 1, balances, "[]", now, now),
            (card_id, serial, 0, "google", 1, 1, 0, 0, 0, 1, now),
            (serial, card_id),
            (card_id, serial, FIRST_ISSUER, suffix, 1, print_, now, 0, 0, 0, "[]", "[]"),
            (card_id, channel_of(FIRST_ISSUER), revision, 1, outbox.BULK, row["merchant_id"], 0,
             now, 0),
        )  # fmt: skip


def _delete(tx: Transaction, card_id: int) -> None:
    for table in _TABLES:
        tx.run(f"DELETE FROM {table} WHERE card_id = ?", card_id)

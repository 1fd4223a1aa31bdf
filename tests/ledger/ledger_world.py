"""A hosted program and its cards, without any door: what the tests of the ledger work on."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

import msgspec

from app.clock import SECOND, FrozenClock
from app.http.ports import Ports
from app.ledger import queries as ledger_queries
from app.ledger import service as ledger
from app.ledger.drawing import Drawn
from app.ledger.journal import encode
from app.ledger.posting import Posted, Posting
from app.ledger.proving import prove, prove_sums
from app.ledger.queries import AccountRow
from app.ledger.sweeping import Sweeper
from app.ledger.viewing import View
from app.loyalty.engine import new_account
from app.loyalty.events import AnyEvent, Claims, Step
from app.loyalty.model import Account
from app.outbox import service as outbox
from app.programs import queries as program_queries
from app.programs.queries import ProgramRow
from app.programs.schemas import NewBarcode, ProgramDocument
from app.storage.database import Transaction

PLAIN: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "plain",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P12M"}}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "burn": [
        {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1},
        {
            "type": "convert",
            "id": "cheque",
            "unit": "pts",
            "voucher": "bon",
            "minor_per_unit": 1,
            "min_units": 100,
            "take": "multiples",
        },
    ],
    "vouchers": [{"id": "bon", "kind": "amount", "valid": "P3M"}],
}


class Ledger:
    """One hosted program; events are posted as a door would."""

    def __init__(self, ports: Ports, program_id: int) -> None:
        self.ports = ports
        self.program_id = program_id

    @property
    def now(self) -> int:
        """The clock's time."""
        return self.ports.clock.wall()

    def drawn(self) -> Drawn:
        """Draw what a unit of work needs."""
        return Drawn(self.ports.ids.secret(16))

    async def card(self, *, is_opened: bool = True, **opened: Any) -> int:
        """Make a card with its account."""
        card_id, public, drawn, now = (
            self.ports.ids.next(self.now),
            self.ports.ids.public(),
            self.drawn(),
            self.now,
        )

        def work(tx: Transaction) -> None:
            _insert_card(tx, card_id, public, self.program_id, now)
            if is_opened:
                ledger.open_account(tx, card_id, self.program_id, drawn=drawn, now=now, **opened)
            else:
                _insert_account(tx, card_id, self.program_id, drawn, now)

        await self.ports.database.write(work)
        return card_id

    def posting(
        self, event: AnyEvent, own_id: str | None, *, claims: Claims | None = None, **more: Any
    ) -> Posting:
        """Put an event as a door does."""
        step = Step(own_id or "", more.get("at", self.now), event, more.get("merchant"))
        return Posting(
            program_id=self.program_id,
            event_id=own_id,
            body_hash=hashlib.sha256(msgspec.json.encode(step)).digest(),
            steps=(step,),
            claims=claims or Claims(),
            claimed=more.get("claimed"),
        )

    async def post(
        self, card_id: int, event: AnyEvent, own_id: str | None = None, **more: Any
    ) -> Posted:
        """Post an event, and bring what it causes to other cards."""
        posted = await self.only_post(card_id, event, own_id, **more)
        await ledger.settle(self.ports, posted)
        return posted

    async def only_post(
        self, card_id: int, event: AnyEvent, own_id: str | None = None, **more: Any
    ) -> Posted:
        """Post an event, as if the server died right after it."""
        posting, drawn, now = self.posting(event, own_id, **more), self.drawn(), self.now
        return await self.ports.database.write(
            lambda tx: ledger.post(tx, card_id, posting, drawn=drawn, now=now)
        )

    async def view(self, card_id: int, *, at: int | None = None) -> View:
        """Look at a card."""
        now = self.now if at is None else at
        return await self.ports.database.read(lambda tx: ledger.view(tx, card_id, now=now))

    async def account(self, card_id: int) -> Account:
        """Read the engine's account as it is stored."""
        row = await self.ports.database.read(partial(ledger_queries.account, card_id=card_id))
        assert row is not None
        return msgspec.json.decode(row.state, type=Account)

    async def publish(self, rules: dict[str, Any], *, effective_from: int) -> None:
        """Publish the next version."""
        now = self.now

        def work(tx: Transaction) -> None:
            row = program_queries.lock_program(tx, self.program_id)
            assert row is not None
            document = msgspec.json.decode(row.document, type=ProgramDocument)
            document = msgspec.structs.replace(
                document, rules=rules, effective_from=effective_from, former=row.document[:64]
            )
            row = msgspec.structs.replace(
                row, version=row.version + 1, document=msgspec.json.encode(document).decode()
            )
            program_queries.update_program(tx, row)
            program_queries.insert_version(tx, row, now)

        await self.ports.database.write(work)

    async def sweep(self) -> int:
        """Sweep until nothing is due."""
        sweeper, total = Sweeper(self.ports), 0
        while done := await sweeper.step():
            total += done
        await sweeper.stop()
        return total

    async def faults(self, *cards: int) -> list[str]:
        """Prove cards and the whole."""
        found = await self.ports.database.read(prove_sums)
        for card_id in cards:
            found += await self.ports.database.read(partial(prove, card_id=card_id))
        return found

    def forward(self, seconds: float) -> None:
        """Move the clock."""
        clock = self.ports.clock
        assert isinstance(clock, FrozenClock)
        clock.forward(seconds)

    def forward_to(self, at: int) -> None:
        """Move the clock to a moment."""
        self.forward((at - self.now) / SECOND)


async def open_ledger(ports: Ports, rules: dict[str, Any] | None = None) -> Ledger:
    """Publish a hosted program."""
    now = ports.clock.wall()
    program_id, public = ports.ids.next(now), ports.ids.public()
    document = ProgramDocument(
        name="Test",
        authority="ledger",
        barcode=NewBarcode(format="QR_CODE"),
        rules=rules or PLAIN,
        former=public.hex(),
    )
    row = ProgramRow(
        program_id=program_id,
        public_id=public,
        merchant_id=1,
        slug=f"test-{program_id}",
        authority="ledger",
        name="Test",
        version=1,
        revision=1,
        signer_id=1,
        document=msgspec.json.encode(document).decode(),
        created_at=now,
        updated_at=now,
    )

    def work(tx: Transaction) -> None:
        program_queries.insert_program(tx, row)
        program_queries.insert_version(tx, row, now)

    await ports.database.write(work)
    return Ledger(ports, program_id)


def _insert_card(tx: Transaction, card_id: int, public: bytes, program_id: int, now: int) -> None:
    tx.run(
        "INSERT INTO card (card_id, public_id, program_id, authority, shop_name, number,"
        " barcode_value, barcode_format, created_at)"
        " VALUES (?, ?, ?, 'ledger', 'Test', ?, '', 'none', ?)",
        *(card_id, public, program_id, str(card_id), now),
    )
    tx.run(
        "INSERT INTO account (card_id, sequence, balances, fields, is_message_new, received_at)"
        " VALUES (?, 0, '{}', '[]', 0, ?)",
        *(card_id, now),
    )
    outbox.begin_card(tx, card_id)


def _insert_account(tx: Transaction, card_id: int, program_id: int, drawn: Drawn, now: int) -> None:
    """Open an account without enrolling the card, as the vectors do."""
    state = encode(new_account(now)).decode()
    row = AccountRow(card_id, program_id, 0, 0, drawn.seed, state, None, None, None, None, None)
    ledger_queries.insert_account(tx, row, now=now)

"""A voucher given by hand: the ledger issues it, a note says who gave it and why."""

from __future__ import annotations

import msgspec

from app.cards.notes import Noted, note
from app.cards.queries import lock_card
from app.errors import CardNotFound, WrongAuthority, invalid
from app.ledger import service as ledger
from app.ledger.service import Drawn, Posting
from app.loyalty.burn_rules import GiveVoucher
from app.loyalty.events import Give, Step
from app.loyalty.model import INTERNAL
from app.outbox import service as outbox
from app.partners.members_schemas import GivenVoucher
from app.programs.service import Program
from app.storage.database import Transaction

GIVEN = "voucher"  # the kind of its note
SOURCE = "hand:"  # begins the source of such a voucher


def give(
    tx: Transaction,
    program: Program,
    card_id: int,
    given: GivenVoucher,
    *,
    noted: Noted,
    seed: bytes,
    now: int,
) -> None:
    """Issue a voucher to a card, with its note; the card's family only.

    Raises: WrongAuthority; InvalidInput for a voucher the rules do not have; CardNotFound.
    """
    if program.authority != "ledger":
        raise WrongAuthority("vouchers are issued where the points are computed here")
    rules = ledger.rules_of(tx, program.program_id).at(now).program
    if all(each.id != given.voucher for each in rules.vouchers):
        raise invalid("voucher", "the program has no such voucher")
    card = lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise CardNotFound
    if not ledger.has_account(tx, card_id):  # a card made before there were accounts
        ledger.open_account(tx, card_id, program.program_id, drawn=Drawn(seed), now=now)
    source = f"{SOURCE}{noted.note_id}"  # one of its own each time: a gift of one source comes once
    grant = msgspec.to_builtins(GiveVoucher(voucher=given.voucher))
    event = Give(grant=grant, source=source, kind="hand")
    posting = Posting(
        program_id=program.program_id,
        event_id=None,
        steps=(Step(INTERNAL + source, now, event),),
        priority=outbox.SINGLE,
    )
    posted = ledger.post(tx, card_id, posting, drawn=Drawn(seed), now=now)
    numbers = [voucher.number for voucher in posted.vouchers if voucher.source == source]
    about = {"voucher": given.voucher, "numbers": numbers, "reason": given.reason}
    note(tx, card_id, noted, kind=GIVEN, about=about)

"""Who is this? What a till has read, recognised among the cards its merchant may see."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from app.cards import codes
from app.cards import queries as cards
from app.cards.codes import CodeFound, User
from app.cards.numbers import look_up_key
from app.cards.schemas import CardFacts
from app.cards.showing import Showing
from app.checkout.offers import burns_of, vouchers_of
from app.checkout.scan_ids import scan_id
from app.checkout.schemas import ScanOut
from app.checkout.seller import Known, Seller, known_card
from app.errors import CardNotFound
from app.http.secrets import Secrets
from app.ids import parse_public_id
from app.ledger import service as ledger
from app.programs.partnering import programs_at_till
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from passes.barcode import gs1
from passes.barcode.texts import expand

_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")  # ISO/IEC 15424: some readers send it first


class Recognised(msgspec.Struct, frozen=True):
    """A card, and by what: `code` is to be used up before anything is answered."""

    known: Known
    kind: str
    code: CodeFound | None = None


def recognise(
    tx: Transaction, secrets: Secrets, seller: Seller, text: str, *, at: int, is_late: bool = False
) -> Recognised:
    """Recognise a one-time or rotating code, a card's id, number, barcode or voucher's code.

    Of two programs that know a number the hosted one comes first, then the older. `at`: when it
    was read. Raises: CardNotFound; CodeExpired.
    """
    read = text.strip()
    programs = programs_at_till(tx, seller.merchant_id)
    ids = {program.program_id for program in programs}
    code = codes.look_up(tx, secrets, read, program_ids=ids, at=at, is_late=is_late)
    if code is not None:
        known = known_card(tx, seller, code.card_id)
        if known is not None:
            return Recognised(known, code.kind, code)
    raw = parse_public_id("card", read)  # whom a search has found
    known = None if raw is None else known_card(tx, seller, cards.card_id_by_public(tx, raw))
    if known is not None:
        return Recognised(known, "number")
    for program in programs:
        for card_id in _by_number(tx, program, text):
            known = known_card(tx, seller, card_id)
            if known is not None:
                return Recognised(known, "number")
    for program in programs:
        voucher = None
        if program.authority == "ledger":
            voucher = ledger.voucher_by_code(tx, program.program_id, read)
        known = None if voucher is None else known_card(tx, seller, voucher.card_id)
        if known is not None:
            return Recognised(known, "voucher")
    raise CardNotFound


def use(
    tx: Transaction, found: Recognised, seller: Seller, *, ticket_key: bytes | None, now: int
) -> None:
    """Use up the code by which a card was recognised; first the card is locked.

    Raises: CodeAlreadyUsed.
    """
    if found.code is not None:
        user = User(seller.name, seller.location_id, ticket_key)
        codes.use(tx, found.code, user, now=now)


def scanned(
    tx: Transaction, secrets: Secrets, found: Recognised, seller: Seller, *, now: int
) -> ScanOut:
    """Tell a till whose card it read, and what may be spent."""
    known = found.known
    is_hosted = known.program.authority == "ledger"
    view = ledger.view(tx, known.card_id, now=now) if is_hosted else None
    return ScanOut(
        scan_id=scan_id(secrets, known.card_id, seller.merchant_id, kind=found.kind, now=now),
        card=CardFacts(**Showing(tx, now=now).facts(known.state)),
        display_name=display_name(tx, known.card_id),
        vouchers=[] if view is None else vouchers_of(view),
        burns=[] if view is None else burns_of(tx, known, view, language=seller.language),
    )


def display_name(tx: Transaction, card_id: int) -> str | None:
    """Return the name on file, else the one its holder gave himself."""
    contact = cards.contact(tx, card_id)
    if contact is not None and contact.display_name:
        return contact.display_name
    owner = cards.owner_of(tx, card_id)
    user = None if owner is None else users.by_id(tx, owner)
    return None if user is None else user.display_name


def _by_number(tx: Transaction, program: Program, text: str) -> Iterator[int]:
    for reading in _readings(text, program.document.barcode.format):
        for kind in ("number", "barcode"):
            key = look_up_key(reading)  # a UPC-A is its EAN-13, with or without the leading 0
            found = cards.card_id_by_number(tx, program.program_id, kind, key)
            if found is not None:
                yield found


def _readings(text: str, usual_format: str) -> Iterator[str]:
    """Yield what a reader may mean by a text: readers differ in what they send around it."""
    bare = text.strip()
    if _IDENTIFIER.match(bare):
        bare = bare[3:]
    yield text
    if bare != text:
        yield bare
    if usual_format in {"CODABAR", "RSS_14"} and (body := expand(usual_format, bare)) != bare:
        yield body
    if usual_format in {"GS1_128", "RSS_EXPANDED"} and (parts := gs1.elements(bare)):
        yield gs1.in_brackets(parts)

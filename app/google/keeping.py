"""What stands behind a save link: units of work at the card that make it and keep it."""

from __future__ import annotations

import msgspec

from app.cards import codes, pass_queries, passes_of
from app.cards import queries as card_queries
from app.cards.codes import DrawnSecret
from app.cards.passes_of import GOOGLE
from app.errors import NotFound
from app.google import documents, queries
from app.google.documents import Looks, Wanted
from app.google.queries import ObjectRow
from app.http.secrets import Secrets
from app.outbox import queries as outbox_queries
from app.programs import service as programs
from app.programs.issuers import FIRST_ISSUER
from app.storage.database import Transaction


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A card and the link made for its holder before, if it still says what it should.

    `needs_class`: Google does not know the class, so a link that does not bring it leads nowhere.
    """

    card_id: int
    user_id: int
    issuer_id: int
    link: str | None = None
    needs_class: bool = False
    is_saved: bool = False


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """What chance gives a first link, drawn before its unit of work."""

    serial: bytes
    secret: DrawnSecret


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """All that a link is made of."""

    wanted: Wanted
    known: ObjectRow
    looks: Looks

    @property
    def has_class(self) -> bool:
        """Whether Google knows the class."""
        row = self.wanted.class_row
        return row is not None and row.is_inserted == 1


def kept(tx: Transaction, card_id: int, user_id: int) -> Kept:
    """Look for the link of a card's present revisions."""
    state = card_queries.card_state(tx, card_id)
    if state is None or state.card.voided_at is not None:
        raise NotFound
    program_id = state.card.program_id
    program = None if program_id is None else programs.program_by_id(tx, program_id)
    issuer_id = FIRST_ISSUER if program is None else program.issuer_id or FIRST_ISSUER
    found = Kept(card_id=card_id, user_id=user_id, issuer_id=issuer_id)
    row = pass_queries.live(tx, card_id, user_id, GOOGLE)
    known = None if row is None else queries.object_of(tx, card_id, row.serial)
    if row is None or known is None:
        return found
    class_row = queries.class_of(tx, known.issuer_id, known.class_suffix)
    has_class = class_row is not None and class_row.is_inserted == 1
    revisions = (outbox_queries.revision(tx, card_id), program.revision if program else 0)
    return Kept(
        card_id=card_id,
        user_id=user_id,
        issuer_id=known.issuer_id,
        link=known.link if _is_good(known, *revisions, has_class=has_class) else None,
        needs_class=not has_class,
        is_saved=row.installed > 0,
    )


def prepare(
    tx: Transaction,
    card_id: int,
    user_id: int,
    *,
    drawn: Drawn,
    secrets: Secrets,
    now: int,
    public_url: str,
) -> Prepared:
    """Make the holder's pass, its object and its class where they are not there yet.

    A card whose code changes gets its secret. Raises NotFound for a card that has ended.
    """
    card = card_queries.lock_card(tx, card_id)
    if card is None or card.voided_at is not None:
        raise NotFound
    row = passes_of.pass_of(
        tx,
        card_id=card_id,
        user_id=user_id,
        new_serial=drawn.serial,
        now=now,
        pass_key=secrets.newest_pass_key,
        wallet=GOOGLE,
    )
    wanted = documents.wanted(tx, row, secrets=secrets, now=now, public_url=public_url)
    if wanted is None or wanted.content.is_voided:
        raise NotFound
    if wanted.lacks_secret:
        secret = codes.secret_of(tx, secrets, card_id, drawn=drawn.secret, now=now)
        wanted = msgspec.structs.replace(wanted, secret=secret)
    known = _known(tx, wanted)
    class_row = wanted.class_row
    if class_row is None:
        class_row = documents.new_class(wanted)
        queries.insert_class(tx, class_row)
        # A twin may have been faster, and Google may know the class by now.
        class_row = queries.class_of(tx, class_row.issuer_id, class_row.suffix) or class_row
    wanted = msgspec.structs.replace(wanted, known=known, class_row=class_row)
    return Prepared(wanted=wanted, known=known, looks=documents.looks_of(tx, class_row))


def keep_link(
    tx: Transaction,
    prepared: Prepared,
    jwt: str,
    *,
    is_fat: bool,
    fingerprint: bytes | None,
) -> str:
    """Keep a link with the revisions it shows, and return the one to give out.

    `fingerprint`: of what a fat link makes of an object that Google does not have. Where a link
    that says something else was given out before, nobody knows which of them will be used.
    """
    known, content = prepared.known, prepared.wanted.content
    card_queries.lock_card(tx, known.card_id)
    now_known = queries.object_of(tx, known.card_id, known.serial) or known
    row = pass_queries.by_serial(tx, known.card_id, known.serial)
    is_saved = row is not None and row.installed > 0
    shows = (content.card_revision, content.program_revision)
    shown = (now_known.link_card_revision, now_known.link_program_revision)
    if now_known.link is not None and shows < shown:
        return now_known.link  # a twin was faster, and its link says more
    told = now_known.told
    if is_fat and not is_saved and not now_known.is_inserted:
        is_first = now_known.link is None
        told = fingerprint if is_first or told == fingerprint else None
    queries.set_link(
        tx,
        msgspec.structs.replace(
            now_known,
            link=jwt,
            link_card_revision=shows[0],
            link_program_revision=shows[1],
            is_link_fat=int(is_fat),
            told=told,
        ),
    )
    return jwt


def _known(tx: Transaction, wanted: Wanted) -> ObjectRow:
    """Return the row of an object, made where there is none and under the class it has now."""
    known = wanted.known
    if known is None:
        known = ObjectRow(
            card_id=wanted.row.card_id,
            serial=wanted.row.serial,
            issuer_id=wanted.issuer_id,
            class_suffix=wanted.class_suffix,
        )
        queries.insert_object(tx, known)
    elif known.class_suffix != wanted.class_suffix:
        known = msgspec.structs.replace(known, class_suffix=wanted.class_suffix)
        queries.set_class(tx, known)
    return known


def _is_good(
    known: ObjectRow, card_revision: int, program_revision: int, *, has_class: bool
) -> bool:
    """Say whether a link kept says what one made now would."""
    if known.link is None:
        return False
    if not known.is_link_fat:  # nothing but ids: good as long as Google has what they name
        return has_class and known.is_inserted == 1
    shown = (known.link_card_revision, known.link_program_revision)
    return shown == (card_revision, program_revision)

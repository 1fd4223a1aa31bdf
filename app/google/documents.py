"""From rows to documents: what Google should know of a pass and of its class, now."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import codes, holding_queries
from app.cards.content import CardContent, content_of, shop_content
from app.cards.pass_queries import PassRow
from app.google import queries
from app.google.queries import ClassRow, ObjectRow
from app.http.secrets import Secrets
from app.ids import public_id
from app.programs import merchant_queries
from app.programs import queries as program_queries
from app.programs import service as programs
from app.programs.content import program_content
from app.programs.directory import folded
from app.programs.issuers import FIRST_ISSUER
from app.storage.database import Transaction
from app.users import queries as users
from passes.content import ProgramContent
from passes.google.loyalty_class import ClassIssue, loyalty_class
from passes.google.loyalty_object import ObjectIssue, loyalty_object
from passes.templates.colors import color_of

SHOP = "shop."
SHOP_HASH_BYTES = 10  # 20 hexadecimal digits (specs: google.md §1)
GROUP_BYTES = 16
_NAMELESS = "—"  # a shop of which nobody has a card any more
# Google takes it to choose a text where it has none in the phone's language.
_COUNTRIES = {"fr": "FR", "en": "GB"}


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """Where Google fetches a class's pictures."""

    logo_url: str
    hero_url: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pass as Google should know it. `known`: what it was told, None before the first link."""

    row: PassRow
    content: CardContent
    issuer_id: int
    class_suffix: str
    known: ObjectRow | None
    class_row: ClassRow | None
    secret: bytes | None
    grouping_id: str | None
    sort_index: int | None
    holder_name: str | None

    @property
    def lacks_secret(self) -> bool:
        """Whether its code should change, and nothing was drawn yet to make it by."""
        is_open = not self.content.is_voided
        return is_open and self.content.content.program.rotates_code and self.secret is None


class Looks(msgspec.Struct, frozen=True, kw_only=True):
    """What a class shows. `images`: hash of the merchant's own picture by role.

    `issuer_name`: the merchant's; None for a shop without program.
    """

    program: ProgramContent
    issuer_name: str | None = None
    images: dict[str, bytes]


def wanted(
    tx: Transaction, row: PassRow, *, secrets: Secrets, now: int, public_url: str
) -> Wanted | None:
    """Put together what Google should know of a pass; it only reads."""
    card_id, user_id = row.card_id, row.user_id
    content = content_of(
        tx,
        card_id,
        user_id=user_id,
        now=now,
        public_url=public_url,
        is_ended=row.voided_at is not None,
    )
    if content is None:
        return None
    issuer_id, suffix = class_named(tx, content, secrets)
    known = queries.object_of(tx, card_id, row.serial)
    if known is not None and not _may_move(known, row, content):
        issuer_id, suffix = known.issuer_id, known.class_suffix
    user = users.by_id(tx, user_id) if user_id else None
    holding = holding_queries.holding(tx, user_id, card_id) if user_id else None
    return Wanted(
        row=row,
        content=content,
        issuer_id=issuer_id,
        class_suffix=suffix,
        known=known,
        class_row=_named(queries.class_of(tx, issuer_id, suffix)),
        secret=codes.known_secret(tx, secrets, card_id),
        grouping_id=_group(secrets, user_id) if user else None,
        sort_index=holding.position if holding else None,
        holder_name=user.display_name if user else None,
    )


def _may_move(known: ObjectRow, row: PassRow, content: CardContent) -> bool:
    """Say whether an object may still get another class; at Google it keeps its own for ever.

    Whoever names a shop's card anew before it is saved finds it under the new name.
    """
    is_shop = content.program_id is None and known.class_suffix.startswith(SHOP)
    return is_shop and not (known.is_inserted or row.installed)


def channel_of(issuer_id: int) -> str:
    """Name an issuer's channel in the outbox: each has a queue and a limit of its own."""
    return f"google:{issuer_id}"


def class_named(tx: Transaction, content: CardContent, secrets: Secrets) -> tuple[int, str]:
    """Return the issuer of a card's class and the suffix of its id."""
    if content.program_id is None:
        name = folded(content.content.program.name) or content.content.program.name
        hashed = secrets.tag("google-shop", name)[:SHOP_HASH_BYTES]
        return FIRST_ISSUER, f"{SHOP}{hashed.hex()}"
    program = programs.program_by_id(tx, content.program_id)
    assert program is not None, "programs are never deleted"
    return class_of_program(program)


def class_of_program(program: programs.Program) -> tuple[int, str]:
    """Return the issuer of a program's class and the suffix of its id."""
    issuer_id = FIRST_ISSUER if program.issuer_id is None else program.issuer_id
    return issuer_id, public_id("prog", program.public_id)


def new_class(wanted: Wanted) -> ClassRow:
    """Return the row of a class that no row stands for yet."""
    is_shop = wanted.content.program_id is None
    return ClassRow(
        issuer_id=wanted.issuer_id,
        suffix=wanted.class_suffix,
        program_id=wanted.content.program_id,
        shop_name=wanted.content.content.program.name if is_shop else None,
    )


def _named(row: ClassRow | None) -> ClassRow | None:
    """Take a class whose last holder was erased for none: whoever comes names it again."""
    is_nameless = row is not None and row.program_id is None and row.shop_name is None
    return None if is_nameless else row


def looks_of(tx: Transaction, row: ClassRow) -> Looks:
    """Read what a class should show now."""
    if row.program_id is None:
        name = row.shop_name or _NAMELESS
        # The same for all who hold such a card, whatever colour each of them chose.
        return Looks(program=shop_content(name, color_of(name)), images={})
    program = programs.program_by_id(tx, row.program_id)
    assert program is not None, "programs are never deleted"
    images = program_queries.images_of(tx, row.program_id)
    merchant = merchant_queries.merchant(tx, program.merchant_id)
    return Looks(
        program=program_content(program),
        issuer_name=merchant.name if merchant else None,
        images=images,
    )


def class_document(
    looks: Looks, suffix: str, *, issuer: str, pictures: Pictures, callback_url: str | None
) -> dict[str, Any]:
    """Write a class. `issuer`: Google's number; `callback_url`: where it tells of saves."""
    return loyalty_class(
        looks.program,
        ClassIssue(
            class_id=f"{issuer}.{suffix}",
            logo_url=pictures.logo_url,
            hero_url=pictures.hero_url,
            issuer_name=looks.issuer_name,
            country=looks.program.country or _COUNTRIES.get(looks.program.languages[0]),
            callback_url=callback_url,
        ),
    )


def object_document(found: Wanted, *, issuer: str) -> dict[str, Any]:
    """Write an object. `issuer`: Google's number."""
    return loyalty_object(
        found.content.content,
        ObjectIssue(
            object_id=object_id(issuer, found.row.serial),
            class_id=f"{issuer}.{found.class_suffix}",
            grouping_id=found.grouping_id,
            sort_index=found.sort_index,
            holder_name=found.holder_name,
            card_ref=found.content.public_id.hex(),
            secret=found.secret if found.content.content.program.rotates_code else None,
        ),
    )


def object_id(issuer: str, serial: bytes) -> str:
    """Return the id Google knows a pass by."""
    return f"{issuer}.{serial.hex()}"


def _group(secrets: Secrets, user_id: int) -> str:
    """One id per user, the same on all his cards, that tells nothing of him."""
    return secrets.tag("google-group", str(user_id))[:GROUP_BYTES].hex()

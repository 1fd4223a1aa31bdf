"""What Google Wallet would be told of a card now; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from app.cards import pass_queries
from app.cards import queries as card_queries
from app.cards import service as cards
from app.cards.pass_queries import PassRow
from app.cards.passes_of import GOOGLE
from app.clock import SECOND, SystemClock
from app.commands.issuing import IssuerFile, issuer_file
from app.commands.speaking import Sentence
from app.errors import NotFound
from app.google import documents, keeping, linking
from app.google.issuers import LoadedIssuer
from app.google.keeping import Kept, Prepared
from app.google.pictures import addresses, drawn, own_pictures
from app.google.queries import ObjectRow
from app.http.secrets import Secrets, load_secrets
from app.ids import PUBLIC_BYTES, parse_public_id
from app.programs.issuer_queries import IssuerRow
from app.programs.issuers import FIRST_ISSUER, all_issuers, read_account, unseal_account
from app.settings import Settings
from app.storage.database import Transaction
from app.storage.open import open_database
from passes.google.rotating import SECRET_BYTES
from passes.google.save_link import Account


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the database. `issuer` None: the server has not started yet."""

    prepared: Prepared
    own: Mapping[str, bytes]
    issuer: IssuerRow | None
    kept: Kept | None


async def google_json(settings: Settings, card_id: str) -> dict[str, Any]:
    """Return class, object and link that the card's owner would get now; nothing is written.

    What is drawn with a first link reads as zeros before it. A card that has ended has no link.
    Raises: NotFound; Sentence without an account at Google.
    """
    raw = parse_public_id("card", card_id)
    secrets = load_secrets(settings.secrets_file)
    clock = SystemClock()
    now = clock.wall()
    database = await open_database(settings.database_url, clock=clock, read_only=True)
    try:
        found = await database.read(partial(_read, raw, secrets, settings, now=now))
    finally:
        await database.close()
    issuer = _loaded(found, settings, secrets)
    prepared = found.prepared
    pictures = addresses(drawn(prepared.looks.program, found.own), settings.public_url)
    written = linking.documents_of(prepared, issuer, pictures=pictures, settings=settings)
    link = None
    if found.kept is not None:
        link = found.kept.link
        needs_class = found.kept.needs_class
        if link is None or not linking.is_good(link, issuer, needs_class=needs_class):
            at = now // SECOND
            options: dict[str, Any] = {"settings": settings, "at_seconds": at}
            link = linking.chosen_link(prepared, written, issuer, **options).jwt
    return {"class": written.loyalty_class, "object": written.object, "save_jwt": link}


def _read(
    raw: bytes | None, secrets: Secrets, settings: Settings, tx: Transaction, *, now: int
) -> _Found:
    if raw is None:
        raise NotFound
    card_id = cards.card_id_of(tx, raw)
    user_id = card_queries.owner_of(tx, card_id) or 0
    row = pass_queries.live(tx, card_id, user_id, GOOGLE) or _not_made_yet(card_id, user_id)
    wanted = documents.wanted(tx, row, secrets=secrets, now=now, public_url=settings.public_url)
    assert wanted is not None, "the card was found just now"
    if wanted.lacks_secret:
        wanted = msgspec.structs.replace(wanted, secret=bytes(SECRET_BYTES))
    class_row = wanted.class_row or documents.new_class(wanted)
    looks = documents.looks_of(tx, class_row)
    known = wanted.known or ObjectRow(
        card_id=card_id,
        serial=row.serial,
        issuer_id=wanted.issuer_id,
        class_suffix=wanted.class_suffix,
    )
    return _Found(
        prepared=Prepared(wanted=wanted, known=known, looks=looks),
        own=own_pictures(tx, looks),
        issuer=next((each for each in all_issuers(tx) if each.issuer_id == known.issuer_id), None),
        kept=None if wanted.content.is_voided else keeping.kept(tx, card_id, user_id),
    )


def _not_made_yet(card_id: int, user_id: int) -> PassRow:
    return PassRow(
        card_id=card_id,
        serial=bytes(PUBLIC_BYTES),
        user_id=user_id,
        wallet=GOOGLE,
        signer_id=0,
        pass_key=0,
        served_card_revision=0,
        served_program_revision=0,
        modified=0,
        pulled_at=None,
        installed=0,
        created_at=0,
        voided_at=None,
    )


def _loaded(found: _Found, settings: Settings, secrets: Secrets) -> LoadedIssuer:
    """Parse the issuer's key; before the server's first start that of the settings' file."""
    if found.issuer is not None:
        return _issuer(found.issuer.google_issuer, unseal_account(found.issuer, secrets))
    named = issuer_file(settings)
    if named is None or found.prepared.known.issuer_id != FIRST_ISSUER:
        raise Sentence(
            "This server has no account with Google: set GOOGLE_ISSUER_ID and "
            "GOOGLE_SERVICE_ACCOUNT_FILE."
        )
    return _issuer(named.google_issuer, _content(named))


def _content(named: IssuerFile) -> bytes:
    try:
        return named.account.read_bytes()
    except OSError:
        raise Sentence(f"{named.account} cannot be read: `portecarte certs` says more.") from None


def _issuer(google_issuer: str, account_json: bytes) -> LoadedIssuer:
    account, key = read_account(account_json)
    return LoadedIssuer(
        issuer_id=FIRST_ISSUER,
        google_issuer=google_issuer,
        account=Account(email=account.client_email, key=key, key_id=account.private_key_id),
    )

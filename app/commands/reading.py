"""Commands that only read: beside a running server they open the file for reading."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx2
import msgspec

from app.cards import pass_queries
from app.cards import queries as card_queries
from app.cards import service as cards
from app.cards.content import content_of
from app.cards.passes_of import APPLE
from app.clock import SystemClock
from app.commands.certificates import signer_files
from app.commands.speaking import Sentence
from app.errors import NotFound
from app.http.secrets import Secrets, load_secrets
from app.ids import PUBLIC_BYTES, parse_public_id
from app.programs import service as programs
from app.sandbox.demo import DemoKeys, read_keys
from app.settings import Settings
from app.storage.database import Transaction
from app.storage.open import open_database
from passes.apple.document import Issue, Issuer, skeleton
from passes.apple.document import pass_json as write_document

_NO_DEMO = "No demo is running here: start it with `make run`, or `portecarte up --demo`."


async def keys_of_running_demo() -> DemoKeys:
    """Return the keys of the demo, if its server answers to them. Raises Sentence."""
    keys = read_keys()
    if keys is None:
        raise Sentence(_NO_DEMO)
    try:
        async with httpx2.AsyncClient(timeout=5, trust_env=False) as client:
            answer = await client.get(
                f"{keys.base_url}/v1/me", headers={"Authorization": f"Bearer {keys.user_token}"}
            )
    except httpx2.HTTPError:
        raise Sentence(_NO_DEMO) from None
    if answer.status_code != 200:
        raise Sentence(_NO_DEMO)
    return keys


async def pass_json(settings: Settings, card_id: str) -> Any:
    """Return the pass.json that the card's owner would get now; nothing is written.

    A card nobody holds is shown as who has its claim token gets it. Before the first pass is made,
    its serial number is not drawn: it reads as zeros. Raises NotFound.
    """
    raw = parse_public_id("card", card_id)
    secrets = load_secrets(settings.secrets_file)
    clock = SystemClock()
    database = await open_database(settings.database_url, clock=clock, read_only=True)
    try:
        document = await database.read(partial(_document, settings, secrets, raw, now=clock.wall()))
    finally:
        await database.close()
    return msgspec.json.decode(document)


def _document(
    settings: Settings, secrets: Secrets, raw: bytes | None, tx: Transaction, *, now: int
) -> bytes:
    if raw is None:
        raise NotFound
    card_id = cards.card_id_of(tx, raw)
    user_id = card_queries.owner_of(tx, card_id) or 0
    found = content_of(tx, card_id, user_id=user_id, now=now, public_url=settings.public_url)
    assert found is not None, "the card was found just now"
    # Before the server's first start no signer is kept; the settings name the one it will keep.
    signers = {signer.signer_id: signer for signer in programs.all_signers(tx)}
    signer = signers.get(found.signer_id) or signer_files(settings)
    row = pass_queries.live(tx, card_id, user_id, APPLE)
    serial = bytes(PUBLIC_BYTES) if row is None else row.serial
    token = secrets.pass_token(serial, secrets.newest_pass_key if row is None else row.pass_key)
    issuer = Issuer(
        pass_type=signer.pass_type,
        team=signer.team,
        web_service_url=f"{settings.pass_url}/apple",
    )
    issue = Issue(serial_number=serial.hex(), authentication_token=token)
    return write_document(skeleton(found.content.program, issuer), found.content, issue)

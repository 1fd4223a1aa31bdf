"""Tills: made by their merchant, paired by a code, revoked alone."""

from __future__ import annotations

import hmac
from typing import Any

import msgspec

from app.clock import MINUTE, rfc3339
from app.errors import CodeAlreadyUsed, CodeExpired, Conflict, NotFound, invalid
from app.http.callers import Found, TillCaller
from app.http.secrets import Secrets
from app.ids import Ids, digest, parse_public_id, public_id
from app.programs import merchant_queries, queries, service
from app.programs import till_queries as tills
from app.programs.till_queries import TillRow
from app.programs.till_schemas import MadeTill, NewTill, PairedOut, PairedTill, TillOut
from app.storage.database import Transaction

TILLS_MAX = 1_000  # of one merchant, in force
CODE_LASTS = 10 * MINUTE
CODE_CHARACTERS = 8
# No vowels and nothing that looks like another: 28 characters, so 38 bits for ten minutes.
_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ"
_PROGRAMS_PAGE = 100


class DrawnTill(msgspec.Struct, frozen=True):
    """What chance gives a till, drawn before its unit of work."""

    till_id: int
    public_id: bytes
    code: str
    code_hash: bytes


def draw(ids: Ids, secrets: Secrets, now: int) -> DrawnTill:
    """Draw a till's ids and the code that pairs it, `K7TX-M3QP`."""
    number, letters = int.from_bytes(ids.secret(16), "big"), ""
    for _ in range(CODE_CHARACTERS):
        number, place = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[place]
    code = f"{letters[:4]}-{letters[4:]}"
    return DrawnTill(ids.next(now), ids.public(), code, hash_of_code(secrets, code))


def hash_of_code(secrets: Secrets, code: str) -> bytes:
    """Return the keyed hash of a pairing code, however it was typed."""
    return secrets.tag("pairing-code", "".join(code.split()).replace("-", "").upper())


def add_till(
    tx: Transaction, merchant_id: int, new: NewTill, *, drawn: DrawnTill, now: int
) -> MadeTill:
    """Make a till and return the code that pairs it, this once.

    Raises: InvalidInput for a place the merchant does not have, Conflict beyond 1,000 tills.
    """
    merchant_queries.lock_merchant(tx, merchant_id)
    places = locations_of(tx, merchant_id)
    if places and new.location_id not in places:  # a merchant without places names what it likes
        raise invalid("location_id", "no program of yours has a location of this id")
    if tills.tills_count(tx, merchant_id) >= TILLS_MAX:
        raise Conflict(f"a merchant has at most {TILLS_MAX} tills: delete one first")
    row = TillRow(
        merchant_id=merchant_id,
        till_id=drawn.till_id,
        public_id=drawn.public_id,
        name=new.name,
        location_id=new.location_id,
        code_hash=drawn.code_hash,
        token_hash=None,
        created_at=now,
        paired_at=None,
        last_used_at=None,
        revoked_at=None,
    )
    tills.insert_till(tx, row, now + CODE_LASTS)
    return MadeTill(
        id=public_id("till", row.public_id),
        code=drawn.code,
        expires_at=rfc3339(now + CODE_LASTS),
        name=row.name,
        location_id=row.location_id,
    )


def locations_of(tx: Transaction, merchant_id: int) -> set[str]:
    """Return the ids of all places of a merchant's programs."""
    found: set[str] = set()
    after = -1
    while rows := queries.programs_of(tx, merchant_id, after, _PROGRAMS_PAGE):
        for row in rows:
            found |= {place.id for place in service.read(row).document.locations}
        after = rows[-1].program_id
    return found


def pair(tx: Transaction, code_hash: bytes, *, token: str, now: int) -> PairedOut:
    """Give the till of a code its token. Raises: NotFound, CodeAlreadyUsed, CodeExpired."""
    known = tills.pairing(tx, code_hash)
    if known is None:
        raise NotFound
    merchant = merchant_queries.lock_merchant(tx, known.merchant_id)
    code = tills.pairing(tx, code_hash)  # a twin or a revocation may have been faster
    row = tills.till_by_id(tx, known.merchant_id, known.till_id)
    if code is None or row is None or merchant is None:
        raise NotFound
    if code.used_at is not None:
        raise CodeAlreadyUsed("this code has paired a till: make another till for another code")
    if code.expires_at <= now:
        raise CodeExpired("make another till for a fresh code")
    tills.use_pairing(tx, code_hash, now)
    tills.pair(tx, row, digest(token), now)
    paired = msgspec.structs.replace(row, paired_at=now)
    return PairedOut(token=token, till=PairedTill(**_members(paired), merchant=merchant.name))


def revoke_till(tx: Transaction, merchant_id: int, till: str, *, now: int) -> None:
    """End a till at once. Raises NotFound."""
    merchant_queries.lock_merchant(tx, merchant_id)
    raw = parse_public_id("till", till)
    row = None if raw is None else tills.till_by_public(tx, merchant_id, raw)
    if row is None:
        raise NotFound
    tills.revoke(tx, row, now)


def find_till(tx: Transaction, token_hash: bytes, now: int, _address: str) -> Found | None:
    """Find a till that is paired and was not revoked, by the hash of its token."""
    row = tills.till_by_token(tx, token_hash)
    if row is None or row.revoked_at is not None or row.token_hash is None:
        return None
    if not hmac.compare_digest(row.token_hash, token_hash):
        return None
    merchant_id, till_id = row.merchant_id, row.till_id
    caller = TillCaller(merchant_id=merchant_id, till_id=till_id, location_id=row.location_id)
    if row.last_used_at is not None and now - row.last_used_at < MINUTE:
        return Found(caller)
    return Found(caller, lambda tx: tills.note_use(tx, merchant_id, till_id, now))


def till_out(row: TillRow) -> TillOut:
    """Write a till for its merchant."""
    return TillOut(**_members(row))


def _members(row: TillRow) -> dict[str, Any]:
    return {
        "id": public_id("till", row.public_id),
        "name": row.name,
        "location_id": row.location_id,
        "created_at": rfc3339(row.created_at),
        "paired_at": rfc3339(row.paired_at) if row.paired_at else None,
        "last_used_at": rfc3339(row.last_used_at) if row.last_used_at else None,
    }

"""Merchants, their owners and their keys."""

from __future__ import annotations

import ipaddress

import msgspec

from app.clock import SECOND, rfc3339
from app.errors import Conflict, NotFound, invalid
from app.ids import digest, parse_public_id, public_id
from app.programs import merchant_queries as queries
from app.programs.merchant_queries import KeyRow, MerchantRow, StaffRow
from app.programs.publishing import slug_of
from app.programs.schemas import KeyOut, NewKey
from app.storage.database import Transaction

KEYS_MAX = 100
PREFIX_SHOWN = 14  # `pck_test_` and five characters: enough to tell keys apart
_SLUGS_TRIED = 200
_ROLES = ("owner", "staff", "viewer")  # the greater first


class DrawnKey(msgspec.Struct, frozen=True):
    """What chance gives a key, drawn before its unit of work."""

    key_id: int
    public_id: bytes
    token: str


def add_merchant(
    tx: Transaction, *, merchant_id: int, public: bytes, name: str, owner_id: int, now: int
) -> MerchantRow:
    """Write a merchant with its owner. Raises Conflict when no slug is left for the name."""
    base = slug_of(name)
    for place in range(1, _SLUGS_TRIED):
        slug = base if place == 1 else f"{base}-{place}"
        if queries.take_merchant_slug(tx, slug, merchant_id):
            break
    else:
        raise Conflict("too many merchants have this name")
    row = MerchantRow(merchant_id, public, slug, name, now)
    queries.insert_merchant(tx, row)
    queries.insert_staff(tx, StaffRow(merchant_id, owner_id, "owner", now))
    return row


def move_staff(tx: Transaction, merchant_id: int, *, from_user: int, to_user: int) -> None:
    """Let one account of a person do at a merchant what the other did; the greater role stays."""
    queries.lock_merchant(tx, merchant_id)
    old = queries.staff_at(tx, merchant_id, from_user)
    own = queries.staff_at(tx, merchant_id, to_user)
    if old is None:
        return
    if own is None or _ROLES.index(old.role) < _ROLES.index(own.role):
        queries.insert_staff(tx, msgspec.structs.replace(old, user_id=to_user))
    queries.delete_staff(tx, merchant_id, from_user)


def add_key(tx: Transaction, merchant_id: int, new: NewKey, *, drawn: DrawnKey, now: int) -> KeyOut:
    """Make a key and return it with its token, this once. Raises Conflict beyond 100 keys."""
    queries.lock_merchant(tx, merchant_id)
    if len(queries.keys_of(tx, merchant_id)) >= KEYS_MAX:
        raise Conflict(f"a merchant has at most {KEYS_MAX} keys: delete one first")
    row = KeyRow(
        merchant_id=merchant_id,
        key_id=drawn.key_id,
        public_id=drawn.public_id,
        name=new.name,
        scopes=" ".join(sorted(set(new.scopes))),
        ips=" ".join(new.ips) if new.ips else None,
        prefix=drawn.token[:PREFIX_SHOWN],
        token_hash=digest(drawn.token),
        previous_hash=None,
        previous_until=None,
        created_at=now,
        last_used_at=None,
        revoked_at=None,
    )
    queries.insert_key(tx, row)
    return key_out(row, token=drawn.token)


def roll_key(
    tx: Transaction, merchant_id: int, key: str, *, token: str, overlap_seconds: int, now: int
) -> KeyOut:
    """Give a key another token; the former stays valid meanwhile. Raises NotFound."""
    queries.lock_merchant(tx, merchant_id)
    row = _own_key(tx, merchant_id, key)
    if row.previous_hash is not None:
        queries.forget_token(tx, row.previous_hash)
    rolled = msgspec.structs.replace(
        row,
        prefix=token[:PREFIX_SHOWN],
        token_hash=digest(token),
        previous_hash=row.token_hash,
        previous_until=now + overlap_seconds * SECOND,
    )
    queries.update_key(tx, rolled)
    queries.point_to_key(tx, rolled.token_hash, merchant_id, row.key_id)
    return key_out(rolled, token=token)


def revoke_key(tx: Transaction, merchant_id: int, key: str, *, now: int) -> None:
    """End a key at once. Raises NotFound."""
    queries.lock_merchant(tx, merchant_id)
    row = _own_key(tx, merchant_id, key)
    for token_hash in (row.token_hash, row.previous_hash):
        if token_hash is not None:
            queries.forget_token(tx, token_hash)
    queries.update_key(tx, msgspec.structs.replace(row, revoked_at=now))


def judge_addresses(new: NewKey) -> None:
    """Raise InvalidInput for an address that is none."""
    for place, address in enumerate(new.ips or ()):
        try:
            ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise invalid(f"ips[{place}]", "an address or a network expected") from None


def key_out(row: KeyRow, *, token: str | None = None) -> KeyOut:
    """Write a key for its merchant."""
    return KeyOut(
        id=public_id("key", row.public_id),
        name=row.name,
        scopes=row.scopes.split(),
        prefix=row.prefix,
        created_at=rfc3339(row.created_at),
        ips=row.ips.split() if row.ips else None,
        last_used_at=rfc3339(row.last_used_at) if row.last_used_at else None,
        token=msgspec.UNSET if token is None else token,
    )


def _own_key(tx: Transaction, merchant_id: int, key: str) -> KeyRow:
    raw = parse_public_id("key", key)
    for row in queries.keys_of(tx, merchant_id):
        if row.public_id == raw:
            return row
    raise NotFound

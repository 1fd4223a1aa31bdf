"""Programs as other rooms see them, and whose keys may do what."""

from __future__ import annotations

import hmac
import ipaddress
from functools import lru_cache

import msgspec

from app.clock import MINUTE
from app.errors import NotFound
from app.http.callers import Found, MerchantCaller, UserCaller
from app.http.workplaces import Asked
from app.ids import parse_public_id
from app.loyalty.rules import Rules
from app.programs import merchant_queries, queries, ruling
from app.programs.merchant_queries import KeyRow
from app.programs.queries import ProgramRow, SignerRow
from app.programs.schemas import ProgramDocument
from app.storage.database import Transaction

SERVER = 0  # the merchant that stands for this server: its signers make number-only passes
FIRST_SIGNER = 1
SCOPES_OF_ROLE = {
    "owner": frozenset({"read", "write", "admin"}),
    "staff": frozenset({"read", "write"}),
    "viewer": frozenset({"read"}),
}
_decode = msgspec.json.Decoder(ProgramDocument).decode
_read_notice = msgspec.json.Decoder(str | dict[str, str]).decode
_KEPT_DOCUMENTS = 1_000


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """An announced end: the last day, what cards say of it, the first moment after that day.

    `ended_at`: when its passes were sent to expire; None: not yet.
    """

    last_day: str
    notice: str | dict[str, str]
    closes_at: int
    ended_at: int | None


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A program with its document read."""

    program_id: int
    public_id: bytes
    merchant_id: int
    slug: str
    authority: str
    name: str
    version: int
    revision: int
    signer_id: int
    document: ProgramDocument
    created_at: int
    updated_at: int
    issuer_id: int | None = None  # None: the server's first issuer at Google
    ending: Ending | None = None  # None: none is announced


def program_by_id(tx: Transaction, program_id: int) -> Program | None:
    """Find a program."""
    row = queries.program_by_id(tx, program_id)
    return None if row is None else read(row)


def program_by_public(tx: Transaction, raw: bytes) -> Program | None:
    """Find a program by the bytes of its public id."""
    program_id = queries.program_id_by_public(tx, raw)
    return None if program_id is None else program_by_id(tx, program_id)


def program_by_slug(tx: Transaction, slug: str) -> Program | None:
    """Find a program by its slug."""
    program_id = queries.program_id_by_slug(tx, slug)
    return None if program_id is None else program_by_id(tx, program_id)


def program_named(tx: Transaction, text: str) -> Program | None:
    """Find a program by `prog_…` or slug."""
    raw = parse_public_id("prog", text)
    return program_by_slug(tx, text) if raw is None else program_by_public(tx, raw)


def own_program(tx: Transaction, merchant_id: int, text: str) -> Program:
    """Find a merchant's own program by `prog_…` or slug. Raises NotFound, for others' too."""
    found = program_named(tx, text)
    if found is None or found.merchant_id != merchant_id:
        raise NotFound
    return found


def read(row: ProgramRow) -> Program:
    """Read a row's document."""
    return Program(
        program_id=row.program_id,
        public_id=row.public_id,
        merchant_id=row.merchant_id,
        slug=row.slug,
        authority=row.authority,
        name=row.name,
        version=row.version,
        revision=row.revision,
        signer_id=row.signer_id,
        document=_document(row.document),
        created_at=row.created_at,
        updated_at=row.updated_at,
        issuer_id=row.issuer_id,
        ending=_ending(row),
    )


def _ending(row: ProgramRow) -> Ending | None:
    if row.last_day is None or row.closes_at is None:
        return None
    return Ending(
        last_day=row.last_day,
        notice=_read_notice(row.ending_notice or '""'),
        closes_at=row.closes_at,
        ended_at=row.ended_at,
    )


def rules_of(tx: Transaction, program_id: int) -> Rules:
    """Return all rules of a hosted program, by when they come into force.

    A program that was published without rules counts its units and moves none by itself.
    """
    row = queries.program_by_id(tx, program_id)
    assert row is not None and row.authority == "ledger", "only hosted programs have rules"
    shelf = _shelf(row.document)
    if not shelf:
        shelf.append(ruling.rules_from(versions_of(tx, program_id)))
    return shelf[0]


def versions_of(tx: Transaction, program_id: int) -> list[ruling.Former]:
    """List a program's versions, oldest first."""
    return [(version, _document(text)) for version, text in queries.versions_of(tx, program_id)]


@lru_cache(_KEPT_DOCUMENTS)
def _shelf(document: str) -> list[Rules]:
    # The text of the last document names the one before it: another history, another text.
    return []


@lru_cache(_KEPT_DOCUMENTS)
def _document(text: str) -> ProgramDocument:
    # By its text: a version may be undone with its unit of work and made again otherwise.
    return _decode(text)


def first_signer_id(tx: Transaction) -> int:
    """Return whose certificate signs the passes of number-only cards."""
    return FIRST_SIGNER


def all_signers(tx: Transaction) -> list[SignerRow]:
    """List every signer, the first one first."""
    return queries.all_signers(tx)


def find_key(tx: Transaction, token_hash: bytes, now: int, address: str) -> Found | None:
    """Find a key that is in force and may come from this address."""
    row = merchant_queries.key_by_token(tx, token_hash)
    if row is None or row.revoked_at is not None or not _is_in_force(row, token_hash, now):
        return None
    if row.ips is not None and not _is_among(address, row.ips.split()):
        return None
    caller = MerchantCaller(
        merchant_id=row.merchant_id, key_id=row.key_id, scopes=frozenset(row.scopes.split())
    )
    if row.last_used_at is not None and now - row.last_used_at < MINUTE:
        return Found(caller)
    merchant_id, key_id = row.merchant_id, row.key_id
    return Found(caller, lambda tx: merchant_queries.note_key_use(tx, merchant_id, key_id, now))


def staff_caller(
    tx: Transaction, user: UserCaller, merchant_ids: list[int], asked: Asked | None = None
) -> MerchantCaller | None:
    """Let a staff member act for the merchant he asks for, else for the first where he works."""
    for merchant_id in _in_turn(tx, merchant_ids, asked or Asked()):
        row = merchant_queries.staff_at(tx, merchant_id, user.user_id)
        if row is not None:
            scopes = SCOPES_OF_ROLE[row.role]
            return MerchantCaller(
                merchant_id=merchant_id, key_id=0, scopes=scopes, user_id=user.user_id
            )
    return None


def merchant_named(tx: Transaction, text: str) -> int | None:
    """Find a merchant by `mer_…`."""
    raw = parse_public_id("mer", text)
    return None if raw is None else merchant_queries.merchant_id_by_public(tx, raw)


def _in_turn(tx: Transaction, merchant_ids: list[int], asked: Asked) -> list[int]:
    """List the merchants a session may mean: what a request names counts alone."""
    if asked.merchant is not None:
        named = merchant_named(tx, asked.merchant)
        return [each for each in merchant_ids if each == named]
    kept = None if asked.kept is None else merchant_named(tx, asked.kept)
    return sorted(merchant_ids, key=lambda each: each != kept)


def _is_in_force(row: KeyRow, token_hash: bytes, now: int) -> bool:
    if hmac.compare_digest(row.token_hash, token_hash):
        return True
    if row.previous_hash is None or row.previous_until is None or row.previous_until <= now:
        return False
    return hmac.compare_digest(row.previous_hash, token_hash)


def _is_among(address: str, allowed: list[str]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(each, strict=False) for each in allowed)

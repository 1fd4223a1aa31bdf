"""All SQL of programs: their documents, pictures and signers."""

from __future__ import annotations

import msgspec

from app.storage.database import Transaction

ERASE: dict[str, str] = {}
KEPT = {
    "signer": "certificates of a merchant",
    "program": "a merchant's program",
    "program_version": "a merchant's program",
    "program_image": "a merchant's pictures",
    "program_artwork": "a merchant's pictures",
    "campaign": "a change of a program",
    "image": "a merchant's pictures",
    "program_by_public": "ids of programs",
    "program_by_slug": "names of programs",
}


class ProgramRow(msgspec.Struct, frozen=True):
    """A program; `document` is JSON."""

    program_id: int
    public_id: bytes
    merchant_id: int
    slug: str
    authority: str
    name: str
    version: int
    revision: int
    signer_id: int
    document: str
    created_at: int
    updated_at: int
    issuer_id: int | None = None  # None: the server's first issuer
    last_day: str | None = None  # YYYY-MM-DD; with it the two that follow
    ending_notice: str | None = None  # JSON, a text or one per language
    closes_at: int | None = None  # the first moment after the last day
    ended_at: int | None = None  # when its passes were sent to expire


class SignerRow(msgspec.Struct, frozen=True):
    """A pass type with its certificates (PEM) and its key (sealed PEM)."""

    merchant_id: int
    signer_id: int
    pass_type: str
    team: str
    certificate: str
    wwdr: str
    key_sealed: bytes
    created_at: int


_PROGRAM = (
    "SELECT program_id, public_id, merchant_id, slug, authority, name, version, revision,"
    " signer_id, document, created_at, updated_at, issuer_id, last_day, ending_notice, closes_at,"
    " ended_at FROM program "
)
_SIGNER = (
    "SELECT merchant_id, signer_id, pass_type, team, certificate, wwdr, key_sealed, created_at"
    " FROM signer "
)


def program_by_id(tx: Transaction, program_id: int) -> ProgramRow | None:
    """Find a program."""
    return tx.one(ProgramRow, _PROGRAM + "WHERE program_id = ?", program_id)


def lock_program(tx: Transaction, program_id: int) -> ProgramRow | None:
    """Find a program and hold its row for this unit of work."""
    return tx.one(ProgramRow, _PROGRAM + "WHERE program_id = ?" + tx.for_update, program_id)


def program_id_by_public(tx: Transaction, public_id: bytes) -> int | None:
    """Find a program by its public id."""
    found = tx.value("SELECT program_id FROM program_by_public WHERE public_id = ?", public_id)
    return found if isinstance(found, int) else None


def program_id_by_slug(tx: Transaction, slug: str) -> int | None:
    """Find a program by its slug."""
    found = tx.value("SELECT program_id FROM program_by_slug WHERE slug = ?", slug)
    return found if isinstance(found, int) else None


def programs_of(tx: Transaction, merchant_id: int, after: int, limit: int) -> list[ProgramRow]:
    """List a merchant's programs, oldest first. # across: a merchant's programs"""
    sql = _PROGRAM + "WHERE merchant_id = ? AND program_id > ? ORDER BY program_id LIMIT ?"
    return tx.all(ProgramRow, sql, merchant_id, after, limit)


def live_programs(tx: Transaction, limit: int) -> list[ProgramRow]:
    """List programs for the directory, without those that ended. # across: all programs"""
    sql = _PROGRAM + "WHERE ended_at IS NULL ORDER BY program_id LIMIT ?"
    return tx.all(ProgramRow, sql, limit)


def insert_program(tx: Transaction, row: ProgramRow) -> None:
    """Write a new program with its first version and its look-ups."""
    tx.run(
        "INSERT INTO program (program_id, public_id, merchant_id, slug, authority, name, version,"
        " revision, signer_id, document, created_at, updated_at, issuer_id, last_day,"
        " ending_notice, closes_at, ended_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *msgspec.structs.astuple(row),
    )
    tx.run(
        "INSERT INTO program_by_public (public_id, program_id) VALUES (?, ?)",
        row.public_id,
        row.program_id,
    )


def take_slug(tx: Transaction, slug: str, program_id: int) -> bool:
    """Give a slug to a program; False when another has it."""
    return (
        tx.run(
            "INSERT INTO program_by_slug (slug, program_id) VALUES (?, ?)"
            " ON CONFLICT (slug) DO NOTHING",
            slug,
            program_id,
        )
        == 1
    )


def insert_version(tx: Transaction, row: ProgramRow, now: int) -> None:
    """Keep a version as it came into force."""
    tx.run(
        "INSERT INTO program_version (program_id, version, document, created_at)"
        " VALUES (?, ?, ?, ?)",
        *(row.program_id, row.version, row.document, now),
    )


def versions_of(tx: Transaction, program_id: int) -> list[tuple[int, str]]:
    """List a program's versions with their documents, oldest first."""
    sql = "SELECT version, document FROM program_version WHERE program_id = ? ORDER BY version"
    return tx.all(lambda version, document: (int(version), str(document)), sql, program_id)


def update_program(tx: Transaction, row: ProgramRow) -> None:
    """Put another document in force."""
    tx.run(
        "UPDATE program SET name = ?, version = ?, revision = ?, document = ?, updated_at = ?"
        " WHERE program_id = ?",
        *(row.name, row.version, row.revision, row.document, row.updated_at, row.program_id),
    )


def set_ending(tx: Transaction, row: ProgramRow) -> None:
    """Write when a program ends, or that it does not; under its lock."""
    tx.run(
        "UPDATE program SET last_day = ?, ending_notice = ?, closes_at = ?, ended_at = ?,"
        " revision = ?, updated_at = ? WHERE program_id = ?",
        *(row.last_day, row.ending_notice, row.closes_at, row.ended_at),
        *(row.revision, row.updated_at, row.program_id),
    )


def programs_closing(tx: Transaction, now: int, limit: int) -> list[int]:
    """List programs whose last day is over, their passes untold. # across: what a worker takes"""
    sql = (
        "SELECT program_id FROM program WHERE closes_at IS NOT NULL AND ended_at IS NULL"
        " AND closes_at <= ? ORDER BY closes_at LIMIT ?"
    )
    return tx.all(int, sql, now, limit)


def insert_campaign(tx: Transaction, program_id: int, campaign_id: int, now: int) -> None:
    """Have all passes of a program told: one row and a cursor."""
    tx.run(
        "INSERT INTO campaign (program_id, campaign_id, kind, next_card_id, created_at, next_at,"
        " claimed_until) VALUES (?, ?, 'redesign', 0, ?, ?, 0)",
        *(program_id, campaign_id, now, now),
    )


def images_of(tx: Transaction, program_id: int) -> dict[str, bytes]:
    """Return the hash of the picture in each place."""
    sql = "SELECT role, sha256 FROM program_image WHERE program_id = ? ORDER BY role"
    return dict(tx.all(lambda role, sha256: (str(role), bytes(sha256)), sql, program_id))


def artwork_of(tx: Transaction, program_id: int) -> dict[str, bytes]:
    """Return the program's own pictures by the names they have in a pass."""
    sql = "SELECT file_name, png FROM program_artwork WHERE program_id = ? ORDER BY file_name"
    return dict(tx.all(lambda name, png: (str(name), bytes(png)), sql, program_id))


def keep_image(tx: Transaction, sha256: bytes, png: bytes) -> None:
    """Make a picture public under its hash, for ever."""
    tx.run(
        "INSERT INTO image (sha256, png) VALUES (?, ?) ON CONFLICT (sha256) DO NOTHING",
        sha256,
        png,
    )


def put_image(tx: Transaction, program_id: int, role: str, *, sha256: bytes, png: bytes) -> None:
    """Put a picture in a place, and make it public under its hash."""
    keep_image(tx, sha256, png)
    tx.run(
        "INSERT INTO program_image (program_id, role, sha256) VALUES (?, ?, ?)"
        " ON CONFLICT (program_id, role) DO UPDATE SET sha256 = excluded.sha256",
        *(program_id, role, sha256),
    )


def put_artwork(tx: Transaction, program_id: int, file_name: str, png: bytes) -> None:
    """Keep one size of a picture."""
    tx.run(
        "INSERT INTO program_artwork (program_id, file_name, png) VALUES (?, ?, ?)"
        " ON CONFLICT (program_id, file_name) DO UPDATE SET png = excluded.png",
        *(program_id, file_name, png),
    )


def image(tx: Transaction, sha256: bytes) -> bytes | None:
    """Return a public picture."""
    found = tx.value("SELECT png FROM image WHERE sha256 = ?", sha256)
    return found if isinstance(found, bytes) else None


def insert_signer(tx: Transaction, row: SignerRow) -> None:
    """Keep a signer; an existing one stays as it is."""
    tx.run(
        "INSERT INTO signer (merchant_id, signer_id, pass_type, team, certificate, wwdr,"
        " key_sealed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (merchant_id, signer_id) DO NOTHING",
        *msgspec.structs.astuple(row),
    )


def renew_signer(tx: Transaction, row: SignerRow) -> None:
    """Give a signer a renewed certificate and key of the same pass type."""
    tx.run(
        "UPDATE signer SET certificate = ?, wwdr = ?, key_sealed = ?"
        " WHERE merchant_id = ? AND signer_id = ?",
        *(row.certificate, row.wwdr, row.key_sealed, row.merchant_id, row.signer_id),
    )


def all_signers(tx: Transaction) -> list[SignerRow]:
    """List every signer, the first one first. # across: a handful, read at the start"""
    return tx.all(SignerRow, _SIGNER + "ORDER BY merchant_id, signer_id")

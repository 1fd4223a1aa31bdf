"""Reads a file of members: what its columns are, and what each row says, judged by itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any

import msgspec

from app.cards.making import rule_of
from app.cards.numbers import Code, Digits, Rule, draw
from app.cards.numbers import judge as judge_number
from app.cards.queries import Contact
from app.errors import AppError, PaymentCard, UnreadableFile
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.partners import member_cells as cells
from app.partners.csv_records import Record
from app.partners.member_cells import BadCell
from app.partners.member_reasons import Reason
from app.programs.ruling import DEFAULT_TZ
from app.programs.service import Program

# Column → how it may be called, in lower case without accents.
_NAMES = {
    "number": ("number", "card_number", "card number", "numero", "numero de carte", "carte"),
    "first_name": ("first_name", "first name", "prenom"),
    "name": ("name", "display_name", "full name", "last_name", "last name", "nom", "nom complet"),
    "email": ("email", "e-mail", "mail", "courriel", "adresse e-mail"),
    "phone": ("phone", "telephone", "tel", "mobile", "portable"),
    "birthday": ("birthday", "birth_date", "date of birth", "anniversaire", "date de naissance"),
    "balance": ("balance", "points", "solde"),
    "expires_at": ("expires_at", "expiry", "expiration", "expire le", "valable jusqu'au"),
    "tier": ("tier", "palier", "niveau", "statut"),
    "enrolled_at": ("enrolled_at", "joined", "member since", "inscription", "date d'inscription"),
}
_COLUMNS = {called: column for column, names in _NAMES.items() for called in names}
COLUMNS_MAX = 100
MEMBERS = "member-import"  # the purpose of what is derived from a row


class Remark(msgspec.Struct, frozen=True):
    """What is wrong with a row, or is to be known of it; `column`: as the file calls it."""

    row: int
    column: str | None
    reason: Reason
    detail: str = ""


class MemberRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was read. `openings`: (unit, units) above zero; moments: Unix microseconds."""

    row: int
    code: Code
    contact: Contact
    openings: tuple[tuple[str, int], ...] = ()
    expires_at: int | None = None
    enrolled_at: int | None = None
    tier: str | None = None
    remarks: tuple[Remark, ...] = ()


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows of one file are read. `columns`: (what it is, the unit or None, its name)."""

    program: Program
    rule: Rule
    tz: str
    tiers: frozenset[str]
    columns: tuple[tuple[str, str | None, str], ...]
    is_live: bool
    secrets: Secrets
    now: int


def read_head(
    head: Record, program: Program, ports: Ports, *, now: int
) -> tuple[Reading, list[Remark]]:
    """Read the header. Raises UnreadableFile where it names no member, or names one thing twice."""
    if head.cells is None or len(head.cells) > COLUMNS_MAX:
        raise UnreadableFile("the first line names the columns: number, name, email, balance …")
    units = [unit.id for unit in program.document.units]
    columns, remarks = [], []
    for name in head.cells:
        kind, unit = _column(name, units)
        if kind == "balance" and unit not in units:
            raise UnreadableFile(f"the program counts no unit {unit or name.strip()[:40]}")
        if kind == "" and name.strip():
            remarks.append(Remark(head.row, name.strip()[:80], "ignored-column"))
        if kind == "tier" and program.authority == "ledger":
            remarks.append(Remark(head.row, name.strip(), "tier-by-rules"))
            kind = ""
        columns.append((kind, unit, name.strip()))
    _refuse_unusable([column[:2] for column in columns if column[0]])
    rules: Any = program.document.rules
    reading = Reading(
        program=program,
        rule=rule_of(program),
        tz=(rules or {}).get("tz") or DEFAULT_TZ,
        tiers=frozenset(tier.id for tier in program.document.tiers),
        columns=tuple(columns),
        is_live=ports.settings.is_live,
        secrets=ports.secrets,
        now=now,
    )
    return reading, remarks


def _refuse_unusable(columns: list[tuple[str, str | None]]) -> None:
    if not {"number", "email", "phone"} & {kind for kind, _ in columns}:
        raise UnreadableFile("a column number is needed, or email or phone")
    if len(set(columns)) < len(columns):
        raise UnreadableFile("two columns say the same")


def _column(name: str, units: list[str]) -> tuple[str, str | None]:
    called, _, unit = name.partition(":")
    kind = _COLUMNS.get(_folded(called), "")
    if kind == "balance":
        return kind, unit.strip() or (units[0] if units else None)
    return ("" if unit else kind), None


def _folded(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.strip().lower().replace("\u2019", "'"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def read_row(record: Record, reading: Reading) -> MemberRow | Remark:
    """Read a row, or say why it cannot be kept."""
    if record.cells is None:
        return Remark(record.row, None, "bad-record")
    if any(cell.strip() for cell in record.cells[len(reading.columns) :]):
        return Remark(record.row, None, "bad-record")
    found: dict[str, Any] = {}
    remarks: list[Remark] = []
    openings: list[tuple[str, int]] = []
    for (kind, unit, called), cell in zip(reading.columns, record.cells, strict=False):
        try:
            text = cells.plain(cell) if kind else ""
            if not text:
                continue
            if kind == "balance" and unit is not None:
                openings.append((unit, cells.units(text)))
            else:
                found[kind] = _READERS[kind](text, reading)
        except BadCell as bad:
            return Remark(record.row, called, bad.reason)
        if kind in {"name", "first_name"} and cells.looks_like_formula(text):
            remarks.append(Remark(record.row, called, "formula-cell"))
    found["name"] = " ".join(found[part] for part in ("first_name", "name") if part in found)
    if len(found["name"]) > cells.NAME_MAX:
        return Remark(record.row, None, "too-long")
    code = _code(record.row, found, reading, remarks)
    if isinstance(code, Remark):
        return code
    row = _row(record.row, code, found)
    return msgspec.structs.replace(
        row, openings=tuple(each for each in openings if each[1] > 0), remarks=tuple(remarks)
    )


def _tier(text: str, reading: Reading) -> str:
    if text not in reading.tiers:
        raise BadCell("unknown-tier")
    return text


_READERS: dict[str, Callable[[str, Reading], Any]] = {
    "number": lambda text, _: cells.number(text),
    "name": lambda text, _: cells.name(text),
    "first_name": lambda text, _: cells.name(text),
    "email": lambda text, reading: cells.email(text, is_live=reading.is_live),
    "phone": lambda text, _: cells.phone(text),
    "birthday": lambda text, _: cells.birthday(text),
    "expires_at": lambda text, reading: cells.last_moment(text, reading.tz),
    "enrolled_at": lambda text, reading: cells.first_moment(text, reading.tz, now=reading.now),
    "tier": _tier,
}


def _code(
    row: int, found: dict[str, Any], reading: Reading, remarks: list[Remark]
) -> Code | Remark:
    column = next((called for kind, _, called in reading.columns if kind == "number"), None)
    if "number" not in found:
        drawn = _drawn(found, reading)
        if drawn is None:
            return Remark(row, column, "missing-number")
        remarks.append(Remark(row, column, "number-drawn"))
        return drawn
    try:
        return judge_number(found["number"], value=None, barcode_format=None, rule=reading.rule)
    except PaymentCard:
        return Remark(row, column, "payment-card")
    except AppError:
        return Remark(row, column, "invalid-number")


def _drawn(found: dict[str, Any], reading: Reading) -> Code | None:
    """Draw a number for an address or a phone: always the same, so that a file may come again."""
    known_as = found.get("email") or "".join(filter(str.isdigit, found.get("phone", "")))
    if not known_as:
        return None
    codes = draw(reading.rule, _digits_of(reading, known_as))
    return codes[0] if codes else None


def _digits_of(reading: Reading, known_as: str) -> Digits:
    drawn = 0

    def digits(count: int) -> str:
        nonlocal drawn
        drawn += 1
        program = reading.program.program_id.to_bytes(8, "big")
        tag = reading.secrets.tag(MEMBERS, program, f"{drawn} {known_as}")
        return str(int.from_bytes(tag[:16], "big") % 10**count).zfill(count)

    return digits


def _row(row: int, code: Code, found: dict[str, Any]) -> MemberRow:
    enrolled_at = found.get("enrolled_at")
    return MemberRow(
        row=row,
        code=code,
        contact=Contact(
            found.get("email"),
            found.get("phone"),
            found["name"] or None,
            found.get("birthday"),
            enrolled_at or 0,
        ),
        expires_at=found.get("expires_at"),
        enrolled_at=enrolled_at,
        tier=found.get("tier"),
    )

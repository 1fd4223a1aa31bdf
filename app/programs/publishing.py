"""Makes and replaces programs: judged as a whole before anything is stored."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import msgspec

from app.errors import Conflict, InvalidInput, invalid
from app.programs import drafting, enrolment, patterns, proving, queries, ruling
from app.programs.content import program_content
from app.programs.partnering import note_partners
from app.programs.queries import ProgramRow
from app.programs.schemas import NewProgram, ProgramDocument
from app.programs.service import FIRST_SIGNER, Program, read
from app.storage.database import Transaction
from passes.apple.document import Issuer
from passes.apple.lint import BadPass, nfc_key_refusal
from passes.apple.package import prepare
from passes.barcode import FORMATS, apple_warning
from passes.templates.artwork import artwork

SLUG_MAX = 48
SLUGS_TRIED = 200


class Drawn(msgspec.Struct, frozen=True):
    """What chance gives a program, drawn before its unit of work."""

    program_id: int
    public_id: bytes
    campaign_id: int


def judge(sent: NewProgram, last: ProgramDocument | None = None) -> list[str]:
    """Refuse what cannot be a program, and return warnings: `last` is what it replaces.

    Raises InvalidInput for each field.
    """
    sent = sent if last is None else ruling.keeping(sent, last)
    rules = ruling.judged(sent)
    proving.prove(rules, sent.vectors)
    sent = ruling.named(sent, rules)
    _judge_ids("units", [unit.id for unit in sent.units])
    _judge_ids("tiers", [tier.id for tier in sent.tiers])
    _judge_ids("locations", [place.id for place in sent.locations])
    _judge_ids("languages", list(sent.languages))
    if sent.authority == "none" and (sent.units or sent.tiers):
        raise invalid("units", "a program of authority none shows no balance and no tier")
    _judge_barcode(sent)
    _judge_phone(sent)
    _judge_languages(sent)
    asked = enrolment.judge(sent, rules)
    _judge_pass(sent)
    warning = apple_warning(sent.barcode.format, sent.barcode.accepts)
    return [*([warning] if warning else []), *ruling.advise(rules, last), *asked]


def create(
    tx: Transaction,
    merchant_id: int,
    sent: NewProgram,
    *,
    drawn: Drawn,
    now: int,
    signer_id: int = FIRST_SIGNER,
    issuer_id: int | None = None,
) -> Program:
    """Write a first version.

    Raises Conflict when no slug is left for the name, InvalidInput for rules that cannot be.
    """
    row = ProgramRow(
        program_id=drawn.program_id,
        public_id=drawn.public_id,
        merchant_id=merchant_id,
        slug=_free_slug(tx, sent.name, drawn.program_id),
        authority=sent.authority,
        name=sent.name,
        version=1,
        revision=1,
        signer_id=signer_id,
        document=drafting.document_of(tx, sent, None, now=now),
        created_at=now,
        updated_at=now,
        issuer_id=issuer_id,
    )
    queries.insert_program(tx, row)
    queries.insert_version(tx, row, now)
    return _published(tx, row)


def replace(
    tx: Transaction,
    program: Program,
    sent: NewProgram,
    *,
    drawn: Drawn,
    now: int,
    may_shorten: bool = False,
) -> Program:
    """Put another document in force and have all passes told; the same one again changes nothing.

    Raises InvalidInput when the authority is another: who knows the balances does not change; and
    for rules by which units live shorter, unless that is asked for and announced.
    """
    row = queries.lock_program(tx, program.program_id)
    assert row is not None, "programs are never deleted"
    if sent.authority != row.authority:
        raise invalid("authority", f"this program's authority is {row.authority} and stays so")
    document = drafting.document_of(tx, sent, row, now=now, may_shorten=may_shorten)
    if document == row.document:
        return read(row)
    changed = msgspec.structs.replace(
        row,
        name=sent.name,
        version=row.version + 1,
        revision=row.revision + 1,
        document=document,
        updated_at=now,
    )
    queries.update_program(tx, changed)
    queries.insert_version(tx, changed, now)
    queries.insert_campaign(tx, row.program_id, drawn.campaign_id, now)
    return _published(tx, changed)


def redraw(tx: Transaction, program_id: int, *, drawn: Drawn, now: int) -> None:
    """Note that pictures changed: the same document, another revision, all passes told."""
    row = queries.lock_program(tx, program_id)
    assert row is not None, "programs are never deleted"
    queries.update_program(
        tx, msgspec.structs.replace(row, revision=row.revision + 1, updated_at=now)
    )
    queries.insert_campaign(tx, program_id, drawn.campaign_id, now)


def slug_of(name: str) -> str:
    """Write a name for addresses: lower case, no accents, hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_MAX].strip("-") or "program"


def _published(tx: Transaction, row: ProgramRow) -> Program:
    program = read(row)
    note_partners(tx, program)
    enrolment.note_texts(tx, row.program_id, program.document, now=row.updated_at)
    return program


def _free_slug(tx: Transaction, name: str, program_id: int) -> str:
    base = slug_of(name)
    for place in range(1, SLUGS_TRIED):
        slug = base if place == 1 else f"{base}-{place}"
        if queries.take_slug(tx, slug, program_id):
            return slug
    raise Conflict("too many programs have this name")


def _judge_ids(path: str, ids: Sequence[str]) -> None:
    for place, each in enumerate(ids):
        if each in ids[:place]:
            raise invalid(f"{path}[{place}]", f"{each} stands twice")


def _judge_barcode(sent: NewProgram) -> None:
    barcode = sent.barcode
    if barcode.format not in FORMATS:
        raise invalid("barcode.format", f"one of {', '.join(FORMATS)} expected")
    for place, each in enumerate(barcode.accepts or ()):
        if each not in FORMATS:
            text = f"one of {', '.join(FORMATS)} expected"
            raise invalid(f"barcode.accepts[{place}]", text)
    if barcode.number_pattern is None:
        return
    refusal = patterns.refusal(barcode.number_pattern)
    if refusal is not None:
        raise invalid("barcode.number_pattern", refusal)


def _judge_phone(sent: NewProgram) -> None:
    if sent.settings.has_poster:
        text = "a poster needs pictures of its own, which cannot be set yet"
        raise invalid("settings.has_poster", text)
    nfc = sent.settings.nfc
    if nfc is None:
        return
    refusal = nfc_key_refusal(nfc.public_key)
    if refusal is not None:
        raise invalid("settings.nfc.public_key", refusal)
    if nfc.requires_authentication and not sent.settings.sharing_prohibited:
        raise invalid("settings.sharing_prohibited", "needed where NFC requires authentication")


def _judge_languages(sent: NewProgram) -> None:
    """Refuse texts that lack the default language or speak one the program does not."""
    default = sent.languages[0]
    named = [(f"units[{n}].name", unit.name) for n, unit in enumerate(sent.units)]
    named += [(f"tiers[{n}].name", tier.name) for n, tier in enumerate(sent.tiers)]
    named += [(f"links[{n}].label", link.label) for n, link in enumerate(sent.links)]
    design = sent.design
    for field in ("headline", "description", "terms", "how_to_leave"):
        given = getattr(design, field)
        if given is not None:
            named.append((f"design.{field}", given))
    for path, given in named:
        if isinstance(given, dict) and default not in given:
            raise invalid(path, f"a text in {default}, the program's first language, is expected")


def draft(sent: NewProgram) -> Program:
    """Return a program as it would be published, its units and tiers named; nothing is stored.

    What is judged before stays judged: see `judge`.
    """
    sent = ruling.named(sent, ruling.judged(sent))
    document = msgspec.json.decode(drafting.written(drafting.kept(sent)), type=ProgramDocument)
    return Program(
        program_id=0,
        public_id=b"",
        merchant_id=0,
        slug="",
        authority=sent.authority,
        name=sent.name,
        version=0,
        revision=0,
        signer_id=FIRST_SIGNER,
        document=document,
        created_at=0,
        updated_at=0,
    )


def _judge_pass(sent: NewProgram) -> None:
    """Prepare a pass as it would leave. Raises InvalidInput with what Apple would refuse."""
    content = program_content(draft(sent))
    pictures = artwork(sent.name, content.background_color, content.foreground_color)
    try:
        prepare(content, Issuer(pass_type="pass.x", team="X"), pictures)  # noqa: S106
    except BadPass as refused:
        listed = [{"path": found.path, "message": found.text} for found in refused.findings]
        text = "; ".join(f"{each['path']}: {each['message']}" for each in listed)
        raise InvalidInput(text, errors=listed) from None

"""What is kept of a program that is sent, and what it would change: before anything is stored."""

from __future__ import annotations

from typing import Protocol

import msgspec

from app.clock import DAY, rfc3339
from app.loyalty import program as loyalty
from app.programs import ruling, service
from app.programs.queries import ProgramRow
from app.programs.schemas import DryRun, NewProgram, ProgramDocument, Simulation
from app.storage.database import Transaction

MONTHS_MAX, MONTHS_DEFAULT = 24, 3
_MONTH_DAYS = 30


class Simulate(Protocol):
    """Replays what a program's cards did since a moment by other rules; main hands it in."""

    def __call__(
        self, tx: Transaction, program_id: int, tried: loyalty.Program, *, since: int, now: int
    ) -> Simulation:
        """Count who would have gained and lost."""


def document_of(
    tx: Transaction,
    sent: NewProgram,
    row: ProgramRow | None,
    *,
    now: int,
    may_shorten: bool = False,
) -> str:
    """Write what is kept; the text of the version in the row again when nothing changes.

    Raises InvalidInput for rules that cannot be, or not from that moment.
    """
    former = [] if row is None else service.versions_of(tx, row.program_id)
    if former:
        sent = ruling.keeping(sent, former[-1][1])
    rules = ruling.judged(sent)
    effective_from = 0
    if rules is not None:
        effective_from = ruling.in_force_from(rules, former, now=now, may_shorten=may_shorten)
    document = kept(ruling.named(sent, rules), effective_from=effective_from)
    if row is None:
        return written(document)
    last = former[-1][1]
    if written(msgspec.structs.replace(document, former=last.former)) == written(last):
        return row.document
    return written(msgspec.structs.replace(document, former=ruling.fingerprint(row.document)))


def kept(sent: NewProgram, *, effective_from: int = 0) -> ProgramDocument:
    """Turn a program as it was sent into what is kept of it."""
    own = {"rules", "effective_from", "former"}
    fields = {name: getattr(sent, name) for name in set(ProgramDocument.__struct_fields__) - own}
    rules = None if sent.rules is msgspec.UNSET else sent.rules
    return ProgramDocument(**fields, rules=rules, effective_from=effective_from)


def written(document: ProgramDocument) -> str:
    """Write a document as it is stored."""
    return msgspec.json.encode(document, order="deterministic").decode()


def dry_run(
    tx: Transaction,
    sent: NewProgram,
    row: ProgramRow | None,
    *,
    now: int,
    may_shorten: bool,
    simulate: Simulate | None,
    months: int,
) -> DryRun:
    """Say what publishing would change. Raises InvalidInput as publishing would."""
    text = document_of(tx, sent, row, now=now, may_shorten=may_shorten)
    document = msgspec.json.decode(text, type=ProgramDocument)
    rules = ruling.rules_in(document)
    if rules is None:
        return DryRun(valid=True, warnings=[])
    answer = DryRun(valid=True, warnings=[], effective_from=rfc3339(document.effective_from))
    if row is None or simulate is None:
        return answer
    since = now - months * _MONTH_DAYS * DAY
    found = simulate(tx, row.program_id, rules, since=since, now=now)
    return msgspec.structs.replace(answer, months=months, **msgspec.structs.asdict(found))

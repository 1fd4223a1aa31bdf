"""HTTP in and out of a file of members: read as it comes, reported row by row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import FromPath, Parameter
from msgspec import Meta

from app.errors import UnreadableFile
from app.http.callers import merchant_of
from app.http.ports import Ports
from app.http.streaming import at_most, body_of
from app.partners import member_import
from app.partners.controller import TAGS
from app.partners.csv_records import NotText, Record, Records
from app.partners.member_import import Taken
from app.partners.member_reasons import FailedReason, WarningReason, sentence
from app.partners.member_rows import MemberRow, Reading, Remark, read_head, read_row
from app.partners.members_controller import made_by
from app.programs.ending import refuse_ended
from app.programs.service import Program, own_program
from app.users.mails import preferred_language

CSV = "text/csv"
FILE_MAX = 64 * 1024 * 1024  # bytes
ROWS_MAX = 100_000
AT_ONCE = 100  # rows in one commit: tills get their turn in between
DryRun = Annotated[bool, Parameter(query="dry_run", description="Answer, and change nothing.")]


class FailedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of which nothing was kept; `row`: the line where it begins, the header's is 1."""

    row: int
    column: str | None
    reason: FailedReason
    detail: str


class RemarkedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that was kept, and something to know of it."""

    row: int
    column: str | None
    reason: WarningReason | FailedReason
    detail: str


class MembersImported(msgspec.Struct, frozen=True, kw_only=True):
    """Every row is one of `added`, `known` and `failed`; `opened` counts opening balances."""

    rows: int
    added: int
    known: int
    opened: int
    failed: Annotated[list[FailedRow], Meta(max_length=ROWS_MAX + 1)]
    warnings: list[RemarkedRow]
    dry_run: bool


@post(
    "/v1/partner/programs/{program_id:str}/members/imports",
    status_code=200,
    request_max_body_size=None,
    content_types=(CSV,),
    callers=("merchant",),
    tags=TAGS,
    summary="Bring members from a CSV file",
)
async def import_members(
    *,
    request: Request[Any, Any, Any],
    program_id: FromPath[str],
    ports: NamedDependency[Ports],
    dry_run: DryRun = False,
) -> MembersImported:
    """Take up to 100,000 rows, with opening balances; each row stands or fails by itself.

    Columns by name: number, name, email, phone, birthday, balance (or balance:unit), expires_at,
    tier, enrolled_at. Parted by `;`, `,` or tabs; UTF-8 or Latin-1. Sent again it changes nothing.
    """
    merchant_id, now = merchant_of(request).merchant_id, ports.clock.wall()
    program = await ports.database.read_point(lambda tx: own_program(tx, merchant_id, program_id))
    refuse_ended(program, now)
    language = preferred_language(request.headers.get("accept-language", ""))
    taking = Taking(
        ports, program, language=language, made_by=made_by(request), is_dry=dry_run, now=now
    )
    return await taking.take(body_of(at_most(request.receive, FILE_MAX)))


class Taking:
    """Reads a file to its end and counts what came of it."""

    def __init__(
        self,
        ports: Ports,
        program: Program,
        *,
        language: str,
        made_by: str,
        is_dry: bool,
        now: int,
        rows_max: int = ROWS_MAX,
    ) -> None:
        self._ports, self._program, self._now = ports, program, now
        self._rows_max = rows_max
        self._language, self._made_by, self._is_dry = language, made_by, is_dry
        self._reading: Reading | None = None
        self._waiting: list[Record] = []
        self._seen: set[str] = set()
        self._counts = {"added": 0, "known": 0, "failed": 0}
        self._rows = self._opened = 0
        self._failed: list[FailedRow] = []
        self._warnings: list[RemarkedRow] = []

    async def take(self, body: AsyncIterator[bytes]) -> MembersImported:
        """Take the file. Raises: UnreadableFile, TooBig, Unavailable; rows before it stand."""
        records = Records()
        try:
            async for chunk in body:
                for record in records.feed(chunk):
                    await self._add(record)
        except NotText:
            raise UnreadableFile("save the file as CSV in UTF-8") from None
        for record in records.close():
            await self._add(record)
        await self._flush()
        if self._reading is None:
            raise UnreadableFile("the file is empty: its first line names the columns")
        if not records.is_utf8:
            self._warn(Remark(1, None, "not-utf8"))
        return MembersImported(
            rows=self._rows,
            added=self._counts["added"],
            known=self._counts["known"],
            opened=self._opened,
            failed=self._failed,
            warnings=self._warnings,
            dry_run=self._is_dry,
        )

    async def _add(self, record: Record) -> None:
        if self._reading is None:
            self._reading, remarks = read_head(record, self._program, self._ports, now=self._now)
            for remark in remarks:
                self._warn(remark)
            return
        if self._rows > self._rows_max:
            return
        self._rows += 1
        if self._rows > self._rows_max:
            self._fail(Remark(record.row, None, "too-many-rows"))
            return
        self._waiting.append(record)
        if len(self._waiting) >= AT_ONCE:
            await self._flush()

    async def _flush(self) -> None:
        records, self._waiting = self._waiting, []
        reading = self._reading
        if reading is None or not records:
            return
        # Judging addresses takes its time: in a thread, while tills are served.
        loop = asyncio.get_running_loop()
        judged = await loop.run_in_executor(
            self._ports.threads, lambda: [read_row(record, reading) for record in records]
        )
        rows = [each for each in judged if isinstance(each, MemberRow)]
        taken = iter(await self._take(reading, rows))
        for each in judged:
            if isinstance(each, Remark):
                self._fail(each)
            else:
                self._count(next(taken))

    async def _take(self, reading: Reading, rows: list[MemberRow]) -> list[Taken]:
        if self._is_dry:
            return await self._ports.database.read(
                lambda tx: member_import.look(tx, reading, rows, self._seen)
            )
        return await member_import.take(self._ports, reading, rows, made_by=self._made_by)

    def _count(self, taken: Taken) -> None:
        if taken.status == "failed":
            self._fail(taken.remarks[0])
            return
        self._counts[taken.status] += 1
        self._opened += taken.opened
        for remark in (*taken.row.remarks, *taken.remarks):
            self._warn(remark)

    def _fail(self, remark: Remark) -> None:
        self._failed.append(FailedRow(**self._told(remark)))

    def _warn(self, remark: Remark) -> None:
        self._warnings.append(RemarkedRow(**self._told(remark)))

    def _told(self, remark: Remark) -> dict[str, Any]:
        detail = sentence(remark.reason, self._language, detail=remark.detail)
        return {
            "row": remark.row,
            "column": remark.column,
            "reason": remark.reason,
            "detail": detail,
        }


ROUTES: list[Any] = [import_members]

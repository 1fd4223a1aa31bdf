"""Makes signed passes: templates once a program version, signatures once a revision."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, TypeVar

import msgspec

from app.apple.signers import LoadedSigner, Signers
from app.cards.content import CardContent
from app.cards.pass_queries import PassRow
from app.errors import Unavailable
from app.http.ports import Ports
from app.programs import queries as program_queries
from passes.apple.document import Issue, Issuer, pass_json
from passes.apple.lint import BadPass
from passes.apple.package import Template, package, prepare
from passes.content import ProgramContent
from passes.templates.artwork import artwork

T = TypeVar("T")

TEMPLATES_KEPT = 512
PASSES_KEPT = 1_024  # of some 15 kB each


class _Wanted(msgspec.Struct, frozen=True):
    """Everything a pass is made of."""

    template: Template
    content: CardContent
    issue: Issue
    signer: LoadedSigner


class PassMaker:
    """Signs in threads; 1,000 phones that pull one revision cost one signature."""

    def __init__(self, ports: Ports, signers: Signers) -> None:
        self._ports = ports
        self._signers = signers
        self._templates: OrderedDict[Hashable, asyncio.Task[Template]] = OrderedDict()
        self._passes: OrderedDict[Hashable, asyncio.Task[bytes]] = OrderedDict()

    async def pass_bytes(self, row: PassRow, content: CardContent) -> bytes:
        """Return the signed pass of this content. Raises Unavailable where it cannot be made."""
        key = (
            *(row.serial, content.card_revision, content.program_revision),
            *(row.voided_at, content.is_voided, content.template_key),
        )
        return await _kept(self._passes, key, PASSES_KEPT, lambda: self._make(row, content))

    async def document(self, row: PassRow, content: CardContent) -> bytes:
        """Return pass.json as it would be sent now."""
        wanted = await self._wanted(row, content)
        return pass_json(wanted.template.skeleton, wanted.content.content, wanted.issue)

    async def _make(self, row: PassRow, content: CardContent) -> bytes:
        wanted = await self._wanted(row, content)
        at, loop = self._ports.clock.wall(), asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._ports.threads, _signed, wanted, at)
        except BadPass as refused:
            raise Unavailable("this card cannot be shown in Apple Wallet") from refused

    async def _wanted(self, row: PassRow, content: CardContent) -> _Wanted:
        signer = await self._signers.get(row.signer_id)
        key = (content.template_key, row.signer_id)
        template = await _kept(
            self._templates, key, TEMPLATES_KEPT, lambda: self._prepare(signer, content)
        )
        token = self._ports.secrets.pass_token(row.serial, row.pass_key)
        issue = Issue(serial_number=row.serial.hex(), authentication_token=token)
        return _Wanted(template, content, issue, signer)

    async def _prepare(self, signer: LoadedSigner, content: CardContent) -> Template:
        own: dict[str, bytes] = {}
        if content.program_id is not None:
            program_id = content.program_id
            own = await self._ports.database.read(
                lambda tx: program_queries.artwork_of(tx, program_id)
            )
        settings = self._ports.settings
        issuer = Issuer(
            pass_type=signer.pass_type,
            team=signer.team,
            web_service_url=f"{settings.pass_url}/apple",
        )
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._ports.threads,
                lambda: _prepared(
                    content.content.program, issuer, own, allow_loopback=not settings.is_live
                ),
            )
        except BadPass as refused:
            raise Unavailable("this program's passes cannot be made") from refused


async def _kept(
    tasks: OrderedDict[Hashable, asyncio.Task[T]],
    key: Hashable,
    limit: int,
    make: Callable[[], Coroutine[Any, Any, T]],
) -> T:
    """Return what was made under a key; who comes meanwhile waits for the same making."""
    task = tasks.get(key)
    if task is None:
        task = tasks[key] = asyncio.get_running_loop().create_task(make())
        if len(tasks) > limit:
            tasks.popitem(last=False)
    else:
        tasks.move_to_end(key)
        if task.done() and not task.cancelled() and task.exception() is None:
            return task.result()
    try:
        return await asyncio.shield(task)  # one caller's leaving ends it for nobody
    except BaseException:
        if task.done() and tasks.get(key) is task:
            del tasks[key]  # a failure is not kept
        raise


def _signed(wanted: _Wanted, at: int) -> bytes:
    document = pass_json(wanted.template.skeleton, wanted.content.content, wanted.issue)
    return package(wanted.template, document, signer=wanted.signer.signer, at=at)


def _prepared(
    program: ProgramContent, issuer: Issuer, own: dict[str, bytes], *, allow_loopback: bool
) -> Template:
    drawn = artwork(program.name, program.background_color, program.foreground_color)
    return prepare(program, issuer, drawn | own, allow_loopback=allow_loopback)

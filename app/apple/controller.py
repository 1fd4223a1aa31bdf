"""Apple's web service, word for word (Apple: PassKit Web Service Reference; apple.md §4)."""

from __future__ import annotations

import re
from email.utils import formatdate, mktime_tz, parsedate_tz
from typing import Any, TypeVar

import msgspec
from litestar import MediaType, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.apple import queries, service
from app.apple.passmaker import PassMaker
from app.apple.schemas import Logs, PushToken, SerialNumbers
from app.apple.service import Shown
from app.apple.signers import Signers
from app.cards import passes_of
from app.cards.pass_queries import PassRow
from app.clock import MINUTE, SECOND
from app.http.addresses import client_address
from app.http.ports import Ports
from app.storage.database import Transaction
from passes.apple.package import MIME

BODY_MAX = 64 * 1024
PULLS_PER_MINUTE = 600  # a pass, so that one loop in a reader holds up nobody else
CALLS_PER_SECOND = 5_000  # an address: a carrier's phones share one
LOGS_PER_MINUTE = 60  # an address
_PUSH_TOKEN = re.compile(r"[0-9A-Fa-f]{2,200}")
_APPLE: dict[str, Any] = {"apple": True, "tags": ["Apple's web service"]}
_REGISTRATION = "/apple/v1/devices/{device:str}/registrations/{pass_type:str}/{serial:str}"
_Request = Request[Any, Any, Any]
T = TypeVar("T")


@post(_REGISTRATION, summary="Register a pass for updates", status_code=201, **_APPLE)
async def register(
    request: _Request,
    ports: NamedDependency[Ports],
    device: FromPath[str],
    *,
    pass_type: FromPath[str],
    serial: FromPath[str],
) -> Response[bytes]:
    """201: newly registered. 200: it was. 401: not its token. 400: no push token in the body."""
    row = await _authorized(request, ports, pass_type, serial)
    if row is None:
        return _unauthorized()
    sent = _decoded(await request.body(), PushToken)
    if sent is None or not _PUSH_TOKEN.fullmatch(sent.push_token):
        return Response(b"", status_code=400)
    now, push_token = ports.clock.wall(), sent.push_token.lower()
    new_device_id, event_id = ports.ids.next(now), ports.ids.public()
    library_hash = _library_hash(ports, device)
    device_id = await ports.database.write(
        lambda tx: service.register_device(
            tx,
            row,
            pass_type=pass_type,
            library_hash=library_hash,
            new_device_id=new_device_id,
            push_token=push_token,
            now=now,
        )
    )
    is_new = await ports.database.write(
        lambda tx: service.register_pass(tx, row, device_id, event_id=event_id, now=now)
    )
    return Response(b"", status_code=201 if is_new else 200)


@delete(_REGISTRATION, summary="Unregister a pass", status_code=200, **_APPLE)
async def unregister(
    request: _Request,
    ports: NamedDependency[Ports],
    device: FromPath[str],
    *,
    pass_type: FromPath[str],
    serial: FromPath[str],
) -> Response[bytes]:
    """200, also when nothing was registered. 401: not its token."""
    row = await _authorized(request, ports, pass_type, serial)
    if row is None:
        return _unauthorized()
    now, event_id = ports.clock.wall(), ports.ids.public()
    library_hash = _library_hash(ports, device)
    device_id = await ports.database.write(
        lambda tx: service.unregister_device(
            tx, row, pass_type=pass_type, library_hash=library_hash
        )
    )
    if device_id is not None:
        found = device_id
        await ports.database.write(
            lambda tx: service.unregister_pass(tx, row, found, event_id=event_id, now=now)
        )
    return Response(b"", status_code=200)


@get(
    "/apple/v1/devices/{device:str}/registrations/{pass_type:str}",
    summary="List passes that changed",
    **_APPLE,
)
async def list_changed(
    request: _Request,
    ports: NamedDependency[Ports],
    device: FromPath[str],
    pass_type: FromPath[str],
) -> Response[Any]:
    """200 with serial numbers and a tag. 204: nothing changed, or an unknown device."""
    _limit(request, ports, "apple-calls", CALLS_PER_SECOND, window=SECOND)
    library_hash = _library_hash(ports, device)
    tag = request.query_params.get("passesUpdatedSince")
    found = await ports.database.read_point(
        lambda tx: service.listed(tx, library_hash, pass_type, tag)
    )
    if found is None or not found.serials:
        return Response(None, status_code=204)
    now, device_id, told = ports.clock.wall(), found.device_id, found.tag
    await ports.database.write(
        lambda tx: queries.note_listed(tx, device_id, pass_type, told, now=now)
    )
    return Response(SerialNumbers([each.hex() for each in found.serials], str(found.tag)))


@get(
    "/apple/v1/passes/{pass_type:str}/{serial:str}",
    summary="Get the latest version of a pass",
    media_type=MIME,
    **_APPLE,
)
async def latest(
    request: _Request,
    ports: NamedDependency[Ports],
    pass_type: FromPath[str],
    serial: FromPath[str],
) -> Response[bytes]:
    """200 with the pass. 304: it is the one last served. 401: not its token."""
    _limit(request, ports, "apple-calls", CALLS_PER_SECOND, window=SECOND)
    authorization, now = request.headers.get("authorization", ""), ports.clock.wall()
    public_url = ports.settings.public_url
    found = await ports.database.read_point(
        lambda tx: service.latest(
            *(tx, serial, authorization), secrets=ports.secrets, now=now, public_url=public_url
        )
    )
    signers: Signers = request.app.state.signers
    if found is None or not await signers.is_of(found.row.signer_id, pass_type):
        return _unauthorized()
    ports.limiter.check(*("apple-pulls", serial), per_hour=PULLS_PER_MINUTE, now=now, window=MINUTE)
    if not found.is_newer and _is_known(request, found.row):
        return Response(b"", status_code=304, headers=_last_modified(found.row))
    return await pass_answer(request, ports, found)


@post("/apple/v1/log", summary="Log a message", status_code=200, **_APPLE)
async def log(request: _Request, ports: NamedDependency[Ports]) -> Response[bytes]:
    """200. 400: not readable."""
    _limit(request, ports, "apple-logs", LOGS_PER_MINUTE)
    sent = _decoded(await request.body(), Logs)
    if sent is None:
        return Response(b"", status_code=400)
    now = ports.clock.wall()
    lines = [service.clean_line(line) for line in sent.logs[: service.LOG_LINES_MAX]]
    kept = [(ports.ids.next(now), line, *service.names_in(line)) for line in lines if line]

    def work(tx: Transaction) -> None:
        for log_id, line, device, serial in kept:
            library_hash = None if device is None else _library_hash(ports, device)
            queries.insert_log(tx, now, log_id, line, library_hash=library_hash, serial=serial)

    await ports.database.write(work)
    return Response(b"", status_code=200)


async def shown(ports: Ports, row: PassRow) -> Shown | None:
    """Read what a pass shows now."""
    public_url, now = ports.settings.public_url, ports.clock.wall()
    return await ports.database.read_point(
        lambda tx: service.shown(tx, row, now=now, public_url=public_url)
    )


async def pass_answer(request: _Request, ports: Ports, found: Shown) -> Response[bytes]:
    """Note what is served, and answer the signed pass."""
    row, content, now = found.row, found.content, ports.clock.wall()
    if found.is_newer:
        row = await ports.database.write(
            lambda tx: passes_of.mark_served(
                tx,
                found.row,
                card_revision=content.card_revision,
                program_revision=content.program_revision,
                now=now,
            )
        )
    maker: PassMaker = request.app.state.passmaker
    packed = await maker.pass_bytes(row, content)
    return Response(packed, media_type=MIME, headers=_last_modified(row) | _PRIVATE)


async def _authorized(
    request: _Request, ports: Ports, pass_type: str, serial: str
) -> PassRow | None:
    _limit(request, ports, "apple-calls", CALLS_PER_SECOND, window=SECOND)
    authorization, now = request.headers.get("authorization", ""), ports.clock.wall()
    row = await ports.database.read_point(
        lambda tx: service.authorized(tx, serial, authorization, secrets=ports.secrets, now=now)
    )
    signers: Signers = request.app.state.signers
    if row is None or not await signers.is_of(row.signer_id, pass_type):
        return None
    return row


def _limit(
    request: _Request, ports: Ports, name: str, per_window: int, *, window: int = MINUTE
) -> None:
    address = client_address(request.scope, ports.settings.trusted_proxies)
    ports.limiter.check(name, address, per_hour=per_window, now=ports.clock.wall(), window=window)


def _unauthorized() -> Response[bytes]:
    """Answer the same bytes for every way to be wrong."""
    return Response(b"", status_code=401, media_type=MediaType.TEXT)


def _is_known(request: _Request, row: PassRow) -> bool:
    """Say whether the phone holds exactly what was served last (If-Modified-Since)."""
    given = request.headers.get("if-modified-since")
    parsed = None if given is None else parsedate_tz(given)
    try:
        return parsed is not None and mktime_tz(parsed) == row.modified
    except (ValueError, OverflowError):
        return False


def _last_modified(row: PassRow) -> dict[str, str]:
    return {"Last-Modified": formatdate(row.modified, usegmt=True)}


def _library_hash(ports: Ports, device: str) -> bytes:
    return ports.secrets.tag("device", device)


def _decoded(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


_PRIVATE = {"Cache-Control": "no-store"}
ROUTES = [register, unregister, list_changed, latest, log]

"""How a command reaches the server that writes the SQLite file: an address and a token beside it.

One process writes the file, so a command that writes asks that process. The routes stand only on a
server that `up` started, take the token only, and answer only callers of this machine.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from base64 import b64encode
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import msgspec
from litestar import Request

from app.errors import NotFound
from app.ids import Ids
from app.sandbox.private_files import write_private
from app.settings import Settings
from app.storage.database import DatabaseRefused
from app.storage.open import sqlite_path
from app.storage.sqlite import lock_for_writing

T = TypeVar("T")
_ANSWER_SECONDS = 60.0
HEADER = "x-operator-token"
PASSWORD_HEADER = "x-file-password"  # noqa: S105  # a header's name; its value is base64


class OperatorFile(msgspec.Struct, frozen=True):
    """Where the server listens and what it takes for an operator's word."""

    address: str
    token: str


def file_beside(settings: Settings) -> Path | None:
    """Name the file beside the database; None on PostgreSQL, where each process writes itself."""
    path = sqlite_path(settings.database_url)
    return None if path is None else path.with_name(path.name + ".operator.json")


def announce(settings: Settings, address: str, ids: Ids) -> str:
    """Write the file (0600) for this run of the server and return its token."""
    token = ids.token("pco_")
    path = file_beside(settings)
    if path is not None:
        write_private(path, msgspec.json.encode(OperatorFile(address, token)))
    return token


def retire(settings: Settings) -> None:
    """Take the file away when the server stops."""
    path = file_beside(settings)
    if path is not None:
        path.unlink(missing_ok=True)


def is_served(settings: Settings) -> bool:
    """Tell whether a server writes the SQLite file now: it holds the lock. False on PostgreSQL."""
    path = sqlite_path(settings.database_url)
    if path is None or not path.exists():
        return False
    try:
        os.close(lock_for_writing(path))
    except DatabaseRefused:
        return True
    return False


def require_operator(request: Request[Any, Any, Any], token: str) -> None:
    """Refuse whoever is not an operator on this machine, as if nothing were here."""
    host = request.client.host if request.client else ""
    given = request.headers.get(HEADER, "")
    is_same = hmac.compare_digest(given.encode("latin-1", "replace"), token.encode())
    if not (is_same and _is_loopback(host)) or "x-forwarded-for" in request.headers:
        raise NotFound


def ask(
    settings: Settings,
    path: str,
    content: bytes,
    kind: type[T],
    *,
    password: str | None = None,
    **query: str,
) -> T:
    """Ask the running server to do it; the password is a file's. Raises DatabaseRefused."""
    beside = file_beside(settings)
    try:
        assert beside is not None
        server = msgspec.json.decode(beside.read_bytes(), type=OperatorFile)
        answer = httpx2.post(
            f"{server.address}/operator/{path}",
            content=content,
            params=query,
            headers={
                HEADER: server.token,
                "Content-Type": "application/octet-stream",
                PASSWORD_HEADER: b64encode((password or "").encode()).decode(),
            },
            timeout=_ANSWER_SECONDS,
            trust_env=False,
        )
    except (OSError, msgspec.MsgspecError, httpx2.HTTPError) as error:
        raise DatabaseRefused(
            "The database is in use by a process that takes no orders: stop it and try again."
        ) from error
    if answer.status_code >= 400:
        raise DatabaseRefused(_detail(answer.content))
    return msgspec.json.decode(answer.content, type=kind)


def _detail(body: bytes) -> str:
    try:
        problem = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        return "The running server did not understand."
    return str(problem.get("detail") or problem.get("title"))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

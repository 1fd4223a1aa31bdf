"""Idempotency-Key: the same request twice is done once, answered the same (security.md §6)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request, Response

from app.clock import DAY
from app.errors import AppError, IdempotencyConflict, IdempotencyKeyMissing, invalid
from app.http import queries
from app.http.callers import caller_of, scope_of
from app.http.ports import Ports
from app.storage.database import Transaction

KEPT_FOR = 30 * DAY
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_PURPOSE = "idempotency"
_KEPT_REFUSALS = {404, 409, 410, 422}  # refused by the rules; what was refused before is not kept


class Made(msgspec.Struct, frozen=True):
    """What a unit of work answers: a status and a struct to encode."""

    status: int
    body: Any


class Answer(msgspec.Struct, frozen=True):
    """A status and encoded JSON, now or as the first time."""

    status: int
    body: bytes
    is_replay: bool = False

    def response(self) -> Response[Any]:
        """Write the answer."""
        headers = {"Idempotent-Replay": "true"} if self.is_replay else None
        kind = "application/json" if self.status < 400 else "application/problem+json"
        return Response(self.body, status_code=self.status, media_type=kind, headers=headers)


class _Claim(msgspec.Struct, frozen=True):
    scope: bytes
    key_hash: bytes
    request_hash: bytes


async def once(
    request: Request[Any, Any, Any],
    ports: Ports,
    work: Callable[[Transaction], Made],
    *,
    is_needed: bool = True,
) -> Answer:
    """Run a unit of work for this request's key, or answer what it was answered first.

    The key's row is written in the unit's own transaction. Where a second family follows, the
    caller runs that unit after this one, also for a replay: it finishes what a crash left.
    Raises: IdempotencyKeyMissing, IdempotencyConflict, and what `work` raises; refusals by the
    rules are kept like answers.
    """
    claim = await _claim(request, ports, is_needed=is_needed)
    if claim is None:
        made = await ports.database.write(work)
        return Answer(made.status, msgspec.json.encode(made.body))
    now, nonce = ports.clock.wall(), ports.ids.secret(12)

    def keep(tx: Transaction, answer: Answer) -> bool:
        sealed = ports.secrets.seal(_PURPOSE, answer.body, nonce)
        kept = queries.KeptAnswer(claim.request_hash, answer.status, sealed)
        return queries.keep_answer(tx, claim.scope, claim.key_hash, kept, now=now)

    def unit(tx: Transaction) -> Answer:
        first = _first_answer(tx, ports, claim)
        if first is not None:
            return first
        made = work(tx)
        answer = Answer(made.status, msgspec.json.encode(made.body))
        if not keep(tx, answer):
            raise _TwinWasFaster
        return answer

    try:
        return await ports.database.write(unit)
    except _TwinWasFaster:
        return await ports.database.write(unit)  # now its answer is there
    except AppError as refusal:
        if refusal.status in _KEPT_REFUSALS and not isinstance(refusal, IdempotencyConflict):
            document = msgspec.json.encode(refusal.document(request_id_of(request)))
            refused = Answer(refusal.status, document)
            await ports.database.write(lambda tx: keep(tx, refused))
        raise


class _TwinWasFaster(Exception):
    """Another request with this key committed between our look and our write."""


def require_key(request: Request[Any, Any, Any]) -> None:
    """Refuse a request without a key before anything is done for it."""
    if request.headers.get("idempotency-key") is None:
        raise IdempotencyKeyMissing("send a fresh Idempotency-Key; repeat it to repeat")


def request_id_of(request: Request[Any, Any, Any]) -> str:
    """Return the id that joins this request's log lines and answers."""
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _claim(
    request: Request[Any, Any, Any], ports: Ports, *, is_needed: bool
) -> _Claim | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        if is_needed:
            require_key(request)
        return None
    if not _KEY.fullmatch(key):
        raise invalid("Idempotency-Key", "1 to 255 visible ASCII characters expected")
    scope = scope_of(caller_of(request), request.url.path)
    target = f"{request.method} {request.url.path}?{request.url.query}".encode()
    body = hashlib.sha256(await request.body()).digest()
    return _Claim(
        ports.secrets.tag("idempotency-scope", scope),
        hashlib.sha256(key.encode()).digest(),
        hashlib.sha256(target + b"\n" + body).digest(),
    )


def _first_answer(tx: Transaction, ports: Ports, claim: _Claim) -> Answer | None:
    kept = queries.kept_answer(tx, claim.scope, claim.key_hash)
    if kept is None:
        return None
    if kept.request_hash != claim.request_hash:
        raise IdempotencyConflict("the key was used for another method, address or body")
    body = ports.secrets.unseal(_PURPOSE, kept.answer_sealed)
    assert body is not None, "SECRETS_FILE is not the one this database was written with"
    return Answer(kept.status, body, is_replay=True)

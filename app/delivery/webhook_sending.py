"""One try of one delivery: taken from its queue, signed, sent, and written down."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import UTC, datetime
from functools import partial

import msgspec
import structlog
from standardwebhooks import Webhook

from app.clock import SECOND
from app.delivery import webhook_health as health
from app.delivery import webhook_queries as queries
from app.delivery.webhook_queries import Lane
from app.delivery.webhook_verdicts import Again, Answer, Done, Verdict, judge
from app.http.ports import Ports
from app.ids import public_id
from app.outside import Outside, OutsideFailed, OutsideRefused
from app.partners import delivery_queries, webhook_queries, webhooks
from app.partners.delivery_queries import AttemptRow, DeliveryRow
from app.partners.webhook_queries import WebhookRow
from app.storage.database import Transaction

TIMEOUT_SECONDS = 15.0
LEASE = 60 * SECOND  # a try may take 15 s; a worker that was killed is waited for so long
ANSWER_KEPT = 1_000  # characters of what was answered
_log = structlog.get_logger("webhooks")


class Taken(msgspec.Struct, frozen=True):
    """A delivery that this worker tries now."""

    lane: Lane
    row: DeliveryRow
    body: str


class Means(msgspec.Struct, frozen=True):
    """By what is sent. `counts`: answers by status or kind of failure."""

    ports: Ports
    outside: Outside
    counts: Counter[str]


def take(tx: Transaction, *, lane: Lane, now: int) -> Taken | None:
    """Take the delivery whose turn it is in a queue; None: nothing is due, or it is taken."""
    delivery_queries.lock_card(tx, lane.card_id)
    if not queries.claim_lane(tx, lane, now=now, until=now + LEASE):
        return None
    row = queries.first_pending(tx, lane)
    body = None if row is None else delivery_queries.body(tx, row.card_id, row.sequence)
    if row is None or body is None:
        queries.end_lane(tx, lane)
        return None
    return Taken(lane, row, body)


def skip(tx: Transaction, *, lane: Lane) -> None:
    """Give up what waits for an endpoint that is off; nothing where it was switched on again."""
    delivery_queries.lock_card(tx, lane.card_id)
    endpoint = webhook_queries.by_id(tx, lane.merchant_id, lane.webhook_id)
    if endpoint is not None and endpoint.disabled_at is None:
        return
    queries.skip_pending(tx, lane)
    queries.end_lane(tx, lane)


async def send(means: Means, taken: Taken, endpoint: WebhookRow) -> None:
    """Try a delivery once, and write down what came of it."""
    ports, row = means.ports, taken.row
    sent_at, begun = ports.clock.wall(), ports.clock.monotonic()
    answer, said = await _ask(means, taken, endpoint, sent_at=sent_at)
    now = ports.clock.wall()
    verdict = judge(
        answer,
        tries=row.tries,
        slow_steps=endpoint.slow_steps,
        noise=ports.ids.secret(1)[0],
        now=now,
    )
    name = str(answer.status) if answer.status is not None else answer.error
    means.counts[f"webhook:{name}"] += 1
    attempt = AttemptRow(
        number=row.attempts + 1,
        at=sent_at,
        status_code=answer.status,
        error=answer.error,
        milliseconds=round((ports.clock.monotonic() - begun) * 1_000),
        answer=said,
    )
    await ports.database.write(
        partial(_settle, taken=taken, attempt=attempt, verdict=verdict, now=now)
    )
    if health.concerns(endpoint, verdict):
        heard = _heard(ports, endpoint, verdict, now=now)
        await ports.database.write(lambda tx: health.note(tx, heard))
    if not isinstance(verdict, Done):
        _log.warning("webhook failed", code=name, attempts=row.attempts + 1)


def headers_of(row: DeliveryRow, body: str, keys: tuple[bytes, ...], *, at: int) -> dict[str, str]:
    """Sign a message (Standard Webhooks 1.0): one signature for each key in force."""
    message, seconds = public_id("evt", row.event_id), at // SECOND
    moment = datetime.fromtimestamp(seconds, tz=UTC)
    signatures = [Webhook(key).sign(msg_id=message, timestamp=moment, data=body) for key in keys]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Portecarte-Webhooks/1",
        "webhook-id": message,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(signatures),
    }


async def _ask(
    means: Means, taken: Taken, endpoint: WebhookRow, *, sent_at: int
) -> tuple[Answer, str | None]:
    """Send the message; return the answer, and the beginning of what it says."""
    settings = means.ports.settings
    keys = webhooks.keys_of(endpoint, means.ports.secrets, now=sent_at)
    may_stay = settings.webhook_allow_loopback or bool(endpoint.is_listener)
    try:
        heard = await means.outside.post(
            endpoint.url,
            taken.body.encode(),
            headers=headers_of(taken.row, taken.body, keys, at=sent_at),
            seconds=TIMEOUT_SECONDS,
            allow_loopback=may_stay and not settings.is_live,
        )
    except OutsideRefused:
        return Answer(None, "refused-address"), None
    except OutsideFailed as failed:
        return Answer(None, failed.kind), None
    return Answer(heard.status, None, heard.headers.get("retry-after")), _excerpt(heard.body)


def _excerpt(body: bytes) -> str:
    text = body[: 4 * ANSWER_KEPT].decode("utf-8", "replace")
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return kept[:ANSWER_KEPT]


def _settle(
    tx: Transaction, *, taken: Taken, attempt: AttemptRow, verdict: Verdict, now: int
) -> None:
    """Write a try down and let the queue go on; nothing is left of one that was erased."""
    lane, row = taken.lane, taken.row
    delivery_queries.lock_card(tx, lane.card_id)
    status, next_at = "failed", None
    if isinstance(verdict, Done):
        status = "delivered"
    elif isinstance(verdict, Again):
        status, next_at = "pending", verdict.next_at
    if queries.settle(tx, row, status=status, next_at=next_at, tries=row.tries + 1):
        queries.insert_attempt(tx, row, attempt)
    following = queries.first_pending(tx, lane)
    if following is None:
        queries.end_lane(tx, lane)
    else:
        queries.free_lane(tx, lane, next_at=max(following.next_at or now, 0))


def _heard(ports: Ports, endpoint: WebhookRow, verdict: Verdict, *, now: int) -> health.Heard:
    return health.Heard(
        merchant_id=endpoint.merchant_id,
        webhook_id=endpoint.webhook_id,
        verdict=verdict,
        mail_ids=tuple(ports.ids.next(now) for _ in range(health.OWNERS_TOLD_MAX)),
        console=f"{ports.settings.public_url}/merchant/webhooks",
        secrets=ports.secrets,
        now=now,
    )

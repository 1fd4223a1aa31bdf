"""A merchant's webhook endpoints: made, changed, rolled, ended; their secrets are kept sealed."""

from __future__ import annotations

import base64

import msgspec

from app.clock import SECOND, rfc3339
from app.errors import Conflict, NotFound, invalid
from app.http.ports import Ports
from app.http.secrets import Secrets
from app.ids import parse_public_id, public_id
from app.outside import OutsideRefused, judge
from app.partners import delivery_queries
from app.partners import webhook_queries as queries
from app.partners.webhook_queries import WebhookRow
from app.partners.webhook_schemas import NewWebhook, WebhookChange, WebhookOut
from app.settings import Settings
from app.storage.database import Transaction

WEBHOOKS_MAX = 20  # of one merchant; each event is kept once for each
SECRET_BYTES = 32  # Standard Webhooks: 24 to 64
_PURPOSE = "webhook-secret"
_read_types = msgspec.json.Decoder(list[str]).decode


class DrawnWebhook(msgspec.Struct, frozen=True):
    """What chance gives an endpoint, drawn before its unit of work. `secret`: as shown."""

    webhook_id: int
    public_id: bytes
    secret: str
    sealed: bytes


class Health(msgspec.Struct, frozen=True):
    """How a merchant's webhooks go: deliveries that wait, endpoints whose last tries failed."""

    pending: int
    failing: int


def draw(ports: Ports, now: int) -> DrawnWebhook:
    """Draw what a new endpoint, or a new secret of one, needs."""
    raw = ports.ids.secret(SECRET_BYTES)
    sealed = ports.secrets.seal(_PURPOSE, raw, ports.ids.secret(12))
    secret = "whsec_" + base64.b64encode(raw).decode()
    return DrawnWebhook(ports.ids.next(now), ports.ids.public(), secret, sealed)


def judge_url(settings: Settings, url: str) -> None:
    """Refuse an address that no delivery could reach. Raises InvalidInput."""
    try:
        judge(url, allow_loopback=settings.webhook_allow_loopback and not settings.is_live)
    except OutsideRefused as refused:
        raise invalid("url", str(refused)) from None


def add(
    tx: Transaction, merchant_id: int, new: NewWebhook, *, drawn: DrawnWebhook, now: int
) -> WebhookOut:
    """Make an endpoint and return it with its secret, this once. Raises Conflict beyond 20."""
    queries.lock_merchant(tx, merchant_id)
    if queries.count(tx, merchant_id) >= WEBHOOKS_MAX:
        raise Conflict(f"a merchant has at most {WEBHOOKS_MAX} endpoints: delete one first")
    row = new_row(merchant_id, drawn, url=new.url, now=now)
    row = msgspec.structs.replace(row, types=_types(new), description=new.description)
    queries.insert(tx, row)
    queries.insert_public(tx, row)
    return webhook_out(row, secret=drawn.secret)


def new_row(merchant_id: int, drawn: DrawnWebhook, *, url: str, now: int) -> WebhookRow:
    """Return the row of an endpoint that was never tried."""
    return WebhookRow(
        merchant_id=merchant_id,
        webhook_id=drawn.webhook_id,
        public_id=drawn.public_id,
        url=url,
        types=None,
        description=None,
        is_listener=0,
        secret_sealed=drawn.sealed,
        previous_sealed=None,
        previous_until=None,
        created_at=now,
        disabled_at=None,
        disabled_reason=None,
        failing_since=None,
        failures=0,
        warned_at=None,
        slow_until=0,
        slow_steps=0,
    )


def find(tx: Transaction, merchant_id: int, text: str) -> WebhookRow:
    """Find a merchant's endpoint. Raises NotFound."""
    row = queries.by_id(tx, merchant_id, _id(tx, merchant_id, text))
    if row is None:
        raise NotFound
    return row


def change(
    tx: Transaction, merchant_id: int, text: str, wanted: WebhookChange, *, now: int
) -> WebhookOut:
    """Change an endpoint; one that is switched on begins anew. Raises NotFound."""
    row = _lock(tx, merchant_id, text)
    row = msgspec.structs.replace(
        row, url=wanted.url, types=_types(wanted), description=wanted.description
    )
    if wanted.status == "enabled":
        row = begun_anew(row)
    elif wanted.status == "disabled" and row.disabled_at is None:
        row = msgspec.structs.replace(row, disabled_at=now, disabled_reason="merchant")
    queries.update(tx, row)
    return webhook_out(row)


def roll(
    tx: Transaction,
    merchant_id: int,
    text: str,
    *,
    drawn: DrawnWebhook,
    overlap_seconds: int,
    now: int,
) -> WebhookOut:
    """Give an endpoint a new secret; the former one signs beside it for a while."""
    row = _lock(tx, merchant_id, text)
    row = msgspec.structs.replace(
        row,
        secret_sealed=drawn.sealed,
        previous_sealed=row.secret_sealed,
        previous_until=now + overlap_seconds * SECOND,
    )
    queries.update(tx, row)
    return webhook_out(row, secret=drawn.secret)


def delete(tx: Transaction, merchant_id: int, text: str, *, now: int) -> None:
    """End an endpoint; what waits for it is skipped. Raises NotFound."""
    row = _lock(tx, merchant_id, text)
    queries.delete(tx, merchant_id, row.webhook_id, now=now)
    queries.delete_public(tx, row.public_id)


def webhook_out(row: WebhookRow, *, secret: str | None = None) -> WebhookOut:
    """Show an endpoint; its secret only where it was just made."""
    shown = WebhookOut(
        id=public_id("whk", row.public_id),
        url=row.url,
        types=None if row.types is None else _read_types(row.types),
        description=row.description,
        status="enabled" if row.disabled_at is None else "disabled",
        disabled_reason=row.disabled_reason,
        failing_since=None if row.failing_since is None else rfc3339(row.failing_since),
        created_at=rfc3339(row.created_at),
    )
    return shown if secret is None else msgspec.structs.replace(shown, secret=secret)


def takes(row: WebhookRow, kind: str) -> bool:
    """Tell whether an endpoint is told of a type of event."""
    return row.types is None or kind in _read_types(row.types)


def keys_of(row: WebhookRow, secrets: Secrets, *, now: int) -> tuple[bytes, ...]:
    """Return what an endpoint's messages are signed with: one key, or two after a roll."""
    sealed = [row.secret_sealed]
    if row.previous_sealed is not None and (row.previous_until or 0) > now:
        sealed.append(row.previous_sealed)
    opened = [secrets.unseal(_PURPOSE, each) for each in sealed]
    return tuple(key for key in opened if key is not None)


def shown_secret(row: WebhookRow, secrets: Secrets) -> str:
    """Return an endpoint's secret as a receiver writes it, for who listens on this machine."""
    raw = secrets.unseal(_PURPOSE, row.secret_sealed)
    assert raw is not None, "SECRETS_FILE is not the one this database was written with"
    return "whsec_" + base64.b64encode(raw).decode()


def health(tx: Transaction, merchant_id: int) -> Health:
    """Say how a merchant's webhooks go."""
    rows = queries.of_merchant(tx, merchant_id, -1, WEBHOOKS_MAX + 1)
    failing = sum(row.failures > 0 or row.disabled_reason in {"gone", "failing"} for row in rows)
    return Health(delivery_queries.count_with(tx, merchant_id, "pending"), failing)


def begun_anew(row: WebhookRow) -> WebhookRow:
    """Return an endpoint switched on, as if it had never failed."""
    return msgspec.structs.replace(
        row,
        disabled_at=None,
        disabled_reason=None,
        failing_since=None,
        failures=0,
        warned_at=None,
        slow_until=0,
        slow_steps=0,
    )


def _types(wanted: NewWebhook) -> str | None:
    if wanted.types is None:
        return None
    return msgspec.json.encode(list(dict.fromkeys(wanted.types))).decode()


def _id(tx: Transaction, merchant_id: int, text: str) -> int:
    raw = parse_public_id("whk", text)
    found = None if raw is None else queries.id_by_public(tx, raw, merchant_id)
    if found is None:
        raise NotFound
    return found


def _lock(tx: Transaction, merchant_id: int, text: str) -> WebhookRow:
    row = queries.lock(tx, merchant_id, _id(tx, merchant_id, text))
    if row is None:
        raise NotFound
    return row

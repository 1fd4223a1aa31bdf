"""How an endpoint goes: failures counted, rest given, owners told, switched off in the end.

A unit of work of the merchant's family, run only where a try changes something about it: what goes
well writes nothing here.
"""

from __future__ import annotations

import msgspec

from app.clock import DAY
from app.delivery.webhook_mails import webhook_mail
from app.delivery.webhook_verdicts import Again, Done, GivenUp, Gone, Verdict
from app.http.secrets import Secrets
from app.outbox import service as outbox
from app.partners import webhook_queries as queries
from app.partners.webhook_queries import WebhookRow
from app.programs import merchant_queries as merchants
from app.storage.database import Transaction
from app.users import queries as users
from app.users.addresses import address_hash

WARN_AFTER, OFF_AFTER = DAY, 5 * DAY  # of failing without one success
FAILURES_MIN = 10  # so that few events over a long time switch nothing off
OWNERS_TOLD_MAX = 10


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a try came to, for its endpoint. `mail_ids`: for the owners' mails."""

    merchant_id: int
    webhook_id: int
    verdict: Verdict
    mail_ids: tuple[int, ...]
    console: str
    secrets: Secrets
    now: int


def concerns(row: WebhookRow, verdict: Verdict) -> bool:
    """Tell whether an endpoint's row must be written after a try."""
    return not isinstance(verdict, Done) or row.failures > 0 or row.slow_steps > 0


def note(tx: Transaction, heard: Heard) -> None:
    """Write what a try says of its endpoint; mail its merchant's owners where they must know."""
    row = queries.lock(tx, heard.merchant_id, heard.webhook_id)
    if row is None or row.disabled_at is not None:
        return
    after, mail = _after(row, heard.verdict, heard.now)
    queries.update(tx, after)
    if mail is not None and not row.is_listener:
        _tell_owners(tx, row, heard, mail)


def _after(row: WebhookRow, verdict: Verdict, now: int) -> tuple[WebhookRow, str | None]:
    if isinstance(verdict, Done):
        well = msgspec.structs.replace(
            row, failing_since=None, failures=0, warned_at=None, slow_until=0, slow_steps=0
        )
        return well, None
    if isinstance(verdict, Gone):
        off = msgspec.structs.replace(row, disabled_at=now, disabled_reason="gone")
        return off, "gone"
    return _failed(row, verdict, now)


def _failed(row: WebhookRow, verdict: Again | GivenUp, now: int) -> tuple[WebhookRow, str | None]:
    since = now if row.failing_since is None else row.failing_since
    after = msgspec.structs.replace(row, failing_since=since, failures=row.failures + 1)
    if verdict.rest_until is not None:
        until = max(row.slow_until, verdict.rest_until)
        after = msgspec.structs.replace(after, slow_until=until, slow_steps=row.slow_steps + 1)
    if now - since >= OFF_AFTER and after.failures >= FAILURES_MIN:
        return msgspec.structs.replace(after, disabled_at=now, disabled_reason="failing"), "off"
    if now - since >= WARN_AFTER and row.warned_at is None:
        return msgspec.structs.replace(after, warned_at=now), "failing"
    return after, None


def _tell_owners(tx: Transaction, row: WebhookRow, heard: Heard, kind: str) -> None:
    staff = merchants.staff_of(tx, row.merchant_id, -1, 200)
    owners = [users.by_id(tx, each.user_id) for each in staff if each.role == "owner"]
    told = [owner for owner in owners if owner is not None and owner.email is not None]
    for owner, mail_id in zip(told, heard.mail_ids, strict=False):
        assert owner.email is not None
        text = webhook_mail(kind, owner.language, url=row.url, console=heard.console)
        outbox.send_mail(
            tx,
            address_hash=address_hash(heard.secrets, owner.email),
            mail_id=mail_id,
            recipient=owner.email,
            subject=text.subject,
            body=text.body,
            now=heard.now,
        )

"""What a merchant must know before it breaks: certificates, Apple, Google, its own webhooks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from cryptography import x509

from app.clock import DAY, SECOND, microseconds, rfc3339
from app.delivery import health_queries as queries
from app.delivery.health_queries import Waiting
from app.delivery.health_schemas import (
    ApnsOut,
    CertificateOut,
    GoogleOut,
    HealthOut,
    Level,
    PushesOut,
    WebhooksOut,
)
from app.google.documents import channel_of, class_of_program
from app.outbox.service import APPLE
from app.programs import queries as program_queries
from app.programs import service as programs
from app.programs.issuers import FIRST_ISSUER
from app.programs.queries import SignerRow
from app.programs.service import Program
from app.storage.database import Transaction

RED_DAYS, SOON_DAYS = 20, 60  # a certificate is renewed in minutes, but somebody must be asked
TRIES_RED = 5  # then it is no hiccup
FIGURES_OF = 7 * DAY
PROGRAMS_MAX = 100
_LEVELS: tuple[Level, ...] = ("ok", "soon", "red")
_BREAKS = {
    ("pass", "fr"): "Après cette date, aucun pass ne peut plus être signé et les iPhone ne sont"
    " plus prévenus. Les pass déjà installés restent, avec leur dernier solde.",
    ("pass", "en"): "After that day no pass can be signed and iPhones are told nothing more."
    " Passes already installed stay, with their last balance.",
    ("wwdr", "fr"): "Après cette date, les iPhone refusent les pass signés avec ce certificat"
    " d'Apple : prenez le suivant chez Apple.",
    ("wwdr", "en"): "After that day iPhones refuse passes signed with this certificate of"
    " Apple's: take Apple's next one.",
}


def health(
    tx: Transaction, merchant_id: int, *, stopped: str | None, language: str, now: int
) -> HealthOut:
    """Look at everything. `stopped`: why the service account at Google may not be used."""
    rows = program_queries.programs_of(tx, merchant_id, 0, PROGRAMS_MAX)
    own = [programs.read(row) for row in rows]
    certificates = [
        each for signer in _signers(tx, own) for each in certificates_of(signer, language, now)
    ]
    apns = _apns(tx, merchant_id)
    google = _google(tx, merchant_id, own, stopped)
    webhooks = _webhooks(tx, merchant_id)
    levels = [*(it.level for it in certificates), apns.level, google.level, webhooks.level]
    return HealthOut(
        level=max(levels, key=_LEVELS.index),
        certificates=_once(certificates),
        apns=apns,
        google=google,
        pushes=_pushes(tx, merchant_id, now),
        webhooks=webhooks,
    )


def certificates_of(signer: SignerRow, language: str, now: int) -> list[CertificateOut]:
    """Read when a signer's certificate and Apple's above it end."""
    pems: tuple[tuple[Literal["pass", "wwdr"], str, str], ...] = (
        ("pass", signer.pass_type, signer.certificate),
        ("wwdr", "Apple WWDR", signer.wwdr),
    )
    found = []
    for kind, name, pem in pems:
        end = microseconds(x509.load_pem_x509_certificate(pem.encode()).not_valid_after_utc)
        days = (end - now) // DAY
        found.append(
            CertificateOut(
                kind=kind,
                name=name,
                not_after=rfc3339(end),
                days_left=days,
                level="red" if days <= RED_DAYS else "soon" if days <= SOON_DAYS else "ok",
                what_breaks=_BREAKS[kind, language],
            )
        )
    return found


def _once(certificates: list[CertificateOut]) -> list[CertificateOut]:
    """List what ends first at the top; Apple's own stands once, whoever it signed for."""
    found = {(it.name, it.not_after): it for it in certificates}
    return sorted(found.values(), key=lambda it: it.days_left)


def _signers(tx: Transaction, own: list[Program]) -> list[SignerRow]:
    """List the signers of a merchant's programs; of none, the one that its first will have."""
    wanted = {program.signer_id for program in own} or {programs.FIRST_SIGNER}
    return [row for row in programs.all_signers(tx) if row.signer_id in wanted]


def _apns(tx: Transaction, merchant_id: int) -> ApnsOut:
    cards = queries.waiting(tx, merchant_id, APPLE)
    behind = queries.feeds_behind(tx, merchant_id)
    feeds = queries.feeds(tx, merchant_id)
    return ApnsOut(
        level="red" if _is_stuck(cards) or _is_stuck(behind) else "ok",
        queue=cards.count + behind.count,
        failed=feeds.silent,
        last_success_at=None if feeds.pushed_at is None else rfc3339(feeds.pushed_at),
    )


def _pushes(tx: Transaction, merchant_id: int, now: int) -> PushesOut:
    since = datetime.fromtimestamp((now - FIGURES_OF) // SECOND, UTC).date().isoformat()
    counts = queries.pushes(tx, merchant_id, since)
    return PushesOut(
        delivered=counts.get("pushes_delivered", 0), failed=counts.get("pushes_failed", 0)
    )


def _google(
    tx: Transaction, merchant_id: int, own: list[Program], stopped: str | None
) -> GoogleOut:
    by_issuer: dict[int, list[str]] = {FIRST_ISSUER: []}
    for program in own:
        issuer_id, suffix = class_of_program(program)
        by_issuer.setdefault(issuer_id, []).append(suffix)
    waiting = [queries.waiting(tx, merchant_id, channel_of(each)) for each in by_issuer]
    places = [place for place in by_issuer.items() if place[1]]
    refused = sum(queries.refused(tx, *place) for place in places)
    told = [at for place in places if (at := queries.told_at(tx, *place)) is not None]
    is_stuck = stopped is not None or any(map(_is_stuck, waiting))
    return GoogleOut(
        level="red" if is_stuck else "soon" if refused else "ok",
        queue=sum(each.count for each in waiting),
        failed=refused,
        stopped=stopped,
        last_success_at=rfc3339(max(told)) if told else None,
    )


def _webhooks(tx: Transaction, merchant_id: int) -> WebhooksOut:
    found = queries.endpoints(tx, merchant_id)
    return WebhooksOut(
        level="red" if found.disabled else "soon" if found.failing else "ok",
        pending=queries.deliveries_pending(tx, merchant_id),
        failing=found.failing,
        disabled=found.disabled,
    )


def _is_stuck(waiting: Waiting) -> bool:
    return waiting.count > 0 and waiting.tries >= TRIES_RED

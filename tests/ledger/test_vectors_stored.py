"""The vectors of loyalty.md through the stored ledger: the same code, kept in a database."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from app.clock import FrozenClock
from app.errors import AppError
from app.http.ports import Ports
from app.ledger import claiming, queries
from app.loyalty import vectors
from app.loyalty.calendar import parse_instant, write_instant
from app.loyalty.events import Enrol, Step
from app.storage.database import Transaction
from tests.ledger.ledger_world import Ledger, open_ledger

DATA = Path(__file__).parents[1] / "loyalty" / "data"
DOCUMENTS: list[dict[str, Any]] = [
    json.loads(path.read_text()) for path in sorted(DATA.glob("*vectors.json"))
]
# What this way of asking answers otherwise: by HTTP an unknown hold is 404 (specs: api.md §2).
OTHERWISE = {"duplicate_conflict": "idempotency_conflict"}
UNKNOWN = ("hold_closed", "not_found")
STATE = ("balance", "balances", "pending", "debt", "held", "tier", "tier_hold_until", "badges")


class Stored:
    """One vector's cards in the database."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.cards: dict[str, int] = {}

    async def move_to(self, at: int) -> None:
        self.ledger.forward_to(max(at, self.ledger.now))
        await self.ledger.sweep()

    async def card(self, member: str) -> int:
        if member not in self.cards:
            self.cards[member] = await self.ledger.card(is_opened=False)
        return self.cards[member]

    async def take(self, raw: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
        ports, ledger = self.ledger.ports, self.ledger
        card_id = await self.card(raw.get("member", "m"))
        event = vectors.read_event(raw)
        if isinstance(event, Enrol) and event.referred_by is not None:
            sponsor = await self.card(event.referred_by)
            event = msgspec.structs.replace(event, referred_by=str(sponsor))
        at, own_id = parse_instant(raw["at"]), raw.get("id", "")
        step = Step(own_id, at, event, raw.get("merchant"))
        claims, claimed = await claiming.claim(
            ports,
            ledger.program_id,
            card_id,
            event_id=own_id or ports.ids.token("e"),
            step=step,
            now=ledger.now,
        )
        try:
            posted = await ledger.post(
                card_id, event, own_id or None, at=at, merchant=raw.get("merchant"), claims=claims
            )
        except AppError as error:
            return {}, error.code.replace("-", "_")
        finally:
            if own_id:
                await claiming.resolve(ports, claimed)
        return posted.results, None

    async def state(self, member: str) -> dict[str, Any]:
        shown = await self.ledger.view(await self.card(member))
        first = next(iter(shown.balances))
        expiry = shown.next_expiry.get(first)
        vouchers = [each.voucher for each in reversed(shown.vouchers)]
        found = {
            "balance": shown.balances[first],
            "balances": shown.balances,
            "pending": shown.pending.get(first, (0, None))[0],
            "debt": shown.debt.get(first, 0),
            "held": shown.held.get(first, 0),
            "tier_hold_until": _moment(shown.tier_hold_until),
            "metrics": shown.metrics,
            "vouchers": [[each.template, each.value, each.status] for each in vouchers],
            "voucher_expires": [_moment(each.expires_at) for each in vouchers],
            "badges": list(shown.badges),
            "next_expiry": None if expiry is None else [_moment(expiry[0]), expiry[1]],
        }
        if shown.tier is not None:
            found["tier"] = shown.tier
        for other, card_id in self.cards.items():
            seen = await self.ledger.view(card_id)
            found[f"balance:{other}"] = seen.balances[first]
            found[f"badges:{other}"] = list(seen.badges)
        return found


def _moment(at: int | None) -> str | None:
    return None if at is None else write_instant(at)


async def test_every_vector_holds_in_the_database(ports: Ports) -> None:
    failed = []
    for document in DOCUMENTS:
        for vector in vectors.vectors_of(document):
            if "timeline" in vector:
                rules = document["programs"][vector["program"]]
                found = await _failures(ports, vector, rules)
                failed += [f"{vector['id']}: {text}" for text in found]
    assert not failed, "\n".join(failed)


async def _failures(ports: Ports, vector: dict[str, Any], rules: Any) -> list[str]:
    if "patch" in vector:
        rules = vectors.merge(rules, vector["patch"])
    first = vector["timeline"][0]
    start = parse_instant(first.get("received_at", first["at"]))
    ports = msgspec.structs.replace(ports, clock=FrozenClock(start))
    world = Stored(await open_ledger(ports, rules))
    found = []
    for number, raw in enumerate(vector["timeline"]):
        await world.move_to(parse_instant(raw.get("received_at", raw["at"])))
        results, error = {}, None
        if raw["do"] not in {"read", "access"}:
            results, error = await world.take(raw)
        state = await world.state(raw.get("member", "m"))
        found += _differing(raw, number, {**state, **results}, error)
    for member, card_id in world.cards.items():
        found += [f"{member}: {fault}" for fault in await world.ledger.faults(card_id)]
        await ports.database.write(partial(_is_caught_up, card_id=card_id))
    return found


def _is_caught_up(tx: Transaction, *, card_id: int) -> None:
    """See that whoever touches a card twice changes nothing the second time."""
    row = queries.account(tx, card_id)
    assert row is not None and row.sequence == row.journal


def _differing(
    raw: dict[str, Any], number: int, got: dict[str, Any], error: str | None
) -> list[str]:
    expected = dict(raw.get("expect") or {})
    wanted = expected.pop("error", None)
    wanted = OTHERWISE.get(wanted, wanted)
    found = (
        []
        if wanted == error or (wanted, error) == UNKNOWN
        else [f"step {number}: expected {wanted}, got {error}"]
    )
    for key, value in expected.items():
        if raw["do"] == "access" or (key == "tier" and "tier" not in got):
            continue  # asked elsewhere; a base tier that nobody has entered
        default: Any = 0 if key.startswith("balance:") else []
        if msgspec.to_builtins(got.get(key, default)) != value:
            found.append(f"step {number}: {key}: expected {value}, got {got.get(key)}")
    return found

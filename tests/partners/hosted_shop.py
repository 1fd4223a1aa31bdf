"""A merchant with a hosted program, for the tests of events and of hosted cards."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.cards.cards_world import NUMBER, Asking, merchant, program
from tests.flows.conftest import World

AT = "2026-09-21T12:00:00Z"  # a day before the frozen clock
RULES: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "cafe",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "effective_from": "2026-01-01T00:00:00Z",
    "units": [
        {"id": "pts", "expiry": {"after": "P12M"}},
        {"id": "late", "pending": "P14D"},
    ],
    "metrics": [{"id": "year", "agg": "net_amount", "window": {"rolling": "P12M"}}],
    "earn": [
        {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 2},
        {"type": "per_amount", "id": "slow", "unit": "late", "step_minor": 100, "points": 1},
        {"type": "per_event", "id": "review", "unit": "pts", "event": "review", "points": 10},
    ],
    "vouchers": [{"id": "bon5", "kind": "amount", "value": 500, "valid": "P3M"}],
    "burn": [
        {"type": "convert", "id": "cheque", "unit": "pts", "voucher": "bon5",
         "minor_per_unit": 1, "min_units": 100},
        {"type": "catalogue", "id": "mug", "unit": "pts", "cost": 50, "stock": 1,
         "grant": {"type": "badge", "badge": "mug"}},
        {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1},
    ],
    "tiers": {"ladder": [
        {"id": "basic"},
        {"id": "gold", "hold": "P12M",
         "enter": {"type": "metric", "metric": "year", "op": "ge", "value": 20_000}},
    ]},
    "referral": {
        "sponsor": {"type": "units", "unit": "pts", "points": 100},
        "referee": {"type": "units", "unit": "pts", "points": 50},
    },
    "instants": [{"id": "avent", "instants": ["2026-09-01T00:00:00Z"],
                  "prize": {"type": "units", "unit": "pts", "points": 7}}],
    "access": [{"id": "sale", "opens": "2026-09-25T08:00:00Z", "early": {"gold": "P7D"}}],
}  # fmt: skip
PROGRAM: dict[str, Any] = {
    "name": "Café du Coin",
    "authority": "ledger",
    "rules": RULES,
    "units": [
        {"id": "pts", "name": {"fr": "Points", "en": "Points"}},
        {"id": "late", "name": {"fr": "Graines", "en": "Seeds"}},
    ],
    "tiers": [
        {"id": "basic", "name": {"fr": "Base", "en": "Basic"}},
        {"id": "gold", "name": {"fr": "Or", "en": "Gold"}},
    ],
    "barcode": {"format": "EAN_13"},
    "languages": ["en", "fr"],
    "settings": {"open_numbers": True},
}


class Shop(msgspec.Struct, frozen=True):
    """A merchant with a hosted program and one enrolled card."""

    world: World
    ask: Asking
    program: str
    path: str

    async def post(self, key: str | None = None, by: Asking | None = None, **event: Any) -> Any:
        """Post an event without an Idempotency-Key unless one is named."""
        body = {"card_number": NUMBER, "occurred_at": AT} | event
        headers = {"Authorization": f"Bearer {(by or self.ask).token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return await self.world.client.post(f"{self.path}/events", json=body, headers=headers)

    async def buy(self, event_id: str, minor: int = 2995, **more: Any) -> Any:
        """Post a purchase that must be taken."""
        answer = await self.post(id=event_id, type="purchase", amount_minor=minor, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def lines(self, body: bytes) -> list[Any]:
        """Post a file of events."""
        answer = await self.world.client.post(
            f"{self.path}/events",
            content=body,
            headers={
                "Authorization": f"Bearer {self.ask.token}",
                "Content-Type": "application/x-ndjson",
            },
        )
        assert answer.status_code == 200, answer.text
        return [msgspec.json.decode(line) for line in answer.content.splitlines()]

    async def account(self, number: str = NUMBER) -> Any:
        """Read an account."""
        return (await self.ask("GET", f"{self.path}/cards/{number}")).json()


async def open_hosted(world: World, **changes: Any) -> Shop:
    """Publish the program and enrol a card."""
    _, ask = await merchant(world, "Cafe")
    public = await program(ask, **(PROGRAM | changes))
    shop = Shop(world, ask, public, f"/v1/partner/programs/{public}")
    made = await ask("POST", f"{shop.path}/cards", {"number": NUMBER, "display_name": "Ana"})
    assert made.status_code == 201, made.text
    return shop


def units(card: Any) -> dict[str, int]:
    """Read a card's balances by unit."""
    return {balance["unit"]: balance["value"] for balance in card["balances"]}

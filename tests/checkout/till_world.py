"""What tests of tills share: a merchant with a hosted program, paired tills, cards with units."""

from __future__ import annotations

from typing import Any

import msgspec

from app.clock import rfc3339
from tests.cards.cards_world import Asking, merchant, program, rows, user
from tests.flows.conftest import World

RULES: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "till",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P12M"}}],
    "metrics": [{"id": "spend", "agg": "net_amount"}],
    "earn": [
        {
            "type": "per_amount",
            "id": "base",
            "unit": "pts",
            "step_minor": 100,
            "points": 1,
            "exclude_tenders": ["points"],
        }
    ],
    "tiers": {
        "ladder": [
            {"id": "base"},
            {
                "id": "gold",
                "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 100_000},
                "grants": [
                    {"type": "voucher", "voucher": "five"},
                    {"type": "voucher", "voucher": "tenth"},
                ],
            },
        ]
    },
    "vouchers": [
        {"id": "five", "kind": "amount", "value": 500, "valid": "P6M", "min_basket_minor": 200},
        {"id": "tenth", "kind": "percent", "value": 1_000, "valid": "P6M"},
    ],
    "burn": [
        {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1, "min_units": 10},
        {
            "type": "ladder",
            "id": "steps",
            "unit": "pts",
            "steps": [[100, 500], [300, 2_000]],
            "max_units": 300,
        },
        {"type": "item_for_units", "id": "gift", "unit": "pts", "minor_per_unit": 10},
    ],
}
HOSTED: dict[str, Any] = {
    "name": "Maison Verte Café",
    "authority": "ledger",
    "rules": RULES,
    "units": [{"id": "pts", "name": "Points"}],
    "tiers": [],
    "barcode": {"format": "QR_CODE"},
    "locations": [{"id": "paris", "name": "Paris", "latitude": 48.85, "longitude": 2.35}],
    "languages": ["en"],
    "settings": {"open_numbers": True},
}
SCANS, QUOTES, HOLDS = "/v1/checkout/scans", "/v1/checkout/quotes", "/v1/checkout/holds"
TICKETS, SEARCHES = "/v1/checkout/tickets", "/v1/checkout/searches"


class Shop(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant, its hosted program and two paired tills."""

    world: World
    merchant: Asking
    program: str
    till: Asking
    other: Asking

    async def card(self, number: str | None = None, *, units: int = 0, **more: Any) -> Any:
        """Enrol somebody, who buys until he has that many units."""
        body = more if number is None else {"number": number, **more}
        path = f"/v1/partner/programs/{self.program}/cards"
        answer = await self.merchant("POST", path, body)
        assert answer.status_code == 201, answer.text
        card = answer.json()
        if units:
            sold = await self.sell(card, f"first-{card['id']}", amount_minor=100 * units)
            assert sold.status_code == 201, sold.text
        return card

    async def sell(self, card: Any, own_id: str, *, till: Asking | None = None, **more: Any) -> Any:
        """Send a ticket of one card, now unless told otherwise."""
        body = {"id": own_id, "occurred_at": self.now, **more}
        if "code" not in body:
            body["card_id"] = card["id"]
        return await (till or self.till)("POST", TICKETS, body, key=None)

    async def hold(self, card: Any, burn: Any, *, till: Asking | None = None, **more: Any) -> Any:
        """Ask for a hold."""
        body = {"card_id": card["id"], "burn": burn, **more}
        return await (till or self.till)("POST", HOLDS, body)

    async def balance(self, card: Any) -> int:
        """Return the card's first unit, as a till sees it."""
        answer = await self.till("POST", SCANS, {"code": card["number"]})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["card"]["balances"][0]["value"])

    async def vouchers(self, card: Any) -> dict[str, str]:
        """Return the codes of its usable vouchers by template."""
        answer = await self.till("POST", SCANS, {"code": card["number"]})
        return {each["template"]: each["code"] for each in answer.json()["vouchers"]}

    @property
    def now(self) -> str:
        """Write the moment."""
        return rfc3339(self.world.clock.wall())


class Plain(Asking):
    """A till that sends no Idempotency-Key unless it is given one."""

    async def __call__(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **more: Any
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        if key is not None or path == HOLDS:
            headers["Idempotency-Key"] = key or self.world.ports.ids.token("k")
        return await self.world.client.request(method, path, json=body, headers=headers, **more)


async def till(world: World, ask: Asking, location_id: str = "paris") -> Plain:
    """Make and pair a till."""
    body = {"name": "Till", "location_id": location_id}
    made = await ask("POST", "/v1/partner/tills", body)
    assert made.status_code == 201, made.text
    paired = await world.client.post("/v1/checkout/pair", json={"code": made.json()["code"]})
    assert paired.status_code == 200, paired.text
    return Plain(world, paired.json()["token"])


async def shop(world: World, name: str = "Maison Verte", **changes: Any) -> Shop:
    """Open a shop."""
    _, ask = await merchant(world, name)
    known_as = await program(ask, **(HOSTED | changes))
    return Shop(
        world=world,
        merchant=ask,
        program=known_as,
        till=await till(world, ask),
        other=await till(world, ask),
    )


def code_of(answer: Any) -> tuple[int, str]:
    """Return status and code of an error."""
    return answer.status_code, answer.json().get("code", "")


__all__ = ["Shop", "code_of", "rows", "shop", "till", "user"]

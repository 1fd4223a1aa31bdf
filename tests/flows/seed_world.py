"""What walks through seed programs share: one opened with its vectors, a till, somebody's card."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from app.clock import DAY, SECOND, rfc3339
from app.ledger.sweeping import Sweeper
from app.sandbox import seed_programs
from tests.cards.cards_world import Asking, merchant, program, user
from tests.checkout.till_world import Plain, till
from tests.flows.conftest import World

_FOLDER = Path(__file__).parents[1] / "loyalty" / "data"
_VECTORS: dict[str, Any] = json.loads((_FOLDER / "vectors.json").read_text())
TICKETS = "/v1/checkout/tickets"
_PAUSE = 20 * DAY  # less than a session lasts


def micros(moment: str) -> int:
    """Read a moment like 2027-03-01T00:00:00Z."""
    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()) * SECOND


def vectors_of(name: str) -> list[dict[str, Any]]:
    """Return the given vectors of a program, as they are sent beside its rules."""
    given = [vector for rule in _VECTORS["rules"] for vector in rule["vectors"]]
    return [vector for vector in given if vector.get("program") == name]


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's card: what he sees of it, what his merchant does with it."""

    shop: SeedShop
    ask: Asking
    card: str  # card_…
    number: str

    async def buy(self, own_id: str, amount_minor: int | None = None, **more: Any) -> Any:
        """Buy at the till; return the results."""
        if amount_minor is not None:
            more["amount_minor"] = amount_minor
        answer = await self.ticket(own_id, **more)
        assert answer.status_code == 201, answer.text
        assert answer.json()["flags"] == []
        return answer.json()["results"]

    async def ticket(self, own_id: str, **more: Any) -> Any:
        """Send a ticket, now unless told otherwise."""
        body = {"id": own_id, "card_id": self.card, "occurred_at": self.shop.now, **more}
        return await self.shop.till("POST", TICKETS, body)

    async def refund(self, ticket: str, own_id: str, **more: Any) -> Any:
        """Bring something back at the till; return the results."""
        path = f"{TICKETS}/{ticket}/refunds"
        answer = await self.shop.till("POST", path, {"id": own_id, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["results"]

    async def event(self, own_id: str, kind: str, by: Asking | None = None, **more: Any) -> Any:
        """Let the merchant's system post an event; return the whole answer."""
        body = {"id": own_id, "type": kind, "card_number": self.number}
        body |= {"occurred_at": self.shop.now} | more
        return await (by or self.shop.merchant)("POST", f"{self.shop.path}/events", body)

    async def done(self, own_id: str, kind: str, by: Asking | None = None, **more: Any) -> Any:
        """Post an event that must be taken; return the results."""
        answer = await self.event(own_id, kind, by, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()["results"]

    async def redeem(self, kind: str, **more: Any) -> Any:
        """Redeem units as the holder; return the whole answer."""
        path = f"/v1/cards/{self.card}/redemptions"
        return await self.ask("POST", path, {"type": kind, **more})

    async def stay_until(self, moment: str) -> None:
        """Let time pass, looking at the wallet often enough to stay signed in."""
        end = micros(moment)
        while self.shop.world.clock.wall() + _PAUSE < end:
            self.shop.world.clock.forward(_PAUSE / SECOND)
            answer = await self.ask("GET", "/v1/me")
            assert answer.status_code == 200, answer.text
        self.shop.move_to(moment)

    async def account(self) -> Any:
        """Read the account as the merchant sees it."""
        answer = await self.shop.merchant("GET", f"{self.shop.path}/cards/{self.number}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def balances(self) -> dict[str, int]:
        """Read what the card holds, by unit."""
        return {each["unit"]: each["value"] for each in (await self.account())["balances"]}

    async def balance(self, key: str = "value") -> int:
        """Read what the card holds of its first unit; or what is `pending` of it."""
        return int((await self.account())["balances"][0][key])

    async def tier(self) -> str | None:
        """Read the tier's id."""
        tier = (await self.account())["tier"]
        return None if tier is None else str(tier["id"])

    async def vouchers(self) -> list[tuple[str, int, str]]:
        """List the vouchers in order of issue: template, value, status."""
        given = (await self.account())["vouchers"]
        return [(each["template"], each["value"], each["status"]) for each in reversed(given)]

    async def code(self) -> str:
        """Read the code of the voucher issued last."""
        return str((await self.account())["vouchers"][0]["code"])

    async def history(self) -> list[tuple[str, int, str]]:
        """List kind, units and the reason in words, newest first, as the holder reads it.

        What time did stands there once the sweeper came by, as it does in a running server.
        """
        await self.shop.sweep()
        answer = await self.ask("GET", f"/v1/cards/{self.card}/history?limit=100")
        assert answer.status_code == 200, answer.text
        return [(each["kind"], each["units"], each["text"]) for each in answer.json()["items"]]


class SeedShop(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant that runs a seed program, and a till of it."""

    world: World
    merchant: Asking
    program: str
    till: Plain

    @property
    def path(self) -> str:
        """Name the program's place among the partners' routes."""
        return f"/v1/partner/programs/{self.program}"

    @property
    def now(self) -> str:
        """Write the moment."""
        return rfc3339(self.world.clock.wall())

    def move_to(self, moment: str) -> None:
        """Let time pass until a moment that lies ahead."""
        ahead = micros(moment) - self.world.clock.wall()
        assert ahead >= 0, "time does not go back"
        self.world.clock.forward(ahead / SECOND)

    async def sweep(self) -> None:
        """Do what is due, as the server's sweeper does."""
        sweeper = Sweeper(self.world.ports)
        while await sweeper.step():
            pass
        await sweeper.stop()

    async def member(self) -> Member:
        """Let somebody take a card himself, in his wallet."""
        holder = await user(self.world)
        made = await holder("POST", "/v1/cards", {"program_id": self.program})
        assert made.status_code == 201, made.text
        card = made.json()
        return Member(shop=self, ask=holder, card=card["id"], number=card["number"])

    async def enrolled(self, number: str, **more: Any) -> Member:
        """Enrol somebody at the till, who then opens the card in his wallet."""
        made = await self.merchant("POST", f"{self.path}/cards", {"number": number, **more})
        assert made.status_code == 201, made.text
        holder = await user(self.world)
        claimed = await holder("POST", "/v1/claims", {"claim_token": made.json()["link_token"]})
        assert claimed.status_code in {200, 201}, claimed.text
        return Member(shop=self, ask=holder, card=claimed.json()["id"], number=number)


async def open_seed(
    world: World,
    name: str,
    *,
    start: str | None = None,
    run_by: str = "Shop",
    vectors: list[dict[str, Any]] | None = None,
) -> SeedShop:
    """Publish a seed program at a moment, with the vectors given for it beside."""
    rules = seed_programs.rules_of(name)
    if start is not None:
        world.clock.forward((micros(start) - world.clock.wall()) / SECOND)
    _, ask = await merchant(world, run_by)
    made = await program(
        ask,
        name=name,
        authority="ledger",
        rules=rules,
        vectors=vectors if vectors is not None else vectors_of(name),
        units=[{"id": each["id"], "name": each["id"].title()} for each in rules["units"]],
        tiers=[
            {"id": each["id"], "name": each["id"].title()}
            for each in rules.get("tiers", {}).get("ladder", ())
        ],
        barcode={"format": "QR_CODE"},
        locations=[{"id": "paris", "name": "Paris", "latitude": 48.85, "longitude": 2.35}],
        languages=["en", "fr"],
        settings={"open_numbers": True},
    )
    return SeedShop(world=world, merchant=ask, program=made, till=await till(world, ask))

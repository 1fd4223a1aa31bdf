"""Claiming a second card of a hosted program: what it held goes to the one its user keeps."""

from __future__ import annotations

from typing import Any

from app.ledger import service as ledger
from app.ledger.drawing import Drawn
from app.ledger.posting import Posting
from app.loyalty.events import Purchase, Step
from tests.cards.cards_world import NUMBERS, Asking, card_row, merchant, user
from tests.flows.conftest import World
from tests.ledger.ledger_world import PLAIN

HOSTED: dict[str, Any] = {
    "name": "Maison Verte",
    "authority": "ledger",
    "rules": PLAIN,
    "barcode": {"format": "EAN_13"},
}


async def buy(world: World, public: str, own_id: str, minor: int) -> None:
    """Post a ticket as a till would."""
    card_id, now = await card_row(world.ports, public), world.clock.wall()
    row = await world.ports.database.read(lambda tx: ledger.view(tx, card_id, now=now))
    step = Step(own_id, now, Purchase(amount_minor=minor))
    posting = Posting(program_id=row.program_id, event_id=own_id, steps=(step,))
    drawn = Drawn(world.ports.ids.secret(16))
    await world.ports.database.write(
        lambda tx: ledger.post(tx, card_id, posting, drawn=drawn, now=now)
    )


async def balances(ask: Asking, public: str) -> list[int]:
    answer = await ask("GET", f"/v1/cards/{public}")
    assert answer.status_code == 200, answer.text
    return [each["value"] for each in answer.json()["balances"]]


async def test_what_a_claimed_second_card_held_is_on_the_first_at_once(world: World) -> None:
    _, shop = await merchant(world)
    made = await shop("POST", "/v1/partner/programs", HOSTED)
    assert made.status_code == 201, made.text
    prog, ask = made.json()["id"], await user(world)
    first = await ask("POST", "/v1/cards", {"program_id": prog, "number": NUMBERS[0]})
    kept = first.json()["id"]
    second = await shop("POST", f"/v1/partner/programs/{prog}/cards", {"number": NUMBERS[1]})
    gone, token = second.json()["id"], second.json()["link_token"]
    await buy(world, kept, "t1", 1_000)
    await buy(world, gone, "t2", 5_000)
    for _ in range(2):  # a claim may be sent again
        claimed = await ask("POST", "/v1/claims", {"claim_token": token})
        assert claimed.status_code in {200, 201}, claimed.text
        assert claimed.json()["id"] == kept
        assert await balances(ask, kept) == [60]
    closed, now = await card_row(world.ports, gone), world.clock.wall()
    seen = await world.ports.database.read(lambda tx: ledger.view(tx, closed, now=now))
    assert seen.is_merged and seen.balances == {"pts": 0}

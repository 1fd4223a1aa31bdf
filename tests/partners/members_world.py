"""A hosted shop with members, and what tests of its desk share."""

from __future__ import annotations

from typing import Any

from app.cards import codes
from app.clock import SECOND
from passes.google import rotating
from tests.cards.cards_world import NUMBERS, Asking, card_row, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import Shop, open_hosted, units

LOST, KEPT, NEW = NUMBERS[0], NUMBERS[1], NUMBERS[2]


async def open_desk(world: World, **changes: Any) -> Shop:
    """Open a shop whose first member is Ana, with a second card that nobody holds."""
    shop = await open_hosted(world, **changes)
    made = await shop.ask("POST", f"{shop.path}/cards", {"number": KEPT, "phone": "0601020304"})
    assert made.status_code == 201, made.text
    return shop


async def hold(shop: Shop, number: str, *, by: Asking | None = None) -> tuple[Asking, str]:
    """Let somebody hold a card, and return him and its id."""
    ask = by or await user(shop.world)
    token = (await shop.ask("POST", f"{shop.path}/cards", {"number": number})).json()["link_token"]
    body = {"program_id": shop.program, "number": number, "link_token": token}
    held = await ask("POST", "/v1/cards", body)
    assert held.status_code == 201, held.text
    return ask, held.json()["id"]


async def timeline(shop: Shop, number: str, *, limit: int = 100, language: str = "en") -> Any:
    """Read a card's timeline to its end, page by page."""
    items: list[Any] = []
    after = ""
    while True:
        path = f"{shop.path}/cards/{number}/timeline?limit={limit}{after}"
        headers = {"Authorization": f"Bearer {shop.ask.token}", "Accept-Language": language}
        answer = await shop.world.client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        after = f"&after={answer.json()['next']}"


def balance(account: Any) -> int:
    """Read an account's points."""
    return units(account)["pts"]


async def rotating_code(world: World, public: str) -> str:
    """Show a card's rotating code as a phone would now."""
    card_id, now = await card_row(world.ports, public), world.clock.wall()
    drawn = codes.draw_secret(world.ports.ids)
    secret = await world.ports.database.write(
        lambda tx: codes.secret_of(tx, world.ports.secrets, card_id, drawn=drawn, now=now)
    )
    return rotating.value_at(secret, public[5:], now // SECOND)

"""People who share a card: its owner, who he invited, and strangers."""

from __future__ import annotations

from typing import Any

from tests.cards.cards_world import NUMBER, Asking, merchant, program, user
from tests.flows.conftest import World


async def named(world: World, name: str) -> tuple[Asking, str]:
    """Sign a guest in who has a name; return him and his id."""
    ask = await user(world)
    me = (await ask("PATCH", "/v1/me", {"display_name": name})).json()
    return ask, str(me["id"])


async def mirrored(world: World, owner: Asking, **changes: Any) -> tuple[Asking, dict[str, Any]]:
    """Register a card of a merchant's program; return the merchant and the card."""
    _, shop = await merchant(world)
    known_as = await program(shop, settings={"open_numbers": True}, **changes)
    made = await owner("POST", "/v1/cards", {"program_id": known_as, "number": NUMBER})
    assert made.status_code == 201, made.text
    return shop, made.json()


async def number_only(owner: Asking, number: str = NUMBER) -> dict[str, Any]:
    """Register a card of any shop."""
    made = await owner("POST", "/v1/cards", {"shop_name": "Boulangerie", "number": number})
    assert made.status_code == 201, made.text
    card: dict[str, Any] = made.json()
    return card


async def invited(owner: Asking, card: dict[str, Any], access: str = "read") -> dict[str, Any]:
    """Make an invitation."""
    made = await owner("POST", f"/v1/cards/{card['id']}/shares", {"access": access})
    assert made.status_code == 201, made.text
    share: dict[str, Any] = made.json()
    return share


def path_of(share: dict[str, Any]) -> str:
    """Return where an invitation is accepted."""
    return "/v1/shares/" + share["url"].partition("#")[2]


async def shared(owner: Asking, card: dict[str, Any], other: Asking, access: str = "read") -> Any:
    """Let somebody hold a card; return it as he sees it."""
    answer = await other("POST", path_of(await invited(owner, card, access)))
    assert answer.status_code == 200, answer.text
    return answer.json()

"""What a visitor of the sandbox page may have happen: a shop tells a balance, a till sells.

Both go through the doors that shops and tills use, with the keys of the demo.
"""

from __future__ import annotations

from typing import Any

import httpx2
import msgspec

from app.clock import rfc3339
from app.sandbox.demo import DemoKeys

_ANSWER_SECONDS = 10.0
STEP, TOP, BOTTOM = 85, 5_000, 1_250  # points that a press adds; beyond the top they begin again
COFFEES, PRICE_MINOR = 2, 320


class ActRefused(Exception):
    """The server refused what the demo asked; the text is its answer."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: the points that a card has now, and those that came with it."""

    points: int
    earned: int


async def push_balance(keys: DemoKeys, address: str, *, now: int) -> Told:
    """Tell a newer balance of the mirrored card, as its shop would. Raises ActRefused."""
    card = _card(keys, "mirrored")
    path = f"/v1/partner/programs/{keys.programs['mirrored']}/cards/{card['number']}"
    account = await _asked(address, keys.merchant_key, "GET", path)
    before = _points(account)
    points = before + STEP if before + STEP <= TOP else BOTTOM
    statement = {
        "sequence": (account["sequence"] or 0) + 1,
        "as_of": rfc3339(now),
        "balance": points,
    }
    await _asked(address, keys.merchant_key, "PUT", f"{path}/statement", body=statement)
    return Told(points=points, earned=points - before)


async def sell(keys: DemoKeys, address: str, *, now: int) -> Told:
    """Sell two coffees to the hosted card, as the till would. Raises ActRefused."""
    ticket = {
        "id": f"sandbox-{now}",
        "card_id": _card(keys, "hosted")["id"],
        "occurred_at": rfc3339(now),
        "lines": [{"unit_minor": PRICE_MINOR, "qty": COFFEES, "tags": ["coffee"]}],
    }
    token = keys.till_token or ""
    answer = await _asked(address, token, "POST", "/v1/checkout/tickets", body=ticket)
    earned = int(answer["results"]["earned_units"].get("pts", 0))
    return Told(points=_points(answer["card"]), earned=earned)


def _card(keys: DemoKeys, program: str) -> dict[str, Any]:
    program_id = keys.programs[program]
    return next(card for card in keys.cards if card["program_id"] == program_id)


def _points(account: dict[str, Any]) -> int:
    return next((int(it["value"]) for it in account["balances"] if it["unit"] == "pts"), 0)


async def _asked(address: str, token: str, method: str, path: str, *, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        base_url=address, timeout=_ANSWER_SECONDS, trust_env=False
    ) as client:
        answer = await client.request(method, path, json=body, headers=headers)
    if answer.status_code >= 400:
        raise ActRefused(answer.text)
    return answer.json()

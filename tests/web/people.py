"""Who looks at pages in tests: browsers with a session's cookie, and their cards."""

from __future__ import annotations

import uuid
from typing import Any

import httpx2

from app.http.cookies import COOKIE
from tests.flows.conftest import World

Client = httpx2.AsyncClient


class Browser:
    """A browser of one person: it sends the cookie as pages of ours do."""

    def __init__(self, world: World, token: str) -> None:
        self._client = world.client
        self.token = token

    async def page(self, path: str, **headers: str) -> httpx2.Response:
        """Go to an address as somebody types it."""
        sent = {"Accept-Language": "en", "Sec-Fetch-Site": "none"} | headers
        return await self._client.get(path, headers=sent | {"Cookie": f"{COOKIE}={self.token}"})

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Do what a script of a page does."""
        sent = {
            "Sec-Fetch-Site": "same-origin",
            "Idempotency-Key": str(uuid.uuid4()),
            "Cookie": f"{COOKIE}={self.token}",
        }
        answer = await self._client.request(method, path, json=body, headers=sent | headers)
        assert answer.status_code < 400, answer.text
        return answer.json() if answer.content else None

    async def add(self, shop: str = "Boulangerie du Port", number: str = "40170725") -> Any:
        """Put a number-only card into the wallet."""
        return await self.ask("POST", "/v1/cards", {"shop_name": shop, "number": number})


async def guest(world: World) -> Browser:
    """Begin as a guest."""
    answer = await world.client.post("/v1/guests", headers={"Idempotency-Key": str(uuid.uuid4())})
    return Browser(world, answer.json()["token"])

"""People as the tests of users play them: they ask for codes, read mails, sign in."""

from __future__ import annotations

import re
from typing import Any

from app.outbox import mail_queries
from app.outbox.mail_queries import Mail
from tests.flows.conftest import World

FAR = 2**62
ANA = "ana@example.com"


async def mails(world: World) -> list[Mail]:
    """Return the mails that are queued, oldest first."""
    return await world.ports.database.read(lambda tx: mail_queries.due_mails(tx, FAR, 1000))


async def ask_for_code(world: World, email: str, **headers: str) -> str:
    """Have a code mailed and read it in the mail."""
    answer = await world.client.post("/v1/sign-in/codes", json={"email": email}, headers=headers)
    assert answer.status_code == 202, answer.text
    found = re.findall(r"\b\d{8}\b", (await mails(world))[-1].body)
    assert len(found) == 1
    return str(found[0])


async def sign_in(world: World, email: str, code: str, *, token: str | None = None) -> Any:
    """Try a code."""
    headers = bearer(token) if token else {}
    body = {"email": email, "code": code}
    return await world.client.post("/v1/sign-in", json=body, headers=headers)


async def user_with(world: World, email: str) -> str:
    """Sign in with an address and return the token."""
    answer = await sign_in(world, email, await ask_for_code(world, email))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


async def guest(world: World, key: str = "guest-1") -> dict[str, Any]:
    """Begin without an address; return the whole answer."""
    answer = await world.client.post("/v1/guests", headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def me(world: World, token: str) -> Any:
    """Ask who the token is."""
    return await world.client.get("/v1/me", headers=bearer(token))


def bearer(token: str) -> dict[str, str]:
    """Write the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def wrong(code: str) -> str:
    """Return another code of eight digits."""
    return f"{(int(code) + 1) % 10**8:08}"


async def mailed_to(world: World, email: str) -> list[Mail]:
    """Return the mails that are queued for an address, oldest first."""
    return [mail for mail in await mails(world) if mail.recipient == email]


async def ask_for_change(world: World, token: str, email: str) -> str:
    """Have a code mailed to an address that a user wants, and read it in the mail."""
    answer = await world.client.post(
        "/v1/me/email-codes", json={"email": email}, headers=bearer(token)
    )
    assert answer.status_code == 202, answer.text
    return str(re.findall(r"\b\d{8}\b", (await mailed_to(world, email))[-1].body)[0])


async def change_email(world: World, token: str, email: str, code: str, **more: Any) -> Any:
    """Type that code."""
    body = {"email": email, "code": code, **more}
    return await world.client.put("/v1/me/email", json=body, headers=bearer(token))

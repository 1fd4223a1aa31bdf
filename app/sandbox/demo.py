"""The demo: a merchant with one hosted and one mirrored program, a user, cards of each kind.

User, merchant and programs are made as their own rooms make them; the cards go through the doors
that anybody uses. A second start finds what the first one made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import msgspec

from app.clock import rfc3339
from app.http.ports import Ports
from app.ids import public_id
from app.partners.starting import first_key, start_merchant
from app.programs import merchant_queries, publishing, queries, service
from app.programs.publishing import Drawn
from app.programs.schemas import NewProgram
from app.programs.service import Program
from app.sandbox.demo_programs import FIRST_STATEMENT, HOSTED, MIRRORED, NUMBER, NUMBER_ONLY
from app.sandbox.demo_till import paired_till
from app.sandbox.private_files import write_private
from app.storage.database import Transaction
from app.users import service as users

KEYS_FILE = Path("data/demo-keys.json")
MERCHANT, SLUG = "Maison Verte", "maison-verte"
USER_EMAIL, OWNER_EMAIL = "demo@example.org", "owner@example.org"
SECOND_SIGNER = 2
_ANSWER_SECONDS = 30.0


class DemoKeys(msgspec.Struct, frozen=True, kw_only=True):
    """What programs need to use the demo (specs: api.md §10)."""

    base_url: str
    user_token: str
    merchant_key: str
    till_token: str | None = None
    programs: dict[str, str]
    cards: list[dict[str, Any]]


async def seed(ports: Ports, address: str) -> DemoKeys:
    """Make what is missing and write the keys file. `address`: where the server listens."""
    async with httpx2.AsyncClient(
        base_url=address, timeout=_ANSWER_SECONDS, trust_env=False
    ) as client:
        user_token, merchant_key = await _known(client) or ("", "")
        merchant_id = await _merchant(ports)
        if not user_token:
            user_token = await _sign_in(ports)
            merchant_key = await first_key(ports, merchant_id, "Demo")
        hosted = await _program(ports, merchant_id, HOSTED)
        mirrored = await _program(ports, merchant_id, MIRRORED, signer_id=SECOND_SIGNER)
        programs = {
            "hosted": public_id("prog", hosted.public_id),
            "mirrored": public_id("prog", mirrored.public_id),
        }
        doors = _Doors(client, user_token, merchant_key)
        cards = await _cards(doors, programs, at=rfc3339(ports.clock.wall()))
        last = read_keys()
        till = await paired_till(
            ports, merchant_id, MIRRORED.locations[0].id, last.till_token if last else None
        )
    keys = DemoKeys(
        base_url=ports.settings.public_url,
        user_token=user_token,
        merchant_key=merchant_key,
        till_token=till,
        programs=programs,
        cards=cards,
    )
    KEYS_FILE.parent.mkdir(parents=True, exist_ok=True)
    write_private(KEYS_FILE, msgspec.json.format(msgspec.json.encode(keys), indent=2))
    return keys


def read_keys() -> DemoKeys | None:
    """Read the keys file; None when there is none that can be read."""
    try:
        return msgspec.json.decode(KEYS_FILE.read_bytes(), type=DemoKeys)
    except (OSError, msgspec.MsgspecError):
        return None


class _Doors(msgspec.Struct, frozen=True):
    client: httpx2.AsyncClient
    user_token: str
    merchant_key: str

    async def as_user(
        self, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> Any:
        """Ask as the user and return what is answered."""
        headers = {"Authorization": f"Bearer {self.user_token}"}
        if key is not None:
            headers["Idempotency-Key"] = key
        return _answered(await self.client.request(method, path, json=body, headers=headers))


def _answered(answer: httpx2.Response) -> Any:
    if answer.status_code >= 400:
        raise ValueError(f"the demo could not be made: {answer.request.url.path}: {answer.text}")
    return answer.json() if answer.content else None


async def _known(client: httpx2.AsyncClient) -> tuple[str, str] | None:
    """Return the tokens of the last start, if this server still takes them."""
    keys = read_keys()
    if keys is None:
        return None
    asked = (("/v1/me", keys.user_token), ("/v1/partner/programs", keys.merchant_key))
    for path, token in asked:
        answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code != 200:
            return None
    return keys.user_token, keys.merchant_key


async def _sign_in(ports: Ports) -> str:
    """Open a session for the demo's user."""
    now = ports.clock.wall()
    drawn = users.draw(ports, now)

    def work(tx: Transaction) -> None:
        user = users.make_user_with_email(tx, drawn, email=USER_EMAIL, language="fr", now=now)
        users.open_session(tx, user.user_id, drawn, now=now)

    await ports.database.write(work)
    return drawn.token


async def _merchant(ports: Ports) -> int:
    known = await ports.database.read_point(
        lambda tx: merchant_queries.merchant_id_by_slug(tx, SLUG)
    )
    return await start_merchant(ports, MERCHANT, OWNER_EMAIL) if known is None else known


async def _program(
    ports: Ports, merchant_id: int, wanted: NewProgram, *, signer_id: int = service.FIRST_SIGNER
) -> Program:
    now = ports.clock.wall()
    drawn = Drawn(ports.ids.next(now), ports.ids.public(), ports.ids.next(now))

    def known(tx: Transaction) -> Program | None:
        rows = queries.programs_of(tx, merchant_id, 0, 100)
        return next((service.read(row) for row in rows if row.authority == wanted.authority), None)

    found = await ports.database.read_point(known)
    if found is not None:
        return found
    publishing.judge(wanted)
    return await ports.database.write(
        lambda tx: publishing.create(
            tx, merchant_id, wanted, drawn=drawn, now=now, signer_id=signer_id
        )
    )


async def _cards(doors: _Doors, programs: dict[str, str], *, at: str) -> list[dict[str, Any]]:
    """Register a card of each kind, unless the wallet holds cards already."""
    held = (await doors.as_user("GET", "/v1/cards"))["items"]
    if held:
        return list(held)
    wanted: list[dict[str, Any]] = [
        {"program_id": programs["mirrored"], "number": NUMBER},
        {"program_id": programs["hosted"]},
        *NUMBER_ONLY,
    ]
    for index, body in enumerate(wanted):
        await doors.as_user("POST", "/v1/cards", body, key=f"demo-card-{index}")
    statement = {**FIRST_STATEMENT, "as_of": at}
    path = f"/v1/partner/programs/{programs['mirrored']}/cards/{NUMBER}/statement"
    headers = {"Authorization": f"Bearer {doors.merchant_key}"}
    _answered(await doors.client.put(path, json=statement, headers=headers))
    return list((await doors.as_user("GET", "/v1/cards"))["items"])

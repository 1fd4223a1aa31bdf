"""Points that a member says are missing: one queue, one answer each, through the ledger once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from app.cards.content import content_of
from tests.cards.cards_world import NUMBER, Asking, card_row, rows, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import Shop, open_hosted, units
from tests.partners.members_world import KEPT, hold

RECEIPT = {"receipt": "R-17", "purchased_on": "2026-09-20", "amount_minor": 2995, "note": "cash"}


class Desk(msgspec.Struct, frozen=True):
    """A shop, and Ana who holds its card."""

    shop: Shop
    ana: Asking
    card: str

    async def tell(self, **told: Any) -> Any:
        """Say that points are missing."""
        return await self.ana("POST", f"/v1/cards/{self.card}/missing-points", RECEIPT | told)

    async def answer(self, request: str, how: str, **body: Any) -> Any:
        """Answer a request; a fresh Idempotency-Key each time, as another clerk's."""
        path = f"{self.shop.path}/missing-points/{request}/{how}"
        return await self.shop.ask("POST", path, body)

    async def queue(self, status: str = "") -> Any:
        """List the queue."""
        query = f"?status={status}" if status else ""
        return (await self.shop.ask("GET", f"{self.shop.path}/missing-points{query}")).json()[
            "items"
        ]


async def opened(world: World, **changes: Any) -> Desk:
    """Open a shop whose member Ana holds her card."""
    shop = await open_hosted(world, **changes)
    ana, card = await hold(shop, NUMBER)
    return Desk(shop, ana, card)


async def shown(world: World, desk: Desk) -> Any:
    """Return what Ana's pass shows."""
    card_id, now = await card_row(world.ports, desk.card), world.clock.wall()
    ((user_id,),) = await rows(world.ports, "SELECT user_id FROM holder")
    found = await world.ports.database.read(
        lambda tx: content_of(tx, card_id, user_id=user_id, now=now)
    )
    assert found is not None
    return found.content


async def test_a_request_is_answered_with_units_once_and_its_member_reads_why(
    world: World,
) -> None:
    desk = await opened(world)
    made = await desk.tell()
    assert made.status_code == 201, made.text
    asked = made.json()
    assert asked["id"].startswith("mp_") and asked["status"] == "open"
    again = await desk.tell(note="I asked before")
    assert (again.status_code, again.json()["id"]) == (200, asked["id"])
    (queued,) = await desk.queue("open")
    assert (queued["card_number"], queued["display_name"], queued["others"]) == (NUMBER, "Ana", 0)
    assert (queued["currency"], queued["amount_minor"]) == ("EUR", 2995)
    wrong = await desk.answer(asked["id"], "adjust", unit="miles", units=5, reason="found it")
    assert wrong.json()["errors"][0]["path"] == "unit"
    none = await desk.answer(asked["id"], "adjust", unit="pts", reason="found it")
    assert none.json()["errors"][0]["path"] == "units"
    before = (await desk.shop.account())["sequence"]
    done = await desk.answer(asked["id"], "adjust", unit="pts", units=58, reason="Till was offline")
    assert done.status_code == 200, done.text
    assert (done.json()["status"], done.json()["units"]) == ("adjusted", 58)
    second = await desk.answer(asked["id"], "decline", reason="no")
    assert (second.status_code, second.json()["code"]) == (409, "already-decided")
    assert second.json()["answer"] == "adjusted"
    account = await desk.shop.account()
    assert units(account)["pts"] == 58 and account["sequence"] == before + 1
    (entry,) = (await desk.ana("GET", f"/v1/cards/{desk.card}/history")).json()["items"]
    assert entry["units"] == 58 and "Till was offline" in entry["text"]
    (mine,) = (await desk.ana("GET", f"/v1/cards/{desk.card}/missing-points")).json()["items"]
    assert (mine["status"], mine["reason"], mine["units"]) == ("adjusted", "Till was offline", 58)
    assert await desk.queue("open") == [] and len(await desk.queue("adjusted")) == 1
    assert await rows(world.ports, "SELECT wanted > done FROM outbox WHERE channel = 'apple'") or 1


async def test_a_declined_request_tells_its_reason_on_the_pass_and_for_a_while(
    world: World,
) -> None:
    desk = await opened(world)
    asked = (await desk.tell()).json()["id"]
    revision = "SELECT revision FROM card_revision"
    before = await rows(world.ports, revision)
    done = await desk.answer(asked, "decline", reason="Already on your card")
    assert done.json()["status"] == "declined"
    assert await rows(world.ports, revision) != before  # phones are told
    message = (await shown(world, desk)).message
    assert "R-17" in message and "Already on your card" in message
    world.clock.forward(31 * 86_400)
    assert (await shown(world, desk)).message is None


async def test_two_clerks_at_once_answer_once(world: World) -> None:
    desk = await opened(world)
    asked = (await desk.tell()).json()["id"]
    answers = await asyncio.gather(
        *(desk.answer(asked, "adjust", unit="pts", units=10, reason="yes") for _ in range(3)),
        *(desk.answer(asked, "decline", reason="no") for _ in range(3)),
    )
    codes = sorted(each.status_code for each in answers)
    assert codes == [200, 409, 409, 409, 409, 409]
    (request,) = await desk.queue()
    held = units(await desk.shop.account())["pts"]
    assert held == (10 if request["status"] == "adjusted" else 0)


async def test_an_answer_beside_a_merge_gives_the_units_once_to_the_card_that_stays(
    world: World,
) -> None:
    desk = await opened(world)
    made = await desk.shop.ask("POST", f"{desk.shop.path}/cards", {"number": KEPT})
    assert made.status_code == 201
    asked = (await desk.tell()).json()["id"]
    merging = desk.shop.ask("POST", f"{desk.shop.path}/cards/{NUMBER}/merge", {"into": KEPT})
    first, merged = await asyncio.gather(
        desk.answer(asked, "adjust", unit="pts", units=10, reason="yes"), merging
    )
    assert merged.status_code == 200, merged.text
    assert first.status_code in {200, 404, 409}
    if first.status_code != 200:
        assert first.json()["code"] in {"conflict", "not-found"}
        later = await desk.answer(asked, "adjust", unit="pts", units=10, reason="yes")
        assert later.status_code == 200, later.text
    late = await desk.answer(asked, "adjust", unit="pts", units=10, reason="yes")
    assert late.json()["code"] == "already-decided"
    assert units(await desk.shop.account(KEPT))["pts"] == 10
    assert [each["card_number"] for each in await desk.queue()] == [KEPT]
    (card,) = (await desk.ana("GET", "/v1/cards")).json()["items"]
    mine = (await desk.ana("GET", f"/v1/cards/{card['id']}/missing-points")).json()["items"]
    assert [each["status"] for each in mine] == ["adjusted"]


async def test_one_receipt_told_by_two_is_shown_to_the_merchant(world: World) -> None:
    desk = await opened(world)
    await desk.tell()
    await desk.shop.ask("POST", f"{desk.shop.path}/cards", {"number": KEPT})
    bob, card = await hold(desk.shop, KEPT)
    await bob("POST", f"/v1/cards/{card}/missing-points", {"receipt": "R-17"})
    assert [each["others"] for each in await desk.queue()] == [1, 1]


async def test_what_cannot_be_asked_or_answered_is_refused(world: World) -> None:
    desk = await opened(world)
    for told, path in (
        ({"receipt": ""}, "receipt"),
        ({"receipt": " "}, "receipt"),
        ({"purchased_on": "2026-02-30"}, "purchased_on"),
        ({"purchased_on": "2099-01-01"}, "purchased_on"),
        ({"amount_minor": 0}, "amount_minor"),
        ({"soul": 1}, "soul"),
    ):
        answer = await desk.tell(**told)
        assert answer.status_code == 400, told
        assert answer.json()["errors"][0]["path"] == path
    stranger = await user(world)
    path = f"/v1/cards/{desk.card}/missing-points"
    for method, body in (("GET", None), ("POST", RECEIPT)):
        assert (await stranger(method, path, body)).status_code == 404
    asked = (await desk.tell()).json()["id"]
    for request in ("mp_" + "0" * 32, "nothing", asked[:-1]):
        lost = await desk.answer(request, "decline", reason="no")
        assert (lost.status_code, lost.json()["code"]) == (404, "not-found")
    for n in range(19):
        assert (await desk.tell(receipt=f"R-{n + 100}")).status_code == 201
    assert (await desk.tell(receipt="R-999")).json()["code"] == "conflict"


async def test_where_the_merchants_system_counts_the_answer_brings_no_units_here(
    world: World,
) -> None:
    mirrored = {"authority": "merchant", "rules": None}
    desk = await opened(world, **mirrored)
    asked = (await desk.tell()).json()["id"]
    wrong = await desk.answer(asked, "adjust", unit="pts", units=5, reason="yes")
    assert (wrong.status_code, wrong.json()["code"]) == (409, "wrong-authority")
    done = await desk.answer(asked, "adjust", reason="Added by our system")
    assert done.status_code == 200, done.text
    assert "Added by our system" in (await shown(world, desk)).message

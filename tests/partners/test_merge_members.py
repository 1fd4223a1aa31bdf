"""Two cards of one person become one: nothing is lost, whatever breaks or runs beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from app.cards import member_queries, merging
from app.cards.merging import Merging
from app.cards.notes import Noted
from app.errors import Unavailable
from app.ledger import service as ledger
from app.privacy import erasing
from tests.cards.cards_world import NUMBERS, card_row, rows, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import Shop
from tests.partners.members_world import KEPT, LOST, balance, hold, open_desk, timeline
from tests.privacy.dying import DyingDatabase

GONE = LOST  # of the two cards the one that is closed


async def merge(shop: Shop, gone: str = GONE, into: str = KEPT, *, key: str | None = None) -> Any:
    """Ask for a merge."""
    return await shop.ask("POST", f"{shop.path}/cards/{gone}/merge", {"into": into}, key=key)


async def filled(world: World) -> Shop:
    """Give the card that goes points, seeds to come, a voucher and the tier of gold."""
    shop = await open_desk(world)
    await shop.buy("t1", 30_000)
    assert (await shop.post(id="c1", type="convert")).status_code == 201
    await shop.buy("t2", 5_000)
    await shop.buy("t3", 1_000, card_number=KEPT)
    return shop


async def test_units_vouchers_tier_and_contact_go_to_the_card_that_stays(world: World) -> None:
    shop = await filled(world)
    before, here = await shop.account(GONE), await shop.account(KEPT)
    answer = await merge(shop, key="m1")
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert balance(after) == balance(before) + balance(here) == 120
    pending = {each["unit"]: each["pending"] for each in after["balances"]}
    assert pending["late"] == 300 + 50 + 10
    assert after["tier"]["id"] == before["tier"]["id"] == "gold" != here["tier"]["id"]
    (voucher,) = after["vouchers"]
    (old,) = before["vouchers"]
    assert (voucher["value"], voucher["expires_at"]) == (old["value"], old["expires_at"])
    assert after["display_name"] == "Ana"
    again = await merge(shop, key="m1")
    assert again.status_code == 200 and again.headers["idempotent-replay"] == "true"
    assert balance(again.json()) == 120
    assert balance((await merge(shop, key="m2")).json()) == 120
    for number in (GONE, before["id"]):
        seen = await shop.ask("GET", f"{shop.path}/cards/{number}")
        assert (seen.status_code, seen.json()["code"]) == (404, "card-not-found")
    scanned = await shop.ask("POST", "/v1/checkout/scans", {"code": GONE})
    assert scanned.json()["code"] == "card-not-found"
    enrolled = await shop.ask("POST", f"{shop.path}/cards", {"number": GONE})
    assert enrolled.status_code == 409
    here, there = await timeline(shop, KEPT), await timeline(shop, GONE)
    (received,) = [item for item in here if item["text"].startswith("Merged with")]
    assert received["text"] == f"Merged with the card …{GONE[-4:]}, which is closed"
    assert received["card_id"] == before["id"]
    (closed,) = [item for item in there if item["text"].startswith("Closed")]
    assert closed["card_id"] == after["id"] and len(there) > 5


async def test_a_merge_that_cannot_be_is_refused_and_changes_nothing(world: World) -> None:
    shop = await open_desk(world)
    same = await merge(shop, GONE, GONE)
    assert (same.status_code, same.json()["errors"][0]["path"]) == (400, "into")
    assert (await merge(shop, GONE, "unknown")).json()["code"] == "card-not-found"
    assert (await merge(shop, "unknown", KEPT)).json()["code"] == "card-not-found"
    await hold(shop, GONE)
    await hold(shop, KEPT)
    people = await merge(shop)
    assert (people.status_code, people.json()["code"]) == (409, "conflict")
    assert (await shop.account(GONE))["number"] == GONE


async def test_the_holder_of_the_closed_card_holds_the_kept_one_with_his_label(
    world: World,
) -> None:
    shop = await filled(world)
    ana, card = await hold(shop, GONE)
    assert (await ana("PATCH", f"/v1/cards/{card}", {"label": "Café"})).status_code == 200
    assert (await merge(shop)).status_code == 200
    (held,) = (await ana("GET", "/v1/cards")).json()["items"]
    assert (held["number"], held["label"], held["access"]) == (KEPT, "Café", "owner")
    assert (await ana("GET", f"/v1/cards/{card}")).status_code == 404
    once = await user(world)
    linked = await once("POST", "/v1/cards", {"program_id": shop.program, "number": KEPT})
    assert linked.json()["code"] == "proof-needed"


async def test_a_mirrored_card_is_closed_and_the_merchants_next_statement_counts(
    world: World,
) -> None:
    shop = await open_desk(world)
    made = await shop.ask(
        "POST",
        "/v1/partner/programs",
        {
            "name": "Maison Bleue",
            "authority": "merchant",
            "units": [{"id": "pts", "name": "Points"}],
            "barcode": {"format": "EAN_13"},
            "languages": ["en"],
        },
    )
    path = f"/v1/partner/programs/{made.json()['id']}"
    for number in (GONE, KEPT):
        await shop.ask("POST", f"{path}/cards", {"number": number})
        told = {"sequence": 4, "as_of": "2026-09-21T12:00:00Z", "balance": 70}
        put = await shop.ask("PUT", f"{path}/cards/{number}/statement", told)
        assert put.status_code == 200
    mirrored = msgspec.structs.replace(shop, path=path)
    merged = await merge(mirrored)
    assert (merged.status_code, balance(merged.json())) == (200, 70)
    told = {"sequence": 5, "as_of": "2026-09-21T12:00:00Z", "balance": 140}
    assert (await shop.ask("PUT", f"{path}/cards/{GONE}/statement", told)).json()[
        "code"
    ] == "card-not-found"
    assert (await shop.ask("PUT", f"{path}/cards/{KEPT}/statement", told)).status_code == 200


@pytest.mark.parametrize("writes", range(8))
async def test_after_a_crash_the_repeat_or_the_sweeper_finishes(world: World, writes: int) -> None:
    if world.ports.database.engine != "sqlite":
        pytest.skip("which write is the last does not depend on the engine")
    shop = await filled(world)
    ana, _ = await hold(shop, GONE)
    row = await closing(world, shop, writes=writes)
    if row is None:
        assert (await shop.account(GONE))["number"] == GONE
        assert balance((await merge(shop)).json()) == 120
    elif writes % 2:
        assert balance((await merge(shop)).json()) == 120
    else:
        world.clock.forward(60)
        assert await merging.sweep(world.ports) == (0 if row.applied_at else 1)
        assert balance(await shop.account(KEPT)) == 120
    (held,) = (await ana("GET", "/v1/cards")).json()["items"]
    assert held["number"] == KEPT
    world.clock.forward(60)
    assert await merging.sweep(world.ports) == 0
    for number in NUMBERS[:2]:
        inside = await rows(
            world.ports, "SELECT card_id FROM card_by_number WHERE value = ? LIMIT 1", number
        )
        proof = await world.ports.database.read(lambda tx, i=inside[0][0]: ledger.prove(tx, i))
        assert not proof


async def closing(world: World, shop: Shop, *, writes: int) -> Any:
    """Merge as the route does, on a database that is away after so many writes."""
    gone = await card_row(world.ports, (await shop.account(GONE))["id"])
    kept = await card_row(world.ports, (await shop.account(KEPT))["id"])
    now, ids = world.clock.wall(), world.ports.ids
    wanted = Merging(
        into=kept,
        sealed=b"sealed",
        seed=ids.secret(16),
        event_id=ids.public(),
        note_id=ids.next(now),
        noted=Noted(ids.next(now), now, "key:1"),
    )
    dying = msgspec.structs.replace(
        world.ports, database=DyingDatabase(world.ports.database, writes)
    )
    try:
        row = await dying.database.write(lambda tx: merging.close(tx, gone, wanted, now=now))
        await merging.finish(dying, row)
    except Unavailable:
        pass
    return await world.ports.database.read(lambda tx: member_queries.merge_of(tx, gone))


async def test_of_two_merges_that_cross_one_is_refused_and_no_unit_is_lost(world: World) -> None:
    shop = await filled(world)
    answers = await asyncio.gather(merge(shop, GONE, KEPT), merge(shop, KEPT, GONE))
    assert sorted(each.status_code for each in answers) == [200, 404]
    (left,) = (await shop.ask("GET", f"{shop.path}/cards")).json()["items"]
    assert balance(left) == 120


async def test_a_ticket_beside_a_merge_is_taken_along_or_refused(world: World) -> None:
    shop = await filled(world)
    selling = [
        shop.post(id=f"r{number}", type="purchase", amount_minor=1_000) for number in range(6)
    ]
    first, merged, *rest = await asyncio.gather(*selling[:1], merge(shop), *selling[1:])
    assert merged.status_code == 200
    sold = [each for each in (first, *rest) if each.status_code == 201]
    refused = [each for each in (first, *rest) if each.status_code != 201]
    assert all(each.json()["code"] in {"card-not-found", "conflict"} for each in refused)
    assert balance(await shop.account(KEPT)) == 120 + 20 * len(sold)


async def test_an_erasure_beside_a_merge_leaves_nothing_of_its_holder(world: World) -> None:
    shop = await filled(world)
    ana, card = await hold(shop, GONE)
    inside = await card_row(world.ports, card)
    ((user_id,),) = await rows(world.ports, "SELECT user_id FROM holder WHERE card_id = ?", inside)
    merged, _ = await asyncio.gather(merge(shop), erasing.erase(world.ports, user_id))
    assert merged.status_code in {200, 404}
    world.clock.forward(120)
    await merging.sweep(world.ports)
    while await erasing.sweep(world.ports):
        world.clock.forward(120)
    ((number, voided_at),) = await rows(
        world.ports, "SELECT number, voided_at FROM card WHERE card_id = ?", inside
    )
    assert number == "" and voided_at is not None
    assert await rows(world.ports, "SELECT 1 FROM holder WHERE user_id = ?", user_id) == []
    for table in ("contact", "card_note", "former_number"):
        assert await rows(world.ports, f"SELECT 1 FROM {table} WHERE card_id = ?", inside) == []
    assert (await ana("GET", "/v1/cards")).status_code == 401


async def test_who_is_erased_later_takes_the_cards_along_that_became_his(world: World) -> None:
    shop = await filled(world)
    _, card = await hold(shop, KEPT)
    third = await shop.ask("POST", f"{shop.path}/cards", {"number": NUMBERS[2]})
    assert third.status_code == 201
    assert (await merge(shop, NUMBERS[2], GONE)).status_code == 200
    assert (await merge(shop, GONE, KEPT)).status_code == 200
    kept = await card_row(world.ports, card)
    ((user_id,),) = await rows(world.ports, "SELECT user_id FROM holder WHERE card_id = ?", kept)
    await erasing.erase(world.ports, user_id)
    left = await rows(world.ports, "SELECT number FROM card WHERE number <> ''")
    assert left == []

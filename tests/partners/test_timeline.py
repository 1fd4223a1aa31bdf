"""A card's timeline: everything, once, newest first, page by page, while more happens."""

from __future__ import annotations

from typing import Any

import msgspec

from app.cards import codes
from app.cards.codes import User
from app.cards.passes_of import pass_of
from app.clock import rfc3339
from tests.cards.cards_world import Asking, card_row, merchant, program
from tests.flows.conftest import World
from tests.partners.hosted_shop import Shop
from tests.partners.members_world import KEPT, LOST, hold, open_desk, rotating_code, timeline


async def lived(world: World) -> tuple[Shop, Asking, str]:
    """Let a card earn, burn, be corrected, given a voucher, scanned, saved and renamed."""
    shop = await open_desk(world)
    ana, card = await hold(shop, LOST)
    for number in range(3):
        world.clock.forward(60)
        await shop.buy(f"t{number}", 10_000)
    world.clock.forward(60)
    assert (await shop.post(id="c1", type="convert")).status_code == 201
    world.clock.forward(60)
    code = (await shop.account())["vouchers"][0]["code"]
    used = await shop.post(id="u1", type="use_voucher", code=code, basket_minor=900)
    assert used.status_code == 201, used.text
    world.clock.forward(60)
    adjusted = await shop.post(
        id="a1", type="adjust", unit="pts", units=5, reason="Counted too few"
    )
    assert adjusted.status_code == 201
    world.clock.forward(60)
    given = await give(shop, LOST)
    assert given.status_code == 201, given.text
    await pass_and_scan(world, card)
    return shop, ana, card


async def give(shop: Shop, number: str, **changes: Any) -> Any:
    body = {"voucher": "bon5", "reason": "Late delivery"} | changes
    return await shop.ask("POST", f"{shop.path}/cards/{number}/vouchers", body)


async def pass_and_scan(world: World, card: str) -> None:
    """Make a pass, and have a rotating code used up."""
    card_id = await card_row(world.ports, card)
    shown = await rotating_code(world, card)
    now = world.clock.wall()

    def work(tx: Any) -> None:
        pass_of(tx, card_id=card_id, user_id=7, new_serial=b"p" * 16, now=now, pass_key=1)
        ids = tx.all(int, "SELECT program_id FROM card WHERE card_id = ?", card_id)
        found = codes.look_up(tx, world.ports.secrets, shown, program_ids=ids, at=now)
        assert found is not None
        codes.use(tx, found, User("till:5", "paris", None), now=now)

    await world.ports.database.write(work)


async def test_all_that_happened_to_a_hosted_card_is_told_with_its_reasons(world: World) -> None:
    shop, _, _ = await lived(world)
    items = await timeline(shop, LOST)
    told = [(item["kind"], item["text"]) for item in items]
    assert ("voucher", "Voucher bon5 given by hand") in told
    assert ("voucher", "Voucher bon5 used") in told
    assert ("pass", "Apple Wallet pass made") in told
    assert ("scan", "Rotating code scanned") in told
    assert told[-1] == ("note", "Card made")
    assert [item["at"] for item in items] == sorted((item["at"] for item in items), reverse=True)
    assert len({item["id"] for item in items}) == len(items)
    (adjusted,) = [item for item in items if item.get("reason") == "Counted too few"]
    assert (adjusted["kind"], adjusted["units"], adjusted["unit"]) == ("entry", 5, "pts")
    assert adjusted["text"].endswith("Counted too few")
    (given,) = [item for item in items if item.get("reason") == "Late delivery"]
    assert given["by"] == "first"
    french = [item["text"] for item in await timeline(shop, LOST, language="fr")]
    assert "Carte créée" in french and "Bon bon5 offert" in french
    assert len([text for text in french if "graines" in text.lower()]) == 3


async def test_pages_follow_each_other_without_a_gap_or_a_repeat(world: World) -> None:
    shop, _, _ = await lived(world)
    whole = await timeline(shop, LOST)
    for limit in (1, 2, 5):
        assert await timeline(shop, LOST, limit=limit) == whole
    first = await page(shop, "?limit=3")
    world.clock.forward(60)
    await shop.buy("t9", 500)
    assert (await give(shop, LOST)).status_code == 201
    rest, after = first["items"], first["next"]
    while after is not None:
        further = await page(shop, f"?limit=3&after={after}")
        rest, after = rest + further["items"], further["next"]
    assert rest == whole
    assert len(await timeline(shop, LOST)) == len(whole) + 3


async def page(shop: Shop, query: str) -> Any:
    headers = {"Authorization": f"Bearer {shop.ask.token}", "Accept-Language": "en"}
    path = f"{shop.path}/cards/{LOST}/timeline{query}"
    answer = await shop.world.client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_cursor_of_somebody_elses_is_refused(world: World) -> None:
    shop = await open_desk(world)
    answer = await shop.ask("GET", f"{shop.path}/cards/{LOST}/timeline?after=AAAA")
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "after")


async def test_a_mirrored_card_tells_its_statements(world: World) -> None:
    shop = await open_desk(world)
    _, ask = await merchant(world, "Verte")
    green = msgspec.structs.replace(
        shop, ask=ask, path=f"/v1/partner/programs/{await program(ask)}"
    )
    await ask("POST", f"{green.path}/cards", {"number": LOST})
    for sequence in (3, 4):
        world.clock.forward(60)
        told = {"sequence": sequence, "as_of": "2026-09-21T12:00:00Z", "balance": sequence * 10}
        put = await ask("PUT", f"{green.path}/cards/{LOST}/statement", told)
        assert put.status_code == 200
    items = await timeline(green, LOST)
    assert [(item["kind"], item.get("balances")) for item in items] == [
        ("statement", {"pts": 40}),
        ("statement", {"pts": 30}),
        ("note", None),
    ]
    assert items[0]["text"] == "Balance told: 40 Points"
    assert items[0]["at"] == rfc3339(world.clock.wall())
    refused = await give(green, LOST)
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong-authority")


async def test_a_voucher_by_hand_is_one_of_the_programs_and_comes_once_a_key(
    world: World,
) -> None:
    shop = await open_desk(world)
    for _ in range(2):
        body = {"voucher": "bon5", "reason": "Sorry"}
        answer = await shop.ask("POST", f"{shop.path}/cards/{KEPT}/vouchers", body, key="v1")
        assert answer.status_code == 201, answer.text
    assert (await give(shop, KEPT)).status_code == 201
    assert [each["status"] for each in (await shop.account(KEPT))["vouchers"]] == ["issued"] * 2
    unknown = await give(shop, KEPT, voucher="bon6")
    assert (unknown.status_code, unknown.json()["errors"][0]["path"]) == (400, "voucher")
    silent = await shop.ask("POST", f"{shop.path}/cards/{KEPT}/vouchers", {"voucher": "bon5"})
    assert silent.status_code == 400
    assert (await give(shop, "nobody")).json()["code"] == "card-not-found"


async def test_a_correction_needs_a_reason_and_the_holder_reads_it(world: World) -> None:
    shop = await open_desk(world)
    ana, card = await hold(shop, LOST)
    silent = await shop.post(id="a1", type="adjust", unit="pts", units=5)
    assert (silent.status_code, silent.json()["code"]) == (400, "invalid-input")
    assert "reason" in silent.json()["detail"]
    empty = await shop.post(id="a1", type="adjust", unit="pts", units=5, reason="")
    assert empty.status_code == 400
    given = await shop.post(id="a1", type="adjust", unit="pts", units=5, reason="A till was off")
    assert given.status_code == 201
    (entry,) = (await ana("GET", f"/v1/cards/{card}/history")).json()["items"]
    assert (entry["kind"], entry["units"]) == ("adjust", 5)
    assert entry["text"].endswith("A till was off")

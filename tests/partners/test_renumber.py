"""A lost card: another number, the same units; whatever shows the old number ends."""

from __future__ import annotations

import asyncio
from typing import Any

from app.cards.passes_of import pass_of
from app.outbox import queries as outbox
from app.privacy import erasing
from tests.cards.cards_world import NUMBERS, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import Shop
from tests.partners.members_world import (
    LOST,
    NEW,
    balance,
    hold,
    open_desk,
    rotating_code,
    timeline,
)


async def renumber(shop: Shop, named: str, by: Asking | None = None, **more: Any) -> Any:
    """Ask for another number."""
    key = more.pop("key", None)
    return await (by or shop.ask)("POST", f"{shop.path}/cards/{named}/renumber", more, key=key)


async def scan(shop: Shop, code: str) -> Any:
    return await shop.ask("POST", "/v1/checkout/scans", {"code": code})


async def add_pass(world: World, card: str) -> None:
    """Let the card's holder have it in Apple Wallet, on a phone that is to be told."""
    card_id, now, ports = await card_row(world.ports, card), world.clock.wall(), world.ports
    ((user_id,),) = await rows(ports, "SELECT user_id FROM holder WHERE card_id = ?", card_id)

    def work(tx: Any) -> None:
        pass_of(tx, card_id=card_id, user_id=user_id, new_serial=b"s" * 16, now=now, pass_key=1)
        outbox.open_channel(tx, card_id, "apple", 1, revision=1, done=1)

    await ports.database.write(work)


async def test_a_lost_card_keeps_all_it_holds_under_another_number(world: World) -> None:
    shop = await open_desk(world)
    ana, card = await hold(shop, LOST)
    await shop.buy("t1", 30_000)
    assert (await shop.post(id="c1", type="convert")).status_code == 201
    await shop.buy("t2", 1_000)
    await add_pass(world, card)
    before = await shop.account()
    answer = await renumber(shop, LOST, number=NEW, key="lost-1")
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert (after["number"], after["barcode_value"]) == (NEW, NEW)
    for kept in ("id", "balances", "tier", "vouchers", "lots", "display_name", "sequence"):
        assert after[kept] == before[kept], kept
    again = await renumber(shop, LOST, number=NEW, key="lost-1")
    assert (again.status_code, again.content) == (200, answer.content)
    assert again.headers["idempotent-replay"] == "true"
    assert (await scan(shop, LOST)).json()["code"] == "card-not-found"
    assert (await scan(shop, NEW)).json()["card"]["id"] == card
    sold = await shop.post(id="t3", type="purchase", amount_minor=100)
    assert (sold.status_code, sold.json()["code"]) == (404, "card-not-found")
    assert (await ana("GET", f"/v1/cards/{card}")).json()["number"] == NEW
    assert await rows(world.ports, "SELECT voided_at FROM pass") == [(world.clock.wall(),)]
    waiting = await rows(world.ports, "SELECT wanted - done FROM outbox WHERE channel = 'apple'")
    assert waiting[0][0] > 0
    ((kind,),) = await rows(
        world.ports, "SELECT type FROM event ORDER BY card_id, sequence DESC LIMIT 1"
    )
    assert kind == "card.renumbered"
    told = [item["text"] for item in await timeline(shop, NEW)]
    assert f"Lost card: a new number instead of …{LOST[-4:]}" in told


async def test_nobody_gets_a_lost_cards_number_but_that_card_once_it_is_found(
    world: World,
) -> None:
    shop = await open_desk(world)
    assert (await renumber(shop, LOST, number=NEW)).status_code == 200
    enrolled = await shop.ask("POST", f"{shop.path}/cards", {"number": LOST})
    assert (enrolled.status_code, enrolled.json()["code"]) == (409, "conflict")
    bob = await user(world)
    typed = await bob("POST", "/v1/cards", {"program_id": shop.program, "number": LOST})
    assert (typed.status_code, typed.json()["code"]) == (409, "proof-needed")
    other = await shop.ask("POST", f"{shop.path}/cards", {"number": NUMBERS[3]})
    taken = await renumber(shop, NUMBERS[3], number=LOST)
    assert other.status_code == 201 and taken.status_code == 409
    same = await renumber(shop, NEW, number=NEW)
    assert (same.status_code, same.json()["errors"][0]["path"]) == (400, "number")
    whose = await shop.ask("POST", f"{shop.path}/cards/searches", {"text": LOST})
    assert [each["number"] for each in whose.json()["items"]] == [NEW]
    found = await renumber(shop, NEW, number=LOST)
    assert (found.status_code, found.json()["number"]) == (200, LOST)
    assert (await scan(shop, NEW)).status_code == 404


async def test_a_number_is_drawn_where_none_is_named_and_a_barcode_needs_one(
    world: World,
) -> None:
    shop = await open_desk(world)
    drawn = await renumber(shop, LOST)
    assert drawn.status_code == 200 and drawn.json()["number"] not in {LOST, ""}
    bare = await renumber(shop, drawn.json()["number"], barcode_value="123")
    assert bare.json()["errors"][0]["path"] == "number"
    wrong = await renumber(
        shop, drawn.json()["id"], number="2000000000016", barcode_format="EAN_13"
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid-barcode")
    keyless = await world.client.post(
        f"{shop.path}/cards/{drawn.json()['id']}/renumber",
        json={},
        headers={"Authorization": f"Bearer {shop.ask.token}"},
    )
    assert keyless.json()["code"] == "idempotency-key-missing"


async def test_codes_and_claim_tokens_made_before_end_with_the_number(world: World) -> None:
    shop = await open_desk(world)
    ana, card = await hold(shop, LOST)
    once_code = await ana("POST", f"/v1/cards/{card}/one-time-codes")
    rotating = await rotating_code(world, card)
    made = await shop.ask("POST", f"{shop.path}/cards", {"number": NUMBERS[3]})
    token = made.json()["link_token"]
    assert (await renumber(shop, LOST)).status_code == 200
    assert (await renumber(shop, NUMBERS[3])).status_code == 200
    assert (await scan(shop, once_code.json()["code"])).status_code in {404, 410}
    assert (await scan(shop, rotating)).status_code == 404
    assert (await scan(shop, await rotating_code(world, card))).json()["card"]["id"] == card
    claimed = await (await user(world))("POST", "/v1/claims", {"claim_token": token})
    assert claimed.status_code == 404


async def test_of_two_who_renumber_one_card_at_once_one_is_too_late(world: World) -> None:
    shop = await open_desk(world)
    card = (await shop.account())["id"]
    answers = await asyncio.gather(
        renumber(shop, LOST, number=NEW), renumber(shop, LOST, number=NUMBERS[3])
    )
    assert sorted(each.status_code for each in answers) == [200, 404]
    now = (await shop.account(card))["number"]
    assert now in {NEW, NUMBERS[3]}
    inside = await card_row(world.ports, card)
    found = await rows(
        world.ports,
        "SELECT value FROM card_by_number WHERE card_id = ? AND kind = 'number'",
        inside,
    )
    assert found == [(now,)]


async def test_another_merchant_is_told_nothing_and_changes_nothing(world: World) -> None:
    shop = await open_desk(world)
    card = (await shop.account())["id"]
    _, stranger = await merchant(world, "Elsewhere")
    for tail, body in (
        ("renumber", {}),
        ("merge", {"into": NUMBERS[1]}),
        ("vouchers", {"voucher": "bon5", "reason": "x"}),
    ):
        theirs = await stranger("POST", f"{shop.path}/cards/{LOST}/{tail}", body)
        nobodys = await stranger(
            "POST", f"/v1/partner/programs/prog_{'0' * 32}/cards/{LOST}/{tail}", body
        )
        assert theirs.status_code == nobodys.status_code == 404
        drop = {"request_id"}
        told = [
            {k: v for k, v in each.json().items() if k not in drop} for each in (theirs, nobodys)
        ]
        assert told[0] == told[1]
    own = f"/v1/partner/programs/{await program(stranger)}/cards"
    for tail, body in (("renumber", {}), ("merge", {"into": card})):
        theirs, nobodys = [
            (await stranger("POST", f"{own}/{named}/{tail}", body)).json()
            for named in (card, f"card_{'0' * 32}")
        ]
        assert theirs | {"request_id": ""} == nobodys | {"request_id": ""}
        assert theirs["code"] == "card-not-found"
    seen = await stranger("GET", f"{shop.path}/cards/{card}/timeline")
    assert seen.json()["code"] == "not-found"
    assert (await shop.account())["number"] == LOST and balance(await shop.account()) == 0


async def test_an_erasure_forgets_former_numbers_and_frees_them(world: World) -> None:
    shop = await open_desk(world)
    ana, card = await hold(shop, LOST)
    assert (await renumber(shop, LOST, number=NEW)).status_code == 200
    inside = await card_row(world.ports, card)
    ((user_id,),) = await rows(world.ports, "SELECT user_id FROM holder WHERE card_id = ?", inside)
    told = (await ana("GET", "/v1/me/export")).content
    assert told[:2] == b"PK"
    await erasing.erase(world.ports, user_id)
    assert await rows(world.ports, "SELECT 1 FROM former_number") == []
    assert await rows(world.ports, "SELECT 1 FROM card_note WHERE card_id = ?", inside) == []
    left = await rows(world.ports, "SELECT value FROM card_by_number WHERE card_id = 0")
    assert left == []
    again = await shop.ask("POST", f"{shop.path}/cards", {"number": LOST})
    assert again.status_code == 201

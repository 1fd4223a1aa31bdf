"""Hosted cards as their holders see them: account, history in words, vouchers, redemptions."""

from __future__ import annotations

from typing import Any

import pytest

from app.cards.claims_controller import UNKNOWN_SPONSORS_PER_HOUR
from app.cards.content import content_of
from tests.cards.cards_world import NUMBER, NUMBERS, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import AT, Shop, open_hosted, units


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_hosted(world)


async def holder(shop: Shop, language: str = "en") -> tuple[Asking, str]:
    """Make a guest who holds the shop's card."""
    made = await Asking(shop.world, None)("POST", "/v1/guests", {"language": language})
    ask = Asking(shop.world, made.json()["token"])
    card = await ask("POST", "/v1/cards", {"program_id": shop.program, "number": NUMBER})
    assert card.status_code == 201, card.text
    return ask, card.json()["id"]


async def content(shop: Shop, card: str) -> Any:
    card_id = await card_row(shop.world.ports, card)
    found = await rows(shop.world.ports, "SELECT user_id FROM holder WHERE card_id = ?", card_id)
    user_id, now = int(found[0][0]), shop.world.clock.wall()
    shown = await shop.world.ports.database.read(
        lambda tx: content_of(tx, card_id, user_id=user_id, now=now)
    )
    assert shown is not None
    return shown.content


async def test_a_new_hosted_card_is_enrolled_with_nothing_on_it(shop: Shop) -> None:
    ask, card = await holder(shop)
    shown = (await ask("GET", f"/v1/cards/{card}")).json()
    assert shown["authority"] == "ledger"
    assert [(each["value"], each["pending"]) for each in shown["balances"]] == [(0, 0), (0, 0)]
    assert shown["tier"] == {"id": "basic", "name": "Basic"}
    assert shown["next_expiry"] is None
    assert shown["sequence"] == 1


async def test_a_holder_sees_balance_pending_tier_and_next_expiry(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 20_000)
    shown = (await ask("GET", f"/v1/cards/{card}")).json()
    assert units(shown) == {"pts": 400, "late": 0}
    assert shown["balances"][1]["pending"] == 200
    assert shown["tier"] == {"id": "gold", "name": "Gold"}
    assert shown["next_expiry"] == {"at": "2027-09-21T12:00:00Z", "units": 400}
    assert shown["sequence"] == 2
    listed = (await ask("GET", "/v1/cards")).json()["items"]
    assert listed == [shown]


async def test_a_balance_is_shown_as_time_has_left_it_before_any_sweep(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 1_000)
    shop.world.clock.forward(20 * 86_400)
    shown = (await ask("GET", f"/v1/cards/{card}")).json()
    assert units(shown) == {"pts": 20, "late": 10}
    shop.world.clock.forward(365 * 86_400)
    assert units(await shop.account())["pts"] == 0  # a user's session ends sooner


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["-18 points: refund, the ticket counts 40 instead of 58",
                "58 points: 29.95 EUR, whole euros x 2"]),
        ("fr", ["-18 points : remboursement, le ticket compte 40 au lieu de 58",
                "58 points : 29,95 €, euros entiers x 2"]),
    ],
)  # fmt: skip
async def test_history_lists_entries_newest_first_in_the_users_language(
    shop: Shop, language: str, texts: list[str]
) -> None:
    ask, card = await holder(shop, language)
    await shop.buy("A-1", 2_995)
    await shop.post(id="R-1", type="refund", of="A-1", amount_minor=995)
    first = (await ask("GET", f"/v1/cards/{card}/history?limit=1")).json()
    found = first["items"]
    while first["next"]:
        path = f"/v1/cards/{card}/history?limit=1&after={first['next']}"
        first = (await ask("GET", path)).json()
        found += first["items"]
    points = [entry for entry in found if entry["unit"] == "pts"]
    assert [entry["text"] for entry in points] == texts
    assert [entry["kind"] for entry in points] == ["reverse", "earn"]
    assert points[1]["at"] == AT
    assert len({entry["id"] for entry in found}) == len(found) == 4


async def test_units_are_turned_into_a_voucher_once_a_key(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 10_000)
    path = f"/v1/cards/{card}/redemptions"
    first = await ask("POST", path, {"type": "convert"}, key="k1")
    again = await ask("POST", path, {"type": "convert"}, key="k1")
    assert first.status_code == 201, first.text
    assert again.content == first.content
    assert again.headers["idempotent-replay"] == "true"
    told = first.json()
    assert told["id"].startswith("evt_")
    assert told["results"] == {"converted": 200}
    assert told["entries"][0]["text"] == "-200 points: turned into voucher bon5 (lot 1)"
    assert units(told["card"])["pts"] == 0
    vouchers = (await ask("GET", f"/v1/cards/{card}/vouchers")).json()
    assert vouchers["next"] is None
    voucher = vouchers["items"][0]
    assert voucher["id"].startswith("vch_")
    assert (voucher["kind"], voucher["value"], voucher["status"]) == ("amount", 200, "issued")
    refused = await ask("POST", path, {"type": "convert"}, key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "below-minimum")
    # The merchant may cancel what the holder did, by the id it was answered with.
    back = await shop.post(id="X-1", type="reverse_burn", of=told["id"])
    assert units(back.json()["card"])["pts"] == 200


async def test_a_play_and_a_reward_take_what_the_program_shares_once(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 10_000)
    path = f"/v1/cards/{card}/redemptions"
    won = await ask("POST", path, {"type": "play"}, key="p1")
    assert won.json()["results"] == {"won": "2026-09-01T00:00:00Z"}
    assert (await ask("POST", path, {"type": "play"}, key="p1")).content == won.content
    limit = await ask("POST", path, {"type": "play"}, key="p2")
    assert limit.json()["code"] == "limit"
    mug = await ask("POST", path, {"type": "catalogue", "rule": "mug"})
    assert mug.status_code == 201
    gone = await ask("POST", path, {"type": "catalogue", "rule": "mug"})
    assert gone.json()["code"] == "out-of-stock"


async def test_who_may_redeem_and_what(world: World, shop: Shop) -> None:
    ask, card = await holder(shop)
    path = f"/v1/cards/{card}/redemptions"
    stranger = await user(world)
    assert (await stranger("POST", path, {"type": "play"})).status_code == 404
    token = {"Authorization": f"Bearer {ask.token}"}
    no_key = await world.client.post(path, json={"type": "play"}, headers=token)
    assert no_key.json()["code"] == "idempotency-key-missing"
    assert (await ask("POST", path, {"type": "pay"})).status_code == 400
    unknown = await ask("POST", path, {"type": "convert", "rule": "none"})
    assert (unknown.status_code, unknown.json()["errors"][0]["path"]) == (400, "rule")
    own = await ask("POST", "/v1/cards", {"shop_name": "Fnac", "number": "1"})
    path = f"/v1/cards/{own.json()['id']}/redemptions"
    other = await ask("POST", path, {"type": "play"})
    assert (other.status_code, other.json()["code"]) == (409, "wrong-authority")


async def test_a_private_sale_opens_earlier_for_a_tier(shop: Shop) -> None:
    ask, card = await holder(shop)
    path = f"/v1/cards/{card}/access/sale"
    closed = {"allowed": False, "opens_at": "2026-09-25T08:00:00Z"}
    assert (await ask("GET", path)).json() == closed
    await shop.buy("A-1", 20_000)
    open_now = {"allowed": True, "opens_at": "2026-09-18T08:00:00Z"}
    assert (await ask("GET", path)).json() == open_now
    assert (await ask("GET", f"/v1/cards/{card}/access/none")).status_code == 404


async def test_joining_names_a_sponsor_who_is_rewarded_at_the_first_ticket(shop: Shop) -> None:
    card = (await shop.account())["id"]
    nobody = Asking(shop.world, None)
    path = f"/v1/programs/{shop.program}/join"
    unknown = await nobody("POST", path, {"referred_by": NUMBERS[2]})
    assert unknown.json()["errors"][0]["path"] == "referred_by"
    joined = (await nobody("POST", path, {"referred_by": card})).json()["card"]
    await shop.buy("A-1", 1_000, card_number=joined["number"])
    assert units(await shop.account())["pts"] == 100


async def test_who_tries_many_sponsors_is_told_nothing_more(shop: Shop) -> None:
    nobody, path = Asking(shop.world, None), f"/v1/programs/{shop.program}/join"
    for n in range(UNKNOWN_SPONSORS_PER_HOUR):
        assert (await nobody("POST", path, {"referred_by": f"9{n:012d}"})).status_code == 400
    card = (await shop.account())["id"]
    for referred_by in ("9999999999999", card):
        assert (await nobody("POST", path, {"referred_by": referred_by})).status_code == 429
    assert (await nobody("POST", path, {})).status_code == 201


async def test_a_pass_shows_the_account_and_names_what_changed_last(shop: Shop) -> None:
    _, card = await holder(shop)
    shop.world.clock.forward(1)
    await shop.buy("A-1", 15_000)
    shown = await content(shop, card)
    assert [(each.value, each.pending, each.change) for each in shown.balances] == [
        (300, None, 300),
        (0, 150, 0),
    ]
    assert (shown.speaks, shown.language) == ("unit:pts", "en")
    assert shown.next_tier.tier.id == "gold"
    assert (shown.next_tier.missing, shown.next_tier.currency) == (5_000, "EUR")
    assert (shown.vouchers, shown.keep_by, shown.tier.id) == (0, None, "basic")
    assert shown.program.time_zone == "Europe/Paris"
    shop.world.clock.forward(1)
    await shop.buy("A-2", 5_000)
    shown = await content(shop, card)
    assert (shown.speaks, shown.tier.id, shown.next_tier) == ("tier", "gold", None)
    assert shown.keep_by is not None
    shop.world.clock.forward(1)
    await shop.post(id="V-1", type="convert")
    shown = await content(shop, card)
    assert (shown.speaks, shown.vouchers) == ("vouchers", 1)


async def test_who_may_only_see_a_card_is_told_no_code_and_redeems_nothing(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 10_000)
    assert (await shop.post(id="V-1", type="convert")).status_code == 201

    def share(access: str) -> Any:
        return lambda tx: tx.run("UPDATE holder SET access = ?", access)

    for access, is_told in (("read", False), ("full", True)):
        await shop.world.ports.database.write(share(access))
        (voucher,) = (await ask("GET", f"/v1/cards/{card}/vouchers")).json()["items"]
        assert (voucher["code"] is not None) == is_told
    await shop.world.ports.database.write(share("read"))
    answer = await ask("POST", f"/v1/cards/{card}/redemptions", {"type": "convert"})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing-scope")
    assert (await ask("GET", f"/v1/cards/{card}/history")).status_code == 200


async def test_a_mirrored_cards_vouchers_are_none_and_its_history_its_statements(
    world: World,
) -> None:
    _, ask = await merchant(world)
    public = await program(ask, settings={"open_numbers": True})
    mine = await user(world)
    made = await mine("POST", "/v1/cards", {"program_id": public, "number": NUMBER})
    card = made.json()["id"]
    body = {"sequence": 1, "as_of": AT, "balance": 5}
    await ask("PUT", f"/v1/partner/programs/{public}/cards/{NUMBER}/statement", body)
    assert (await mine("GET", f"/v1/cards/{card}/vouchers")).json() == {"items": [], "next": None}
    entry = (await mine("GET", f"/v1/cards/{card}/history")).json()["items"][0]
    assert (entry["kind"], entry["sequence"]) == ("statement", 1)
    assert "units" not in entry


async def test_who_was_shared_a_card_does_not_see_what_was_bought(shop: Shop) -> None:
    ask, card = await holder(shop)
    await shop.buy("A-1", 10_000)
    await shop.post(id="R-1", type="event", event="review")
    await shop.buy("A-2", 1_000)
    await ask("POST", f"/v1/cards/{card}/redemptions", {"type": "convert"})
    path = f"/v1/cards/{card}/history"
    all_lines = (await ask("GET", path)).json()["items"]
    for access in ("read", "full"):
        await shop.world.ports.database.write(
            lambda tx, access=access: tx.run("UPDATE holder SET access = ?", access)
        )
        seen = (await ask("GET", path)).json()["items"]
        assert [line["rule"] for line in seen] == ["cheque", "review"]
        assert all(line in all_lines for line in seen) and len(all_lines) > len(seen)
        first = (await ask("GET", f"{path}?limit=1")).json()
        rest = (await ask("GET", f"{path}?limit=1&after={first['next']}")).json()
        assert [*first["items"], *rest["items"]] == seen and rest["next"] is None

"""What happens to cards is told where it belongs, hosted or mirrored, and forgotten with them."""

from __future__ import annotations

import random
from typing import Any

from app.privacy import erasing
from tests.cards.cards_world import NUMBER, rows, user
from tests.flows.conftest import World
from tests.partners.hosted_shop import open_hosted, units
from tests.webhooks.hooked import WEBHOOKS, Hooked, hooked, told
from tests.webhooks.receiver import Receiver


async def test_a_hosted_cards_life_is_told_event_by_event(world: World, receiver: Receiver) -> None:
    shop = await open_hosted(world)
    made = await shop.ask("POST", WEBHOOKS, {"url": receiver.url})
    hook = Hooked(world, shop.ask, shop.path, made.json())
    await shop.buy("A-1", 30_000)
    await shop.post(key="k", type="convert", rule="cheque", id="B-1")
    (voucher,) = (await shop.account())["vouchers"]
    used = await shop.post(id="C-1", type="use_voucher", code=voucher["code"], basket_minor=2_000)
    assert used.status_code == 201, used.text
    await hook.step()
    kinds = [kind for kind, _ in told(receiver.heard)]
    assert kinds[:3] == ["balance.updated", "tier.changed", "balance.updated"]
    assert kinds[-1] == "voucher.used" and "voucher.issued" in kinds
    numbers = [number for _, number in told(receiver.heard)]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    bought, _, converted = receiver.heard[:3]
    assert units(bought.data["card"])["pts"] == 600
    assert bought.data["card"]["tier"]["id"] == "gold"
    assert converted.data["card"]["sequence"] > bought.data["card"]["sequence"]
    issued = next(each for each in receiver.heard if each.document["type"] == "voucher.issued")
    assert issued.data["voucher"] == voucher["id"] and issued.data["template"] == "bon5"
    state = receiver.heard[-1].data["card"]
    account = await shop.account()
    assert (state["balances"], state["tier"]) == (account["balances"], account["tier"])
    await hook.channel.stop()


async def test_a_receiver_that_drops_lower_or_equal_numbers_never_goes_back(
    world: World, receiver: Receiver
) -> None:
    shop = await open_hosted(world)
    made = await shop.ask("POST", WEBHOOKS, {"url": receiver.url})
    hook = Hooked(world, shop.ask, shop.path, made.json())
    for place in range(12):
        await shop.buy(f"A-{place}", 100 * (place + 1))
    await hook.step()
    await hook.channel.stop()
    rng = random.Random(6)
    for _ in range(500):
        came = rng.choices(receiver.heard, k=30) + receiver.heard
        rng.shuffle(came)
        seen, kept = 0, dict[str, Any]()
        for message in came:
            if message.data["sequence"] > seen:
                assert message.data["card"]["sequence"] >= kept.get("sequence", 0)
                seen, kept = message.data["sequence"], message.data["card"]
        assert kept["balances"] == receiver.heard[-1].data["card"]["balances"]


async def test_an_erased_card_is_told_of_by_its_id_and_nothing_of_it_stays(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        await shop.tell(5)
        await shop.step()
        holder = await user(world)
        program_id = shop.path.rsplit("/", 1)[1]
        await opened(shop)
        held = await holder("POST", "/v1/cards", {"program_id": program_id, "number": NUMBER})
        assert held.status_code == 201, held.text
        await shop.tell(6)  # waits while the card is erased
        gone = await holder("DELETE", "/v1/me")
        assert gone.status_code == 204
        await erasing.sweep(world.ports)
        await shop.step()
        last = receiver.heard[-1]
        assert last.document["type"] == "card.deleted"
        assert last.data["card"] == {"id": last.data["card_id"]} == {"id": held.json()["id"]}
        assert NUMBER.encode() not in last.body
        assert [sequence for _, sequence in told(receiver.heard)] == [1, 2, 4]
        kept = await rows(world.ports, "SELECT body FROM webhook_body")
        assert [NUMBER in body for (body,) in kept] == [False]
        assert len(await shop.deliveries()) == 1


async def test_a_card_claimed_twice_by_one_user_is_told_deleted_and_merged(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        holder = await user(world)
        program_id = shop.path.rsplit("/", 1)[1]
        cards = []
        for _ in range(2):
            joined = await holder("POST", f"/v1/programs/{program_id}/join", {})
            assert joined.status_code == 201, joined.text
            claimed = await holder(
                "POST", "/v1/claims", {"claim_token": joined.json()["claim_token"]}
            )
            assert claimed.status_code == 200, claimed.text
            cards.append(joined.json()["card"]["id"])
        await shop.step()
        ended = [each for each in receiver.heard if each.document["type"] == "card.deleted"]
        assert [each.data["card_id"] for each in ended] == [cards[1]]
        assert ended[0].data["merged_into"] == cards[0]


async def opened(shop: Hooked) -> None:
    """Let the program's known numbers be linked without proof."""
    current = (await shop.ask("GET", shop.path)).json()
    fields = ("name", "authority", "units", "tiers", "barcode", "languages", "design", "links")
    body = {name: current[name] for name in fields if current.get(name) is not None}
    body["settings"] = current["settings"] | {"open_numbers": True}
    put = await shop.ask("PUT", shop.path, body)
    assert put.status_code == 200, put.text

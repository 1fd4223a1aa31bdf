"""Merchants' systems are told of each event: signed, in order per card, once and again."""

from __future__ import annotations

from datetime import UTC, datetime

from standardwebhooks import Webhook

from app.delivery.webhook_sending import headers_of
from app.partners.delivery_queries import DeliveryRow
from tests.cards.cards_world import NUMBERS, merchant, program, rows
from tests.flows.conftest import World
from tests.webhooks.hooked import DELIVERIES, WEBHOOKS, hooked, told
from tests.webhooks.receiver import Message, Receiver, answer


async def test_a_change_reaches_the_receiver_signed_with_the_whole_new_state(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        card_id = await shop.enrol()
        await shop.tell(1300, tier="gold")
        await shop.step()
        assert told(receiver.heard) == [
            ("card.created", 1),
            ("balance.updated", 2),
            ("tier.changed", 3),
        ]
        message = receiver.heard[1]
        assert message.signed_by(shop.hook["secret"]) and len(message.body) < 20_000
        assert message.headers["webhook-id"].startswith("evt_")
        card = message.data["card"]
        assert message.data["card_id"] == card["id"] == card_id
        assert card["sequence"] == 1 and card["tier"]["id"] == "gold"
        assert card["balances"][0]["value"] == 1300
        assert not {"label", "note", "own_balance", "access"} & card.keys()
        assert [item["status"] for item in await shop.deliveries()] == ["delivered"] * 3


async def test_each_event_says_what_was_right_after_it_however_late_it_goes(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        for balance in (10, 20, 30):
            await shop.tell(balance)
        await shop.step()
        values = [each.data["card"]["balances"] for each in receiver.heard]
        assert [[each["value"] for each in value] for value in values] == [[], [10], [20], [30]]
        assert [each.data["card"]["sequence"] for each in receiver.heard] == [0, 1, 2, 3]


async def test_a_merchant_without_an_endpoint_leaves_no_row_behind(world: World) -> None:
    _, ask = await merchant(world)
    public = await program(ask)
    await ask("POST", f"/v1/partner/programs/{public}/cards", {"number": NUMBERS[0]})
    assert await rows(world.ports, "SELECT COUNT(*) FROM event") == [(1,)]
    assert await rows(world.ports, "SELECT COUNT(*) FROM webhook_waiting") == [(0,)]


async def test_only_the_types_asked_for_come(world: World, receiver: Receiver) -> None:
    async with hooked(world, receiver, types=["tier.changed"]) as shop:
        await shop.enrol()
        await shop.tell(5, tier="silver")
        await shop.step()
        assert told(receiver.heard) == [("tier.changed", 3)]


async def test_a_rolled_secret_signs_beside_the_former_one_until_the_overlap_ends(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        path = f"{WEBHOOKS}/{shop.hook['id']}"
        rolled = (await shop.ask("POST", f"{path}/roll", {"overlap_seconds": 60})).json()
        await shop.step()
        both = receiver.heard[-1]
        assert len(both.headers["webhook-signature"].split(" ")) == 2
        assert both.signed_by(rolled["secret"]) and both.signed_by(shop.hook["secret"])
        shop.world.clock.forward(60)
        await shop.tell(7)
        await shop.step()
        last = receiver.heard[-1]
        assert last.signed_by(rolled["secret"]) and not last.signed_by(shop.hook["secret"])
        assert "secret" not in await shop.endpoint()


async def test_a_stuck_card_is_tried_in_its_order_and_holds_up_no_other(
    world: World, receiver: Receiver
) -> None:
    async with hooked(world, receiver) as shop:
        stuck = await shop.enrol(NUMBERS[0])
        await shop.enrol(NUMBERS[1])

        def says(message: Message) -> bytes:
            return answer(500 if message.data["card_id"] == stuck else 200)

        receiver.says = says
        for balance in range(3):
            await shop.tell(balance, NUMBERS[0])
            await shop.tell(balance, NUMBERS[1])
        await shop.step()
        of_stuck = [each for each in receiver.heard if each.data["card_id"] == stuck]
        others = [each for each in receiver.heard if each.data["card_id"] != stuck]
        assert told(of_stuck) == [("card.created", 1)]
        assert [number for _, number in told(others)] == [1, 2, 3, 4]
        receiver.says = lambda _message: answer(204)
        await shop.after(6)
        of_stuck = [each for each in receiver.heard if each.data["card_id"] == stuck]
        assert [number for _, number in told(of_stuck)] == [1, 1, 2, 3, 4]
        assert of_stuck[0].body == of_stuck[1].body
        assert of_stuck[0].headers["webhook-id"] == of_stuck[1].headers["webhook-id"]


async def test_a_delivery_is_shown_with_its_body_and_sent_once_more_on_demand(
    world: World, receiver: Receiver
) -> None:
    receiver.says = lambda _message: answer(400, body="no such\x00shop")
    async with hooked(world, receiver) as shop:
        await shop.enrol()
        await shop.step()
        (item,) = await shop.deliveries("?status=pending")
        one = (await shop.ask("GET", f"{DELIVERIES}/{item['id']}")).json()
        assert one["body"].encode() == receiver.heard[0].body
        assert one["attempts"][0]["status_code"] == 400
        assert one["attempts"][0]["answer"] == "no suchshop"
        receiver.says = lambda _message: answer(200)
        again = await shop.ask("POST", f"{DELIVERIES}/{item['id']}/replay")
        assert again.status_code == 200 and again.json()["status"] == "pending"
        await shop.step()
        assert receiver.heard[1].body == receiver.heard[0].body
        (item,) = await shop.deliveries(f"?card={item['card_id']}&webhook={shop.hook['id']}")
        assert item["status"] == "delivered" and len(item["attempts"]) == 2


def test_the_published_vector_comes_out() -> None:
    key = Webhook("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    moment = datetime.fromtimestamp(1_614_265_330, tz=UTC)
    body = '{"test": 2432232314}'
    signature = key.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", moment, body)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    row = DeliveryRow(1, 1, 1, b"", 1, bytes(16), "t", "pending", 0, 0, None, 0)
    headers = headers_of(row, body, (key._whsecret,), at=1_614_265_330_000_000)
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == key.sign(headers["webhook-id"], moment, body)


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"url": "http://shop.example/"}, "url"),
    ({"url": "https://10.0.0.1/"}, "url"),
    ({"url": "https://shop.example:22/"}, "url"),
    ({"url": "https://shop.example/", "types": ["nothing.such"]}, "types[0]"),
    ({"url": "https://shop.example/", "types": []}, "types"),
    ({"url": "https://shop.example/", "secret": "x"}, ""),
]


async def test_an_endpoint_that_cannot_be_is_refused_at_its_field(world: World) -> None:
    _, ask = await merchant(world)
    for body, path in REFUSED:
        refused = await ask("POST", WEBHOOKS, body)
        assert refused.status_code == 400, body
        assert path in refused.json()["errors"][0]["path"]

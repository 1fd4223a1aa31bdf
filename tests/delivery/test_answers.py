"""What each answer of APNs does to the device's row (apple.md §5)."""

from __future__ import annotations

from app.apple.push import PushAnswer
from app.clock import SECOND
from tests.apple.iphone_world import House
from tests.cards.cards_world import rows

NUMBERS = (
    *("4006381333931", "2000000000015", "2000000000022", "2000000000039"),
    *("2000000000046", "2000000000053", "2000000000060", "2000000000077"),
)
FEED = "SELECT feed - pushed, parked FROM device_feed ORDER BY device_id"


async def _phones(house: House, count: int) -> list[str]:
    tokens = []
    for n, number in enumerate(NUMBERS[:count]):
        card_id = house.card_id if n == 0 else await house.add_card(number)
        opened = await house.download(card_id)
        tokens.append(f"{n:064x}")
        await house.register(opened, device=f"d{n}", push_token=tokens[-1])
    house.world.clock.forward(1)
    return tokens


async def _told(house: House, balance: int, count: int) -> None:
    for number in NUMBERS[:count]:
        await house.tell(balance, number)
        await house.worker.step()  # one by one: each push is a batch of its own


async def test_bad_device_tokens_that_come_one_by_one_are_a_burst_all_the_same(
    house: House,
) -> None:
    tokens = await _phones(house, 8)
    house.pushes.answers = dict.fromkeys(tokens, PushAnswer(400, "BadDeviceToken"))
    await _told(house, 5, 8)
    kept = await rows(house.world.ports, "SELECT COUNT(*) FROM device WHERE push_token IS NOT NULL")
    assert kept == [(5,)]  # three are nothing, the fourth is a wrong host or certificate
    house.pushes.answers.clear()
    house.pushes.tokens.clear()
    house.world.clock.forward(120)
    await house.worker.step()
    assert sorted(house.pushes.tokens) == tokens[3:]


async def test_a_bad_device_token_alone_is_forgotten(house: House) -> None:
    [token] = await _phones(house, 1)
    house.pushes.answers[token] = PushAnswer(400, "BadDeviceToken")
    await _told(house, 5, 1)
    await _told(house, 6, 1)
    assert house.pushes.tokens == [token]
    assert await rows(house.world.ports, "SELECT push_token FROM device") == [(None,)]


async def test_a_refused_topic_keeps_its_work_until_it_is_repaired(house: House) -> None:
    [token] = await _phones(house, 1)
    house.pushes.answers[token] = PushAnswer(403, "InvalidProviderToken")
    await _told(house, 5, 1)
    assert await rows(house.world.ports, FEED) == [(1, None)]
    house.pushes.answers.clear()
    house.world.clock.forward(61)
    await house.worker.step()
    assert await rows(house.world.ports, FEED) == [(0, None)]


async def test_a_parked_device_is_pushed_again_once_it_registers(house: House) -> None:
    [token] = await _phones(house, 1)
    house.pushes.answers[token] = PushAnswer(400, "DeviceTokenNotForTopic")
    await _told(house, 5, 1)
    assert await rows(house.world.ports, FEED) == [(1, "DeviceTokenNotForTopic")]
    await _told(house, 6, 1)
    assert house.pushes.tokens == [token]
    house.pushes.answers.clear()
    await house.register(await house.download(), device="d0", push_token="ef" * 32)
    await house.worker.step()
    assert house.pushes.tokens == [token, "ef" * 32]


async def test_a_push_that_failed_is_repeated_with_growing_pauses(house: House) -> None:
    [token] = await _phones(house, 1)
    house.pushes.answers[token] = PushAnswer(0, None)
    await _told(house, 5, 1)
    pauses = []
    for _ in range(3):
        [(next_at,)] = await rows(house.world.ports, "SELECT next_at FROM device_feed")
        pauses.append((next_at - house.world.clock.wall()) // SECOND)
        house.world.clock.forward(pauses[-1])
        await house.worker.step()
    assert pauses == [5, 10, 20]


async def test_devices_that_share_a_push_token_are_one_push(house: House) -> None:
    opened = await house.download()
    for device in ("a", "b", "c"):
        await house.register(opened, device=device)
    await house.tell(5)
    await house.worker.step()
    assert len(house.pushes.tokens) == 1
    assert house.worker.counts["merged"] == 2
    assert await rows(house.world.ports, FEED) == [(0, None)] * 3

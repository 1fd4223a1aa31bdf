""" "Why did my pass not update?" has an answer at every step of the way."""

from __future__ import annotations

from app.apple.push import PushAnswer
from app.apple.why import explain, why
from app.sandbox.pkpass_reader import OpenedPass
from tests.apple.iphone_world import PUSH_TOKEN, House, tag_of


async def _told(house: House, opened: OpenedPass) -> str:
    serial = bytes.fromhex(opened.serial)
    known = await house.world.ports.database.read(lambda tx: why(tx, serial))
    assert known is not None
    return "\n".join(explain(known))


async def test_each_step_from_the_statement_to_the_pull_is_told(house: House) -> None:
    opened = await house.download()
    assert "No phone is registered" in await _told(house, opened)
    await house.register(opened)
    tag = tag_of(await house.list(opened))
    assert "up to date" in await _told(house, opened)
    await house.tell(5)
    assert "waits for delivery" in await _told(house, opened)
    await house.worker.step()
    assert "it has not asked since" in await _told(house, opened)
    await house.list(opened, tag)
    assert "it asked at" in await _told(house, opened)
    await house.pull(opened)
    assert "up to date" in await _told(house, opened)


async def test_a_stopped_phone_and_what_phones_log_are_told(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    house.pushes.answers[PUSH_TOKEN] = PushAnswer(400, "DeviceTokenNotForTopic")
    await house.tell(5)
    await house.worker.step()
    await house.ask("POST", "/v1/log", json={"logs": [f"Get serial #{opened.serial} failed"]})
    found = await _told(house, opened)
    assert "pushes stopped (DeviceTokenNotForTopic)" in found
    assert "A phone logged: Get serial" in found


async def test_an_unknown_serial_number_is_none(house: House) -> None:
    assert await house.world.ports.database.read(lambda tx: why(tx, bytes(16))) is None

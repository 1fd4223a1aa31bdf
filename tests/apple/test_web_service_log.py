"""What devices log (Apple: Log a Message; apple.md §4)."""

from __future__ import annotations

from typing import Any

import pytest

from app.clock import DAY, SECOND
from app.delivery import pruning
from tests.apple.iphone_world import House
from tests.cards.cards_world import rows

LINES = "SELECT line FROM apple_log ORDER BY log_id"


async def _log(house: House, lines: Any) -> int:
    return int((await house.ask("POST", "/v1/log", json={"logs": lines})).status_code)


async def test_a_log_needs_no_token_and_is_kept(house: House) -> None:
    assert await _log(house, ["one", "two"]) == 200
    assert await rows(house.world.ports, LINES) == [("one",), ("two",)]


async def test_at_most_50_lines_of_1000_characters_are_kept(house: House) -> None:
    assert await _log(house, ["x" * 1_010] * 60) == 200
    found = await rows(house.world.ports, LINES)
    assert len(found) == 50
    assert {len(line) for (line,) in found} == {1_000}


async def test_control_characters_are_removed(house: House) -> None:
    assert await _log(house, ["a\x00b\x1b[31mc\nd\u202ee", "\x00"]) == 200
    assert await rows(house.world.ports, LINES) == [("ab[31mcde",)]


async def test_lines_are_linked_to_the_device_and_the_pass_they_speak_of(house: House) -> None:
    opened = await house.download()
    line = f"[2026-09-01] Get serial #{opened.serial} task (for device {'d' * 32}) encountered error: x"
    assert await _log(house, [line, "nothing"]) == 200
    found = await rows(
        house.world.ports, "SELECT serial, library_hash FROM apple_log ORDER BY log_id"
    )
    device = house.world.ports.secrets.tag("device", "d" * 32)
    assert found == [(bytes.fromhex(opened.serial), device), (None, None)]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"null", b"{}", b'{"logs": "x"}', b'{"logs": [1]}', b'{"logs": null}'),
        *(b"\xff", b"[" * 10_000, b'{"logs": [' * 9_000),
    ],
)
async def test_an_unreadable_log_is_400(house: House, body: bytes) -> None:
    answer = await house.ask("POST", "/v1/log", content=body)
    assert answer.status_code in {400, 413}
    assert await rows(house.world.ports, LINES) == []


async def test_an_address_may_log_so_often_only(house: House) -> None:
    found = [await _log(house, ["x"]) for _ in range(70)]
    assert found.count(200) == 60
    assert set(found) == {200, 429}
    house.world.clock.forward(61)
    assert await _log(house, ["x"]) == 200


async def test_lines_are_deleted_after_30_days(house: House) -> None:
    await _log(house, ["old"])
    house.world.clock.forward(29 * DAY // SECOND)
    await _log(house, ["young"])
    house.world.clock.forward(2 * DAY // SECOND)
    await pruning.prune(house.world.ports)
    assert await rows(house.world.ports, LINES) == [("young",)]

"""Bulk files of events over HTTP: line by line, a card's lines in order."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.partners.lines import LINE_MAX
from tests.cards.cards_world import NUMBER, NUMBERS
from tests.flows.conftest import World
from tests.partners.hosted_shop import AT, Shop, open_hosted, units


@pytest.fixture
async def shop(world: World) -> Shop:
    return await open_hosted(world)


def line(event_id: str, number: str = NUMBER, **event: Any) -> bytes:
    body = {"id": event_id, "card_number": number, "occurred_at": AT, "type": "purchase"}
    return msgspec.json.encode(body | event)


async def test_each_line_is_answered_in_order_and_a_bad_one_loses_no_other(shop: Shop) -> None:
    bad = [
        b"{",
        b"[" * 50_000,
        b"null",
        line("B-1"),
        b"x" * (LINE_MAX + 1),
        line("B-2", "9999", amount_minor=1),
        line("B-3", type="pay", units=10**6),
        line("B-4", type="use_voucher", code="NONE"),
        line("B-5", type="refund", of="A-9", amount_minor=1),
        line("G-0", amount_minor=2_000),
    ]
    lines: list[bytes] = []
    for place, one in enumerate(bad):
        lines += [line(f"G-{place}", amount_minor=1_000), one]
    answers = await shop.lines(b"\n".join(lines))
    assert [answer["line"] for answer in answers[:-1]] == list(range(1, len(lines) + 1))
    assert [answer["status"] for answer in answers[:-1]] == ["ok", "error"] * len(bad)
    codes = [answer["code"] for answer in answers[1:-1:2]]
    assert codes == [
        *["invalid-input"] * 4,
        "too-big",
        *("card-not-found", "insufficient", "card-not-found", "not-found"),
        "idempotency-conflict",
    ]
    assert answers[-1] == {"done": True, "ok": len(bad), "replayed": 0, "error": len(bad)}
    assert units(await shop.account())["pts"] == 20 * len(bad)


async def test_the_file_again_is_replayed_and_changes_nothing(shop: Shop) -> None:
    for number in NUMBERS[1:]:
        await shop.ask("POST", f"{shop.path}/cards", {"number": number})
    lines = [
        line(f"{number}-{place}", number, amount_minor=1_000)
        for place in range(40)
        for number in NUMBERS
    ]
    assert (await shop.lines(b"\n".join(lines)))[-1]["ok"] == len(lines)
    before = await shop.account()
    answers = await shop.lines(b"\n".join(lines[::-1]))
    assert answers[-1] == {"done": True, "ok": 0, "replayed": len(lines), "error": 0}
    assert answers[0] == {"line": 1, "status": "replayed"}
    assert await shop.account() == before
    assert units(before)["pts"] == 800


async def test_a_cards_lines_are_taken_in_order_however_it_is_called(shop: Shop) -> None:
    card = (await shop.account())["id"]
    answers = await shop.lines(
        b"\n".join(
            [
                line("A-1", amount_minor=5_000),
                line("P-1", card, type="pay", units=100),
                line("P-2", type="pay", units=1),
                line("A-2", card, amount_minor=1_000),
                line("P-3", type="pay", units=20),
            ]
        )
    )
    assert [answer["status"] for answer in answers[:-1]] == ["ok", "ok", "error", "ok", "ok"]
    assert units(await shop.account())["pts"] == 0

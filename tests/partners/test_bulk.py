"""Bulk files of statements over HTTP: line by line, whatever a line holds."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from app.partners import bulk
from app.partners.lines import LINE_MAX
from tests.cards.cards_world import NUMBER, NUMBERS
from tests.flows.conftest import World
from tests.partners.test_statements import AS_OF, Shop, send, shop

__all__ = ["shop"]


def line(number: str = NUMBER, **statement: Any) -> bytes:
    return msgspec.json.encode({"number": number, "as_of": AS_OF} | statement)


async def enrolled(shop: Shop) -> None:
    for number in NUMBERS[1:]:
        await shop.ask("POST", shop.path, {"number": number})


async def test_each_line_is_answered_in_order_and_a_bad_one_loses_no_other(shop: Shop) -> None:
    await enrolled(shop)
    bad = [
        b"{",
        b"\xff\xfe",
        b'"' + b"\xc3\x28" + b'"',
        b"[" * 50_000,
        b"null",
        b"[]",
        line(sequence=1, balance=1)[:-1],
        line(sequence=1, balance=1, number="x\x00y"),
        b"x" * (LINE_MAX + 1),
        b" " * (LINE_MAX + 2),
        line("9999999999994", sequence=1, balance=1),
        line(sequence=1, balance=1, tier="none"),
    ]
    lines: list[bytes] = []
    for place, one in enumerate(bad):
        lines += [one, line(NUMBERS[1], sequence=place, balance=place)]
    answers = await send(shop, b"\n".join(lines))
    assert [answer["line"] for answer in answers[:-1]] == list(range(1, len(lines) + 1))
    assert [answer["status"] for answer in answers[:-1]] == ["error", "ok"] * len(bad)
    codes = [answer["code"] for answer in answers[:-1:2]]
    assert codes == ["invalid-input"] * 8 + ["too-big"] * 2 + ["card-not-found", "invalid-input"]
    assert answers[-1] == {"done": True, "ok": len(bad), "stale": 0, "error": len(bad)}
    account = await shop.account(NUMBERS[1])
    assert account["balances"][0]["value"] == len(bad) - 1


async def test_blank_lines_are_not_answered_and_line_ends_may_be_crlf(shop: Shop) -> None:
    body = b"\n\r\n" + line(sequence=1, balance=1) + b"\r\n  \n" + line(sequence=2, balance=2)
    answers = await send(shop, body + b"\n\n")
    assert answers == [
        {"line": 3, "status": "ok"},
        {"line": 5, "status": "ok"},
        {"done": True, "ok": 2, "stale": 0, "error": 0},
    ]


async def test_an_empty_file_is_done_at_once(shop: Shop) -> None:
    assert await send(shop, b"") == [{"done": True, "ok": 0, "stale": 0, "error": 0}]


async def test_sending_the_file_again_changes_nothing(shop: Shop) -> None:
    await enrolled(shop)
    lines = [
        line(number, sequence=place, balance=place, message="Merci")
        for place in range(1, 4)
        for number in NUMBERS
    ]
    body = b"\n".join(lines)
    assert (await send(shop, body))[-1]["ok"] == len(lines)
    revision = await shop.revision()
    answers = await send(shop, body)
    assert answers[0] == {"line": 1, "status": "stale", "sequence": 3}
    assert answers[-1] == {"done": True, "ok": 0, "stale": len(lines), "error": 0}
    assert await shop.revision() == revision


async def test_one_number_twice_in_a_chunk_is_taken_in_order(shop: Shop) -> None:
    answers = await shop.bulk(
        {"number": NUMBER, "sequence": 2, "balance": 20},
        {"number": NUMBER, "sequence": 1, "balance": 10},
        {"number": NUMBER, "sequence": 3, "balance": 20},
        {"number": NUMBER, "sequence": 4, "balance": 40, "tier": "gold"},
    )
    assert [answer["status"] for answer in answers[:-1]] == ["ok", "stale", "ok", "ok"]
    account = await shop.account()
    assert (account["sequence"], account["balances"][0]["value"]) == (4, 40)
    assert await shop.revision() == 3
    from tests.cards.cards_world import rows

    events = await rows(shop.world.ports, "SELECT sequence, type FROM event ORDER BY sequence")
    assert [sequence for sequence, _ in events] == [1, 2, 3, 4]
    statements = await rows(
        shop.world.ports, "SELECT sequence, balances FROM statement ORDER BY sequence"
    )
    assert statements == [(2, '{"pts":20}'), (3, '{"pts":20}'), (4, '{"pts":40}')]


async def test_more_lines_than_a_chunk_are_all_taken(shop: Shop) -> None:
    count = 2 * bulk.CHUNK + 5
    body = b"\n".join(line(sequence=n, balance=n) for n in range(count))
    answers = await send(shop, body)
    assert answers[-1] == {"done": True, "ok": count, "stale": 0, "error": 0}
    assert (await shop.account())["balances"][0]["value"] == count - 1


async def test_line_100_001_ends_the_answer_and_earlier_lines_stand(shop: Shop) -> None:
    body = line(sequence=1, balance=7) + b"\n" * bulk.LINES_MAX
    answers = await send(
        shop, body + line(sequence=2, balance=8) + b"\n" + line(sequence=3, balance=9)
    )
    assert answers == [
        {"line": 1, "status": "ok"},
        {"done": False, "code": "too-many-lines"},
    ]
    assert (await shop.account())["balances"][0]["value"] == 7


async def test_a_client_that_sends_all_before_it_reads_never_waits_for_ever(
    world: World, shop: Shop
) -> None:
    count = 20_000  # some 2 MiB of lines, 0.7 MiB of answers: more than sockets hold
    lines = [b'{"number":"1","sequence":1,"as_of":"2026-11-21T20:05:00Z","balance":1}\n'] * count
    body = b"".join(lines)
    host, _, port = world.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=2**16)
    writer.write(
        f"POST /v1/partner/programs/{shop.program}/statements HTTP/1.1\r\nHost: {host}:{port}\r\n"
        f"Authorization: Bearer {shop.ask.token}\r\nContent-Type: application/x-ndjson\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    )
    async with asyncio.timeout(60):
        for start in range(0, len(body), 65_536):
            writer.write(body[start : start + 65_536])
            await writer.drain()
        answer = await reader.read(-1)
    writer.close()
    assert answer.count(b'"card-not-found"') == count

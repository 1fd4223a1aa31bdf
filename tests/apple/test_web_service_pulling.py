"""The pass itself, again (Apple: Send an Updated Pass; apple.md §4: Last-Modified, 304)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from app.clock import SECOND
from app.sandbox.pkpass_reader import OpenedPass, open_pass
from tests.apple.iphone_world import House
from tests.cards.cards_world import card_row, rows

MIME = "application/vnd.apple.pkpass"


async def _modified(house: House, opened: OpenedPass) -> str:
    answer = await house.pull(opened)
    assert answer.status_code == 200
    return str(answer.headers["last-modified"])


async def test_the_pass_comes_as_a_pass_with_an_http_date(house: House) -> None:
    opened = await house.download()
    answer = await house.pull(opened)
    assert answer.headers["content-type"] == MIME
    moment = parsedate_to_datetime(answer.headers["last-modified"])
    assert format_datetime(moment.astimezone(UTC), usegmt=True) == answer.headers["last-modified"]
    again = open_pass(answer.content, house.root)
    assert (again.serial, again.token) == (opened.serial, opened.token)


async def test_last_modified_is_when_it_changed_not_when_it_is_asked(house: House) -> None:
    opened = await house.download()
    first = await _modified(house, opened)
    house.world.clock.forward(3_600)
    assert await _modified(house, opened) == first
    await house.tell(5)
    second = await _modified(house, opened)
    moment = datetime.fromtimestamp(house.world.clock.wall() // SECOND, UTC)
    assert parsedate_to_datetime(second) == moment


async def test_304_for_exactly_what_was_served_last(house: House) -> None:
    opened = await house.download()
    modified = await _modified(house, opened)
    answer = await house.pull(opened, modified)
    assert (answer.status_code, answer.content) == (304, b"")
    await house.tell(5)
    answer = await house.pull(opened, modified)
    assert answer.status_code == 200
    assert open_pass(answer.content, house.root).fields()["unit_pts"]["value"] == 5
    assert (await house.pull(opened, answer.headers["last-modified"])).status_code == 304


@pytest.mark.parametrize(
    "since",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        *("", "x", "0", "2026-09-21T14:13:20Z", "Mon, 99 Foo 99999 99:99:99 GMT", "\xff"),
        "Mon, 01 Jan 999999999999 00:00:00 GMT",
    ],
)
async def test_an_older_newer_or_unreadable_date_gets_the_pass(house: House, since: str) -> None:
    opened = await house.download()
    await _modified(house, opened)
    path, auth = f"/v1/passes/{opened.pass_type}/{opened.serial}", f"ApplePass {opened.token}"
    headers = {"If-Modified-Since": since.encode("latin-1")}
    answer = await house.ask("GET", path, auth=auth, headers=headers)
    assert answer.status_code == 200


async def test_two_changes_within_one_second_are_both_seen(house: House) -> None:
    opened, modified, seen = await house.download(), "", []
    for balance in range(1, 4):
        await house.tell(balance)
        answer = await house.pull(opened, modified or None)
        assert answer.status_code == 200
        modified = answer.headers["last-modified"]
        seen.append(open_pass(answer.content, house.root).fields()["unit_pts"]["value"])
    assert seen == [1, 2, 3]


async def test_many_pulls_of_one_revision_are_one_signature(house: House) -> None:
    opened = await house.download()
    await house.tell(5)
    answers = await asyncio.gather(*(house.pull(opened) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


async def test_a_reader_that_never_registered_may_pull(house: House) -> None:
    opened = await house.download()
    assert (await house.pull(opened)).status_code == 200
    assert await rows(house.world.ports, "SELECT COUNT(*) FROM device") == [(0,)]


async def test_what_each_pass_was_last_pulled_at_stands_in_its_row(house: House) -> None:
    opened = await house.download()
    await house.tell(5)
    house.world.clock.forward(60)
    await house.pull(opened)
    [(served, revision, pulled_at)] = await rows(
        house.world.ports,
        "SELECT p.served_card_revision, r.revision, p.pulled_at FROM pass p"
        " JOIN card_revision r ON r.card_id = p.card_id",
    )
    assert served == revision
    assert pulled_at == house.world.clock.wall()


async def test_an_ended_card_is_served_void_for_30_days_then_nobody_knows_it(house: House) -> None:
    opened = await house.download()
    await house.tell(1_300)
    await house.register(opened)
    await house.worker.step()
    house.pushes.tokens.clear()
    ended = await house.owner("DELETE", f"/v1/cards/{house.card_id}")
    assert ended.status_code in {200, 204}
    await house.worker.step()
    assert len(house.pushes.tokens) == 1
    answer = await house.pull(opened)
    voided = open_pass(answer.content, house.root)
    assert voided.document["voided"] is True
    assert "1300" not in repr(voided.document)
    house.world.clock.forward(31 * 24 * 3_600)
    answer = await house.pull(opened)
    assert (answer.status_code, answer.content) == (401, b"")


async def test_one_users_data_is_in_no_other_users_pass(house: House) -> None:
    await house.tell(777)
    second = await house.add_card("2000000000015")
    await house.tell(12, "2000000000015")
    first_pass, second_pass = await house.download(), await house.download(second)
    assert first_pass.fields()["unit_pts"]["value"] == 777
    assert second_pass.fields()["unit_pts"]["value"] == 12
    assert "777" not in repr(second_pass.document)
    assert await card_row(house.world.ports, second) != await card_row(
        house.world.ports, house.card_id
    )

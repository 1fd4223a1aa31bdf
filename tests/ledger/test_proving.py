"""The proof finds what does not add up, wherever somebody laid hands on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.clock import FrozenClock
from app.commands.group import portecarte
from app.http.ports import Ports
from app.ledger.sweeping import Sweeper
from app.loyalty.events import Convert, PayUnits, Purchase, Refund, Reserve
from app.storage.sqlite_session import connect_writing
from tests.flows.conftest import open_test_ports
from tests.ledger.ledger_world import Ledger, open_ledger

TAMPERED = [
    ("UPDATE lot SET units_left = units_left + 1 WHERE number = 1", "lot 1 does not add up"),
    ("UPDATE lot SET spent = spent - 5, units_left = units_left + 5 WHERE number = 1", "lot 1:"),
    ("UPDATE lot SET source = 'x' WHERE number = 1", "other lots"),
    ("UPDATE ledger_account SET sequence = sequence + 1", "sequence"),
    ("""UPDATE ledger_account SET state = replace(state, '"available":', '"available":1')""", "says"),
    ("UPDATE ledger_account SET journal = journal + 1", "the journal ends at"),
    ("""UPDATE ledger_account SET state = replace(state, '"net_total":', '"net_total":1')""",
     "another account"),
    ("UPDATE ticket SET net = 1 WHERE id = 't2'", "other tickets"),
    ("UPDATE voucher SET value = 9", "other vouchers"),
    ("UPDATE burn SET body = replace(body, 'pay', 'pax')", "other burns"),
    ("UPDATE hold SET body = replace(body, 'h1', 'h2')", "other holds"),
]  # fmt: skip


async def some_days(ports: Ports) -> tuple[Ledger, int]:
    """Make a card with something of each kind."""
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=60_000), "t1")
    await world.post(card, Purchase(amount_minor=9_000), "t2")
    await world.post(card, PayUnits(units=50), "b1")
    await world.post(card, Convert(), "c1")
    await world.post(card, Refund(of="t1", amount_minor=40_000), "r1")
    await world.post(card, Purchase(amount_minor=90_000), "t3")
    await world.post(card, Reserve(units=20), "h1")
    return world, card


@pytest.mark.parametrize(("sql", "said"), TAMPERED)
async def test_a_proof_says_what_somebody_changed(ports: Ports, sql: str, said: str) -> None:
    world, card = await some_days(ports)
    assert not await world.faults(card)
    await ports.database.write(lambda tx: tx.run(sql))
    found = await world.faults(card)
    assert any(said in fault for fault in found), found


async def test_every_card_is_proved_once_a_day(ports: Ports) -> None:
    world, _card = await some_days(ports)
    first, second = Sweeper(ports), Sweeper(ports)
    assert [await first.prove(), await first.prove()] == [1, 0]
    assert [await first.prove(), await second.prove()] == [0, 0]
    world.forward(86_400)
    assert [await second.prove(), await first.prove()] == [1, 0]


@pytest.fixture
def file(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep a card's days in a file that commands open."""

    async def fill() -> None:
        async with open_test_ports(sqlite_url, FrozenClock()) as ports:
            await some_days(ports)

    asyncio.run(fill())
    monkeypatch.setenv("PORTECARTE_DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    return Path(sqlite_url.removeprefix("sqlite:///"))


def test_the_doctor_finds_a_sound_ledger(file: Path) -> None:
    result = CliRunner().invoke(portecarte, ["doctor", "--ledger"])
    assert (result.exit_code, "adds up" in result.output) == (0, True), result.output


def test_the_doctor_prints_a_line_a_fault_and_fails(file: Path) -> None:
    with connect_writing(file) as connection:
        connection.execute("UPDATE lot SET units_left = units_left + 1 WHERE number = 1")
    result = CliRunner().invoke(portecarte, ["doctor", "--ledger"])
    lines = result.output.splitlines()
    assert result.exit_code == 1 and lines[-1].startswith("Error: ")
    assert lines[0].startswith("program ") and "available" in lines[0]
    assert any(line.startswith("card_") and "does not add up" in line for line in lines)

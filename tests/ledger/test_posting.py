"""Posting: once by its id, whole or not at all, and nothing of it is ever changed."""

from __future__ import annotations

from typing import Any

import msgspec
import psycopg
import pytest

from app.clock import DAY, SECOND
from app.errors import AppError, Conflict, IdempotencyConflict, NotFound, Refused
from app.http.ports import Ports
from app.ledger import queries
from app.ledger import service as ledger
from app.ledger.posting import Posting
from app.loyalty.calendar import write_instant
from app.loyalty.events import (
    Adjust,
    Attributes,
    Capture,
    Convert,
    Enrol,
    PayUnits,
    Purchase,
    Refund,
    Reserve,
    Step,
    UseVoucher,
    Void,
)
from app.loyalty.model import Refusal
from app.storage.database import Transaction
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger


async def rows(ports: Ports, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    return await ports.database.read(lambda tx: tx.all(lambda *row: row, sql, *values))


@pytest.mark.parametrize("table", ["journal", "transfer", "entry"])
@pytest.mark.parametrize("change", ["UPDATE {} SET number = number", "DELETE FROM {}"])
async def test_what_the_ledger_records_can_neither_be_changed_nor_deleted(
    ports: Ports, table: str, change: str
) -> None:
    world = await open_ledger(ports)
    await world.post(await world.card(), Purchase(amount_minor=1000), "t")
    before = await rows(ports, f"SELECT * FROM {table}")
    with pytest.raises((Conflict, psycopg.Error)):
        await ports.database.write(lambda tx: tx.run(change.format(table)))
    assert before and await rows(ports, f"SELECT * FROM {table}") == before


async def test_the_same_event_again_is_answered_again_and_does_nothing(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    first = await world.post(card, Purchase(amount_minor=4_250), "t1", at=world.now - DAY)
    world.forward(3600)
    again = await world.post(
        card, Purchase(amount_minor=4_250), "t1", at=world.now - DAY - 3600 * SECOND
    )
    assert first.results == {"earned": 42, "earned_units": {"pts": 42}, "enrolled": True}
    assert again.results == {**first.results, "replayed": True}
    assert again.is_replay and again.entries == first.entries and again.journal == first.journal
    shown = await world.view(card)
    assert (shown.balances, shown.sequence) == ({"pts": 42}, 2)  # its opening was the first


async def test_an_id_that_did_something_else_is_refused(ports: Ports) -> None:
    world = await open_ledger(ports)
    card, other = await world.card(), await world.card()
    await world.post(card, Purchase(amount_minor=100), "t1")
    with pytest.raises(IdempotencyConflict):
        await world.post(card, Purchase(amount_minor=200), "t1")
    with pytest.raises(IdempotencyConflict):
        await world.post(other, Purchase(amount_minor=100), "t1")
    elsewhere = await open_ledger(ports)
    stranger = await elsewhere.card()
    assert not (await elsewhere.post(stranger, Purchase(amount_minor=200), "t1")).is_replay


async def test_a_refused_event_changes_nothing_and_does_not_use_its_id(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    before = await world.account(card)
    with pytest.raises(Refused) as refused:
        await world.post(card, PayUnits(units=10), "b1")
    assert (refused.value.code, refused.value.status) == ("insufficient", 409)
    assert refused.value.facts == {"balance": 0, "needed": 10}
    assert await world.account(card) == before
    await world.post(card, Purchase(amount_minor=5_000), "t1")
    assert (await world.post(card, PayUnits(units=10), "b1")).results["discount_minor"] == 10


async def test_steps_of_one_posting_happen_all_or_none(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=50_000), "t1")
    await world.post(card, Reserve(units=100), "h1")
    steps = (
        Step("c2", world.now, Capture(of="h1"), "shop"),
        Step("t2", world.now, Purchase(amount_minor=1_000), "shop"),
        Step("u2", world.now, UseVoucher(index=0), "shop"),
    )

    async def sell(steps: tuple[Step, ...]) -> Any:
        posting = Posting(program_id=world.program_id, event_id="t2", steps=steps)
        drawn, now = world.drawn(), world.now
        return await ports.database.write(
            lambda tx: ledger.post(tx, card, posting, drawn=drawn, now=now)
        )

    with pytest.raises(NotFound):
        await sell(steps)
    shown = await world.view(card)
    assert (shown.balances, shown.held) == ({"pts": 400}, {"pts": 100})
    posted = await sell(steps[:2])
    assert posted.results == {
        "alloc": [["t1", 100]],
        "earned": 10,
        "earned_units": {"pts": 10},
        "enrolled": True,
    }
    shown = await world.view(card)
    assert (shown.balances, shown.held, shown.sequence) == ({"pts": 410}, {}, 4)
    assert not await world.faults(card)


async def test_a_ticket_that_enrols_nobody_is_answered_and_not_kept(ports: Ports) -> None:
    rules = PLAIN | {"enrol_when": [{"type": "min_amount", "minor": 2_000}]}
    world = await open_ledger(ports, rules)
    card = await world.card()
    assert (await world.view(card)).enrolled_at is None
    posted = await world.post(card, Purchase(amount_minor=1_000), "t1")
    assert posted.results == {"enrolled": False, "earned": 0} and not posted.is_kept
    assert not await rows(ports, "SELECT number FROM journal WHERE card_id = ?", card)
    assert (await world.post(card, Purchase(amount_minor=2_000), "t1")).results["earned"] == 20
    assert (await world.view(card)).enrolled_at == world.now
    assert not await world.faults(card)


async def test_nothing_personal_stands_in_what_is_kept_for_ever(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card(birthday="05-31")
    await world.post(card, Adjust(unit="pts", units=5, reason="for Ana of Lyon"), "a1")
    await world.post(card, Enrol(attrs=Attributes(birthday="06-30")), "e1")
    kept = [
        *await rows(ports, "SELECT body, results FROM journal"),
        *await rows(ports, "SELECT why FROM entry"),
        *await rows(ports, "SELECT state FROM ledger_account"),
    ]
    for word in ("Ana", "05-31", "06-30"):
        assert not any(word in str(row) for row in kept)
    told = await ports.database.read(lambda tx: ledger.reason_of(tx, card, 2))
    assert told == "for Ana of Lyon"
    assert not await world.faults(card)


async def test_an_erased_birthday_counts_no_more_and_the_sums_still_prove(ports: Ports) -> None:
    birthday = {"type": "birthday_within", "days_before": 3, "days_after": 3}
    double = {"id": "party", "unit": "pts", "num": 2, "group": "b", "when": [birthday]}
    world = await open_ledger(ports, PLAIN | {"multipliers": [double]})
    card = await world.card(birthday=write_instant(world.now)[5:10])
    assert (await world.post(card, Purchase(amount_minor=1_000), "t1")).results["earned"] == 20
    assert not await world.faults(card)
    for statement in queries.ERASE.values():
        await ports.database.write(lambda tx, sql=statement: tx.run(sql, card))  # type: ignore[misc]
    assert (await world.post(card, Purchase(amount_minor=1_000), "t2")).results["earned"] == 10
    assert (await world.view(card)).balances == {"pts": 30}
    assert not await world.faults(card)


async def test_webhooks_are_told_what_changed_in_order(ports: Ports) -> None:
    rules = PLAIN | {
        "metrics": [{"id": "spend", "agg": "net_amount"}],
        "tiers": {
            "ladder": [
                {"id": "base"},
                {
                    "id": "gold",
                    "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 20_000},
                    "grants": [{"type": "voucher", "voucher": "bon"}],
                },
            ]
        },
    }
    world = await open_ledger(ports, rules)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=50), "t1")  # earns nothing: nobody is told
    await world.post(card, Purchase(amount_minor=30_000), "t2")
    await world.post(card, UseVoucher(index=0), "u1")
    found = await rows(
        ports, "SELECT type, sequence, facts FROM event WHERE card_id = ? ORDER BY sequence", card
    )
    assert [kind for kind, _number, _facts in found] == [
        "balance.updated",
        "tier.changed",
        "voucher.issued",
        "voucher.used",
    ]
    facts = msgspec.json.decode(found[0][2])
    assert facts == {"sequence": 3, "balances": {"pts": 300}, "tier": "gold"}
    assert msgspec.json.decode(found[2][2])["voucher"].startswith("vch_")


async def test_passes_show_what_the_account_says(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()

    async def agrees() -> None:
        shown, now = await world.view(card), world.now
        found = await rows(
            ports,
            "SELECT sequence, balances, tier, next_expiry_at, next_expiry_units FROM account"
            " WHERE card_id = ?",
            card,
        )
        at, units = shown.next_expiry.get("pts", (None, None))
        balances = {unit: n for unit, n in msgspec.json.decode(found[0][1]).items() if n}
        assert balances == {unit: n for unit, n in shown.balances.items() if n}, now
        assert (found[0][0], *found[0][2:]) == (shown.sequence, shown.tier, at, units)

    await agrees()
    for number, minor in enumerate((1_000, 25_000, 700, 40_000, 300)):
        at = world.now - (number * 7 % 5) * 30 * DAY
        await world.post(card, Purchase(amount_minor=minor), f"t{number}", at=at)
        await agrees()
    await world.post(card, Reserve(units=300), "h")
    await agrees()
    await world.post(card, Void(of="h"), "v")
    await agrees()
    await world.post(card, Refund(of="t1", amount_minor=20_000), "r")
    await agrees()
    await world.post(card, PayUnits(units=99), "p")
    await agrees()
    for _month in range(12):
        world.forward(31 * 86_400)
        await world.sweep()
        await agrees()
    assert not await world.faults(card)


async def test_a_quote_is_what_a_post_would_do_and_stores_nothing(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=25_000), "t1")
    before = await rows(ports, "SELECT * FROM journal ORDER BY card_id, number")
    steps = (
        Step("", world.now, PayUnits(units=900)),
        Step("", world.now, Convert()),
        Step("q", world.now, Purchase(amount_minor=3_000)),
    )

    def work(tx: Transaction) -> ledger.Quoted:
        return ledger.quote(tx, card, steps, now=world.now)

    quoted = await ports.database.read(work)
    assert isinstance(quoted.results[0], Refusal) and quoted.results[0].code == "insufficient"
    assert quoted.results[1] == {"converted": 200}
    assert [(each.kind, each.units) for each in quoted.entries] == [("burn", -200), ("earn", 30)]
    assert quoted.account.sums["pts"].available == 80
    assert await rows(ports, "SELECT * FROM journal ORDER BY card_id, number") == before
    assert (await world.post(card, Convert(), "c1")).results == quoted.results[1]


async def test_a_voucher_is_found_by_its_code_alone(ports: Ports) -> None:
    world = await open_ledger(ports)
    card = await world.card()
    await world.post(card, Purchase(amount_minor=25_000), "t1")
    await world.post(card, Convert(), "c1")
    shown = (await world.view(card)).vouchers[0]
    found = await ports.database.read(
        lambda tx: ledger.voucher_by_code(tx, world.program_id, shown.code.lower())
    )
    assert found is not None and (found.card_id, found.shown) == (card, shown)
    assert shown.voucher.value == 200 and shown.is_usable(world.now)
    other = await open_ledger(ports)
    assert not await ports.database.read(
        lambda tx: ledger.voucher_by_code(tx, other.program_id, shown.code)
    )


async def test_a_card_without_account_is_no_card(ports: Ports) -> None:
    world: Ledger = await open_ledger(ports)
    with pytest.raises(AppError) as refused:
        await world.post(1, Purchase(amount_minor=1), "t")
    assert refused.value.code == "card-not-found"

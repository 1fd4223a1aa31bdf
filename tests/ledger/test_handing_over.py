"""A card merged into another hands over all it holds: units, rights, badges, debts, gifts."""

from __future__ import annotations

from typing import Any

from app.http.ports import Ports
from app.ledger import service as ledger
from app.loyalty.events import Adjust, Convert, PayUnits, Purchase, Refund, UseVoucher
from tests.ledger.ledger_world import PLAIN, Ledger, open_ledger
from tests.ledger.test_messages import CHALLENGE, REFERRAL, balances


async def merge(world: Ledger, gone: int, kept: int, *, is_settled: bool = True) -> None:
    """Close a card in favour of another."""
    drawn, now = world.drawn(), world.now
    posted = await world.ports.database.write(
        lambda tx: ledger.merge(tx, gone, kept, drawn=drawn, now=now)
    )
    assert posted is not None
    if is_settled:
        await ledger.settle(world.ports, posted)


async def test_vouchers_move_with_value_and_expiry_and_the_old_code_is_void(ports: Ports) -> None:
    world = await open_ledger(ports)
    gone, kept = await world.card(), await world.card()
    await world.post(gone, Purchase(amount_minor=25_000), "t1")
    await world.post(gone, Convert(), "c1")
    await world.post(gone, Purchase(amount_minor=15_000), "t2")
    await world.post(gone, Convert(), "c2")
    await world.post(gone, UseVoucher(index=1), "u1")
    (old,) = [each for each in (await world.view(gone)).vouchers if each.is_usable(world.now)]
    world.forward(60)
    await merge(world, gone, kept)
    (new,) = (await world.view(kept)).vouchers
    assert (new.voucher.template, new.voucher.value) == ("bon", old.voucher.value)
    assert new.voucher.expires_at == old.voucher.expires_at and new.code != old.code
    assert sorted(each.voucher.status for each in (await world.view(gone)).vouchers) == [
        "used",
        "void",
    ]
    found = await ports.database.read(
        lambda tx: ledger.voucher_by_code(tx, world.program_id, old.code)
    )
    assert found is not None and found.merged_into == kept
    assert found.shown.voucher.status == "void"
    await world.post(kept, UseVoucher(index=0), "u2")
    assert not await world.faults(gone, kept)


async def test_badges_and_debts_move_and_what_the_kept_card_has_repays_them(ports: Ports) -> None:
    world = await open_ledger(ports, CHALLENGE)
    gone, kept, other = await world.card(), await world.card(), await world.card()
    for number in range(4):
        await world.post(gone, Purchase(amount_minor=10_000), f"t{number}")
    assert (await world.view(gone)).badges == ("leaf",)
    await world.post(gone, PayUnits(units=400), "p1")
    await world.post(gone, Refund(of="t0", amount_minor=10_000), "r1")
    assert await balances(world, gone) == [-100]
    await world.post(kept, Purchase(amount_minor=6_000), "k1")
    await merge(world, gone, kept)
    shown = await world.view(kept)
    assert shown.badges == ("leaf",) and shown.debt == {"pts": 40}
    assert await balances(world, gone, kept) == [0, -40]
    await merge(world, kept, other)  # and on to a third one
    assert await balances(world, gone, kept, other) == [0, 0, -40]
    assert not await world.faults(gone, kept, other)


async def referred(world: Ledger) -> tuple[int, int, int]:
    """Make a sponsor who got his 50, his second card, and who he referred."""
    sponsor, kept = await world.card(), await world.card()
    referee = await world.card(referred_by=sponsor)
    await world.post(referee, Purchase(amount_minor=2_000), "t1")
    assert await balances(world, sponsor) == [50]
    return sponsor, kept, referee


async def test_a_referral_taken_back_after_a_merge_takes_what_was_given(ports: Ports) -> None:
    world = await open_ledger(ports, REFERRAL)
    sponsor, kept, referee = await referred(world)
    await world.post(sponsor, Adjust(unit="pts", units=7, reason="sorry"), "a1")
    await world.post(sponsor, PayUnits(units=30), "p1")  # of the gift and what else there was
    await merge(world, sponsor, kept)
    before = (await balances(world, kept))[0]
    await world.post(referee, Refund(of="t1", amount_minor=1_500), "r1")
    assert await balances(world, sponsor, kept) == [0, before - 50]
    assert not await world.faults(sponsor, kept, referee)


async def test_a_referral_taken_back_before_the_merged_card_arrives_is_not_kept(
    ports: Ports,
) -> None:
    world = await open_ledger(ports, REFERRAL)
    sponsor, kept, referee = await referred(world)
    await merge(world, sponsor, kept, is_settled=False)  # the server dies right after
    await world.post(referee, Refund(of="t1", amount_minor=1_500), "r1")
    world.forward(10)
    await world.sweep()
    assert await balances(world, sponsor, kept) == [0, 0]
    assert not await world.faults(sponsor, kept, referee)


async def test_pending_units_move_with_their_moment_and_keep_their_issuer(ports: Ports) -> None:
    unit: dict[str, Any] = {"id": "pts", "pending": "P3D", "expiry": {"after": "P12M"}}
    world = await open_ledger(ports, PLAIN | {"units": [unit]})
    gone, kept = await world.card(), await world.card()
    await world.post(gone, Purchase(amount_minor=3_000), "t1", merchant="bakery")
    matures = (await world.view(gone)).pending["pts"][1]
    world.forward(3_600)
    await merge(world, gone, kept)
    assert (await world.view(kept)).pending["pts"] == (30, matures)
    assert (await world.view(gone)).pending == {}
    world.forward_to(matures or 0)
    await world.sweep()
    assert await balances(world, gone, kept) == [0, 30]
    (lot,) = await ports.database.read(lambda tx: ledger.lots_of(tx, kept))
    assert lot.issuer == "bakery"
    assert not await world.faults(gone, kept)

"""A program of one unit to start from, and one card `m` that tests walk by hand."""

from __future__ import annotations

from typing import Any

from app.loyalty import events
from app.loyalty.calendar import parse_instant
from app.loyalty.events import Step
from app.loyalty.model import Refusal
from app.loyalty.program import Program
from app.loyalty.replay import World
from app.loyalty.rules import Rules, Version
from app.loyalty.shelf import Shelf
from app.loyalty.vectors import read_program
from tests.loyalty.invariants import check, check_after_time
from tests.loyalty.programs import merged, read

EVER = -(2**62)  # in force since
START = parse_instant("2026-01-05T10:00:00Z")
SMALL: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "small",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts"}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "vouchers": [{"id": "cheque", "kind": "amount"}],
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}],
}


def program(**changes: Any) -> Program:
    """Return the small program, changed (RFC 7396)."""
    return read(merged(SMALL, changes))


def world_of(*programs: tuple[int, Program]) -> World:
    """Open a world of versions, each in force from its moment."""
    versions = [Version(place + 1, at, rules) for place, (at, rules) in enumerate(programs)]
    world = World(Rules(tuple(versions)))
    world.move_to(START)
    return world


def small(**changes: Any) -> World:
    """Open a world of the small program, changed."""
    return world_of((EVER, program(**changes)))


def unchecked(**changes: Any) -> World:
    """Open a world of a program that may have a fault: a replay meets those, too."""
    return world_of((EVER, read_program(merged(SMALL, changes))))


def do(world: World, key: str, event: Any, at: int | None = None, merchant: str = "") -> Any:
    """Do a step of the card at the world's time, which occurred then."""
    assert world.now is not None
    world.move_to(world.now)
    step = Step(key, world.now if at is None else at, event, merchant or None)
    done = world.take("m", step, step)
    check(world)
    return done


def refusal(world: World, event: Any) -> tuple[str, dict[str, Any]]:
    """Do what must be refused; return the code and its facts."""
    done = do(world, "refused", event)
    assert isinstance(done, Refusal), done
    return done.code, done.facts


def buy(world: World, key: str, minor: int, at: int | None = None) -> Any:
    """Buy for an amount."""
    return do(world, key, events.Purchase(amount_minor=minor), at)


def give(world: World, key: str, units: int, unit: str = "pts") -> None:
    """Open with units that never expire."""
    do(world, key, events.Opening(lots=(events.OpeningLot(unit=unit, units=units),)))


def look(world: World, at: int) -> None:
    """Let time pass until a moment."""
    world.move_to(at)
    check(world)
    check_after_time(world)


def card(world: World) -> Shelf:
    """Return all that hangs on the card."""
    return world.shelf("m")


def available(world: World, unit: str = "pts") -> int:
    """Return the units that may be spent."""
    return card(world).account.sums[unit].available


def last(world: World) -> dict[str, Any]:
    """Return why the last entry is what it is."""
    return card(world).entries[-1].why

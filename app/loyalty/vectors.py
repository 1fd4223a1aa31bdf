"""Reads loyalty vectors (`loyalty-vectors/1`, specs/loyalty.md §1) and replays them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from app.loyalty import conditions, figures, metrics, replay, rewards, tiers
from app.loyalty.book import Book
from app.loyalty.calendar import parse_instant, write_instant
from app.loyalty.events import AnyEvent, Step
from app.loyalty.model import Refusal
from app.loyalty.program import Program
from app.loyalty.refusing import Refused

FORMAT = "loyalty-vectors/1"
_NOT_BODY = {"received_at", "expect"}
_OUTSIDE = {"do", "at", "id", "member", "merchant", *_NOT_BODY}
_DEFAULT_MEMBER = "m"


class Outcome(msgspec.Struct, frozen=True):
    """What one step came to: every result and every state key, or a refusal's code and the state.

    `step` counts from 0.
    """

    vector: str
    step: int
    result: dict[str, Any]
    error: str | None


class Unreadable(Exception):
    """The vector cannot be read; the sentence says why."""


def vectors_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List a document's vectors, in order. Raises Unreadable: it is none of that format."""
    if not isinstance(document, Mapping) or document.get("schema") != FORMAT:
        raise Unreadable(f"not {FORMAT}")
    rules = document.get("rules")
    if not isinstance(rules, list) or not isinstance(document.get("programs"), dict):
        raise Unreadable("`rules` and `programs` expected")
    return [vector for rule in rules for vector in rule.get("vectors", ())]


def run(programs: Mapping[str, Any], vector: Mapping[str, Any]) -> list[Outcome]:
    """Replay one vector from an empty engine. Raises Unreadable."""
    if "compute" in vector:
        return [Outcome(_name(vector), 0, {"result": compute(vector)}, None)]
    named = str(vector.get("program"))
    if named not in programs:
        raise Unreadable(f"no program {named}")
    return run_timeline(read_program(programs[named], vector.get("patch")), vector)


def run_timeline(program: Program, vector: Mapping[str, Any]) -> list[Outcome]:
    """Replay a vector's timeline on a program. Raises Unreadable."""
    world = replay.world_of(program)
    return [
        run_step(world, step, vector=_name(vector), place=place)
        for place, step in enumerate(vector.get("timeline", ()))
    ]


def failures(vector: Mapping[str, Any], outcomes: list[Outcome]) -> list[str]:
    """Say in sentences where a vector's expectations are not met."""
    if "compute" in vector:
        expected, got = vector.get("expect"), outcomes[0].result["result"]
        return [] if got == expected else [f"expected {_text(expected)}, got {_text(got)}"]
    found = []
    for step, outcome in zip(vector["timeline"], outcomes, strict=True):
        found += [f"step {outcome.step}: {text}" for text in _differences(step, outcome)]
    return found


def run_program_vectors(program: Program, vectors: list[dict[str, Any]]) -> list[str]:
    """Run vectors sent beside a program on it; return a sentence a failure."""
    found = []
    for place, vector in enumerate(vectors):
        try:
            patched = program
            if vector.get("patch") is not None:
                patched = read_program(msgspec.to_builtins(program), vector["patch"])
            outcomes = run({}, vector) if "compute" in vector else run_timeline(patched, vector)
            found += [f"vectors[{place}]: {text}" for text in failures(vector, outcomes)]
        except (Unreadable, AttributeError, KeyError, TypeError, ValueError) as error:
            found.append(f"vectors[{place}] cannot be read: {error}")
    return found


def read_program(document: Any, patch: Any = None) -> Program:
    """Read a program with an RFC 7396 merge patch on it. Raises Unreadable."""
    merged = document if patch is None else merge(document, patch)
    try:
        return msgspec.convert(merged, Program)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from None


def merge(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396): null removes, objects merge, the rest replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def compute(vector: Mapping[str, Any]) -> Any:
    """Call the pure function that a vector names. Raises Unreadable: there is none."""
    function = _FUNCTIONS.get(str(vector.get("compute")))
    if function is None:
        raise Unreadable(f"no function {vector.get('compute')}")
    try:
        return function(**vector.get("args", {}))
    except (TypeError, ValueError) as error:
        raise Unreadable(str(error)) from None


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add_period": figures.add_period,
    "retention_rate": figures.retention_rate,
    "frequency_target": figures.frequency_target,
    "push_cap": figures.push_cap,
}


def _name(vector: Mapping[str, Any]) -> str:
    return str(vector.get("id") or vector.get("name") or "")


def run_step(
    world: replay.World, raw: Mapping[str, Any], *, vector: str = "", place: int = 0
) -> Outcome:
    """Do one step of a timeline in a world. Raises Unreadable."""
    at = _instant(raw.get("at"))
    world.move_to(_instant(raw.get("received_at", raw.get("at"))))
    member, kind = raw.get("member", _DEFAULT_MEMBER), raw.get("do")
    error, results = None, {}
    if kind == "access":
        results = _access(world, member, raw.get("sale", ""))
    elif kind != "read":
        step = Step(raw.get("id", ""), at, read_event(raw), raw.get("merchant"))
        body = {key: value for key, value in raw.items() if key not in _NOT_BODY}
        done = world.take(member, step, body)
        if isinstance(done, Refusal):
            error = done.code
        else:
            results = done
    return Outcome(vector, place, {**state(world, member), **results}, error)


def read_event(raw: Mapping[str, Any]) -> AnyEvent:
    """Read a step's event. Raises Unreadable."""
    fields = {key: value for key, value in raw.items() if key not in _OUTSIDE}
    try:
        event: AnyEvent = msgspec.convert({**fields, "type": raw.get("do")}, AnyEvent)
    except msgspec.ValidationError as error:
        raise Unreadable(str(error)) from None
    return event


def _instant(text: Any) -> int:
    try:
        return parse_instant(text)
    except (TypeError, ValueError, AttributeError):
        raise Unreadable(f"{text!r} is no instant") from None


def _access(world: replay.World, member: str, sale: str) -> dict[str, Any]:
    book = world.book(member)
    context = conditions.Context(at=book.at, tier=tiers.position(book), program=book.program)
    try:
        return {"allowed": rewards.access(book, sale, context)["allowed"]}
    except Refused:
        return {"allowed": False}


def state(world: replay.World, member: str) -> dict[str, Any]:
    """Read every state key of specs/loyalty.md §1 for a card, and the others' balances."""
    book = world.book(member)
    first, account = book.program.units[0].id, book.account
    sums = book.sums(first)
    vouchers = sorted(world.shelf(member).vouchers.values(), key=lambda each: each.number)
    found: dict[str, Any] = {
        "balance": book.balance(first),
        "balances": {unit.id: book.balance(unit.id) for unit in book.program.units},
        "pending": sums.pending,
        "debt": sums.debt,
        "held": sums.held,
        "tier": tier_of(book),
        "tier_hold_until": _moment(account.tier_hold_until),
        "metrics": metrics.all_values(book),
        "vouchers": [[each.template, each.value, each.status] for each in vouchers],
        "voucher_expires": [_moment(each.expires_at) for each in vouchers],
        "badges": list(account.badges),
        "next_expiry": _next_expiry(book, first),
    }
    for other in world.shelves:
        shelf = world.shelf(other)
        known = shelf.account.sums.get(first)
        found[f"balance:{other}"] = 0 if known is None else known.available - known.debt
        found[f"badges:{other}"] = list(shelf.account.badges)
    return found


def tier_of(book: Book) -> str | None:
    """Return the tier's id; None: the program has no tiers."""
    if book.program.tiers is None:
        return None
    return book.program.tiers.ladder[tiers.position(book)].id


def _next_expiry(book: Book, unit: str) -> list[Any] | None:
    dying: dict[int, int] = {}
    for lot in book.in_spend_order(unit):
        if lot.expires_at is not None:
            dying[lot.expires_at] = dying.get(lot.expires_at, 0) + lot.left
    if not dying:
        return None
    first = min(dying)
    return [write_instant(first), dying[first]]


def _moment(at: int | None) -> str | None:
    return None if at is None else write_instant(at)


_MISSING = object()


def _differences(step: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    expected = dict(step.get("expect") or {})
    error = expected.pop("error", None)
    if error != outcome.error:
        yield f"error: expected {_text(error)}, got {_text(outcome.error)}"
    for key, value in expected.items():
        got = outcome.result.get(key, _MISSING)
        if got is _MISSING and key.startswith(("balance:", "badges:")):
            got = 0 if key.startswith("balance:") else []
        if got is _MISSING:
            yield f"{key}: expected {_text(value)}, got nothing"
        elif msgspec.to_builtins(got) != value:
            yield f"{key}: expected {_text(value)}, got {_text(got)}"


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()

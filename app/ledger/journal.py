"""What a row of the journal holds: the steps without anything personal, and what they gave.

Tickets are most of a ledger, so they are written in few bytes: a body is
`[version of the rules, [[id, occurred_at, merchant, event], …], claims]`, where a ticket's event is
its amount, or `[lines, channel, country, tenders]`; of every list the defaults at its end are left
out. Results are `[first entry, last entry, [results, …]]`, a ticket's are `[earned, by unit]`.
"""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty.events import (
    Adjust,
    AnyEvent,
    Attributes,
    Claims,
    Enrol,
    NewLine,
    Purchase,
    Step,
    Tender,
)

NO_CLAIMS = Claims()
_NO_REASON = "-"  # the words stand in a row that can be deleted
_LINE: tuple[Any, ...] = (None, 1, None, ())  # defaults of a line: its price has none
_TICKET: tuple[Any, ...] = (None, "store", "FR", ())
_EARNED = ("earned", "earned_units", "enrolled")

encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


class Recorded(msgspec.Struct, frozen=True):
    """Steps processed at once, under rules up to a version. None at all: time passed."""

    version: int
    steps: tuple[Step, ...]
    claims: Claims


class Results(msgspec.Struct, frozen=True):
    """What each step gave, and the numbers of the entries it made: first to last."""

    first: int
    last: int
    steps: list[dict[str, Any]]


def write_body(version: int, steps: tuple[Step, ...], claims: Claims) -> str:
    """Write steps as they are kept for ever."""
    body: list[Any] = [version]
    if steps:  # claims never stand alone
        body.append([_step(step) for step in steps])
    if claims != NO_CLAIMS:
        body.append(claims)
    return encode(body).decode()


def read_body(text: str) -> Recorded:
    """Read steps as they were, but for what is personal."""
    version, *rest = _decode(text)
    steps = rest[0] if rest else []
    claims = msgspec.convert(rest[1], Claims) if len(rest) > 1 else NO_CLAIMS
    return Recorded(version, tuple(_read_step(*each) for each in steps), claims)


def write_results(first: int, last: int, steps: tuple[dict[str, Any], ...]) -> str:
    """Write what steps gave."""
    return encode([first, last, [_results(each) for each in steps]]).decode()


def read_results(text: str) -> Results:
    """Read what steps gave."""
    first, last, steps = _decode(text)
    return Results(first, last, [_read_results(each) for each in steps])


def merged(steps: list[dict[str, Any]]) -> dict[str, Any]:
    """Put the results of several steps together: discounts add up, allocations follow."""
    found: dict[str, Any] = {}
    for results in steps:
        for key, value in results.items():
            if key == "discount_minor":
                found[key] = found.get(key, 0) + value
            elif key == "alloc":
                found[key] = [*found.get(key, []), *value]
            else:
                found[key] = value
    return found


def trimmed(values: list[Any], defaults: tuple[Any, ...]) -> list[Any]:
    """Leave out the defaults at a list's end, but never its first."""
    while len(values) > 1 and values[-1] == defaults[len(values) - 1]:
        values.pop()
    return values


def _step(step: Step) -> list[Any]:
    return [step.id, step.occurred_at, step.merchant, _event(step.event)]


def _event(event: AnyEvent) -> Any:
    """Write an event, without what is personal."""
    if isinstance(event, Purchase):
        if event == Purchase(amount_minor=event.amount_minor) and event.amount_minor is not None:
            return event.amount_minor
        if event.lines is not None and event.amount_minor is None:
            lines = [
                trimmed([line.unit_minor, line.qty, line.sku, line.tags], _LINE)
                for line in event.lines
            ]
            tenders = tuple((tender.type, tender.minor) for tender in event.tenders)
            return trimmed([lines, event.channel, event.country, tenders], _TICKET)
    if isinstance(event, Enrol) and event.attrs.birthday is not None:
        return msgspec.structs.replace(event, attrs=Attributes())
    if isinstance(event, Adjust):
        return msgspec.structs.replace(event, reason=_NO_REASON)
    return event


def _read_step(own_id: str, occurred_at: int, merchant: str | None, event: Any) -> Step:
    return Step(own_id, occurred_at, _read_event(event), merchant)


def _read_event(event: Any) -> AnyEvent:
    if isinstance(event, int):
        return Purchase(amount_minor=event)
    if isinstance(event, dict):
        read: AnyEvent = msgspec.convert(event, AnyEvent)
        return read
    told: list[Any] = event
    lines, channel, country, tenders = [*told, *_TICKET[len(told) :]]
    return Purchase(
        lines=tuple(_read_line(line) for line in lines),
        channel=channel,
        country=country,
        tenders=tuple(Tender(kind, minor) for kind, minor in tenders),
    )


def _read_line(line: list[Any]) -> NewLine:
    unit_minor, qty, sku, tags = [*line, *_LINE[len(line) :]]
    return NewLine(unit_minor, qty, sku, tuple(tags))


def _results(results: dict[str, Any]) -> Any:
    if tuple(results) == _EARNED and results["enrolled"] is True:
        return [results["earned"], results["earned_units"]]
    return results


def _read_results(results: Any) -> dict[str, Any]:
    if isinstance(results, list):
        return dict(zip(_EARNED, (*results, True), strict=True))
    found: dict[str, Any] = results
    return found

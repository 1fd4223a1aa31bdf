"""What a row of the journal holds: the steps without anything personal, and what they gave."""

from __future__ import annotations

from typing import Any

import msgspec

from app.loyalty.events import Adjust, AnyEvent, Attributes, Claims, Enrol, Step

NO_CLAIMS = Claims()
_NO_REASON = "-"  # the words stand in a row that can be deleted


class Noted(msgspec.Struct, array_like=True):
    """A step, in few bytes."""

    id: str
    occurred_at: int
    merchant: str | None
    event: AnyEvent

    @property
    def step(self) -> Step:
        """The step as it was, but for what is personal."""
        return Step(self.id, self.occurred_at, self.event, self.merchant)


class Recorded(msgspec.Struct, array_like=True):
    """Steps processed at once, under rules up to a version. None at all: time passed."""

    version: int
    steps: list[Noted] = []
    claims: Claims | None = None


class Results(msgspec.Struct, array_like=True):
    """What each step gave, and the numbers of the entries it made: first to last."""

    first: int
    last: int
    steps: list[dict[str, Any]]


encode = msgspec.json.Encoder(order="deterministic").encode
read_body = msgspec.json.Decoder(Recorded).decode
read_results = msgspec.json.Decoder(Results).decode


def write_body(version: int, steps: tuple[Step, ...], claims: Claims) -> str:
    """Write steps as they are kept for ever."""
    noted = [
        Noted(step.id, step.occurred_at, step.merchant, _impersonal(step.event)) for step in steps
    ]
    return encode(Recorded(version, noted, None if claims == NO_CLAIMS else claims)).decode()


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


def _impersonal(event: AnyEvent) -> AnyEvent:
    if isinstance(event, Enrol) and event.attrs.birthday is not None:
        return msgspec.structs.replace(event, attrs=Attributes())
    if isinstance(event, Adjust):
        return msgspec.structs.replace(event, reason=_NO_REASON)
    return event

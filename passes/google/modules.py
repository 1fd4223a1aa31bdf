"""What an object tells beside its face, as text modules (specs: google.md §3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from passes.content import PassContent, Text
from passes.google.balances import further_balances, program_unit, shown_balances
from passes.google.texts import MODULES_MAX, identifier, module, spoken, words
from passes.moments import spoken_day, spoken_moment
from passes.money import written

Told = tuple[str, Text, Text]  # id, header, body


def object_modules(content: PassContent) -> list[dict[str, Any]]:
    """Return the modules; of more than Google shows, the last one tells the rest line by line."""
    told = list(_told(content))
    if len(told) > MODULES_MAX:
        told = [*told[: MODULES_MAX - 1], _rest(content, told[MODULES_MAX - 1 :])]
    return [module(*each) for each in told]


def _told(content: PassContent) -> Iterator[Told]:
    program = content.program
    for held in further_balances(content):
        unit = program_unit(content, held.unit.id) or held.unit
        body = _figures(content, held.value, unit.currency)
        yield identifier("unit", unit.id), spoken(program, unit.name), body
    if content.vouchers is not None:
        yield "vouchers", words(program, "vouchers"), _figures(content, content.vouchers, None)
    yield from _next_tier(content)
    yield from _pending(content)
    yield from _expiry(content)
    yield from _days(content)
    filled = {field.key: field for field in content.fields if field.value}  # the last of a key
    for key, field in filled.items():
        label, value = field.label or key or "…", field.value
        yield identifier("field", key), _same(content, label), _same(content, value)


def _next_tier(content: PassContent) -> Iterator[Told]:
    following = content.next_tier
    for tier in content.program.tiers:
        if following and tier.id == following.tier.id:
            header = words(content.program, "next_tier", tier=spoken(content.program, tier.name))
            yield "next_tier", header, _figures(content, following.missing, following.currency)


def _pending(content: PassContent) -> Iterator[Told]:
    for held in shown_balances(content):
        unit = program_unit(content, held.unit.id)
        if held.pending and unit:
            header = words(content.program, "pending", unit=spoken(content.program, unit.name))
            body = _figures(content, held.pending, unit.currency)
            yield identifier("pending", unit.id), header, body


def _expiry(content: PassContent) -> Iterator[Told]:
    expiry = content.next_expiry
    if expiry is None:
        return
    # The last moment they count: what ends at midnight ends on the day before.
    day = _days_of(content, expiry.at - 1)
    unit = program_unit(content, expiry.unit.id)
    if unit is None:
        yield "expires_on", words(content.program, "expires_on"), day
        return
    name = spoken(content.program, unit.name)
    figures = _figures(content, expiry.units, unit.currency)
    body = words(content.program, "expiring_on", amount=figures, day=day)
    yield "expiring", words(content.program, "expiring", unit=name), body


def _days(content: PassContent) -> Iterator[Told]:
    program = content.program
    if content.keep_by is not None:
        yield "keep_by", words(program, "keep_by"), _days_of(content, content.keep_by - 1)
    as_of = content.as_of
    if as_of is not None:
        body = _each(content, lambda language: spoken_moment(as_of, program.time_zone, language))
        yield "as_of", words(program, "as_of"), body


def _rest(content: PassContent, told: list[Told]) -> Told:
    lines = _each(
        content,
        lambda language: "\n".join(
            f"{header[language]}: {body[language]}" for _, header, body in told
        ),
    )
    return "more", words(content.program, "more"), lines


def _figures(content: PassContent, value: int, currency: str | None) -> Text:
    return _each(content, lambda language: written(value, currency, language))


def _days_of(content: PassContent, at: int) -> Text:
    zone = content.program.time_zone
    return _each(content, lambda language: spoken_day(at, zone, language))


def _same(content: PassContent, text: str) -> Text:
    return _each(content, lambda _: text)


def _each(content: PassContent, write: Callable[[str], str]) -> Text:
    return {language: write(language) for language in content.program.languages}

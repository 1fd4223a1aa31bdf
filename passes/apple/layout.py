"""Where each fact of a card stands on a storeCard (specs: apple.md §1, storeCard layout)."""

from __future__ import annotations

from typing import Any

from passes.apple.fields import EXTRA_KEY, number_style
from passes.apple.values import amount, local_time, utc_time
from passes.content import Balance, ExtraField, PassContent

Field = dict[str, Any]
Zones = dict[str, list[Field]]

HEADER_MAX = 3
FRONT_MAX = 4  # secondary and auxiliary together
_SECONDARY_MAX = 2  # two rows of two are readable on the narrowest phone


def zones(content: PassContent, designed: dict[str, Field], *, shows_code: bool) -> Zones:
    """Return the fields by zone, empty zones left out.

    `designed` are the program's fields by name, without the values that differ from card to card.
    Without a code the number stands on the front.
    """
    units, primary = _balances(content.balances, designed)
    if not primary and "headline" in designed:
        primary = [designed["headline"]]
    number = designed["number"] | {"value": content.number}
    front = _front(content, designed)
    if not shows_code:
        front.insert(0, number)
    front += [_extra(field) for field in content.fields if field.value]
    back = units[HEADER_MAX:] + front[FRONT_MAX:]
    if shows_code:
        back.append(number)
    back += _back(content, designed)
    found = {
        "headerFields": units[:HEADER_MAX],
        "primaryFields": primary,
        "secondaryFields": front[:_SECONDARY_MAX],
        "auxiliaryFields": front[_SECONDARY_MAX:FRONT_MAX],
        "backFields": back,
    }
    return {zone: fields for zone, fields in found.items() if fields}


def _balances(
    balances: tuple[Balance, ...], designed: dict[str, Field]
) -> tuple[list[Field], list[Field]]:
    units: list[Field] = []
    primary: list[Field] = []
    for held in balances:
        unit = held.unit
        value = amount(held.value, unit.currency)
        field = designed[f"unit:{unit.id}"] | {"value": value}
        if unit.currency and not primary:
            primary.append(field)
        else:
            units.append(field)
    return units, primary


def _front(content: PassContent, designed: dict[str, Field]) -> list[Field]:
    front = []
    if content.tier:
        front.append(designed[f"tier:{content.tier.id}"])
    if content.next_tier:
        missing = amount(content.next_tier.missing, content.next_tier.currency)
        front.append(
            designed[f"next_tier:{content.next_tier.tier.id}"]
            | {"value": missing}
            | number_style(content.next_tier.currency)
        )
    if content.next_expiry:
        at = local_time(content.next_expiry.at, content.program.time_zone)
        front.append(designed["expires_on"] | {"value": at})
    if content.as_of is not None:
        front.append(designed["as_of"] | {"value": utc_time(content.as_of)})
    return front


def _back(content: PassContent, designed: dict[str, Field]) -> list[Field]:
    back = []
    if content.next_expiry:
        unit = content.next_expiry.unit
        units = amount(content.next_expiry.units, unit.currency)
        back.append(designed[f"expiring:{unit.id}"] | {"value": units})
    if content.message:
        back.append(designed["message"] | {"value": content.message})
    else:
        back.append(designed["no_message"])
    if content.card_url:
        back.append(designed["card_page"] | {"value": content.card_url})
    return back


def _extra(field: ExtraField) -> Field:
    return {
        "key": EXTRA_KEY + field.key,
        "label": field.label or field.key,
        "value": field.value,
    }

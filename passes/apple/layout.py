"""Where each fact of a card stands on a storeCard (specs: apple.md §1, storeCard layout)."""

from __future__ import annotations

from typing import Any

from passes.apple.changes import moved
from passes.apple.fields import EXTRA_KEY, number_style
from passes.content import ExtraField, PassContent
from passes.moments import local_time, utc_time
from passes.money import amount

Field = dict[str, Any]
Zones = dict[str, list[Field]]

HEADER_MAX = 3
FRONT_MAX = 4  # secondary and auxiliary together
_SECONDARY_MAX = 2  # two rows of two are readable on the narrowest phone


def zones(
    content: PassContent, designed: dict[str, Field], closing: list[Field], *, shows_code: bool
) -> Zones:
    """Return the fields by zone, empty zones left out.

    `designed` are the program's fields by name, without the values that differ from card to card;
    `closing` those that end the back of all its cards. Without a code the number is on the front.
    """
    units, primary = _balances(content, designed)
    if not primary and "headline" in designed:
        primary = [designed["headline"]]
    number = designed["number"] | {"value": content.number}
    front = _front(content, designed)
    if not shows_code:
        front.insert(0, number)
    if content.fields:
        front += _extras(content.fields)
    back = units[HEADER_MAX:] + front[FRONT_MAX:]
    if shows_code:
        back.append(number)
    back += _back(content, designed)
    back += closing
    found = {}
    if units:
        found["headerFields"] = units[:HEADER_MAX]
    if primary:
        found["primaryFields"] = primary
    if front:
        found["secondaryFields"] = front[:_SECONDARY_MAX]
    if len(front) > _SECONDARY_MAX:
        found["auxiliaryFields"] = front[_SECONDARY_MAX:FRONT_MAX]
    if back:
        found["backFields"] = back
    return found


def poster(found: Zones) -> Zones:
    """Return the fields of a card as iOS 27 lays out a poster (Apple: Creating a poster pass)."""
    front = found.get("secondaryFields", []) + found.get("auxiliaryFields", [])
    laid = {
        "headerFields": found.get("headerFields", []),
        "primaryFields": found.get("primaryFields", []),
        "footerFields": front[:1],
        "additionalInfoFields": front[1:] + found.get("backFields", []),
    }
    return {zone: fields for zone, fields in laid.items() if fields}


def _balances(content: PassContent, designed: dict[str, Field]) -> tuple[list[Field], list[Field]]:
    units: list[Field] = []
    primary: list[Field] = []
    for held in content.balances:
        unit = held.unit
        design = designed.get(f"unit:{unit.id}")
        if design is None:
            continue
        field = design | {"value": amount(held.value, unit.currency)}
        if held.change:
            field |= moved(design, content, unit, held.change, key="changed")
        if unit.currency and not primary:
            primary.append(field)
        else:
            units.append(field)
    return units, primary


def _front(content: PassContent, designed: dict[str, Field]) -> list[Field]:
    front = []
    if content.tier and (tier := designed.get(f"tier:{content.tier.id}")):
        front.append(tier)
    following = content.next_tier
    if following and (design := designed.get(f"next_tier:{following.tier.id}")):
        missing = {"value": amount(following.missing, following.currency)}
        front.append(design | missing | number_style(following.currency))
    if content.next_expiry:
        # The last moment they count: what ends at midnight ends on the day before.
        last = local_time(content.next_expiry.at - 1, content.program.time_zone)
        front.append(designed["expires_on"] | {"value": last})
    if content.as_of is not None:
        front.append(designed["as_of"] | {"value": utc_time(content.as_of)})
    if content.vouchers is not None:
        front.append(designed["vouchers"] | {"value": content.vouchers})
    return front


def _back(content: PassContent, designed: dict[str, Field]) -> list[Field]:
    back = _pending(content, designed)
    if content.keep_by is not None:
        last = local_time(content.keep_by - 1, content.program.time_zone)
        back.append(designed["keep_by"] | {"value": last})
    expiry = content.next_expiry
    if expiry and (design := designed.get(f"expiring:{expiry.unit.id}")):
        back.append(design | {"value": amount(expiry.units, expiry.unit.currency)})
    if content.message:
        back.append(designed["message"] | {"value": content.message})
    elif "no_message" in designed:
        back.append(designed["no_message"])
    if content.promotion:
        back.append(designed["promotion"] | {"value": content.promotion})
    elif "no_promotion" in designed:
        back.append(designed["no_promotion"])
    if content.card_url:
        back.append(designed["card_page"] | {"value": content.card_url})
    return back


def _pending(content: PassContent, designed: dict[str, Field]) -> list[Field]:
    """Say what counts only later. The field stays at 0: a phone reports a change, no new field."""
    found = []
    for held in content.balances:
        unit, pending = held.unit, held.pending
        design = designed.get(f"pending:{unit.id}")
        if design is None or pending is None:
            continue
        field = design | {"value": amount(pending, unit.currency)}
        found.append(field | moved(design, content, unit, held.pending_change, key="pending"))
    return found


def _extras(fields: tuple[ExtraField, ...]) -> list[Field]:
    filled = {field.key: field for field in fields if field.value}  # of one key, the last counts
    return [
        {"key": EXTRA_KEY + key, "label": field.label or key or "…", "value": field.value}
        for key, field in filled.items()
    ]

"""Google's rules between members that types cannot say, of what classes and objects share."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, UnsetType

from passes.finding import Finding
from passes.google.addresses import fetch_refusal, is_link
from passes.google.schema import (
    AppLinkData,
    Image,
    LinksModule,
    LocalizedString,
    Message,
    Part,
    Shared,
    TextModule,
    TimeInterval,
)

_ID = re.compile(r"([0-9]+)\.[A-Za-z0-9._-]+")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
)
_BUTTON_TEXT_MAX = 30  # characters of appLinkData.displayText


def id_rules(path: str, given: str | UnsetType, issuer: str) -> Iterator[Finding]:
    """Judge an id: of this issuer, `digits.suffix` of letters, digits, `.`, `_` and `-`."""
    if given is UNSET:
        return
    found = _ID.fullmatch(given)
    if found is None:
        yield Finding(path, "must be the issuer's digits, a dot, and letters, digits, . _ -")
    elif found[1] != issuer:
        yield Finding(path, f"must begin with this issuer, {issuer}.")


def shared_rules(found: Shared, issuer: str, *, allow_loopback: bool) -> Iterator[Finding]:
    """Judge what a class and an object have alike."""
    yield from id_rules("id", found.id, issuer)
    yield from image_rules("heroImage", found.hero_image, allow_loopback=allow_loopback)
    for place, message in enumerate(found.messages or ()):
        yield from message_rules(f"messages[{place}]", message)
    for place, module in enumerate(found.text_modules_data or ()):
        yield from _module_rules(f"textModulesData[{place}]", module)
    for place, picture in enumerate(found.image_modules_data or ()):
        path = f"imageModulesData[{place}].mainImage"
        yield from image_rules(path, picture.main_image, allow_loopback=allow_loopback)
    yield from _link_rules(found.links_module_data)
    for place, added in enumerate(found.value_added_module_data or ()):
        path = f"valueAddedModuleData[{place}]"
        yield from image_rules(f"{path}.image", added.image, allow_loopback=allow_loopback)
        if added.uri is not UNSET and ":" not in added.uri:
            yield Finding(f"{path}.uri", "must have a scheme")
        if added.view_constraints is not UNSET:
            interval = added.view_constraints.display_interval
            yield from interval_rules(f"{path}.viewConstraints.displayInterval", interval)
    yield from _button_rules(found.app_link_data)


def image_rules(path: str, image: Image | UnsetType, *, allow_loopback: bool) -> Iterator[Finding]:
    """Judge a picture: one source, and one that Google can fetch."""
    if image is UNSET:
        return
    if (image.source_uri is UNSET) == (image.private_image_id is UNSET):
        yield Finding(path, "takes exactly one of sourceUri and privateImageId")
    if image.source_uri is not UNSET:
        refusal = fetch_refusal(image.source_uri.uri, allow_loopback=allow_loopback)
        if refusal:
            yield Finding(f"{path}.sourceUri.uri", refusal)


def interval_rules(path: str, interval: TimeInterval | UnsetType) -> Iterator[Finding]:
    """Judge a time: two moments, both with their distance from UTC or neither, in order."""
    if interval is UNSET:
        return
    moments = []
    for name, given in (("start", interval.start), ("end", interval.end)):
        if given is UNSET:
            continue
        moment = _moment(given.date)
        if moment is None:
            yield Finding(f"{path}.{name}.date", "must be a date and time, ISO 8601")
        else:
            moments.append(moment)
    if len(moments) < 2:
        return
    start, end = moments
    if (start.tzinfo is None) != (end.tzinfo is None):
        yield Finding(path, "takes an offset in both of start and end, or in neither")
    elif end < start:
        yield Finding(f"{path}.end", "is before the start")


def message_rules(path: str, message: Message) -> Iterator[Finding]:
    """Judge a message: it has a header and a body."""
    if message.header is UNSET and message.localized_header is UNSET:
        yield Finding(f"{path}.header", "is missing")
    if message.body is UNSET and message.localized_body is UNSET:
        yield Finding(f"{path}.body", "is missing")
    yield from interval_rules(f"{path}.displayInterval", message.display_interval)


def twice(path: str, values: Sequence[Any]) -> Iterator[Finding]:
    """Refuse what stands twice."""
    if len(set(values)) != len(values):
        yield Finding(path, "one stands twice")


def language_rules(part: Part, path: str = "") -> Iterator[Finding]:
    """Judge every LocalizedString below: each language once."""
    for name, encoded in zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True):
        value, here = getattr(part, name), f"{path}.{encoded}" if path else encoded
        for place, each in enumerate(value if isinstance(value, list) else (value,)):
            if not isinstance(each, Part):
                continue
            inner = f"{here}[{place}]" if isinstance(value, list) else here
            if isinstance(each, LocalizedString):
                translations = each.translated_values or []
                said = [text.language.lower() for text in (each.default_value, *translations)]
                yield from twice(f"{inner}.translatedValues", said)
            else:
                yield from language_rules(each, inner)


def _moment(text: str) -> datetime | None:
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _module_rules(path: str, module: TextModule) -> Iterator[Finding]:
    texts = (module.header, module.localized_header, module.body, module.localized_body)
    if all(text is UNSET for text in texts):
        yield Finding(path, "says nothing: it takes a header or a body")


def _link_rules(links: LinksModule | UnsetType) -> Iterator[Finding]:
    for place, uri in enumerate(links.uris if links is not UNSET else ()):
        if not is_link(uri.uri):
            text = "must be an address of http, https, tel, mailto or geo"
            yield Finding(f"linksModuleData.uris[{place}].uri", text)


def _button_rules(button: AppLinkData | UnsetType) -> Iterator[Finding]:
    if button is UNSET or button.display_text is UNSET:
        return
    said = (button.display_text.default_value, *(button.display_text.translated_values or ()))
    if any(len(text.value) > _BUTTON_TEXT_MAX for text in said):
        yield Finding("appLinkData.displayText", f"longer than {_BUTTON_TEXT_MAX} characters")

"""The loyaltyClass of a program: what all its cards share (specs: google.md §2)."""

from __future__ import annotations

from typing import Any

import msgspec

from passes.content import LOCATIONS_MAX, ProgramContent, Text
from passes.google.addresses import is_link
from passes.google.texts import (
    ACCOUNT_LABEL_MAX,
    LINK_MAX,
    MODULES_MAX,
    NAME_MAX,
    cut,
    cut_all,
    localized,
    member,
    module,
    modules_of_long_text,
    spoken,
    words,
)

_MINIMAL = (
    *("id", "issuerName", "programName", "programLogo", "reviewStatus", "hexBackgroundColor"),
    *("multipleDevicesAndHoldersAllowedStatus", "callbackOptions"),
)
_LEAVE_MODULES_MAX = 3  # the terms have the rest


class ClassIssue(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a class this one. Pictures: public https addresses, a new file has a new one.

    `issuer_name`: the merchant's, None is the program's name. `country`: ISO 3166, two letters.
    """

    class_id: str
    logo_url: str
    hero_url: str | None = None
    wide_logo_url: str | None = None
    callback_url: str | None = None
    country: str | None = None
    issuer_name: str | None = None


def loyalty_class(program: ProgramContent, issue: ClassIssue) -> dict[str, Any]:
    """Write the class as JSON holds it: nothing in it is null or empty."""
    name = dict.fromkeys(program.languages, program.name)
    document: dict[str, Any] = {
        "id": issue.class_id,
        "issuerName": cut(issue.issuer_name or program.name, NAME_MAX),
        "programName": cut(program.name, NAME_MAX),
        "programLogo": image(issue.logo_url, name),
        "reviewStatus": "UNDER_REVIEW",
        # A card is one person's; each person of a shared card has an object of his own.
        "multipleDevicesAndHoldersAllowedStatus": "ONE_USER_ALL_DEVICES",
        **member("accountIdLabel", cut_all(words(program, "number"), ACCOUNT_LABEL_MAX)),
        **member("accountNameLabel", cut_all(words(program, "holder"), ACCOUNT_LABEL_MAX)),
        "wideProgramLogo": issue.wide_logo_url and image(issue.wide_logo_url, name),
        "heroImage": issue.hero_url and image(issue.hero_url, spoken(program, program.description)),
        "hexBackgroundColor": program.background_color,
        "countryCode": issue.country and issue.country.upper(),
        "callbackOptions": issue.callback_url and {"url": issue.callback_url},
        "merchantLocations": [
            {"latitude": at.latitude, "longitude": at.longitude}
            for at in program.locations[:LOCATIONS_MAX]
        ],
        "textModulesData": _modules(program, name),
        "linksModuleData": _links(program),
    }
    return {key: value for key, value in document.items() if value}


def minimal_class(document: dict[str, Any]) -> dict[str, Any]:
    """Take what a link must hold so that Google makes the class, and tells us of the save."""
    kept = {name: document[name] for name in _MINIMAL if name in document}
    return kept | {"programLogo": {"sourceUri": document["programLogo"]["sourceUri"]}}


def image(url: str, description: Text) -> dict[str, Any]:
    """Write an Image."""
    described = {language: text or "-" for language, text in description.items()}
    if len(set(described.values())) == 1:  # one language stands for all
        described = dict([next(iter(described.items()))])
    return {"sourceUri": {"uri": url}, "contentDescription": localized(described)}


def link(key: str, label: Text, url: str) -> dict[str, Any]:
    """Write a Uri of linksModuleData."""
    return {"id": key, "uri": url, **member("description", cut_all(label, LINK_MAX))}


def _links(program: ProgramContent) -> dict[str, Any] | None:
    uris = [
        link(f"link_{place}", spoken(program, given.label), given.url)
        for place, given in enumerate(program.links)
        if is_link(given.url)
    ]
    return {"uris": uris} if uris else None


def _modules(program: ProgramContent, name: Text) -> list[dict[str, Any]]:
    found = []
    if len(program.name) > NAME_MAX:
        found.append(module("name", words(program, "program"), name))
    if program.headline:
        found.append(module("headline", name, spoken(program, program.headline)))
    leave = []
    if program.how_to_leave:
        leave = modules_of_long_text(
            "leave",
            words(program, "leave"),
            spoken(program, program.how_to_leave),
            limit=_LEAVE_MODULES_MAX,
        )
    if program.terms:
        room = MODULES_MAX - len(found) - len(leave)
        found += modules_of_long_text(
            "terms", words(program, "terms"), spoken(program, program.terms), limit=room
        )
    return found + leave

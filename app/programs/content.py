"""What all passes of a program show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.programs.service import Program
from passes.content import Link, Location, ProgramContent, Text, Tier, Unit


def program_content(program: Program) -> ProgramContent:
    """Turn a program's document into what both wallets draw."""
    document = program.document
    design, languages = document.design, document.languages

    def text(given: str | Mapping[Any, str] | None) -> Text | None:
        if given is None:
            return None
        return {languages[0]: given} if isinstance(given, str) else dict(given)

    def sure(given: str | Mapping[Any, str]) -> Text:
        return text(given) or {}

    name = document.name
    described = text(design.description) or {"fr": f"Carte {name}", "en": f"{name} card"}
    return ProgramContent(
        name=name,
        description=described,
        languages=languages,
        logo_text=design.logo_text or name,
        headline=text(design.headline),
        units=tuple(
            Unit(id=unit.id, name=sure(unit.name), currency=unit.currency)
            for unit in document.units
        ),
        tiers=tuple(Tier(id=tier.id, name=sure(tier.name)) for tier in document.tiers),
        accepts=document.barcode.accepts,
        background_color=_lower(design.background_color),
        foreground_color=_lower(design.foreground_color),
        label_color=_lower(design.label_color),
        terms=text(design.terms),
        links=tuple(Link(label=sure(link.label), url=link.url) for link in document.links),
        how_to_leave=text(design.how_to_leave),
        locations=tuple(
            Location(name=place.name, latitude=place.latitude, longitude=place.longitude)
            for place in document.locations
        ),
        sharing_prohibited=document.settings.sharing_prohibited,
        country=document.settings.country,
        rotates_code=document.settings.rotating_code,
        has_poster=document.settings.has_poster,
    )


def _lower(color: str | None) -> str | None:
    return None if color is None else color.lower()

"""Every field a card of a program may show, with its words in each language of the program."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from passes.content import ProgramContent, Text, Tier, Unit, in_language
from passes.words import word

# The merchant's own fields and ours must not share a key: keys are unique in the whole pass.
EXTRA_KEY = "field_"
_DAY = {"dateStyle": "PKDateStyleMedium", "timeStyle": "PKDateStyleNone", "ignoresTimeZone": True}
_MOMENT = {"dateStyle": "PKDateStyleShort", "timeStyle": "PKDateStyleShort"}


class FieldDesign(msgspec.Struct, frozen=True, kw_only=True):
    """A field but for its value; `value` is only given where it is the same on all cards."""

    key: str
    label: Text
    change_message: Text | None = None
    value: Text | None = None
    style: dict[str, str | bool] = {}

    def keys(self, language: str, *, is_silent: bool = False) -> dict[str, object]:
        """Return the field's keys in pass.json in that language; a silent one notifies nobody."""
        keys: dict[str, object] = {"key": self.key, "label": self.label[language], **self.style}
        if self.change_message and not is_silent:
            keys["changeMessage"] = self.change_message[language]
        if self.value:
            keys["value"] = self.value[language]
        return keys

    def texts(self) -> Iterator[Text]:
        """Yield what pass.strings translates."""
        yield from filter(None, (self.label, self.change_message, self.value))


def designs(program: ProgramContent) -> dict[str, FieldDesign]:
    """Return the fields by name, `unit:pts` for the unit pts; in no order of the card."""
    return (
        {name: design for unit in program.units for name, design in _of_unit(program, unit)}
        | {name: design for tier in program.tiers for name, design in _of_tier(program, tier)}
        | dict(_of_card(program))
        | dict(_same_on_all(program))
    )


def same_on_all_cards(program: ProgramContent) -> list[str]:
    """Return the names of the back fields that close every card, in their order."""
    return [name for name, _ in _same_on_all(program)]


def number_style(currency: str | None) -> dict[str, str | bool]:
    """Return how the phone writes a number; a currency and a number style exclude each other."""
    return {"currencyCode": currency} if currency else {"numberStyle": "PKNumberStyleDecimal"}


def _of_unit(program: ProgramContent, unit: Unit) -> Iterator[tuple[str, FieldDesign]]:
    name = _spoken(program, unit.name)
    yield (
        f"unit:{unit.id}",
        FieldDesign(
            key=f"unit_{unit.id}",
            label=name,
            change_message=_words(program, "balance_changed", unit=name),
            style=number_style(unit.currency),
        ),
    )
    yield (
        f"pending:{unit.id}",
        FieldDesign(
            key=f"pending_{unit.id}",
            label=_words(program, "pending", unit=name),
            change_message=_words(program, "pending_changed", unit=name),
            style=number_style(unit.currency),
        ),
    )
    yield (
        f"expiring:{unit.id}",
        FieldDesign(
            key="expiring",
            label=_words(program, "expiring", unit=name),
            style=number_style(unit.currency),
        ),
    )


def _of_tier(program: ProgramContent, tier: Tier) -> Iterator[tuple[str, FieldDesign]]:
    name = _spoken(program, tier.name)
    yield (
        f"tier:{tier.id}",
        FieldDesign(
            key="tier",
            label=_words(program, "tier"),
            change_message=_words(program, "tier_changed"),
            value=name,
        ),
    )
    label = _words(program, "next_tier", tier=name)
    yield f"next_tier:{tier.id}", FieldDesign(key="next_tier", label=label)


def _of_card(program: ProgramContent) -> Iterator[tuple[str, FieldDesign]]:
    def design(key: str, **more: object) -> tuple[str, FieldDesign]:
        keys = {"key": key, "label": _words(program, key)} | more
        return key, msgspec.convert(keys, FieldDesign)

    yield design("expires_on", style=_DAY)
    yield design("as_of", style=_MOMENT)
    changed = _words(program, "vouchers_changed")
    yield design("vouchers", change_message=changed, style=number_style(None))
    yield design("keep_by", style=_DAY)
    yield design("number")
    yield design("card_page")
    yield design("message", change_message=dict.fromkeys(program.languages, "%@"))
    yield design("promotion", change_message=dict.fromkeys(program.languages, "%@"))
    if program.units or program.tiers:  # a shop that only has a number has nobody who writes
        # The field is there before the first message: a phone reports a change, not a new field.
        nothing = _words(program, "no_message")
        label = _words(program, "message")
        yield "no_message", FieldDesign(key="message", label=label, value=nothing)
        nothing = _words(program, "no_promotion")
        label = _words(program, "promotion")
        yield "no_promotion", FieldDesign(key="promotion", label=label, value=nothing)
    if program.headline:
        name, headline = dict.fromkeys(program.languages, program.name), program.headline
        value = _spoken(program, headline)
        yield "headline", FieldDesign(key="headline", label=name, value=value)


def _same_on_all(program: ProgramContent) -> Iterator[tuple[str, FieldDesign]]:
    for place, link in enumerate(program.links):
        label, url = _spoken(program, link.label), dict.fromkeys(program.languages, link.url)
        yield f"link:{place}", FieldDesign(key=f"link_{place}", label=label, value=url)
    for key, text in (("terms", program.terms), ("leave", program.how_to_leave)):
        if text:
            label, value = _words(program, key), _spoken(program, text)
            yield key, FieldDesign(key=key, label=label, value=value)


def _words(program: ProgramContent, key: str, **names: Text) -> Text:
    return {
        language: word(key, language, **{name: text[language] for name, text in names.items()})
        for language in program.languages
    }


def _spoken(program: ProgramContent, text: Text) -> Text:
    default = program.languages[0]
    return {
        language: in_language(text, language, default=default) for language in program.languages
    }

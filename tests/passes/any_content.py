"""Whatever cards may hand to a wallet: programs and cards at random."""

from __future__ import annotations

from hypothesis import strategies as st

from passes.barcode import FORMATS
from passes.content import (
    Balance,
    ExtraField,
    Link,
    Location,
    NextExpiry,
    NextTier,
    PassContent,
    ProgramContent,
    Tier,
    Unit,
)
from tests.passes.apple.cards import ACTION, SECOND
from tests.passes.barcode.values import DRAWABLE, values

WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
TEXTS = st.fixed_dictionaries({"fr": WORDS}, optional={"en": WORDS})
IDS = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
COLORS = st.none() | st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
MOMENTS = st.integers(0, 4_102_444_800 * SECOND)  # 1970 to 2100
COUNTS = st.integers(-(2**53), 2**53)
CURRENCIES = st.sampled_from([None, "EUR", "JPY", "KWD"])
UNITS = st.builds(Unit, id=IDS, name=TEXTS, currency=CURRENCIES)
TIERS = st.builds(Tier, id=IDS, name=TEXTS)
ACCEPTS = st.none() | st.lists(st.sampled_from(FORMATS), max_size=4).map(tuple)
ZONES = ["UTC", "Europe/Paris", "Africa/Monrovia", "Pacific/Apia"]
CODES = [(name, value) for name in DRAWABLE for value in values(name, 5)]

PROGRAMS = st.builds(
    ProgramContent,
    name=WORDS,
    description=TEXTS,
    languages=st.sampled_from([("fr",), ("fr", "en"), ("en", "fr"), ("de", "fr")]),
    logo_text=st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    headline=st.none() | TEXTS,
    units=st.lists(UNITS, max_size=5, unique_by=lambda unit: unit.id).map(tuple),
    tiers=st.lists(TIERS, max_size=3, unique_by=lambda tier: tier.id).map(tuple),
    accepts=ACCEPTS,
    background_color=COLORS,
    foreground_color=COLORS,
    label_color=COLORS,
    terms=st.none() | TEXTS,
    links=st.lists(st.builds(Link, label=TEXTS, url=WORDS), max_size=2).map(tuple),
    how_to_leave=st.none() | TEXTS,
    locations=st.lists(
        st.builds(
            Location, name=WORDS, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180)
        ),
        max_size=12,
    ).map(tuple),
    max_distance_metres=st.none() | st.integers(1, 10_000),
    featured_actions=st.sampled_from([(), (ACTION,)]),
    sharing_prohibited=st.booleans(),
    time_zone=st.sampled_from(ZONES),
)


@st.composite
def cards(draw: st.DrawFn, program: ProgramContent | None = None) -> PassContent:
    """Draw a card of the program, or of any."""
    program = program or draw(PROGRAMS)
    units, tiers = [*program.units, draw(UNITS)], [*program.tiers, draw(TIERS)]
    any_unit, any_tier = st.sampled_from(units), st.sampled_from(tiers)
    barcode_format, value = draw(st.sampled_from([*CODES, ("none", "x"), ("EAN_13", "1")]))
    held = draw(st.lists(any_unit, max_size=6, unique_by=lambda unit: unit.id))
    return PassContent(
        program=program,
        number=draw(WORDS),
        barcode_value=value,
        barcode_format=barcode_format,
        balances=tuple(
            Balance(
                unit=unit,
                value=draw(COUNTS),
                pending=draw(st.none() | COUNTS),
                change=draw(COUNTS),
                pending_change=draw(COUNTS),
            )
            for unit in held
        ),
        vouchers=draw(st.none() | st.integers(0, 100)),
        keep_by=draw(st.none() | MOMENTS),
        speaks=draw(st.none() | st.sampled_from(["tier", "vouchers", "unit:a", "pending:a"])),
        language=draw(st.sampled_from([None, "fr", "en", "de"])),
        tier=draw(st.none() | any_tier),
        next_tier=draw(
            st.none() | st.builds(NextTier, tier=any_tier, missing=COUNTS, currency=CURRENCIES)
        ),
        next_expiry=draw(
            st.none() | st.builds(NextExpiry, at=MOMENTS, units=COUNTS, unit=any_unit)
        ),
        as_of=draw(st.none() | MOMENTS),
        fields=draw(
            st.lists(st.builds(ExtraField, key=st.text(max_size=3), label=WORDS, value=WORDS)).map(
                tuple
            )
        ),
        message=draw(st.none() | WORDS),
        is_message_new=draw(st.booleans()),
        card_url=draw(st.none() | WORDS),
        expires_at=draw(st.none() | MOMENTS),
        is_voided=draw(st.booleans()),
    )

"""Programs for property tests: those that are given, with what a unit and a tier may be varied."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from app.loyalty import calendar
from app.loyalty.program import Program
from app.loyalty.reading import read_program
from app.loyalty.rules import Rules, Version
from tests.loyalty.programs import GIVEN, read

START = calendar.parse_instant("2026-01-05T10:00:00Z")
LATER = calendar.parse_instant("2026-03-01T00:00:00Z")
SPENT_12 = {"id": "spent", "agg": "net_amount", "window": {"rolling": "P1M"}}
VISITS = {"id": "visits", "agg": "tickets", "window": {"calendar": "month"}}
COUNTED = {"id": "counted", "agg": "earned", "unit": "pts", "window": {"rolling": "P7D"}}


def at_least(metric: str, value: int) -> dict[str, Any]:
    """Write the condition that a metric reaches a value."""
    return {"type": "metric", "metric": metric, "op": "ge", "value": value}


# Everything in one program, with figures so small that a few steps reach each other's limits.
BUSY: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "busy",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "cost_micro": 10_000}, {"id": "rank"}],
    "metrics": [SPENT_12, VISITS, COUNTED, {"id": "ever", "agg": "earned", "unit": "rank"}],
    "earn": [
        {"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1},
        {
            "type": "percent",
            "id": "share",
            "unit": "rank",
            "bps": 333,
            "cap": 90,
            "rounding": "half_even",
            "exclude_tenders": ["points"],
            "exclude_tags": ["gift"],
        },
        {"type": "per_item", "id": "cups", "unit": "pts", "table": {"tag:coffee": 3, "a": 5}},
        {
            "type": "per_event",
            "id": "review",
            "unit": "pts",
            "event": "review",
            "points": 7,
            "limit": {"times": 2, "per": "month"},
        },
    ],
    "multipliers": [
        {
            "id": "high",
            "unit": "pts",
            "num": 3,
            "den": 2,
            "group": "tier",
            "when": [{"type": "tier_at_least", "tier": "two"}],
        },
        {"id": "web", "unit": "pts", "num": 2, "when": [{"type": "channel_in", "any": ["web"]}]},
    ],
    "tiers": {
        "ladder": [
            {"id": "one"},
            {
                "id": "two",
                "enter": {"type": "any", "of": [at_least("spent", 8_000), at_least("visits", 4)]},
                "grants": [{"type": "voucher", "voucher": "tenth"}],
            },
            {
                "id": "three",
                "enter": at_least("counted", 300),
                "keep": at_least("spent", 10_000),
                "hold": "P1M",
                "grants": [
                    {"type": "units", "unit": "pts", "points": 25},
                    {"type": "voucher", "voucher": "five"},
                ],
            },
        ]
    },
    "vouchers": [
        {"id": "five", "kind": "amount", "value": 500, "valid": "P1M", "min_basket_minor": 900},
        {"id": "tenth", "kind": "percent", "value": 1_000, "valid": "P7D"},
        {"id": "cup", "kind": "item"},
    ],
    "burn": [
        {"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1, "min_units": 3},
        {"type": "ladder", "id": "steps", "unit": "pts", "max_units": 50, "steps": [[10, 90]]},
        {"type": "item_for_units", "id": "item", "unit": "pts", "minor_per_unit": 100},
        {
            "type": "catalogue",
            "id": "mug",
            "unit": "pts",
            "cost": 20,
            "stock": 2,
            "grant": {"type": "voucher", "voucher": "cup"},
        },
        {
            "type": "convert",
            "id": "season",
            "unit": "pts",
            "voucher": "five",
            "minor_per_unit": 1,
            "min_units": 150,
            "mode": "scheduled",
            "take": "multiples",
            "at": ["02-01", "03-29"],
        },
        {
            "type": "convert",
            "id": "asked",
            "unit": "pts",
            "voucher": "cup",
            "minor_per_unit": 1,
            "min_units": 40,
        },
        {
            "type": "convert",
            "id": "auto",
            "unit": "rank",
            "voucher": "cup",
            "mode": "auto",
            "minor_per_unit": 1,
            "min_units": 200,
            "take": "multiples",
        },
    ],
    "referral": {
        "sponsor": {"type": "units", "unit": "pts", "points": 30},
        "referee": {"type": "voucher", "voucher": "five"},
        "min_minor": 2_000,
        "max_per_sponsor": 1,
    },
    "challenges": [
        {
            "id": "solo",
            "agg": "tickets",
            "target": 3,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-02-01T00:00:00Z",
            "grant": {"type": "badge", "badge": "regular"},
        },
        {
            "id": "all",
            "agg": "net_amount",
            "target": 15_000,
            "collective": True,
            "start": "2026-01-01T00:00:00Z",
            "end": "2026-03-01T00:00:00Z",
            "grant": {"type": "units", "unit": "pts", "points": 11},
        },
    ],
    "instants": [
        {
            "id": "win",
            "instants": ["2026-01-05T12:00:00Z", "2026-01-20T12:00:00Z"],
            "prize": {"type": "units", "unit": "pts", "points": 50},
        }
    ],
}
BASES: dict[str, dict[str, Any]] = {"busy": BUSY} | GIVEN

EXPIRIES = st.fixed_dictionaries(
    {},
    optional={
        "after": st.sampled_from(["P5D", "P1M", "P12M", "PT36H"]),
        "align": st.sampled_from(["end_of_day", "end_of_month", "end_of_year"]),
        "inactivity": st.sampled_from(["P10D", "P1M"]),
    },
).filter(lambda expiry: "align" not in expiry or "after" in expiry)
UNITS = st.fixed_dictionaries(
    {"expiry": EXPIRIES},
    optional={
        "pending": st.sampled_from(["P1D", "P3D", "P14D"]),
        "negative": st.just("write_off"),
        "spend_order": st.just("fifo"),
        "restore": st.just("new_lot"),
    },
)
TIERS = st.fixed_dictionaries(
    {},
    optional={
        "downgrade": st.sampled_from(["one_down", "never"]),
        "refund": st.just("keep"),
        "skipped_grants": st.just("top"),
    },
)
HOLDS = st.fixed_dictionaries(
    {},
    optional={
        "hold": st.sampled_from(["P7D", "P1M", "P12M"]),
        "grace": st.sampled_from(["P3D", "P1M"]),
    },
)


@st.composite
def programs(draw: st.DrawFn, bases: tuple[str, ...] = tuple(BASES)) -> Program:
    """Draw a program: a given one, its units and tiers varied where the result has no fault."""
    base = BASES[draw(st.sampled_from(bases))]
    units, tiers, hold = draw(UNITS), draw(TIERS), draw(HOLDS)
    if not draw(st.booleans()):
        return read(base)
    varied = base | {"units": [each | units for each in base["units"]]}
    if "tiers" in base:
        ladder = base["tiers"]["ladder"]
        gone = {"hold", "grace"} if "hold" in hold else {"hold", "grace", "keep"}
        kept = [{key: each[key] for key in each.keys() - gone} for each in ladder[1:]]
        higher = [each | hold for each in kept]
        varied["tiers"] = base["tiers"] | tiers | {"ladder": [ladder[0], *higher]}
    earn = draw(st.sampled_from(["drop", "carry"]))
    if earn == "carry":
        varied["earn"] = [
            each | {"remainder": "carry"} if each["type"] == "per_amount" else each
            for each in base.get("earn", [])
        ]
    found = read_program(varied)
    return found if isinstance(found, Program) else read(base)


@st.composite
def rules(draw: st.DrawFn) -> Rules:
    """Draw a program alone, or with a later version that gives more."""
    first = draw(programs())
    versions = [Version(first.version, -(2**62), first)]
    if draw(st.integers(0, 3)) == 0:
        second = draw(programs(("busy",)))
        if {each.id for each in first.units} <= {"pts", "rank"}:
            versions.append(Version(first.version + 1, LATER, second))
    return Rules(tuple(versions))

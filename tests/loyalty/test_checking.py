"""A wrong program file is refused with the path of the fault and a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loyalty.checking import FAULTS_MAX
from app.loyalty.program import Program
from app.loyalty.reading import read_program
from tests.loyalty.programs import FULL, GIVEN, VECTORS, faults, merged

_METRIC = {"type": "metric", "metric": "spend", "op": "ge", "value": 100}
_EARN = {"type": "per_amount", "id": "e", "unit": "pts", "step_minor": 100, "points": 1}
_PAY = {"type": "pay", "id": "p", "unit": "pts", "minor_per_unit": 1}
_CONVERT = {"type": "convert", "id": "c", "unit": "pts", "voucher": "five", "minor_per_unit": 1}
_CHALLENGE = {
    "id": "ch",
    "start": "2026-01-01T00:00:00Z",
    "end": "2026-02-01T00:00:00Z",
    "agg": "tickets",
    "target": 1,
    "grant": {"type": "badge", "badge": "b"},
}
_GAME = {"id": "g", "instants": ["2026-01-01T00:00:00Z"], "prize": {"type": "badge", "badge": "b"}}


def when(condition: dict[str, Any]) -> dict[str, Any]:
    return {"earn": [_EARN | {"when": [condition]}]}


def ladder(*tiers: dict[str, Any]) -> dict[str, Any]:
    return {"tiers": {"ladder": list(tiers)}}


def ladder_of_steps(*steps: tuple[int, int], most: int = 100) -> dict[str, Any]:
    rule = {"type": "ladder", "id": "l", "unit": "pts", "steps": list(steps), "max_units": most}
    return {"burn": [rule]}


@pytest.mark.parametrize("name", GIVEN)
def test_every_given_program_can_be_published(name: str) -> None:
    assert isinstance(read_program(GIVEN[name]), Program)
    assert isinstance(read_program(json.dumps(GIVEN[name]).encode()), Program)


@pytest.mark.parametrize(
    "vector",
    [vector for rule in VECTORS["rules"] for vector in rule["vectors"] if "patch" in vector],
    ids=lambda vector: vector["id"],
)
def test_every_given_variant_can_be_published(vector: dict[str, Any]) -> None:
    document = merged(VECTORS["programs"][vector["program"]], vector["patch"])
    assert isinstance(read_program(document), Program)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"earn": [_EARN | {"type": "per_amout"}]}, "earn[0].type", "per_amout"),
        ({"earn": [_EARN | {"pionts": 1}]}, "earn[0].pionts", "unknown field"),
        ({"earn": [{"type": "per_amount", "id": "e"}]}, "earn[0].unit", "missing required field"),
        ({"surprise": 1}, "surprise", "unknown field"),
        ({"earn": [_EARN | {"points": "1"}]}, "earn[0].points", "Expected `int`"),
        ({"earn": [_EARN | {"points": 1.0}]}, "earn[0].points", "Expected `int`"),
        ({"earn": [_EARN | {"points": True}]}, "earn[0].points", "Expected `int`"),
        ({"earn": [_EARN | {"points": 10**30}]}, "earn[0].points", ""),
        ({"units": [{"id": "pts", "pending": "P٣D"}]}, "units[0].pending", "regex"),
    ],
)
def test_what_a_type_refuses_is_told_with_its_path(
    changes: dict[str, Any], path: str, words: str
) -> None:
    (fault,) = faults(**changes)
    assert fault.path == path
    assert words in fault.message


def test_what_is_no_program_at_all_is_a_fault_too() -> None:
    for document in (None, [], 1, "x", b"", b"{", b"\xff", b"[1]", b"[" * 100_000):
        assert isinstance(read_program(document), list)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"tz": "Europe/Lutece"}, "tz"),
        ({"tz": "../etc/passwd"}, "tz"),
        ({"units": [], "earn": [], "burn": []}, "units"),
        ({"effective_from": "tomorrow"}, "effective_from"),
        ({"effective_from": "2026-02-30T00:00:00Z"}, "effective_from"),
        ({"units": [{"id": "pts"}, {"id": "pts"}]}, "units[1].id"),
        ({"units": [{"id": "pts", "negative": "reject"}]}, "units[0].negative"),
        ({"units": [{"id": "pts", "pending": "P101Y"}]}, "units[0].pending"),
        ({"units": [{"id": "pts", "expiry": {"after": "P0D"}}]}, "units[0].expiry.after"),
        ({"units": [{"id": "pts", "expiry": {"align": "end_of_day"}}]}, "units[0].expiry.align"),
        ({"units": [{"id": "pts", "expiry": {"inactivity": "P0M"}}]}, "units[0].expiry.inactivity"),
        (
            {"units": [{"id": "pts", "expiry": {"notify_before": ["PT0M"]}}]},
            "units[0].expiry.notify_before[0]",
        ),
        ({"metrics": [{"id": "m", "agg": "earned"}], "tiers": None}, "metrics[0].unit"),
        (
            {"metrics": [{"id": "m", "agg": "earned", "unit": "pst"}], "tiers": None},
            "metrics[0].unit",
        ),
        (
            {"metrics": [{"id": "m", "agg": "tickets", "unit": "pts"}], "tiers": None},
            "metrics[0].unit",
        ),
        (
            {
                "metrics": [
                    {"id": "m", "agg": "tickets", "window": {"rolling": "P1M", "calendar": "year"}}
                ],
                "tiers": None,
            },
            "metrics[0].window",
        ),
        ({"earn": [_EARN, _EARN]}, "earn[1].id"),
        ({"earn": [_EARN | {"unit": "pst"}]}, "earn[0].unit"),
        (
            {"earn": [{"type": "percent", "id": "e", "unit": "pts", "bps": 1, "cap": -1}]},
            "earn[0].cap",
        ),
        (
            {"earn": [{"type": "per_item", "id": "e", "unit": "pts", "table": {"tag:": 1}}]},
            "earn[0].table.tag:",
        ),
        ({"multipliers": [{"id": "m", "unit": "pst", "num": 2}]}, "multipliers[0].unit"),
        ({"vouchers": [{"id": "v", "kind": "percent"}]}, "vouchers[0].value"),
        ({"vouchers": [{"id": "v", "kind": "percent", "value": 10_001}]}, "vouchers[0].value"),
        ({"vouchers": [{"id": "v", "kind": "amount", "value": -1}]}, "vouchers[0].value"),
        ({"vouchers": [{"id": "v", "kind": "item", "value": 1}]}, "vouchers[0].value"),
        ({"vouchers": [{"id": "v", "kind": "item", "valid": "P0D"}]}, "vouchers[0].valid"),
        ({"burn": [_PAY, _PAY]}, "burn[1].id"),
        ({"burn": [_PAY | {"unit": "rank"}]}, "burn[0].unit"),
        ({"burn": [_PAY | {"unit": "pst"}]}, "burn[0].unit"),
        (ladder_of_steps(), "burn[0].steps"),
        (ladder_of_steps((10, 1), (10, 2)), "burn[0].steps[1]"),
        (ladder_of_steps((10, 1), (5, 2)), "burn[0].steps[1]"),
        (ladder_of_steps((10, 1), (101, 2)), "burn[0].steps[1]"),
        ({"burn": [_CONVERT | {"voucher": "six"}]}, "burn[0].voucher"),
        ({"burn": [_CONVERT | {"voucher": "tenth"}]}, "burn[0].voucher"),
        ({"burn": [_CONVERT | {"mode": "scheduled"}]}, "burn[0].at"),
        ({"burn": [_CONVERT | {"at": ["03-01"]}]}, "burn[0].at"),
        ({"burn": [_CONVERT | {"mode": "scheduled", "at": ["02-30"]}]}, "burn[0].at[0]"),
        ({"burn": [_CONVERT | {"mode": "scheduled", "at": ["13-01"]}]}, "burn[0].at[0]"),
        ({"burn": [_CONVERT | {"mode": "scheduled", "at": ["03-01", "03-01"]}]}, "burn[0].at[1]"),
        (
            {
                "burn": [
                    {
                        "type": "catalogue",
                        "id": "x",
                        "unit": "pts",
                        "cost": 1,
                        "grant": {"type": "voucher", "voucher": "six"},
                    }
                ]
            },
            "burn[0].grant.voucher",
        ),
        (
            {
                "burn": [
                    {
                        "type": "catalogue",
                        "id": "x",
                        "unit": "pts",
                        "cost": 1,
                        "grant": {"type": "badge", "badge": "b"},
                        "stock": -1,
                    }
                ]
            },
            "burn[0].stock",
        ),
        (
            {
                "referral": {
                    "sponsor": {"type": "units", "unit": "pst", "points": 1},
                    "referee": {"type": "badge", "badge": "b"},
                }
            },
            "referral.sponsor.unit",
        ),
        ({"challenges": [_CHALLENGE | {"start": "soon"}]}, "challenges[0].start"),
        ({"challenges": [_CHALLENGE | {"end": "2026-01-01T00:00:00Z"}]}, "challenges[0].end"),
        ({"challenges": [_CHALLENGE, _CHALLENGE]}, "challenges[1].id"),
        ({"instants": [_GAME | {"instants": ["noon"]}]}, "instants[0].instants[0]"),
        (
            {"instants": [_GAME | {"instants": ["2026-01-01T00:00:00Z"] * 2}]},
            "instants[0].instants[1]",
        ),
        ({"access": [{"id": "s", "opens": "x", "early": {}}]}, "access[0].opens"),
        (
            {"access": [{"id": "s", "opens": "2026-01-01T00:00:00Z", "early": {"z": "P1D"}}]},
            "access[0].early.z",
        ),
        ({"coalition": {"partners": []}}, "coalition.partners"),
        (
            {"coalition": {"partners": [{"merchant": "m"}, {"merchant": "m"}]}},
            "coalition.partners[1].merchant",
        ),
        (
            {"coalition": {"partners": [{"merchant": "m", "earn_share_bps": 10_001}]}},
            "coalition.partners[0].earn_share_bps",
        ),
    ],
)
def test_what_cannot_work_is_refused_with_its_path(changes: dict[str, Any], path: str) -> None:
    found = faults(**changes)
    assert [fault.path for fault in found] == [path]
    assert found[0].message


@pytest.mark.parametrize(
    ("condition", "path"),
    [
        ({"type": "tier_at_least", "tier": "z"}, ".tier"),
        ({"type": "metric", "metric": "z", "op": "ge", "value": 1}, ".metric"),
        ({"type": "local_time", "start": "9:00"}, ".start"),
        ({"type": "local_time", "start": "24:00"}, ".start"),
        ({"type": "local_time", "end": "24:01"}, ".end"),
        ({"type": "local_time", "start": "22:00", "end": "06:00"}, ".end"),
        ({"type": "date_range", "start": "x", "end": "2026-01-01T00:00:00Z"}, ".start"),
        (
            {"type": "date_range", "start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
            ".end",
        ),
        ({"type": "birthday_within", "days_after": 367}, ".days_after"),
        ({"type": "tenure_at_least", "period": "P101Y"}, ".period"),
        ({"type": "not", "of": {"type": "tier_at_least", "tier": "z"}}, ".of.tier"),
        ({"type": "any", "of": [_METRIC, {"type": "tier_at_least", "tier": "z"}]}, ".of[1].tier"),
        ({"type": "any", "of": [{"type": "sku_in", "any": ["A"]}]}, ".of[0].type"),
        ({"type": "not", "of": {"type": "tag_any", "any": ["A"]}}, ".of.type"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_path(condition: dict[str, Any], path: str) -> None:
    assert [fault.path for fault in faults(**when(condition))] == ["earn[0].when[0]" + path]


def test_line_filters_stand_only_where_an_earn_rule_has_lines() -> None:
    skus = {"type": "sku_in", "any": ["A"]}
    assert faults(**when(skus)) == []
    assert faults(**when({"type": "all", "of": [{"type": "all", "of": [skus]}]})) == []
    event = {"type": "per_event", "id": "e", "unit": "pts", "event": "x", "points": 1}
    for changes, path in (
        ({"enrol_when": [skus]}, "enrol_when[0].type"),
        ({"earn": [event | {"when": [skus]}]}, "earn[0].when[0].type"),
        (
            {"multipliers": [{"id": "m", "unit": "pts", "num": 2, "when": [skus]}]},
            "multipliers[0].when[0].type",
        ),
        ({"burn": [_PAY | {"when": [skus]}]}, "burn[0].when[0].type"),
        (ladder({"id": "a"}, {"id": "b", "enter": skus}), "tiers.ladder[1].enter.type"),
    ):
        assert [fault.path for fault in faults(**changes)] == [path]


def test_conditions_inside_each_other_have_an_end() -> None:
    condition: dict[str, Any] = {"type": "min_amount", "minor": 1}
    for _ in range(15):
        condition = {"type": "not", "of": condition}
    assert faults(**when(condition)) == []
    (fault,) = faults(**when({"type": "not", "of": condition}))
    assert "inside each other" in fault.message
    for _ in range(600):
        condition = {"type": "not", "of": condition}
    assert "inside each other" in faults(**when(condition))[0].message


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (ladder(), "tiers.ladder"),
        (ladder({"id": "a"}, {"id": "a", "enter": _METRIC}), "tiers.ladder[1].id"),
        (ladder({"id": "a", "enter": _METRIC}), "tiers.ladder[0].enter"),
        (ladder({"id": "a"}, {"id": "b"}), "tiers.ladder[1].enter"),
        (ladder({"id": "a"}, {"id": "b", "enter": _METRIC, "hold": "P0D"}), "tiers.ladder[1].hold"),
        (
            ladder({"id": "a"}, {"id": "b", "enter": _METRIC, "hold": "PT9H"}),
            "tiers.ladder[1].hold",
        ),
        (
            ladder({"id": "a"}, {"id": "b", "enter": _METRIC, "grace": "P1M"}),
            "tiers.ladder[1].grace",
        ),
        (
            ladder({"id": "a"}, {"id": "b", "enter": _METRIC, "keep": _METRIC}),
            "tiers.ladder[1].keep",
        ),
        (
            ladder(
                {"id": "a"},
                {"id": "b", "enter": _METRIC, "grants": [{"type": "voucher", "voucher": "six"}]},
            ),
            "tiers.ladder[1].grants[0].voucher",
        ),
    ],
)
def test_a_wrong_tier_is_refused_with_its_path(changes: dict[str, Any], path: str) -> None:
    assert [fault.path for fault in faults(**changes)] == [path]


def entered(*conditions: dict[str, Any]) -> dict[str, Any]:
    tiers = [{"id": f"t{place}", "enter": each} for place, each in enumerate(conditions)]
    return ladder({"id": "base"}, *tiers)


def spend(op: str, value: int) -> dict[str, Any]:
    return {"type": "metric", "metric": "spend", "op": op, "value": value}


def visits(op: str, value: int) -> dict[str, Any]:
    return {"type": "metric", "metric": "visits", "op": op, "value": value}


@pytest.mark.parametrize(
    ("enter", "path"),
    [
        ((spend("lt", 0),), "[1].enter"),
        ((spend("le", -1),), "[1].enter"),
        (({"type": "all", "of": [spend("gt", 5), spend("lt", 6)]},), "[1].enter"),
        (({"type": "any", "of": []},), "[1].enter"),
        (
            (
                {
                    "type": "any",
                    "of": [
                        {"type": "all", "of": [spend("ge", 5), spend("lt", 5)]},
                        {
                            "type": "all",
                            "of": [visits("ge", 5), {"type": "not", "of": visits("ge", 3)}],
                        },
                    ],
                },
            ),
            "[1].enter",
        ),
        (({"type": "tier_at_least", "tier": "t0"},), "[1].enter"),
        ((spend("ge", 0),), "[0]"),
        ((spend("ge", 5), spend("ge", 5)), "[1]"),
        ((spend("ge", 6), spend("ge", 5)), "[1]"),
        ((spend("ge", 6), spend("gt", 5)), "[1]"),
        (
            (
                spend("ge", 1),
                visits("ge", 3),
                {"type": "any", "of": [visits("ge", 2), spend("ge", 9)]},
            ),
            "[2]",
        ),
        (({"type": "birthday_within"}, {"type": "birthday_within"}), "[1]"),
    ],
)
def test_a_tier_that_is_never_reached_or_never_seen_is_refused(
    enter: tuple[dict[str, Any], ...], path: str
) -> None:
    assert [fault.path for fault in faults(**entered(*enter))] == ["tiers.ladder" + path]


@pytest.mark.parametrize(
    "enter",
    [
        (spend("gt", 5), spend("gt", 6)),
        (
            spend("ge", 100),
            visits("ge", 4),
            {"type": "all", "of": [spend("ge", 50), visits("ge", 5)]},
        ),
        ({"type": "any", "of": [spend("ge", 150), visits("ge", 4)]}, spend("ge", 1500)),
        ({"type": "all", "of": [spend("gt", 5), spend("lt", 7)]},),
        (
            spend("ge", 5),
            {"type": "all", "of": [spend("ge", 5), {"type": "tier_at_least", "tier": "t0"}]},
        ),
        (
            {"type": "tenure_at_least", "period": "P1M"},
            {"type": "tenure_at_least", "period": "P2M"},
        ),
    ],
)
def test_a_ladder_that_can_be_climbed_is_taken(enter: tuple[dict[str, Any], ...]) -> None:
    assert faults(**entered(*enter)) == []


def test_many_faults_are_told_at_once_but_not_without_end() -> None:
    assert len(faults(tz="x", units=[{"id": "p", "negative": "reject"}], burn=[], earn=[])) == 2
    assert (
        len(faults(earn=[_EARN | {"unit": "z", "id": f"e{n}"} for n in range(100)])) == FAULTS_MAX
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: list[tuple[Any, Any]] = []
    if isinstance(document, dict):
        items = list(document.items())
    elif isinstance(document, list):
        items = list(enumerate(document))
    return [path, *(place for key, inside in items for place in _places(inside, (*path, key)))]


@given(st.sampled_from(sorted(GIVEN)), st.data())
def test_no_program_file_however_wrong_breaks_the_checks(name: str, data: st.DataObject) -> None:
    document = json.loads(
        json.dumps(GIVEN[name] | {"tiers": GIVEN[name].get("tiers", FULL["tiers"])})
    )
    place = data.draw(st.sampled_from(_places(document)[1:]))
    inside = document
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = data.draw(
        _JSON
        | st.sampled_from(
            ["pts", "2026-13-01T00:00:00Z", "P0D", "P99999999Y", "00-00", "cash", 0, -1, 2**53]
        )
    )
    found = read_program(document)
    if isinstance(found, list):
        assert all(fault.message for fault in found)

"""Rules of hosted programs over HTTP: judged, named, tried, in force from a moment, never lost."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.clock import DAY, rfc3339
from app.loyalty import program as loyalty
from app.loyalty.reading import program_schema
from app.loyalty.rules import Rules
from app.programs import service
from app.programs.schemas import Simulation
from app.storage.database import Transaction
from tests.flows.conftest import World
from tests.flows.test_programs import Partner, key_of

PROGRAMS = "/v1/partner/programs"
RULES: dict[str, Any] = {
    "format": "loyalty-program/1",
    "id": "coffee",
    "version": 1,
    "tz": "Europe/Paris",
    "currency": "EUR",
    "units": [{"id": "pts", "expiry": {"after": "P12M"}}],
    "metrics": [{"id": "spend", "agg": "net_amount"}],
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 1}],
    "tiers": {
        "ladder": [
            {"id": "base"},
            {"id": "gold", "enter": {"type": "metric", "metric": "spend", "op": "ge", "value": 9}},
        ]
    },
    "burn": [{"type": "pay", "id": "pay", "unit": "pts", "minor_per_unit": 1}],
}
HOSTED: dict[str, Any] = {
    "name": "Café",
    "authority": "ledger",
    "rules": RULES,
    "design": {"background_color": "#2e7d32", "foreground_color": "#ffffff"},
    "barcode": {"format": "QR_CODE"},
    "locations": [],
    "links": [],
}
EARNING_MORE = RULES | {
    "version": 2,
    "earn": [{"type": "per_amount", "id": "base", "unit": "pts", "step_minor": 100, "points": 2}],
}


def living(after: str | None, **more: Any) -> dict[str, Any]:
    expiry = ({"after": after} if after else {}) | more
    return RULES | {"units": [{"id": "pts", "expiry": expiry}]}


@pytest.fixture
async def partner(world: World) -> Partner:
    return Partner(world, await key_of(world))


async def made(partner: Partner, **changes: Any) -> dict[str, Any]:
    answer = await partner.ask("POST", PROGRAMS, HOSTED | changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def put(partner: Partner, program: dict[str, Any], query: str = "", **changes: Any) -> Any:
    return await partner.ask("PUT", f"{PROGRAMS}/{program['id']}{query}", HOSTED | changes)


async def refused(answer: Any, path: str) -> str:
    assert answer.status_code == 400, answer.text
    (error,) = answer.json()["errors"]
    assert error["path"] == path
    return str(error["message"])


async def rules_of(world: World, program: dict[str, Any]) -> Rules:
    def work(tx: Transaction) -> Rules:
        found = service.program_named(tx, program["id"])
        assert found is not None
        return service.rules_of(tx, found.program_id)

    return await world.ports.database.read(work)


async def test_a_hosted_program_shows_its_rules_as_they_were_sent(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    assert program["rules"] == RULES
    assert program["effective_from"] == rfc3339(world.clock.wall())
    found = await partner.ask("GET", f"{PROGRAMS}/{program['id']}")
    assert found.json() == program
    assert (await put(partner, program)).json()["version"] == 1


async def test_units_and_tiers_are_the_rules_own_with_the_names_that_were_sent(
    partner: Partner,
) -> None:
    program = await made(partner)
    assert [unit["id"] for unit in program["units"]] == ["pts"]
    assert [tier["name"] for tier in program["tiers"]] == ["base", "gold"]
    gold = {"id": "gold", "name": {"fr": "Or", "en": "Gold"}}
    program = await made(partner, name="Other", tiers=[gold])
    assert [tier["id"] for tier in program["tiers"]] == ["base", "gold"]
    assert program["tiers"][1] == gold
    answer = await partner.ask("POST", PROGRAMS, HOSTED | {"tiers": [{"id": "x", "name": "X"}]})
    assert await refused(answer, "tiers[0].id") == "the rules have base, gold"
    answer = await partner.ask("POST", PROGRAMS, HOSTED | {"units": [{"id": "x", "name": "X"}]})
    await refused(answer, "units[0].id")


async def test_ids_may_begin_as_the_format_lets_them(world: World, partner: Partner) -> None:
    program = await made(
        partner, rules=RULES | {"units": [{"id": "_p"}], "earn": [], "burn": [], "tiers": None}
    )
    assert (await partner.ask("GET", f"{PROGRAMS}/{program['id']}")).json() == program
    assert (await rules_of(world, program)).versions[0].program.units[0].id == "_p"


async def test_cashback_that_pays_cent_for_cent_is_shown_as_money(partner: Partner) -> None:
    units = [{"id": "pts", "kind": "cashback", "expiry": {"after": "P12M"}}]
    program = await made(partner, rules=RULES | {"units": units})
    assert program["units"][0]["currency"] == "EUR"


@pytest.mark.parametrize(
    ("rules", "path"),
    [
        ({}, "rules.format"),
        ([], "rules"),
        ("x", "rules"),
        (RULES | {"earn": [RULES["earn"][0] | {"type": "per_amout"}]}, "rules.earn[0].type"),
        (RULES | {"earn": [RULES["earn"][0] | {"unit": "pst"}]}, "rules.earn[0].unit"),
        (RULES | {"tz": "Europe/Lutece"}, "rules.tz"),
        (
            RULES | {"units": [{"id": f"u{n}"} for n in range(9)], "earn": [], "burn": []},
            "rules.units",
        ),
    ],
)
async def test_wrong_rules_are_refused_with_the_path_of_the_fault(
    partner: Partner, rules: Any, path: str
) -> None:
    for query in ("", "?dry_run=true"):
        await refused(await partner.ask("POST", PROGRAMS + query, HOSTED | {"rules": rules}), path)


async def test_rules_nested_without_end_are_refused(partner: Partner) -> None:
    body = msgspec.json.encode(HOSTED | {"rules": RULES | {"enrol_when": ["DEEP"]}})
    deep = b'{"type":"not","of":' * 5_000 + b'{"type":"min_amount","minor":1}' + b"}" * 5_000
    for depth in (deep, deep[19 * 4_500 : -4_500]):
        answer = await partner.ask(
            "POST", PROGRAMS, body.replace(b'"DEEP"', depth), Content_Type="application/json"
        )
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("authority", ["merchant", "none"])
async def test_only_hosted_programs_have_rules(partner: Partner, authority: str) -> None:
    answer = await partner.ask("POST", PROGRAMS, HOSTED | {"authority": authority})
    assert "hosted" in await refused(answer, "rules")


async def test_partners_of_a_coalition_are_merchants_by_their_slugs(
    world: World, partner: Partner
) -> None:
    await key_of(world, "Bakery")
    partners = [{"merchant": "maison-verte"}, {"merchant": "bakery"}]
    await made(partner, rules=RULES | {"coalition": {"partners": partners}})


async def test_a_partner_who_is_no_merchant_yet_is_warned_about(partner: Partner) -> None:
    rules = RULES | {"coalition": {"partners": [{"merchant": "nobody"}]}}
    answer = await partner.ask("POST", f"{PROGRAMS}?dry_run=true", HOSTED | {"rules": rules})
    assert answer.status_code == 200, answer.text
    assert [text for text in answer.json()["warnings"] if "nobody" in text]
    await made(partner, rules=rules)


async def test_a_program_without_rules_counts_its_units_and_moves_none(
    world: World, partner: Partner
) -> None:
    sent = {name: value for name, value in HOSTED.items() if name != "rules"}
    answer = await partner.ask(
        "POST", PROGRAMS, sent | {"units": [{"id": "eur", "name": "€", "currency": "CHF"}]}
    )
    assert (answer.json()["rules"], answer.json()["effective_from"]) == (None, None)
    (version,) = (await rules_of(world, answer.json())).versions
    assert [unit.id for unit in version.program.units] == ["eur"]
    assert (version.program.earn, version.program.currency) == ((), "CHF")


async def test_a_new_version_is_in_force_from_its_moment_and_the_former_stays(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    first_at = world.clock.wall()
    world.clock.forward(86_400)
    starts = rfc3339(first_at + 10 * DAY)
    rules = EARNING_MORE | {"effective_from": starts}
    answer = await put(partner, program, rules=rules)
    assert (answer.json()["version"], answer.json()["effective_from"]) == (2, starts)
    found = await rules_of(world, program)
    assert [version.number for version in found.versions] == [1, 2]
    assert [version.effective_from for version in found.versions] == [first_at, first_at + 10 * DAY]
    assert found.at(first_at + 10 * DAY - 1).number == 1
    assert found.at(first_at + 10 * DAY).number == 2
    assert isinstance(found.at(first_at + 10 * DAY).program, loyalty.Program)


async def test_a_change_of_design_keeps_the_rules_and_their_moment(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    world.clock.forward(60)
    sent = {name: value for name, value in HOSTED.items() if name != "rules"}
    dark = {"background_color": "#000000", "foreground_color": "#ffffff"}
    answer = await partner.ask("PUT", f"{PROGRAMS}/{program['id']}", sent | {"design": dark})
    assert (answer.json()["version"], answer.json()["rules"]) == (2, RULES)
    assert answer.json()["effective_from"] == program["effective_from"]
    assert [version.number for version in (await rules_of(world, program)).versions] == [1]
    answer = await put(partner, program, design=dark, rules=EARNING_MORE)
    assert answer.json()["effective_from"] == rfc3339(world.clock.wall())
    assert [version.number for version in (await rules_of(world, program)).versions] == [1, 3]


async def test_only_the_first_rules_may_start_in_the_past(world: World, partner: Partner) -> None:
    past = rfc3339(world.clock.wall() - 400 * DAY)
    program = await made(partner, rules=RULES | {"effective_from": past})
    assert program["effective_from"] == past
    answer = await put(partner, program, rules=EARNING_MORE | {"effective_from": past})
    assert "not before" in await refused(answer, "rules.effective_from")
    assert (await put(partner, program, rules=RULES | {"effective_from": past})).json()[
        "version"
    ] == 1


@pytest.mark.parametrize(
    "shorter",
    [living("P6M"), living("P12M", inactivity="P3M"), living("P11M", align="end_of_day")],
)
async def test_a_shorter_life_needs_a_flag_and_thirty_days(
    world: World, partner: Partner, shorter: dict[str, Any]
) -> None:
    program = await made(partner)
    now = world.clock.wall()
    answer = await put(partner, program, rules=shorter)
    assert "allow_shorter_life" in await refused(answer, "rules.units[0].expiry")
    flag = "?allow_shorter_life=true"
    soon = shorter | {"effective_from": rfc3339(now + 29 * DAY)}
    assert "30 days" in await refused(
        await put(partner, program, flag, rules=soon), "rules.effective_from"
    )
    answer = await put(partner, program, flag, rules=shorter)
    assert answer.json()["effective_from"] == rfc3339(now + 30 * DAY)
    later = shorter | {"effective_from": rfc3339(now + 31 * DAY)}
    answer = await put(partner, program, flag, rules=later)
    assert answer.json()["effective_from"] == rfc3339(now + 31 * DAY)


async def test_an_announced_shorter_life_cannot_be_brought_forward(
    world: World, partner: Partner
) -> None:
    program = await made(partner)
    flag = "?allow_shorter_life=true"
    assert (await put(partner, program, flag, rules=living("P6M"))).status_code == 200
    answer = await put(partner, program, rules=living("P6M") | {"version": 3})
    await refused(answer, "rules.units[0].expiry")


@pytest.mark.parametrize(
    "longer", [living("P24M"), living(None), living("P12M", align="end_of_month"), living("P1Y")]
)
async def test_a_longer_life_needs_nothing(
    world: World, partner: Partner, longer: dict[str, Any]
) -> None:
    program = await made(partner)
    answer = await put(partner, program, rules=longer)
    assert answer.json()["effective_from"] == rfc3339(world.clock.wall())


def bought(minor: int, **expect: Any) -> dict[str, Any]:
    step = {"do": "purchase", "id": "t1", "at": "2026-01-05T10:00:00Z", "amount_minor": minor}
    return {"id": "v1", "timeline": [step | {"expect": expect}]}


async def test_vectors_beside_the_rules_are_run_before_publishing(partner: Partner) -> None:
    await made(partner, vectors=[bought(1999, earned=19, tier="gold")])
    wrong = HOSTED | {"name": "Wrong", "vectors": [bought(100, earned=1), bought(100, earned=2)]}
    for query in ("", "?dry_run=true"):
        message = await refused(await partner.ask("POST", PROGRAMS + query, wrong), "vectors[1]")
        assert "earned" in message
    assert len((await partner.ask("GET", PROGRAMS)).json()["items"]) == 1


@pytest.mark.parametrize(
    "vectors",
    [
        {},
        [1],
        [{"timeline": [1]}],
        [{"timeline": None}],
        [{"timeline": {}}],
        [{"timeline": [{"do": "fly", "at": "2026-01-05T10:00:00Z"}]}],
        [{"timeline": [{"do": "read", "at": "soon"}]}],
        [{"timeline": [{"do": "read"}]}],
        [{"compute": "everything", "expect": 1}],
        [bought(1) | {"patch": {"tz": "Mars"}}],
        [bought(1) | {"patch": []}],
        [
            {
                "timeline": [
                    {"do": "read", "at": "0003-01-01T00:00:00Z"},
                    {"do": "read", "at": "9990-01-01T00:00:00Z"},
                ]
            }
        ],
        [bought(2**53)],
        [{}] * 201,
        [bought(1) | {"timeline": bought(1)["timeline"] * 2_001}],
    ],
)
async def test_vectors_that_cannot_be_run_are_refused(partner: Partner, vectors: Any) -> None:
    answer = await partner.ask("POST", PROGRAMS, HOSTED | {"vectors": vectors})
    assert answer.status_code in {201, 400}, answer.text
    if answer.status_code == 400:
        assert answer.json()["errors"][0]["path"].startswith("vectors")
    else:
        assert vectors == [bought(2**53)]


async def test_vectors_without_rules_are_refused(partner: Partner) -> None:
    sent = {name: value for name, value in HOSTED.items() if name != "rules"}
    await refused(await partner.ask("POST", PROGRAMS, sent | {"vectors": [bought(1)]}), "vectors")


async def test_a_dry_run_tells_warnings_and_when_rules_would_start(
    world: World, partner: Partner
) -> None:
    rules = RULES | {"earn": [RULES["earn"][0] | {"points": 100}]}
    answer = await partner.ask("POST", PROGRAMS + "?dry_run=true", HOSTED | {"rules": rules})
    judged = answer.json()
    assert judged["valid"] is True
    assert any("gives back all" in text for text in judged["warnings"])
    assert judged["effective_from"] == rfc3339(world.clock.wall())
    program = await made(partner)
    dry = (await put(partner, program, "?dry_run=true", rules=rules)).json()
    assert any("rules.version 1 was published before" in text for text in dry["warnings"])
    assert (await partner.ask("GET", f"{PROGRAMS}/{program['id']}")).json()["version"] == 1
    answer = await put(partner, program, "?dry_run=true", rules=living("P1M"))
    await refused(answer, "rules.units[0].expiry")


async def test_a_dry_run_tells_what_the_simulation_found(world: World, partner: Partner) -> None:
    program = await made(partner)
    asked: list[tuple[int, int]] = []

    def simulate(
        tx: Transaction, program_id: int, tried: Any, *, since: int, now: int
    ) -> Simulation:
        asked.append((tried.version, now - since))
        return Simulation(
            cards=9, gains=5, loses=1, liability_before_minor=100, liability_after_minor=150
        )

    before = world.app.state.get("simulate")
    world.app.state["simulate"] = simulate
    try:
        answer = await put(partner, program, "?dry_run=true&months=6", rules=EARNING_MORE)
    finally:
        world.app.state["simulate"] = before
    assert asked[0] == (2, 180 * DAY)
    found = answer.json()
    assert {name: found[name] for name in ("months", "cards", "gains", "loses")} == {
        "months": 6,
        "cards": 9,
        "gains": 5,
        "loses": 1,
    }
    assert (found["liability_before_minor"], found["liability_after_minor"]) == (100, 150)
    for months in ("0", "25", "x"):
        answer = await put(partner, program, f"?dry_run=true&months={months}")
        assert answer.status_code == 400


async def test_a_unit_that_rules_leave_out_is_told(partner: Partner) -> None:
    two = RULES | {"units": [*RULES["units"], {"id": "old"}]}
    program = await made(partner, rules=two)
    dry = (await put(partner, program, "?dry_run=true", rules=RULES | {"version": 2})).json()
    assert any(text.startswith("unit old is gone") for text in dry["warnings"])


async def test_the_schema_of_rules_is_for_merchants(world: World, partner: Partner) -> None:
    answer = await partner.ask("GET", "/v1/partner/program.schema.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert answer.json() == program_schema()
    assert (await world.client.get("/v1/partner/program.schema.json")).status_code == 401

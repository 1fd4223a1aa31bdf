"""What a merchant gets as figures: the funnel from a page to a till, days of his zone, tables."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.clock import DAY, SECOND
from app.http.keeping import Keeper
from app.http.tally import QUARTER, Tally
from app.partners.figure_tables import _cell
from app.programs import counting
from app.users import queries as users
from tests.checkout.till_world import Shop, rows, shop
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, open_shop

BROWSER = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Safari"}


async def stats(here: Shop, query: str = "") -> Any:
    answer = await here.merchant("GET", f"/v1/partner/programs/{here.program}/stats{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def table(here: Shop, part: str) -> list[list[str]]:
    path = f"/v1/partner/programs/{here.program}/stats.csv?part={part}"
    answer = await here.merchant("GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(answer.text)))


async def test_the_till_fills_the_figures_and_each_is_in_a_table_too(world: World) -> None:
    here = await shop(world)
    ana, ben = await here.card("1"), await here.card("2")
    await here.sell(ana, "a1", amount_minor=10_000)
    world.clock.forward(DAY / SECOND)
    await here.sell(ana, "a2", amount_minor=5_050)
    await here.sell(ben, "b1", amount_minor=2_000)
    paid = await here.merchant(
        "POST",
        f"/v1/partner/programs/{here.program}/events",
        {"id": "p1", "type": "pay", "rule": "pay", "units": 60, "card_number": "1",
         "occurred_at": here.now},
    )  # fmt: skip
    assert paid.status_code == 201, paid.text
    found = await stats(here)
    assert found["time_zone"] == "Europe/Paris"
    assert (found["cards"], found["active"], found["redemptions"]) == (2, 2, 1)
    assert (found["earned"], found["burned"]) == ({"pts": 170}, {"pts": 60})
    assert (found["redemption"], found["outstanding"]) == ({"pts": "0.35"}, {"pts": 110})
    assert (found["liability_minor"], found["currency"]) == (1_100, "EUR")  # as a gift: 10 a point
    assert found["frequency"] == {"average": "1.50", "target": "1.65"}
    assert found["retention_rate"] is None
    assert len(found["days"]) == 30
    assert found["days"][-1]["earned"] == {"pts": 70}
    assert [day["active"] for day in found["days"][-2:]] == [1, 2]
    today = found["days"][-1]["day"]
    one = await stats(here, f"?from={today}&to={today}")
    assert (one["earned"], one["active"], one["retention_rate"]) == ({"pts": 70}, 2, "100.00")
    head, *lines = await table(here, "days")
    assert [line[0] for line in lines] == [day["day"] for day in found["days"]]
    assert dict(zip(head, lines[-1], strict=True))["pts:burned"] == "60"
    assert ["liability_minor", "1100"] in await table(here, "totals")
    assert (await table(here, "units"))[1][:4] == ["pts", "0", "170", "60"]
    assert (await table(here, "retention"))[0][0] == "cohort"
    # Where the till stood is where the card was used last.
    assert await rows(world.ports, "SELECT location_id, count(*) FROM card_visit GROUP BY 1") == [
        ("paris", 2)
    ]


async def test_days_that_are_none_name_their_field_and_others_see_nothing(world: World) -> None:
    here, other = await shop(world), await shop(world, "Other")
    path = f"/v1/partner/programs/{here.program}/stats"
    for query, field in (
        ("?from=2026-02-30", "from"),
        ("?from=20260101", "from"),
        ("?to=1999-12-31", "to"),
        ("?from=2026-09-02&to=2026-09-01", "to"),
        ("?from=2024-01-01&to=2026-01-01", "from"),
    ):
        answer = await here.merchant("GET", path + query)
        assert answer.status_code == 400, query
        assert answer.json()["errors"][0]["path"] == field, query
    assert (await here.merchant("GET", path + ".csv?part=all")).status_code == 400
    for each in (path, path + ".csv", path.replace("stats", "messages")):
        assert (await other.merchant("GET", each)).status_code == 404
    sent = {"text": "x", "dry_run": True}
    answer = await other.merchant("POST", path.replace("stats", "messages"), sent)
    assert answer.status_code == 404


async def test_views_are_counted_but_for_robots_early_fetches_and_staff(world: World) -> None:
    here = await shop(world)
    page = f"/join/{here.program}"
    for headers in (
        BROWSER,
        BROWSER,
        {"User-Agent": "Googlebot/2.1"},
        BROWSER | {"Sec-Purpose": "prefetch"},
    ):
        assert (await world.client.get(page, headers=headers)).status_code == 200
    guest = (await world.client.post("/v1/guests", headers={"Idempotency-Key": "g"})).json()
    raw = bytes.fromhex(guest["user"]["id"].removeprefix("user_"))
    ((user_id,),) = await rows(
        world.ports, "SELECT user_id FROM user_by_public WHERE public_id = ?", raw
    )
    ((merchant_id,),) = await rows(
        world.ports, "SELECT merchant_id FROM merchant WHERE slug = 'maison-verte'"
    )
    await world.ports.database.write(lambda tx: users.add_workplace(tx, user_id, merchant_id))
    cookies = {"Cookie": f"__Host-session={guest['token']}; session={guest['token']}"}
    assert (await world.client.get(page, headers=BROWSER | cookies)).status_code == 200
    found = await stats(here)
    assert (found["landing_views"], found["days"][-1]["landing_views"]) == (2, 2)


async def test_counts_fall_on_the_local_day_of_their_quarter_of_an_hour(
    world: World,
) -> None:
    here = await shop(world)
    ((program_id,),) = await rows(world.ports, "SELECT program_id FROM program")
    tally = world.ports.tally
    midnight = 1_790_114_400_000_000  # 2026-09-23T00:00 in Paris, 22:00 UTC
    tally.add(program_id, "landing_views", now=midnight - 1)
    tally.add(program_id, "landing_views", now=midnight, by=2)
    assert await counting.write_down(world.ports) == 1
    assert await counting.write_down(world.ports) == 0
    kept = await rows(world.ports, "SELECT day, value FROM figure_day ORDER BY day")
    assert kept == [("2026-09-22", 1), ("2026-09-23", 2)]
    assert (await stats(here, "?from=2026-09-22&to=2026-09-23"))["landing_views"] == 3


@pytest.fixture
async def wallets(world: World, tmp_path: Path) -> AsyncIterator[Any]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def test_passes_come_and_go_and_cohorts_keep_them(wallets: Any) -> None:
    phone = await wallets.held(NUMBERS[0], seed=1)
    other = await wallets.held(NUMBERS[1], seed=2)
    await wallets.tell(NUMBERS[0], 5)
    await wallets.worker.step()

    async def ask() -> Any:
        path = f"/v1/partner/programs/{wallets.program_id}/stats"
        return (await wallets.ask("GET", path, token=wallets.key)).json()

    found = await ask()
    assert (found["adds"], found["removals"]) == (2, 0)
    assert found["installs"] == {"apple": 2, "google": 0}
    assert found["pushes"] == {"delivered": 1, "failed": 0}
    assert (found["liability_minor"], found["earned"]) == (None, {})
    wallets.world.clock.forward(8 * DAY / SECOND)
    await other.remove(next(iter(other.wallet)))
    found = await ask()
    assert (found["adds"], found["removals"], found["installs"]["apple"]) == (2, 1, 1)
    (cohort,) = found["retention"]
    assert (cohort["cards"], cohort["day7"], cohort["day30"]) == (2, "100.00", None)
    wallets.world.clock.forward(23 * DAY / SECOND)
    (cohort,) = (await ask())["retention"]
    assert (cohort["day30"], cohort["counts"]["day30"]) == ("50.00", {"kept": 1, "of": 2})
    assert phone.wallet


def test_cells_that_look_like_formulas_are_text() -> None:
    for text in ("=1+1", "+1", "-1", "@x", "\tx"):
        assert _cell(text) == "'" + text
    assert (_cell("pts"), _cell(-5), _cell(None)) == ("pts", -5, "")


def test_only_answers_that_took_long_are_kept_and_not_for_long() -> None:
    keeper = Keeper()
    keeper.keep(("a",), 1, began=0.0, now=0.5)
    assert keeper.find(("a",), now=0.6) is None
    keeper.keep(("a",), 2, began=0.0, now=2.0)
    assert keeper.find(("a",), now=41.9) == 2
    assert keeper.find(("a",), now=42.0) is None


def test_a_tally_that_was_not_written_is_kept() -> None:
    tally = Tally()
    tally.add(1, "landing_views", now=QUARTER + 5)
    taken = tally.take()
    assert taken == {(1, QUARTER, "landing_views"): 1}
    tally.put_back(taken)
    assert tally.take() == taken

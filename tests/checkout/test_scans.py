"""Scans: whatever a reader sends is recognised, changing codes are used up, others stay unseen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from app.cards import codes
from app.cards.codes import draw_secret
from passes.google import rotating
from tests.cards.cards_world import Asking, card_row, program
from tests.checkout.till_world import HOSTED, SCANS, Shop, code_of, rows, shop, till, user
from tests.flows.conftest import World


@pytest.fixture
async def open_shop(world: World) -> Shop:
    return await shop(world)


async def scan(ask: Asking, code: str, **more: Any) -> Any:
    return await ask("POST", SCANS, {"code": code}, **more)


async def held_card(world: World, here: Shop) -> tuple[Asking, Any]:
    """Return a user and the card he holds."""
    holder = await user(world)
    made = await holder("POST", "/v1/cards", {"program_id": here.program, "number": "4711"})
    assert made.status_code == 201, made.text
    return holder, made.json()


async def rotating_secret(world: World, card: Any) -> bytes:
    """Give a card a rotating code and return its secret."""
    card_id, drawn = await card_row(world.ports, card["id"]), draw_secret(world.ports.ids)
    now = world.clock.wall()
    return await world.ports.database.write(
        lambda tx: codes.secret_of(tx, world.ports.secrets, card_id, drawn=drawn, now=now)
    )


def shown(world: World, card: Any, secret: bytes, *, ago: int = 0) -> str:
    """Draw what a phone shows, or showed."""
    return rotating.value_at(secret, card["id"][5:], world.clock.wall() // 1_000_000 - ago)


async def test_a_number_tells_whose_card_it_is_and_what_may_be_spent(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000, display_name="Ana Dubois")
    answer = await scan(open_shop.till, "4711")
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert seen["card"]["id"] == card["id"]
    assert seen["card"]["balances"][0]["value"] == 1_000
    assert seen["display_name"] == "Ana Dubois"
    assert seen["scan_id"].startswith("scan_")
    assert {each["template"] for each in seen["vouchers"]} == {"five", "tenth"}
    assert [(each["rule"], each["type"], each["units_max"]) for each in seen["burns"]] == [
        ("pay", "pay", 1_000),
        ("steps", "ladder", 300),
        ("gift", "item_for_units", 1_000),
    ]
    assert seen["burns"][0]["text"] == "up to 1,000 points, worth 10.00 EUR"


async def test_a_merchants_key_scans_too(open_shop: Shop) -> None:
    card = await open_shop.card("4711")
    assert (await scan(open_shop.merchant, "4711")).json()["card"]["id"] == card["id"]


async def test_an_empty_card_offers_nothing(open_shop: Shop) -> None:
    await open_shop.card("4711")
    seen = (await scan(open_shop.till, "4711")).json()
    assert (seen["vouchers"], seen["burns"], seen["display_name"]) == ([], [], None)


@pytest.mark.parametrize(
    "read", ["036000291452", "0036000291452", "]E00036000291452", " 036000291452 "]
)
async def test_a_upc_is_found_with_and_without_its_leading_zero(
    world: World, open_shop: Shop, read: str
) -> None:
    card = await open_shop.card("036000291452")
    assert (await scan(open_shop.till, read)).json()["card"]["id"] == card["id"]


async def test_a_barcode_value_that_differs_from_the_number_is_found(open_shop: Shop) -> None:
    card = await open_shop.card("4711", barcode_value="X/4711", barcode_format="CODE_128")
    for read in ("4711", "X/4711"):
        assert (await scan(open_shop.till, read)).json()["card"]["id"] == card["id"]


@pytest.mark.parametrize(
    ("barcode_format", "number", "value", "reads"),
    [
        ("CODABAR", "1234", "A1234B", ["A1234B", "1234"]),
        ("GS1_128", "293812345678901237", "[8018]293812345678901237",
         ["[8018]293812345678901237", "8018293812345678901237", "]C18018293812345678901237"]),
    ],
)  # fmt: skip
async def test_readers_differ_in_what_they_send_around_a_value(
    world: World, barcode_format: str, number: str, value: str, reads: list[str]
) -> None:
    here = await shop(world, barcode={"format": barcode_format})
    card = await here.card(number, barcode_value=value, barcode_format=barcode_format)
    for read in reads:
        answer = await scan(here.till, read)
        assert answer.status_code == 200, (read, answer.text)
        assert answer.json()["card"]["id"] == card["id"]


async def test_a_vouchers_code_tells_whose_it_is(open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    code = (await open_shop.vouchers(card))["five"]
    for read in (code, code.lower()):
        assert (await scan(open_shop.till, read)).json()["card"]["id"] == card["id"]


async def test_a_mirrored_card_is_shown_as_it_was_told(world: World, open_shop: Shop) -> None:
    mirrored = await program(
        open_shop.merchant, name="Mirrored", units=[{"id": "pts", "name": "Points"}], tiers=[]
    )
    path = f"/v1/partner/programs/{mirrored}/cards"
    await open_shop.merchant("POST", path, {"number": "4006381333931"})
    told = {"sequence": 1, "as_of": open_shop.now, "balance": 7}
    await open_shop.merchant("PUT", f"{path}/4006381333931/statement", told)
    seen = (await scan(open_shop.till, "4006381333931")).json()
    assert seen["card"]["balances"][0]["value"] == 7
    assert (seen["vouchers"], seen["burns"]) == ([], [])


async def test_of_two_programs_that_know_a_number_the_hosted_one_answers(
    world: World, open_shop: Shop
) -> None:
    mirrored = await program(open_shop.merchant, name="Mirrored", tiers=[])
    await open_shop.merchant(
        "POST", f"/v1/partner/programs/{mirrored}/cards", {"number": "4006381333931"}
    )
    card = await open_shop.card("4006381333931")
    assert (await scan(open_shop.till, "4006381333931")).json()["card"]["id"] == card["id"]


@pytest.mark.parametrize(
    "code", ["nobody", "PC1." + "0" * 32 + ".59.94287082", "\u00e9", "1" * 4096]
)
async def test_what_nobody_knows_is_not_found(open_shop: Shop, code: str) -> None:
    assert code_of(await scan(open_shop.till, code)) == (404, "card-not-found")


async def test_another_merchants_cards_are_as_unknown_as_any(world: World, open_shop: Shop) -> None:
    card = await open_shop.card("4711", units=1_000)
    secret = await rotating_secret(world, card)
    stranger = await shop(world, "Other")
    codes_read = ["4711", shown(world, card, secret), (await open_shop.vouchers(card))["five"]]
    for code in codes_read:
        assert code_of(await scan(stranger.till, code)) == (404, "card-not-found")


async def test_a_coalitions_cards_are_known_at_its_partners_tills(world: World) -> None:
    partner = await shop(world, "Books")
    coalition = {"partners": [{"merchant": "books"}, {"merchant": "bakery"}]}
    bakery = await shop(world, "Bakery", rules=HOSTED["rules"] | {"coalition": coalition})
    card = await bakery.card("4711", units=1_000)
    seen = await scan(partner.till, "4711")
    assert seen.json()["card"]["id"] == card["id"]
    alone = HOSTED | {"rules": HOSTED["rules"] | {"version": 2}}
    replaced = await bakery.merchant("PUT", f"/v1/partner/programs/{bakery.program}", alone)
    assert replaced.status_code == 200, replaced.text
    assert code_of(await scan(partner.till, "4711")) == (404, "card-not-found")


async def test_a_rotating_code_is_used_up_by_the_scan_it_answered(
    world: World, open_shop: Shop
) -> None:
    _, card = await held_card(world, open_shop)
    code = shown(world, card, await rotating_secret(world, card))
    assert card["number"] not in code
    first = await scan(open_shop.till, code, key="once")
    assert first.status_code == 200, first.text
    again = await scan(open_shop.till, code, key="once")
    assert (again.content, again.headers["Idempotent-Replay"]) == (first.content, "true")
    other = await scan(open_shop.other, code)
    assert code_of(other) == (409, "code-already-used")
    assert (other.json()["location_id"], other.json()["used_at"]) == ("paris", open_shop.now)
    assert code_of(await scan(open_shop.till, code)) == (409, "code-already-used")
    world.clock.forward(60)
    assert code_of(await scan(open_shop.other, code)) == (410, "code-expired")


async def test_a_wrong_rotating_code_is_unknown(world: World, open_shop: Shop) -> None:
    _, card = await held_card(world, open_shop)
    code = shown(world, card, await rotating_secret(world, card))
    wrong = code[:-1] + str((int(code[-1]) + 1) % 10)
    assert code_of(await scan(open_shop.till, wrong)) == (404, "card-not-found")
    moved = code.replace(card["id"][5:], "0" * 32)
    assert code_of(await scan(open_shop.till, moved)) == (404, "card-not-found")


async def test_a_one_time_code_is_used_up_and_expires(world: World, open_shop: Shop) -> None:
    holder, card = await held_card(world, open_shop)

    async def fresh() -> str:
        made = await holder("POST", f"/v1/cards/{card['id']}/one-time-codes")
        return str(made.json()["code"])

    code = await fresh()
    assert (await scan(open_shop.till, code)).json()["card"]["id"] == card["id"]
    assert code_of(await scan(open_shop.other, code)) == (409, "code-already-used")
    late = await fresh()
    world.clock.forward(30)
    assert code_of(await scan(open_shop.till, late)) == (410, "code-expired")
    assert code_of(await scan(open_shop.till, code)) == (410, "code-expired")


async def test_of_two_tills_with_one_code_exactly_one_wins_a_hundred_times(
    world: World, open_shop: Shop
) -> None:
    _, card = await held_card(world, open_shop)
    secret = await rotating_secret(world, card)
    for _ in range(100):
        world.clock.forward(30)
        code = shown(world, card, secret)
        answers = await asyncio.gather(scan(open_shop.till, code), scan(open_shop.other, code))
        assert sorted(code_of(answer) for answer in answers) == [
            (200, ""),
            (409, "code-already-used"),
        ]


async def test_a_plain_scan_changes_nothing(world: World, open_shop: Shop) -> None:
    await open_shop.card("4711", units=100)
    before = await rows(world.ports, "SELECT COUNT(*) FROM idempotency")
    for _ in range(3):
        assert (await scan(open_shop.till, "4711")).status_code == 200
    assert await rows(world.ports, "SELECT COUNT(*) FROM idempotency") == before


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "code"),
        ({"code": ""}, "code"),
        ({"code": 1}, "code"),
        ({"code": "1", "kind": "nfc"}, "kind"),
        ({"code": "1" * 4097}, "code"),
        ({"code": "1", "card_id": "x"}, "card_id"),
    ],
)
async def test_a_bad_scan_names_the_field(open_shop: Shop, body: Any, path: str) -> None:
    answer = await open_shop.till("POST", SCANS, body)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path), answer.text


async def test_a_revoked_till_reads_nothing_and_its_use_is_noted(
    world: World, open_shop: Shop
) -> None:
    new = await till(world, open_shop.merchant)
    assert code_of(await scan(new, "nobody")) == (404, "card-not-found")
    tills = (await open_shop.merchant("GET", "/v1/partner/tills")).json()["items"]
    used, first = tills[-1], tills[-1]["last_used_at"]
    assert first is not None
    world.clock.forward(59)
    await scan(new, "nobody")
    assert (await open_shop.merchant("GET", "/v1/partner/tills")).json()["items"][-1] == used
    world.clock.forward(2)
    await scan(new, "nobody")
    noted = (await open_shop.merchant("GET", "/v1/partner/tills")).json()["items"][-1]
    assert noted["last_used_at"] != first
    await open_shop.merchant("DELETE", f"/v1/partner/tills/{used['id']}")
    assert code_of(await scan(new, "nobody")) == (401, "unauthorized")


async def test_a_till_may_do_nothing_else(open_shop: Shop) -> None:
    for method, path in (
        ("GET", "/v1/me"),
        ("GET", "/v1/cards"),
        ("GET", "/v1/partner/programs"),
        ("GET", "/v1/partner/tills"),
        ("GET", f"/v1/partner/programs/{open_shop.program}/cards"),
    ):
        assert code_of(await open_shop.till(method, path)) == (403, "wrong-token"), path

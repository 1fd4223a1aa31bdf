"""POST /v1/cards: every rule of specs api §4, on both engines."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.cards.cards_world import NUMBER, NUMBERS, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World


async def add(ask: Asking, **card: Any) -> Any:
    return await ask("POST", "/v1/cards", card)


async def test_a_card_of_any_shop_is_just_a_barcode(world: World) -> None:
    ask = await user(world)
    answer = await add(ask, shop_name="Boulangerie", number=f" {NUMBER} ", label="Pain")
    assert answer.status_code == 201, answer.text
    card = answer.json()
    assert card["authority"] == "none" and card["program_id"] is None
    assert card["number"] == card["barcode_value"] == NUMBER
    assert card["barcode_format"] == "EAN_13"  # guessed
    assert card["balances"] == [] and card["tier"] is None and card["sequence"] is None
    assert card["label"] == "Pain" and card["access"] == "owner" and card["position"] == 0
    assert (await ask("GET", f"/v1/cards/{card['id']}")).json() == card
    assert (await ask("GET", "/v1/cards")).json() == {"items": [card], "next": None}


@pytest.mark.parametrize(
    ("body", "status", "code", "path"),
    [
        ({"number": NUMBER}, 400, "invalid-input", "shop_name"),
        ({"shop_name": " ", "number": NUMBER}, 400, "invalid-input", "shop_name"),
        ({"shop_name": "A"}, 400, "invalid-input", "number"),
        ({"shop_name": "A", "number": "  "}, 400, "invalid-input", "number"),
        ({"shop_name": "A", "number": NUMBER, "barcode_format": "EAN13"}, 400, "invalid-input", "barcode_format"),
        ({"shop_name": "A", "number": NUMBER[:-1] + "2", "barcode_format": "EAN_13"}, 422, "invalid-barcode", "number"),
        ({"shop_name": "A", "number": "1", "barcode_value": "12", "barcode_format": "ITF"}, 422, "invalid-barcode", "barcode_value"),
        ({"shop_name": "A", "number": NUMBER, "color": "red"}, 400, "invalid-input", "color"),
        ({"shop_name": "A", "number": NUMBER, "balance": 3}, 400, "invalid-input", "balance"),
    ],
)  # fmt: skip
async def test_what_cannot_be_a_card_is_refused_and_nothing_is_stored(
    world: World, body: dict[str, Any], status: int, code: str, path: str
) -> None:
    ask = await user(world)
    answer = await ask("POST", "/v1/cards", body)
    assert answer.status_code == status, answer.text
    problem = answer.json()
    assert problem["code"] == code
    assert problem["errors"][0]["path"] == path
    assert not await rows(world.ports, "SELECT 1 FROM card")


async def test_a_missing_check_digit_is_suggested_never_added(world: World) -> None:
    answer = await add(
        await user(world), shop_name="A", number=NUMBER[:-1], barcode_format="EAN_13"
    )
    assert answer.status_code == 422
    assert answer.json()["suggestion"] == NUMBER


async def test_a_payment_card_is_refused(world: World) -> None:
    for card in (
        {"number": "4111111111111111"},
        {"number": "1", "barcode_value": "4111111111111111"},
    ):
        answer = await add(await user(world), shop_name="Bank", **card)
        assert (answer.status_code, answer.json()["code"]) == (422, "payment-card")


async def test_number_and_barcode_value_are_two_fields(world: World) -> None:
    answer = await add(await user(world), shop_name="A", number="12 34", barcode_value="X-1234")
    card = answer.json()
    assert (card["number"], card["barcode_value"]) == ("12 34", "X-1234")
    assert card["barcode_format"] == "CODE_128"


async def test_the_programs_usual_format_is_guessed_first(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop, barcode={"format": "CODE_39"})
    card = (await add(await user(world), program_id=prog, number=NUMBER)).json()
    assert card["barcode_format"] == "CODE_39"


async def test_an_unknown_number_is_enrolled_and_linked(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    answer = await add(ask, program_id=prog, number=NUMBER)
    assert answer.status_code == 201, answer.text
    card = answer.json()
    assert card["program_id"] == prog and card["authority"] == "merchant"
    assert card["shop_name"] == "Maison Verte"
    account = await shop("GET", f"/v1/partner/programs/{prog}/cards/{NUMBER}")
    assert account.json()["id"] == card["id"]
    events = await rows(world.ports, "SELECT type, sequence FROM event")
    assert events == [("card.created", 1)]


async def test_the_pattern_of_a_program_names_the_number(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop, barcode={"format": "EAN_13", "number_pattern": r"29\d{11}"})
    answer = await add(await user(world), program_id=prog, number=NUMBER)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "number"


@pytest.mark.parametrize(
    "barcode_format", ["EAN_13", "EAN_8", "UPC_A", "UPC_E", "CODE_128", "CODE_39", "CODE_93", "ITF", "CODABAR", "QR_CODE", "PDF_417", "AZTEC", "DATA_MATRIX", "GS1_128", "RSS_14", "RSS_EXPANDED", "MAXICODE", "none"]
)  # fmt: skip
async def test_a_hosted_program_draws_a_number_that_fits(world: World, barcode_format: str) -> None:
    _, shop = await merchant(world)
    prog = await program(shop, authority="ledger", barcode={"format": barcode_format})
    answer = await add(await user(world), program_id=prog)
    assert answer.status_code == 201, answer.text
    card = answer.json()
    assert card["barcode_format"] == barcode_format
    assert card["balances"] == [
        {"unit": "pts", "name": "Points", "value": 0, "pending": 0},
        {"unit": "stamps", "name": "Tampons", "value": 0, "pending": 0},
    ]


async def test_a_mirrored_program_draws_no_number_for_a_user(world: World) -> None:
    _, shop = await merchant(world)
    answer = await add(await user(world), program_id=await program(shop))
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "number")


async def test_an_unknown_program_is_not_found(world: World) -> None:
    answer = await add(await user(world), program_id="prog_" + "0" * 32, number=NUMBER)
    assert answer.status_code == 404


async def test_the_same_user_again_gets_200_and_his_card(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    first = await add(ask, program_id=prog, number=NUMBER, label="mine")
    again = await add(ask, program_id=prog, number=NUMBER)
    assert again.status_code == 200
    assert again.json() == first.json()
    assert len((await ask("GET", "/v1/cards")).json()["items"]) == 1


async def test_a_number_somebody_else_holds_needs_proof_like_one_nobody_holds(
    world: World,
) -> None:
    _, shop = await merchant(world)
    prog = await program(shop)
    await add(await user(world), program_id=prog, number=NUMBERS[0])
    await shop("POST", f"/v1/partner/programs/{prog}/cards", {"number": NUMBERS[1]})
    ask = await user(world)
    bodies = []
    for number in NUMBERS[:2]:
        answer = await add(ask, program_id=prog, number=number)
        assert (answer.status_code, answer.json()["code"]) == (409, "proof-needed")
        bodies.append(answer.json() | {"request_id": ""})
    assert bodies[0] == bodies[1]
    assert (await ask("GET", "/v1/cards")).json()["items"] == []


async def test_open_numbers_link_a_known_number_without_holder(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop, settings={"open_numbers": True})
    await shop("POST", f"/v1/partner/programs/{prog}/cards", {"number": NUMBER})
    assert (await add(await user(world), program_id=prog, number=NUMBER)).status_code == 201
    other = await add(await user(world), program_id=prog, number=NUMBER)
    assert (other.status_code, other.json()["code"]) == (409, "proof-needed")


async def test_the_merchants_link_token_proves_a_number_once(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    path = f"/v1/partner/programs/{prog}/cards"
    token = (await shop("POST", path, {"number": NUMBER})).json()["link_token"]
    wrong = await add(ask, program_id=prog, number=NUMBER, link_token="pcc_test_" + "x" * 43)
    assert wrong.status_code == 409
    answer = await add(ask, program_id=prog, number=NUMBER, link_token=token)
    assert answer.status_code == 201, answer.text
    late = await add(await user(world), program_id=prog, number=NUMBER, link_token=token)
    assert late.status_code == 409
    held = await shop("POST", path, {"number": NUMBER})
    assert held.status_code == 200
    assert held.json()["link_token"] is None and held.json()["claim_url"] is None


async def test_a_token_proves_its_own_number_only(world: World) -> None:
    _, shop = await merchant(world)
    prog, path = await program(shop), ""
    path = f"/v1/partner/programs/{prog}/cards"
    token = (await shop("POST", path, {"number": NUMBERS[0]})).json()["link_token"]
    await shop("POST", path, {"number": NUMBERS[1]})
    answer = await add(await user(world), program_id=prog, number=NUMBERS[1], link_token=token)
    assert answer.status_code == 409


async def test_ten_refused_claims_an_hour_are_enough(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    await shop("POST", f"/v1/partner/programs/{prog}/cards", {"number": NUMBER})
    for _ in range(10):
        assert (await add(ask, program_id=prog, number=NUMBER)).status_code == 409
    answer = await add(ask, program_id=prog, number=NUMBER)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert (await add(ask, program_id=prog, number=NUMBERS[1])).status_code == 201
    world.clock.forward(3601)
    assert (await add(ask, program_id=prog, number=NUMBER)).status_code == 409


async def test_two_users_who_claim_one_number_at_once_are_never_both_its_owner(
    world: World,
) -> None:
    _, shop = await merchant(world)
    prog = await program(shop, settings={"open_numbers": True})
    askers = [await user(world) for _ in range(6)]
    for number in NUMBERS:
        answers = await asyncio.gather(
            *(add(ask, program_id=prog, number=number) for ask in askers)
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201, 409, 409, 409, 409, 409]
    assert len(await rows(world.ports, "SELECT 1 FROM holder")) == len(NUMBERS)


async def test_the_same_key_gets_the_same_answer_and_makes_one_card(world: World) -> None:
    ask = await user(world)
    body = {"shop_name": "A", "number": NUMBER}
    first = await ask("POST", "/v1/cards", body, key="one")
    again = await ask("POST", "/v1/cards", body, key="one")
    assert again.content == first.content and again.status_code == 201
    assert again.headers["idempotent-replay"] == "true"
    other = await ask("POST", "/v1/cards", body | {"number": "1"}, key="one")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-conflict")
    assert len(await rows(world.ports, "SELECT 1 FROM card")) == 1


async def test_a_repeat_finishes_what_a_crash_left_between_card_and_holding(
    world: World,
) -> None:
    ask = await user(world)
    body = {"shop_name": "A", "number": NUMBER, "label": "mine"}
    first = (await ask("POST", "/v1/cards", body, key="one")).json()
    card_id = await card_row(world.ports, first["id"])
    await world.ports.database.write(
        lambda tx: tx.run("DELETE FROM holding WHERE card_id = ?", card_id)
    )
    await ask("POST", "/v1/cards", body, key="one")
    assert (await ask("GET", f"/v1/cards/{first['id']}")).json() == first
    assert (await ask("GET", "/v1/cards")).json()["items"] == [first]


async def test_a_late_repeat_does_not_bring_back_a_card_that_left(world: World) -> None:
    ask = await user(world)
    body = {"shop_name": "A", "number": NUMBER}
    card = (await ask("POST", "/v1/cards", body, key="one")).json()
    assert (await ask("DELETE", f"/v1/cards/{card['id']}")).status_code == 204
    await ask("POST", "/v1/cards", body, key="one")
    assert (await ask("GET", "/v1/cards")).json()["items"] == []
    assert (await ask("GET", f"/v1/cards/{card['id']}")).status_code == 404


async def test_a_upc_a_and_its_ean_13_are_one_number(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop)
    await add(await user(world), program_id=prog, number="036000291452")
    answer = await add(await user(world), program_id=prog, number="0036000291452")
    assert (answer.status_code, answer.json()["code"]) == (409, "proof-needed")

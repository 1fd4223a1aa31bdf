"""A number while it is typed: the format guessed, the code drawn, a wrong check digit explained."""

from __future__ import annotations

from typing import Any

from tests.cards.cards_world import Asking, merchant, program
from tests.flows.conftest import World


async def drawn(world: World, number: str, **more: Any) -> Any:
    ask = Asking(world, None)
    return await ask("POST", "/v1/barcodes/draw", {"number": number, **more})


async def test_a_typed_number_is_drawn_in_the_format_that_fits(world: World) -> None:
    for number, barcode_format in (
        ("4006381333931", "EAN_13"),
        ("40170725", "EAN_8"),
        ("036000291452", "UPC_A"),
        ("AB-12345", "CODE_128"),
        ("x" * 81, "QR_CODE"),
    ):
        answer = await drawn(world, number)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["barcode_format"] == barcode_format and found["is_guessed"]
        assert found["svg"].startswith("<svg") and found["flaw"] is None


async def test_a_wrong_check_digit_is_explained_and_another_format_drawn(world: World) -> None:
    found = (await drawn(world, "3017620422004")).json()
    assert (found["barcode_format"], found["barcode_value"]) == ("CODE_128", "3017620422004")
    assert found["svg"] and found["flaw"]["barcode_format"] == "EAN_13"
    assert found["flaw"]["reason"] == "check digit is 3, not 4"


async def test_a_forgotten_last_digit_is_offered_and_never_added(world: World) -> None:
    found = (await drawn(world, "400638133393")).json()
    assert found["barcode_value"] == "400638133393"
    assert found["flaw"]["suggestion"] == "4006381333931"


async def test_a_chosen_format_that_refuses_is_not_drawn_but_says_why(world: World) -> None:
    found = (await drawn(world, "12345", barcode_format="ITF")).json()
    assert found["svg"] is None and not found["is_guessed"]
    assert found["flaw"]["suggestion"] == "012345"
    assert found["flaw"]["suggested_format"] == "CODE_128"


async def test_the_programs_usual_format_comes_first(world: World) -> None:
    _, ask = await merchant(world)
    known_as = await program(ask, barcode={"format": "CODE_39"})
    found = (await drawn(world, "40170725", program_id=known_as)).json()
    assert found["barcode_format"] == "CODE_39"
    answer = await drawn(world, "1", program_id="prog_" + "0" * 32)
    assert answer.status_code == 404


async def test_a_payment_cards_number_is_refused_before_it_is_drawn(world: World) -> None:
    answer = await drawn(world, "4111111111111111")
    assert answer.status_code == 422 and answer.json()["code"] == "payment-card"


async def test_a_number_alone_is_not_drawn(world: World) -> None:
    found = (await drawn(world, "12345", barcode_format="none")).json()
    assert found["svg"] is None and found["flaw"] is None

"""One-time codes: for who may spend, 30 seconds, the next one ends the one before, drawn to fit."""

from __future__ import annotations

from typing import Any

import pytest

from app.cards import codes
from app.cards.codes import CodeFound, User
from app.cards.codes_controller import CODES_PER_MINUTE, draw_code, format_of
from app.clock import SECOND, rfc3339
from app.errors import CodeAlreadyUsed, CodeExpired
from app.programs.schemas import NewBarcode
from passes.barcode import check
from tests.cards.cards_world import Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World


async def a_card(world: World, **changes: Any) -> tuple[Asking, dict[str, Any], int]:
    """Make a card of a program and return its holder, the card and the program's id inside."""
    _, ask = await merchant(world)
    known_as = await program(ask, settings={"open_numbers": True}, **changes)
    holder = await user(world)
    body = {"program_id": known_as, "number": "4006381333931"}
    card = (await holder("POST", "/v1/cards", body)).json()
    found = await rows(
        world.ports,
        "SELECT program_id FROM program_by_public WHERE public_id = ?",
        bytes.fromhex(known_as[5:]),
    )
    return holder, card, int(found[0][0])


async def made(ask: Asking, card: dict[str, Any]) -> Any:
    return await ask("POST", f"/v1/cards/{card['id']}/one-time-codes")


async def found_by(world: World, text: str, program_id: int, *, at: int | None = None) -> Any:
    """Look a code up as a till's scan does."""
    ports, now = world.ports, world.clock.wall()

    def work(tx: Any) -> CodeFound | None:
        return codes.look_up(
            tx,
            ports.secrets,
            text,
            program_ids={program_id},
            at=now if at is None else at,
            is_late=at is not None,
        )

    return await ports.database.read_point(work)


async def use(world: World, found: CodeFound, name: str = "till:1", **more: Any) -> None:
    """Use a code up."""
    now = world.clock.wall()
    await world.ports.database.write(lambda tx: codes.use(tx, found, User(name, **more), now=now))


async def test_a_code_lasts_thirty_seconds_and_is_drawn(world: World) -> None:
    holder, card, program_id = await a_card(world)
    answer = await made(holder, card)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (201, "no-store")
    shown = answer.json()
    assert shown["expires_at"] == rfc3339(world.clock.wall() + 30 * SECOND)
    assert shown["barcode_svg"].startswith("<svg ")
    assert len(shown["code"]) == 16 and shown["code"].isdigit()
    found = await found_by(world, shown["code"], program_id)
    assert found.card_id == await card_row(world.ports, card["id"])
    assert await found_by(world, shown["code"], program_id + 1) is None
    world.clock.forward(29.5)
    assert await found_by(world, shown["code"], program_id) == found
    world.clock.forward(0.5)
    with pytest.raises(CodeExpired):
        await found_by(world, shown["code"], program_id)


async def test_the_next_code_ends_the_one_before(world: World) -> None:
    holder, card, program_id = await a_card(world)
    first, second = (await made(holder, card)).json(), (await made(holder, card)).json()
    with pytest.raises(CodeExpired):
        await found_by(world, first["code"], program_id)
    assert await found_by(world, second["code"], program_id) is not None


async def test_a_code_is_used_up_once_and_says_when_and_where(world: World) -> None:
    holder, card, program_id = await a_card(world)
    found = await found_by(world, (await made(holder, card)).json()["code"], program_id)
    await use(world, found, location_id="paris")
    with pytest.raises(CodeAlreadyUsed) as refused:
        await use(world, found, "till:2")
    assert refused.value.facts == {
        "used_at": rfc3339(world.clock.wall()),
        "location_id": "paris",
    }
    await made(holder, card)  # the next one does not make the used one unused
    with pytest.raises(CodeAlreadyUsed):
        await use(world, found)


async def test_a_late_ticket_may_use_once_what_the_same_tills_scan_used(world: World) -> None:
    holder, card, program_id = await a_card(world)
    code, read_at = (await made(holder, card)).json()["code"], world.clock.wall()
    await use(world, await found_by(world, code, program_id))
    world.clock.forward(3600)
    late = await found_by(world, code, program_id, at=read_at)
    with pytest.raises(CodeAlreadyUsed):
        await use(world, late, "till:2", ticket_key=b"a")
    await use(world, late, ticket_key=b"a")
    with pytest.raises(CodeAlreadyUsed):
        await use(world, late, ticket_key=b"b")


async def test_codes_are_kept_as_hashes_and_forgotten_a_day_later(world: World) -> None:
    holder, card, program_id = await a_card(world)
    first = (await made(holder, card)).json()["code"]
    kept = await rows(world.ports, "SELECT code_hash FROM card_by_one_time_code")
    assert first.encode() not in bytes(kept[0][0])
    world.clock.forward(24 * 3600 + 31)
    with pytest.raises(CodeExpired):
        await found_by(world, first, program_id)
    await made(holder, card)
    assert await found_by(world, first, program_id) is None
    assert len(await rows(world.ports, "SELECT code_hash FROM card_by_one_time_code")) == 1
    assert len(await rows(world.ports, "SELECT code_hash FROM one_time_code")) == 1


async def test_nobody_else_and_no_number_only_card_gets_a_code(world: World) -> None:
    holder, card, _ = await a_card(world)
    stranger = await user(world)
    for path in (card["id"], "card_" + "0" * 32, "nonsense"):
        answer = await stranger("POST", f"/v1/cards/{path}/one-time-codes")
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    alone = (await holder("POST", "/v1/cards", {"shop_name": "X", "number": "1"})).json()
    answer = await made(holder, alone)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-authority")
    assert (await holder("DELETE", f"/v1/cards/{card['id']}")).status_code == 204
    assert (await made(holder, card)).status_code == 404


async def test_who_may_only_see_a_card_makes_no_code(world: World) -> None:
    holder, card, _ = await a_card(world)
    card_id = await card_row(world.ports, card["id"])

    def share(access: str) -> Any:
        return lambda tx: tx.run("UPDATE holder SET access = ? WHERE card_id = ?", access, card_id)

    for access, status in (("read", 403), ("full", 201)):
        await world.ports.database.write(share(access))
        assert (await made(holder, card)).status_code == status


async def test_codes_are_limited_by_user(world: World) -> None:
    holder, card, _ = await a_card(world)
    for _ in range(CODES_PER_MINUTE):
        assert (await made(holder, card)).status_code == 201
    assert (await made(holder, card)).status_code == 429
    world.clock.forward(60)
    assert (await made(holder, card)).status_code == 201


@pytest.mark.parametrize(
    ("barcode", "drawn"),
    [
        ({"format": "EAN_13"}, "QR_CODE"),
        ({"format": "AZTEC"}, "AZTEC"),
        ({"format": "PDF_417", "accepts": ("CODE_128", "PDF_417")}, "PDF_417"),
        ({"format": "EAN_13", "accepts": ("EAN_13", "QR_CODE")}, "QR_CODE"),
        ({"format": "EAN_13", "accepts": ("EAN_13", "CODE_128")}, "CODE_128"),
        ({"format": "ITF", "accepts": ("ITF",)}, "ITF"),
        ({"format": "EAN_13", "accepts": ("EAN_13",)}, "EAN_13"),
        ({"format": "CODABAR", "accepts": ("CODABAR",)}, "QR_CODE"),
    ],
)
def test_a_code_fits_what_the_programs_tills_read(barcode: Any, drawn: str) -> None:
    chosen = format_of(NewBarcode(**barcode))
    assert chosen == drawn
    assert check(chosen, draw_code(chosen, lambda count: "7" * count)) is None

"""What a holder does with his cards: change, leave, draw, claim, join; and what a pass shows."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from app.cards import passes_of
from app.cards.content import content_of
from app.cards.service import move_cards
from tests.cards.cards_world import NUMBER, NUMBERS, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World


async def own(ask: Asking, number: str = NUMBER, **card: Any) -> Any:
    answer = await ask("POST", "/v1/cards", {"shop_name": "Boulangerie", "number": number} | card)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_holder_changes_his_side_and_a_number_only_card(world: World) -> None:
    ask = await user(world)
    card = await own(ask)
    path = f"/v1/cards/{card['id']}"
    change = {
        "label": "Pain", "color": "#2e7d32", "note": "a\nb", "groups": ["x"], "position": 7,
        "is_favorite": True, "shop_name": "Autre", "number": NUMBERS[1],
        "own_balance": {"value": "12.50", "currency": "EUR"},
        "expires_at": "2027-01-31T23:00:00Z",
    }  # fmt: skip
    answer = await ask("PATCH", path, change)
    assert answer.status_code == 200, answer.text
    assert answer.json() == card | change | {"barcode_value": NUMBERS[1]}
    cleared = await ask("PATCH", path, {"label": None, "own_balance": None, "expires_at": None})
    assert cleared.json()["label"] is None and cleared.json()["own_balance"] is None
    assert cleared.json()["expires_at"] is None and cleared.json()["note"] == "a\nb"


@pytest.mark.parametrize(
    ("change", "status", "path"),
    [
        ({"number": "12"}, 422, "number"),
        ({"barcode_format": "FOO"}, 400, "barcode_format"),
        ({"shop_name": "  "}, 400, "shop_name"),
        ({"position": -1}, 400, "position"),
        ({"number": None}, 400, "number"),
        ({"access": "read"}, 400, "access"),
        ({"expires_at": "2026-02-30T00:00:00Z"}, 400, "expires_at"),
    ],
)
async def test_a_wrong_change_is_refused_whole(
    world: World, change: dict[str, Any], status: int, path: str
) -> None:
    ask = await user(world)
    card = await own(ask)
    answer = await ask("PATCH", f"/v1/cards/{card['id']}", {"label": "x"} | change)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert (await ask("GET", f"/v1/cards/{card['id']}")).json() == card


async def test_a_programs_card_keeps_its_number(world: World) -> None:
    _, shop = await merchant(world)
    ask = await user(world)
    body = {"program_id": await program(shop), "number": NUMBER}
    card = (await ask("POST", "/v1/cards", body)).json()
    answer = await ask("PATCH", f"/v1/cards/{card['id']}", {"number": NUMBERS[1]})
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, "number")


async def test_cards_of_others_are_not_found_on_any_route(world: World) -> None:
    card = await own(await user(world))
    other, path = await user(world), f"/v1/cards/{card['id']}"
    unknown = "/v1/cards/card_" + "0" * 32
    for method, tail, body in [
        ("GET", "", None), ("PATCH", "", {"label": "x"}), ("DELETE", "", None),
        ("GET", "/barcode.svg", None), ("GET", "/barcode.png", None), ("GET", "/history", None),
        ("GET", "/vouchers", None),
    ]:  # fmt: skip
        answers = [await other(method, start + tail, body) for start in (path, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404], tail
        known, not_known = (answer.json() | {"request_id": ""} for answer in answers)
        assert known == not_known


async def test_a_list_is_in_the_users_order_page_by_page(world: World) -> None:
    ask = await user(world)
    cards = [await own(ask, number) for number in NUMBERS]
    await ask("PATCH", f"/v1/cards/{cards[0]['id']}", {"position": 9})
    seen, after = [], ""
    while True:
        page = (await ask("GET", f"/v1/cards?limit=1{after}")).json()
        seen += [card["number"] for card in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == [*NUMBERS[1:], NUMBERS[0]]


async def test_a_code_is_drawn_as_svg_and_png(world: World) -> None:
    ask = await user(world)
    path = f"/v1/cards/{(await own(ask))['id']}"
    svg = await ask("GET", path + "/barcode.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.headers["x-content-type-options"] == "nosniff"
    assert svg.text.startswith("<svg") and NUMBER not in svg.text
    png = await ask("GET", path + "/barcode.png?scale=10")
    assert png.content.startswith(b"\x89PNG")
    for scale in ("0", "11", "x"):
        assert (await ask("GET", f"{path}/barcode.png?scale={scale}")).status_code == 400
    plain = await own(ask, "12", barcode_format="none")
    assert (await ask("GET", f"/v1/cards/{plain['id']}/barcode.svg")).status_code == 404


async def joined(world: World, shop_program: str, **body: Any) -> Any:
    answer = await Asking(world, None)("POST", f"/v1/programs/{shop_program}/join", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_joining_makes_a_card_whose_token_shows_and_claims_it_once(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop)
    joining = await joined(world, prog, email="ana@example.org", display_name="Ana")
    assert re.fullmatch(r"pcc_test_[\w-]{43}", joining["claim_token"])
    bearer = Asking(world, joining["claim_token"])
    path = f"/v1/cards/{joining['card']['id']}"
    assert (await bearer("GET", path)).json() == joining["card"]
    assert (await bearer("GET", path + "/barcode.svg")).status_code == 200
    assert (await bearer("GET", "/v1/cards")).status_code == 403
    mails = await rows(world.ports, "SELECT recipient, body FROM mail")
    assert mails[0][0] == "ana@example.org" and f"/claim#{joining['claim_token']}" in mails[0][1]
    claimants = [await user(world) for _ in range(4)]
    body = {"claim_token": joining["claim_token"]}
    answers = await asyncio.gather(*(ask("POST", "/v1/claims", body) for ask in claimants))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    winner = next(
        ask for ask, answer in zip(claimants, answers, strict=True) if answer.status_code == 200
    )
    again = await winner("POST", "/v1/claims", body)
    assert again.status_code == 200 and again.json()["id"] == joining["card"]["id"]
    assert (await bearer("GET", path)).status_code == 401
    assert len((await winner("GET", "/v1/cards")).json()["items"]) == 1


async def test_joining_always_makes_a_card_for_a_new_key(world: World) -> None:
    _, shop = await merchant(world)
    prog = await program(shop)
    nobody, body = Asking(world, None), {"email": "ana@example.org"}
    path = f"/v1/programs/{prog}/join"
    first = await nobody("POST", path, body, key="a")
    assert (await nobody("POST", path, body, key="a")).content == first.content
    assert (await nobody("POST", path, body, key="b")).json()["card"]["id"] != first.json()["card"][
        "id"
    ]
    slug = (await shop("GET", f"/v1/partner/programs/{prog}")).json()["slug"]
    assert (await nobody("POST", f"/v1/programs/{slug}/join", {})).status_code == 201
    assert (await nobody("POST", "/v1/programs/nothing/join", {})).status_code == 404


async def test_who_claims_with_a_card_of_that_program_keeps_the_one_he_has(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    mine = (await ask("POST", "/v1/cards", {"program_id": prog, "number": NUMBER})).json()
    joining = await joined(world, prog)
    body = {"claim_token": joining["claim_token"]}
    for _ in range(2):
        assert (await ask("POST", "/v1/claims", body)).json()["id"] == mine["id"]
    assert [card["id"] for card in (await ask("GET", "/v1/cards")).json()["items"]] == [mine["id"]]
    ended = await shop("GET", f"/v1/partner/programs/{prog}/cards/{joining['card']['number']}")
    assert ended.status_code == 404


async def mailed_code(world: World) -> str:
    mails = await rows(world.ports, "SELECT body FROM mail ORDER BY mail_id DESC")
    return re.findall(r"\b\d{8}\b", mails[0][0])[0]


async def test_a_code_mailed_to_the_contact_proves_a_number(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    path = f"/v1/partner/programs/{prog}/cards"
    await shop("POST", path, {"number": NUMBER, "email": "ana@example.org"})
    await shop("POST", path, {"number": NUMBERS[1]})
    answers = [
        await ask("POST", "/v1/link-codes", {"program_id": named, "number": number})
        for named, number in [
            (prog, NUMBER), (prog, NUMBERS[1]), (prog, NUMBERS[2]), ("prog_" + "0" * 32, NUMBER)
        ]
    ]  # fmt: skip
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (202, answers[0].content)
    }
    assert len(await rows(world.ports, "SELECT 1 FROM mail")) == 1
    code = await mailed_code(world)
    card = {"program_id": prog, "number": NUMBER}
    wrong = "0" * 8 if code != "0" * 8 else "1" * 8
    assert (await ask("POST", "/v1/cards", card | {"link_token": wrong})).status_code == 409
    assert (await ask("POST", "/v1/cards", card | {"link_token": code})).status_code == 201


async def test_a_mailed_code_ends_after_five_tries_and_after_ten_minutes(world: World) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    path = f"/v1/partner/programs/{prog}/cards"
    await shop("POST", path, {"number": NUMBER, "email": "ana@example.org"})
    card = {"program_id": prog, "number": NUMBER}
    await ask("POST", "/v1/link-codes", card)
    code = await mailed_code(world)
    wrong = "0" * 8 if code != "0" * 8 else "1" * 8
    for _ in range(5):
        assert (await ask("POST", "/v1/cards", card | {"link_token": wrong})).status_code == 409
    assert (await ask("POST", "/v1/cards", card | {"link_token": code})).status_code == 409
    world.clock.forward(61)
    await ask("POST", "/v1/link-codes", card)
    code = await mailed_code(world)
    world.clock.forward(601)
    assert (await ask("POST", "/v1/cards", card | {"link_token": code})).status_code == 409


async def test_a_programs_card_that_left_stays_with_its_merchant_without_holder(
    world: World,
) -> None:
    _, shop = await merchant(world)
    prog, ask = await program(shop), await user(world)
    card = (await ask("POST", "/v1/cards", {"program_id": prog, "number": NUMBER})).json()
    card_id = await card_row(world.ports, card["id"])
    ports, serial, now = world.ports, world.ports.ids.public(), world.clock.wall()
    user_id = int((await rows(ports, "SELECT user_id FROM holder"))[0][0])
    made = await ports.database.write(
        lambda tx: passes_of.pass_of(
            tx, card_id=card_id, user_id=user_id, new_serial=serial, now=now, pass_key=1
        )
    )
    assert (await ask("DELETE", f"/v1/cards/{card['id']}")).status_code == 204
    assert (await ask("DELETE", f"/v1/cards/{card['id']}")).status_code == 404
    voided = await ports.database.read(lambda tx: passes_of.pass_by_serial(tx, made.serial))
    assert voided is not None and voided.voided_at == now
    shown = await ports.database.read(lambda tx: content_of(tx, card_id, user_id=user_id, now=now))
    assert shown is not None and shown.is_voided and shown.card_revision == 2
    path = f"/v1/partner/programs/{prog}/cards"
    assert (await shop("GET", f"{path}/{NUMBER}")).status_code == 200
    token = (await shop("POST", path, {"number": NUMBER})).json()["link_token"]
    body = {"program_id": prog, "number": NUMBER, "link_token": token}
    assert (await (await user(world))("POST", "/v1/cards", body)).status_code == 201


async def test_a_hosted_card_shows_0_until_it_earns(world: World) -> None:
    _, shop = await merchant(world)
    ask = await user(world)
    body = {"program_id": await program(shop, authority="ledger")}
    card_id = await card_row(world.ports, (await ask("POST", "/v1/cards", body)).json()["id"])
    user_id = int((await rows(world.ports, "SELECT user_id FROM holder"))[0][0])
    now = world.clock.wall()
    shown = await world.ports.database.read(
        lambda tx: content_of(tx, card_id, user_id=user_id, now=now)
    )
    assert shown is not None
    assert [balance.value for balance in shown.content.balances] == [0, 0]
    assert shown.content.program.headline is None
    assert shown.content.as_of is None


async def test_last_modified_moves_by_a_second_at_least_and_only_for_newer_revisions(
    world: World,
) -> None:
    ask, ports, now = await user(world), world.ports, world.clock.wall()
    card_id = await card_row(ports, (await own(ask))["id"])
    user_id = int((await rows(ports, "SELECT user_id FROM holder"))[0][0])
    serial = ports.ids.public()

    def served(revision: int) -> Any:
        def work(tx: Any) -> Any:
            row = passes_of.pass_of(
                tx, card_id=card_id, user_id=user_id, new_serial=serial, now=now, pass_key=1
            )
            return passes_of.mark_served(
                tx, row, card_revision=revision, program_revision=0, now=now
            )

        return ports.database.write(work)

    begin = (await served(1)).modified
    assert begin == now // 1_000_000
    assert (await served(1)).modified == begin
    assert (await served(2)).modified == begin + 1
    assert (await served(3)).modified == begin + 2
    assert (await served(2)).modified == begin + 2
    assert len(await rows(ports, "SELECT 1 FROM pass")) == 1


async def test_a_guests_cards_go_to_the_user_who_has_the_address(world: World) -> None:
    guest, person, ports = await user(world), await user(world), world.ports
    await own(person, NUMBERS[0], label="first")
    await own(guest, NUMBERS[1], label="second")
    ids = [int(row[0]) for row in await rows(ports, "SELECT user_id FROM users ORDER BY user_id")]
    for _ in range(2):
        await move_cards(ports, ids[0], ids[1])
    held = (await person("GET", "/v1/cards")).json()["items"]
    assert [card["label"] for card in held] == ["first", "second"]
    assert (await guest("GET", "/v1/cards")).json()["items"] == []

"""A file of members: every good row is kept, every bad one is told, and it may come again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from app.partners.member_import_controller import Taking
from app.programs.service import program_by_public
from tests.cards.cards_world import NUMBERS, Asking, merchant, program, rows
from tests.flows.conftest import World
from tests.partners.hosted_shop import PROGRAM, RULES, Shop, units
from tests.partners.members_world import LOST, NEW, balance, open_desk, timeline

LONG_AGO = "2024-05-01"


async def send(
    shop: Shop, text: str | bytes, *, dry: bool = False, by: Asking | None = None
) -> Any:
    """Send a file."""
    body = text if isinstance(text, bytes) else text.encode()
    return await shop.world.client.post(
        f"{shop.path}/members/imports{'?dry_run=true' if dry else ''}",
        content=body,
        headers={
            "Authorization": f"Bearer {(by or shop.ask).token}",
            "Content-Type": "text/csv; charset=utf-8",
            "Accept-Language": "en",
        },
    )


def counts(answer: Any) -> tuple[int, ...]:
    """Read (added, known, opened, failed)."""
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["rows"] == told["added"] + told["known"] + len(told["failed"])
    return (told["added"], told["known"], told["opened"], len(told["failed"]))


FILE = f"""number;prénom;Nom;E-mail;téléphone;anniversaire;Solde;expires_at;date d'inscription
{NEW};Zoé;"Martin
Petit";zoe@example.com;06 01 02 03 04;29/02/1984;1 250;2027-01-31;{LONG_AGO}
{NEW};;;;;;30;;
{NUMBERS[3]};=1+1;;;;;;;
{LOST};;;;;;50;31/12/2026;
;Léo;;leo@example.com;;;7;;
"""


async def test_members_come_with_their_units_and_a_file_may_come_again(world: World) -> None:
    shop = await open_desk(world)
    dry = await send(shop, FILE, dry=True)
    assert counts(dry) == (3, 2, 4, 0)
    assert len((await shop.ask("GET", f"{shop.path}/cards")).json()["items"]) == 2
    first = await send(shop, FILE)
    assert counts(first) == (3, 2, 4, 0)
    assert {**first.json(), "dry_run": True} == dry.json()
    assert [(each["row"], each["column"], each["reason"]) for each in first.json()["warnings"]] == [
        (5, "prénom", "formula-cell"),
        (7, "number", "number-drawn"),
    ]
    zoe = await shop.account(NEW)
    assert (balance(zoe), zoe["display_name"]) == (1_280, "Zoé Martin Petit")
    assert zoe["enrolled_at"] == "2024-04-30T22:00:00Z"
    assert [(lot["units"], lot["expires_at"], lot["source"]) for lot in zoe["lots"]] == [
        (1_250, "2027-01-31T23:00:00Z", "import"),
        (30, None, "import"),
    ]
    assert balance(await shop.account(LOST)) == 50
    assert (await shop.account(NUMBERS[3]))["display_name"] == "=1+1"
    (contact,) = await rows(
        world.ports, "SELECT phone, birthday FROM contact WHERE email = 'zoe@example.com'"
    )
    assert contact == ("06 01 02 03 04", "02-29")
    again = await send(shop, FILE)
    assert counts(again) == (0, 5, 0, 0)
    assert counts(await send(shop, FILE, dry=True)) == (0, 5, 0, 0)
    assert balance(await shop.account(NEW)) == 1_280
    told = [item["text"] for item in await timeline(shop, NEW)]
    assert "Imported from a file" in told


BAD = f"""number,name,email,phone,birthday,balance,expires_at,enrolled_at
{NUMBERS[2]},Good One,,,,10,,
4111111111111111,,,,,,,
4.0E+12,,,,,,,
,No Number,,,,,,
{NUMBERS[3]},Bad,nobody,,,,,
{NUMBERS[3]},Bad,,call me,,,,
{NUMBERS[3]},Bad,,,30-02,,,
{NUMBERS[3]},Bad,,,,1.5,,
{NUMBERS[3]},Bad,,,,,soon,
{NUMBERS[3]},Bad,,,,,,2999-01-01
{NUMBERS[3]},{"x" * 81},,,,,,
{NUMBERS[3]},Bad,,,,,,,,too,many
{NUMBERS[3]},"open
{NUMBERS[2]},Good One,,,,11,,
{NUMBERS[3]},Good Two,,,,,,
"""


async def test_every_bad_row_is_told_and_no_good_one_is_lost(world: World) -> None:
    shop = await open_desk(world)
    answer = await send(shop, BAD)
    assert counts(answer) == (2, 1, 1, 12)
    failed = [(each["row"], each["column"], each["reason"]) for each in answer.json()["failed"]]
    assert failed == [
        (3, "number", "payment-card"),
        (4, "number", "rounded-number"),
        (5, "number", "missing-number"),
        (6, "email", "bad-email"),
        (7, "phone", "bad-phone"),
        (8, "birthday", "bad-date"),
        (9, "balance", "bad-balance"),
        (10, "expires_at", "bad-date"),
        (11, "enrolled_at", "bad-date"),
        (12, "name", "too-long"),
        (13, None, "bad-record"),
        (14, None, "bad-record"),
    ]
    assert [each["reason"] for each in answer.json()["warnings"]] == ["already-opened"]
    assert not any(NUMBERS[3] in each["detail"] for each in answer.json()["failed"])
    assert balance(await shop.account(NUMBERS[2])) == 10


async def test_a_file_that_names_no_member_is_refused_as_a_whole(world: World) -> None:
    shop = await open_desk(world)
    for text in ("", "name;tier\nAna;gold\n", "number;number\n1;2\n", "number;balance:nope\n1;2\n"):
        answer = await send(shop, text)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-file"), text
    wide = await send(shop, "number;name\n1;2\n".encode("utf-16"))
    assert wide.json()["code"] == "unknown-file"
    other = await shop.world.client.post(
        f"{shop.path}/members/imports",
        content=b"{}",
        headers={"Authorization": f"Bearer {shop.ask.token}", "Content-Type": "application/json"},
    )
    assert other.status_code == 415
    _, stranger = await merchant(world, "Elsewhere")
    theirs = await send(shop, FILE, by=stranger)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "not-found")


async def test_latin_1_two_units_and_a_lost_number_are_met_in_life(world: World) -> None:
    shop = await open_desk(world)
    lost = await shop.ask("POST", f"{shop.path}/cards/{LOST}/renumber", {"number": NEW})
    assert lost.status_code == 200
    text = f"number;nom;solde:pts;balance:late;ville\n{LOST};Zoé;1;2;Nîmes\n{NUMBERS[3]};Zoé;1;2;\n"
    answer = await send(shop, text.encode("latin-1"))
    assert counts(answer) == (1, 0, 2, 1)
    assert answer.json()["failed"][0]["reason"] == "retired-number"
    assert [each["reason"] for each in answer.json()["warnings"]] == ["ignored-column", "not-utf8"]
    found = await shop.account(NUMBERS[3])
    assert (found["display_name"], units(found)) == ("Zoé", {"pts": 1, "late": 2})


async def test_of_a_mirrored_program_the_file_tells_a_first_statement(world: World) -> None:
    shop = await open_desk(world)
    _, ask = await merchant(world, "Verte")
    path = f"/v1/partner/programs/{await program(ask)}"
    green = msgspec.structs.replace(shop, ask=ask, path=path)
    text = f"number,balance,balance:stamps,tier,expires_at\n{LOST},1250,3,gold,2027-01-31\n{NEW},5,,iron,\n"
    answer = await send(green, text)
    assert counts(answer) == (1, 0, 2, 1)
    assert answer.json()["failed"][0]["reason"] == "unknown-tier"
    found = await green.account(LOST)
    assert (units(found), found["tier"]["id"], found["sequence"]) == (
        {"pts": 1_250, "stamps": 3},
        "gold",
        1,
    )
    assert counts(await send(green, text)) == (0, 1, 0, 1)
    told = {"sequence": 2, "as_of": "2026-09-21T12:00:00Z", "balance": 9}
    assert (await ask("PUT", f"{path}/cards/{LOST}/statement", told)).status_code == 200
    late = await send(green, text)
    assert [each["reason"] for each in late.json()["warnings"]] == ["balance-told"]
    assert units(await green.account(LOST))["pts"] == 9


async def test_one_file_sent_twice_at_once_opens_each_balance_once(world: World) -> None:
    shop = await open_desk(world)
    text = "number;balance\n" + "".join(f"{100_000 + each};5\n" for each in range(24))
    changes = {"barcode": {"format": "CODE_128"}}
    plain = msgspec.structs.replace(
        shop, path=f"/v1/partner/programs/{await program(shop.ask, **hosted(changes))}"
    )
    answers = await asyncio.gather(send(plain, text), send(plain, text))
    told = [counts(answer) for answer in answers]
    assert [sum(each) for each in zip(*told, strict=True)] == [24, 24, 24, 0]


def hosted(changes: dict[str, Any]) -> dict[str, Any]:
    """Return a second hosted program."""
    return PROGRAM | {"name": "Numbers", "rules": RULES | {"id": "numbers"}} | changes


async def test_what_follows_the_last_row_that_is_taken_is_told_and_the_others_stand(
    world: World,
) -> None:
    shop = await open_desk(world)
    ports, now = world.ports, world.clock.wall()
    found = await ports.database.read(
        lambda tx: program_by_public(tx, bytes.fromhex(shop.program[5:]))
    )
    assert found is not None
    lines = "".join(f"{number};5\n" for number in NUMBERS[1:])
    taking = Taking(ports, found, language="en", made_by="key:1", is_dry=False, now=now, rows_max=2)

    async def body() -> AsyncIterator[bytes]:
        yield b"number;balance\n"
        yield lines.encode()

    told = await taking.take(body())
    assert (told.added, told.known, told.opened) == (1, 1, 2)
    (failed,) = told.failed
    assert (failed.row, failed.reason) == (4, "too-many-rows")

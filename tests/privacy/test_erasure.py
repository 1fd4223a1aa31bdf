"""Erasure over HTTP: nothing of a user is left in any table, file or log, and phones are told."""

from __future__ import annotations

import msgspec
import pytest

from app.errors import Unavailable
from app.http import logs
from app.privacy import erasing
from app.users.queries import id_by_email
from tests.cards.cards_world import Asking, card_row, rows, user
from tests.flows.conftest import World
from tests.flows.phones import Shop
from tests.privacy.dying import DyingDatabase
from tests.privacy.life import (
    DELETED_NUMBER,
    EMAIL,
    NUMBER,
    OTHER_EMAIL,
    Life,
    files,
    hits,
    lived,
    must,
    tables,
)
from tests.users.people import mails, user_with

WAIT = 130.0  # seconds: the last look at an erased user comes a minute later


async def erase(life: Life) -> None:
    """Have the user erased."""
    answer = await life.ask("DELETE", "/v1/me")
    assert answer.status_code == 204, answer.text
    assert answer.headers["set-cookie"].startswith(("__Host-session=;", "session=;"))


async def finish(world: World, shop: Shop, *, seconds: float = WAIT) -> None:
    """Let the worker tell phones and finish what waits for them."""
    for _ in range(6):
        await shop.worker.step()
        world.clock.forward(seconds / 6)
    await shop.worker.step()


async def test_every_trace_stands_somewhere_before_and_nowhere_after(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    before = hits(await tables(world.ports), life.traces)
    named = {hit.partition(" in ")[0] for hit in before}
    assert named == life.traces.keys(), "what is not found before proves nothing after"
    assert len(life.traces) + len(life.hashed) >= 40
    assert not hits(await tables(world.ports), life.hashed)
    assert not hits(await tables(world.ports), {"deleted": DELETED_NUMBER.encode()})

    await erase(life)
    at_once = {name: trace for name, trace in life.traces.items() if name != "push token"}
    assert not hits(await tables(world.ports), at_once)
    assert not hits(files(world.ports), at_once | life.hashed)
    await finish(world, shop)
    assert not hits(await tables(world.ports), life.traces)
    assert not hits(files(world.ports), life.traces)


async def test_no_line_of_the_log_holds_a_trace(
    world: World, shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("debug")
    life = await lived(world, shop)
    await erase(life)
    await finish(world, shop)
    told = capsys.readouterr()
    lines = {"stdout": told.out.encode(), "stderr": told.err.encode()}
    assert b"/v1/me" in lines["stdout"]
    assert not hits(lines, life.traces | life.hashed)


async def test_an_erased_user_is_signed_out_everywhere(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    elsewhere = Asking(world, await user_with(world, EMAIL))
    await erase(life)
    for ask in (life.ask, elsewhere):
        assert (await ask("GET", "/v1/me")).status_code == 401
        assert (await ask("DELETE", "/v1/me")).status_code == 401
    again = Asking(world, await user_with(world, EMAIL))
    assert (await again("GET", "/v1/cards")).json()["items"] == []


async def test_his_phones_show_the_passes_voided_and_without_him(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    await shop.worker.step()
    shop.apple.pushes.clear()
    await erase(life)
    await shop.worker.step()
    assert shop.pushed_to(life.phone) == 1
    pass_type = next(iter(life.phone.wallet.values())).opened.pass_type
    assert len(await life.phone.list_changed(pass_type)) == 3
    for serial in list(life.phone.wallet):
        await life.phone.pull(serial)
    for held in life.phone.wallet.values():
        assert held.opened.document["voided"] is True
        shown = str(held.opened.document).encode()
        assert not hits({"pass": shown}, life.traces | {"number": NUMBER.encode()})
    await finish(world, shop)
    for serial in list(life.phone.wallet):
        assert await life.phone.pull(serial) == []


async def test_thirty_days_later_nobody_knows_the_passes_and_phones(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    await erase(life)
    await finish(world, shop)
    assert await rows(world.ports, "SELECT kind FROM erasure WHERE kind = 'library'")
    world.clock.forward(31 * 24 * 3600)
    await shop.worker.step()
    for table in ("erasure", "registration", "device", "device_pass", "device_by_library"):
        assert not await rows(world.ports, f"SELECT * FROM {table}"), table
    with pytest.raises(AssertionError, match="401"):
        await life.phone.pull(next(iter(life.phone.wallet)))


async def test_a_phone_that_holds_a_pass_of_somebody_else_keeps_its_push_token(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    theirs = await must(life.other, "POST", "/v1/cards", {"shop_name": "Chez", "number": "B-1"})
    await shop.add_to(life.phone, theirs["id"], str(life.other.token))
    await erase(life)
    await finish(world, shop)
    world.clock.forward(31 * 24 * 3600)
    await shop.worker.step()
    assert await rows(world.ports, "SELECT push_token FROM device") == [(life.phone.push_token,)]
    assert len(await rows(world.ports, "SELECT * FROM device_pass")) == 1


async def test_who_was_shared_a_card_is_told_and_loses_it(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    assert len((await life.other("GET", "/v1/cards")).json()["items"]) == 1
    await erase(life)
    assert (await life.other("GET", "/v1/cards")).json()["items"] == []
    (mail,) = [mail for mail in await mails(world) if mail.recipient == OTHER_EMAIL][-1:]
    assert mail.subject == "Une carte partagée n'existe plus"
    assert not hits({"mail": mail.body.encode()}, life.traces)
    assert not await rows(world.ports, "SELECT * FROM holding")


async def test_a_card_that_was_shared_with_the_erased_stays_its_owners(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    other = await life.other("DELETE", "/v1/me")
    assert other.status_code == 204
    shown = await must(life.ask, "GET", f"/v1/cards/{life.cards['shop']['id']}")
    assert shown["number"] == life.traces["number of a shop's card"].decode()
    assert not hits(await tables(world.ports), {"other": OTHER_EMAIL.encode()})


async def test_the_merchant_is_told_the_id_only_and_his_figures_stay(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    card_id = await card_row(world.ports, life.cards["hosted"]["id"])
    of_card = "SELECT number, unit, units, debit, credit FROM transfer WHERE card_id = ?"
    before = await rows(world.ports, of_card, card_id)
    assert before
    await erase(life)
    assert await rows(world.ports, of_card, card_id) == before
    told = await rows(world.ports, "SELECT type, facts FROM event WHERE card_id = ?", card_id)
    assert told == [("card.deleted", "{}")]
    gone = await life.hosted.ask(
        "GET", f"{life.hosted.path}/cards/{life.cards['hosted']['number']}"
    )
    assert gone.status_code == 404
    number = {"number": life.cards["hosted"]["number"]}
    made = await life.hosted.ask("POST", f"{life.hosted.path}/cards", number)
    assert made.status_code == 201, "the number may be given to somebody else"


async def test_an_address_on_file_of_a_card_he_does_not_hold_goes_and_the_card_stays(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    path = f"/v1/partner/programs/{shop.program_id}/cards"
    contact = {"number": "2900000000032", "email": EMAIL, "display_name": "Z. au comptoir"}
    partner = Asking(world, shop.key)
    await must(partner, "POST", path, contact)
    await erase(life)
    assert (await must(partner, "GET", f"{path}/2900000000032"))["display_name"] is None
    assert not hits(await tables(world.ports), {"contact": b"Z. au comptoir"})


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 7, 11, 16])
async def test_what_a_crash_interrupts_the_sweeper_finishes(
    world: World, shop: Shop, writes: int
) -> None:
    life = await lived(world, shop)
    user_id = await world.ports.database.read(lambda tx: id_by_email(tx, EMAIL))
    assert user_id is not None
    dying = msgspec.structs.replace(
        world.ports, database=DyingDatabase(world.ports.database, writes)
    )
    await erasing.erase(dying, user_id)
    assert (await life.ask("GET", "/v1/me")).status_code == 401, "first he is signed out"
    assert hits(await tables(world.ports), life.traces), "the cards still stand"
    await finish(world, shop)
    assert not hits(await tables(world.ports), life.traces)
    assert not hits(files(world.ports), life.traces)


async def test_an_erasure_that_never_began_changes_nothing(world: World, shop: Shop) -> None:
    life = await lived(world, shop)
    user_id = await world.ports.database.read(lambda tx: id_by_email(tx, EMAIL))
    assert user_id is not None
    dying = msgspec.structs.replace(world.ports, database=DyingDatabase(world.ports.database, 0))
    with pytest.raises(Unavailable):
        await erasing.erase(dying, user_id)
    assert len((await life.ask("GET", "/v1/cards")).json()["items"]) == 4


async def test_a_card_that_was_registered_meanwhile_is_found_a_minute_later(
    world: World, shop: Shop
) -> None:
    life = await lived(world, shop)
    user_id = await world.ports.database.read(lambda tx: id_by_email(tx, EMAIL))
    await erase(life)
    late = await must(await user(world), "POST", "/v1/cards", {"shop_name": "Late", "number": "L1"})
    card_id = await card_row(world.ports, late["id"])
    await world.ports.database.write(
        lambda tx: tx.run("UPDATE holder SET user_id = ? WHERE card_id = ?", user_id, card_id)
    )
    await finish(world, shop)
    assert not hits(await tables(world.ports), {"late": b"Late"})


async def test_a_guest_is_erased_too_and_others_stay(world: World, shop: Shop) -> None:
    guest, other = await user(world), await user(world)
    for ask in (guest, other):
        await must(ask, "POST", "/v1/cards", {"shop_name": "Chez", "number": "A-1"})
    assert (await guest("DELETE", "/v1/me")).status_code == 204
    assert len((await other("GET", "/v1/cards")).json()["items"]) == 1
    assert len(await rows(world.ports, "SELECT * FROM users")) == 1

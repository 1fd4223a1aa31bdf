"""Shared cards and lost phones on simulated iPhones: each has passes of his own, and they end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.sandbox.phone import Phone
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, Shop, open_shop

NUMBER = NUMBERS[0]


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def delivered(shop: Shop, *phones: Phone) -> list[int]:
    """Deliver, let the pushed phones pull, and return how often each was pushed."""
    shop.apple.pushes.clear()
    shop.world.clock.forward(1)
    await shop.worker.step()
    for push in list(shop.apple.pushes):
        for phone in phones:
            if push.token == phone.push_token:
                await phone.pushed(push.topic)
    return [shop.pushed_to(phone) for phone in phones]


async def shared(shop: Shop, owner: str, card_id: str, access: str = "read") -> tuple[str, str]:
    """Share a card with a guest; return his token and his id."""
    other = await shop.guest()
    share = await shop.ask("POST", f"/v1/cards/{card_id}/shares", {"access": access}, token=owner)
    token = share.json()["url"].partition("#")[2]
    accepted = await shop.ask("POST", f"/v1/shares/{token}", {}, token=other)
    assert accepted.status_code == 200, accepted.text
    return other, str((await shop.ask("GET", "/v1/me", token=other)).json()["id"])


def assert_blank(phone: Phone, serial: str, secrets: tuple[str, ...]) -> None:
    """Check that a pass has ended and says nothing of its card any more."""
    opened = phone.wallet[serial].opened
    document: dict[str, Any] = opened.document
    assert document["voided"] is True
    assert not document.get("barcodes") and not document.get("barcode")
    shown = [str(field["value"]) for field in opened.fields().values()]
    assert not [each for each in secrets if any(each in text for text in shown)], shown


async def test_each_holder_has_a_pass_of_his_own_and_a_revoked_one_is_blank(shop: Shop) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, NUMBER)
    other, other_id = await shared(shop, owner, card["id"])
    mine, theirs = shop.phone(1), shop.phone(2)
    my_serial = await shop.add_to(mine, card["id"], owner)
    their_serial = await shop.add_to(theirs, card["id"], other)
    tokens = {
        phone.wallet[s].opened.token for phone, s in ((mine, my_serial), (theirs, their_serial))
    }
    assert my_serial != their_serial and len(tokens) == 2
    await shop.tell(NUMBER, 1250)
    assert await delivered(shop, mine, theirs) == [1, 1]
    revoked = await shop.ask("DELETE", f"/v1/cards/{card['id']}/holders/{other_id}", token=owner)
    assert revoked.status_code == 204, revoked.text
    assert (await delivered(shop, mine, theirs))[1] == 1
    assert_blank(theirs, their_serial, (NUMBER, "1250", "1,250"))
    assert "voided" not in mine.wallet[my_serial].opened.document
    assert (await shop.ask("GET", f"/v1/cards/{card['id']}", token=other)).status_code == 404
    packed = await shop.ask("GET", f"/v1/cards/{card['id']}/apple.pkpass", token=other)
    assert packed.status_code == 404
    # What is bought later is told to the owner's phone only, not even when.
    await shop.tell(NUMBER, 1300)
    assert await delivered(shop, mine, theirs) == [1, 0]


async def test_who_is_invited_again_gets_another_pass(shop: Shop) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, NUMBER)
    other, _ = await shared(shop, owner, card["id"])
    phone = shop.phone(1)
    first = await shop.add_to(phone, card["id"], other)
    assert (await shop.ask("DELETE", f"/v1/cards/{card['id']}", token=other)).status_code == 204
    await delivered(shop, phone)
    assert_blank(phone, first, (NUMBER,))
    share = await shop.ask(
        "POST", f"/v1/cards/{card['id']}/shares", {"access": "full"}, token=owner
    )
    token = share.json()["url"].partition("#")[2]
    assert (await shop.ask("POST", f"/v1/shares/{token}", {}, token=other)).status_code == 200
    second = await shop.add_to(phone, card["id"], other)
    assert second != first
    assert "voided" not in phone.wallet[second].opened.document


async def test_a_card_issued_anew_ends_on_the_lost_phone_and_nowhere_else(shop: Shop) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, NUMBER)
    other, _ = await shared(shop, owner, card["id"])
    lost, new, friends = shop.phone(1), shop.phone(2), shop.phone(3)
    old_serial = await shop.add_to(lost, card["id"], owner)
    their_serial = await shop.add_to(friends, card["id"], other)
    await shop.tell(NUMBER, 777)
    await delivered(shop, lost, friends)
    link = await shop.ask("POST", f"/v1/cards/{card['id']}/links", {}, token=owner)
    again = await shop.ask("POST", f"/v1/cards/{card['id']}/reissue", {}, token=owner)
    assert (again.status_code, again.json()) == (200, {"apple": 1, "google": 0})
    path = "/v1/links/" + link.json()["url"].rpartition("/")[2]
    gone = await shop.ask("GET", path)
    assert (gone.status_code, gone.json()["code"]) == (410, "link-expired")
    assert (await delivered(shop, lost, friends))[0] == 1
    assert_blank(lost, old_serial, (NUMBER, "777"))
    assert "voided" not in friends.wallet[their_serial].opened.document
    new_serial = await shop.add_to(new, card["id"], owner)
    old, made = lost.wallet[old_serial].opened, new.wallet[new_serial].opened
    assert new_serial != old_serial and made.token != old.token
    assert any(field["value"] == 777 for field in made.fields().values())
    crossed = await shop.ask(
        "GET",
        f"/apple/v1/passes/{made.pass_type}/{new_serial}",
        Authorization=f"ApplePass {old.token}",
    )
    assert crossed.status_code == 401
    await shop.tell(NUMBER, 800)
    assert await delivered(shop, lost, new, friends) == [0, 1, 1]


async def test_a_link_made_after_the_reissue_opens(shop: Shop) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, NUMBER)
    await shop.add_to(shop.phone(1), card["id"], owner)
    await shop.ask("POST", f"/v1/cards/{card['id']}/reissue", {}, token=owner)
    shop.world.clock.forward(1)
    link = await shop.ask("POST", f"/v1/cards/{card['id']}/links", {}, token=owner)
    path = "/v1/links/" + link.json()["url"].rpartition("/")[2]
    assert (await shop.ask("GET", path)).status_code == 200


async def test_a_reissue_twice_and_one_without_a_pass_do_no_harm(shop: Shop) -> None:
    owner = await shop.guest()
    card = await shop.card(owner, NUMBER)
    path = f"/v1/cards/{card['id']}/reissue"
    assert (await shop.ask("POST", path, {}, token=owner)).json() == {"apple": 0, "google": 0}
    phone = shop.phone(1)
    await shop.add_to(phone, card["id"], owner)
    assert (await shop.ask("POST", path, {}, token=owner)).json()["apple"] == 1
    assert (await shop.ask("POST", path, {}, token=owner)).json()["apple"] == 0
    assert await delivered(shop, phone) == [1]
    stranger = await shop.guest()
    assert (await shop.ask("POST", path, {}, token=stranger)).status_code == 404


async def test_who_joined_without_an_account_issues_his_pass_anew_too(shop: Shop) -> None:
    numbers = {"authority": "ledger", "barcode": {"format": "QR_CODE"}, "name": "Café"}
    made = await shop.ask("POST", "/v1/partner/programs", numbers | {"units": []}, token=shop.key)
    assert made.status_code == 201, made.text
    joined = (await shop.ask("POST", f"/v1/programs/{made.json()['id']}/join", {})).json()
    card_id, token = joined["card"]["id"], joined["claim_token"]
    phone = shop.phone(1)
    first = await shop.add_to(phone, card_id, token)
    again = await shop.ask("POST", f"/v1/cards/{card_id}/reissue", {}, token=token)
    assert (again.status_code, again.json()["apple"]) == (200, 1)
    assert await delivered(shop, phone) == [1]
    assert_blank(phone, first, (joined["card"]["number"],))
    assert await shop.add_to(phone, card_id, token) != first

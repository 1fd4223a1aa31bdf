"""A card whose code changes: saved, drawn by the phone, read by two tills, used once."""

from __future__ import annotations

from app.sandbox.android import AndroidPhone
from tests.cards.cards_world import Asking, merchant, program
from tests.checkout.till_world import HOSTED, SCANS, till
from tests.google.door_world import Door


class Counter:
    """A rotating card in its owner's Android wallet, and the shop's two tills."""

    def __init__(self, door: Door, phone: AndroidPhone, tills: tuple[Asking, Asking]) -> None:
        self.door, self.phone, self.tills = door, phone, tills

    def code(self) -> str:
        """Return what the phone draws now."""
        (object_id,) = self.phone.wallet
        drawn = self.phone.shown(object_id, at=self.door.world.clock.wall())
        assert drawn.code is not None
        return drawn.code


async def opened(door: Door) -> Counter:
    """Publish a hosted program with changing codes, enrol the owner, save his card."""
    _, shop = await merchant(door.world, "Maison Dorée")
    settings = HOSTED["settings"] | {"rotating_code": True}
    program_id = await program(shop, **(HOSTED | {"settings": settings}))
    made = await door.owner("POST", "/v1/cards", {"program_id": program_id})
    assert made.status_code == 201, made.text
    phone = door.phone()
    async with door.time_passes():
        await door.save(phone, await door.link(card_id=made.json()["id"]))
    tills = (await till(door.world, shop), await till(door.world, shop))
    return Counter(door, phone, tills)


async def test_what_the_phone_draws_a_till_reads_once(door: Door) -> None:
    counter = await opened(door)
    first, second = counter.tills
    code = counter.code()
    scanned = await first("POST", SCANS, {"code": code})
    assert scanned.status_code == 200, scanned.text
    assert scanned.json()["card"]["number"] not in code
    again = await second("POST", SCANS, {"code": code})
    assert (again.status_code, again.json()["code"]) == (409, "code-already-used")
    door.world.clock.forward(30)
    fresh = counter.code()
    assert fresh != code
    assert (await second("POST", SCANS, {"code": fresh})).status_code == 200


async def test_a_picture_of_the_code_is_worth_nothing_a_minute_later(door: Door) -> None:
    counter = await opened(door)
    picture = counter.code()
    door.world.clock.forward(60)
    late = await counter.tills[0]("POST", SCANS, {"code": picture})
    assert (late.status_code, late.json()["code"]) == (410, "code-expired")


async def test_the_phone_shows_no_code_that_stays(door: Door) -> None:
    counter = await opened(door)
    (document,) = counter.phone.wallet.values()
    assert "barcode" not in document
    assert "rotatingBarcode" in document

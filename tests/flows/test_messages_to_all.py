"""A merchant's message to all or many: whom it reaches, on which phones, once, whatever breaks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.cards import consents, promotion_queries
from app.clock import DAY, SECOND
from app.delivery import messaging
from app.errors import Unavailable
from app.partners import message_queries, messages
from app.sandbox.phone import Phone
from app.users import promotions
from tests.cards.cards_world import card_row, rows
from tests.flows.conftest import World
from tests.flows.phones import NUMBERS, PROGRAM, Shop, open_shop

WEEK_SECONDS = 7 * DAY / SECOND


@pytest.fixture
async def shop(world: World, tmp_path: Path) -> AsyncIterator[Shop]:
    async with open_shop(world, tmp_path / "certs") as opened:
        yield opened


async def send(shop: Shop, text: Any = "Soldes samedi", **more: Any) -> Any:
    """Send a message, or try it."""
    path = f"/v1/partner/programs/{shop.program_id}/messages"
    return await shop.ask("POST", path, {"text": text} | more, token=shop.key)


async def all_pushed(shop: Shop, phone: Phone) -> None:
    """Send what is due, and let the phone do what its pushes say."""
    await shop.worker.step()
    for push in list(shop.apple.pushes):
        await phone.pushed(push.topic)
    shop.apple.pushes.clear()


async def listed(shop: Shop) -> list[Any]:
    path = f"/v1/partner/programs/{shop.program_id}/messages"
    return list((await shop.ask("GET", path, token=shop.key)).json()["items"])


async def as_foretold(shop: Shop, **more: Any) -> tuple[int, int]:
    """Try a message, send it, work it off: what was foretold must be what happened."""
    tried = await send(shop, dry_run=True, **more)
    assert tried.status_code == 200, tried.text
    assert tried.json()["id"] is None
    made = await send(shop, **more)
    assert made.status_code == 201, made.text
    for name in ("reaches", "capped", "cards", "refused", "nobody"):
        assert tried.json()[name] == made.json()[name], name
    await shop.worker.step()
    newest = (await listed(shop))[0]
    assert newest["id"] == made.json()["id"]
    assert newest["sent"] == newest["reaches"] == tried.json()["reaches"]
    assert newest["done_at"] is not None
    return newest["reaches"], newest["capped"]


async def test_a_message_is_on_the_pass_and_speaks_and_the_fourth_of_a_week_does_not(
    shop: Shop,
) -> None:
    phone = await shop.held(NUMBERS[0], seed=1)
    await shop.tell(NUMBERS[0], 7)
    await all_pushed(shop, phone)
    for number in range(1, 4):
        assert await as_foretold(shop, text={"fr": f"Offre {number}", "en": "x"}) == (1, 0)
        await all_pushed(shop, phone)
        assert phone.lock_screen[-1].text == f"Offre {number}"
    assert await as_foretold(shop, text="Offre 4") == (0, 1)
    assert shop.pushed_to(phone) == 0
    await shop.tell(NUMBERS[0], 8)  # a balance always passes, and says what it says
    await all_pushed(shop, phone)
    assert phone.lock_screen[-1].text == "Points: 8"
    fields = next(iter(phone.wallet.values())).opened.fields()
    assert fields["promotion"]["value"] == "Offre 3"
    shop.world.clock.forward(WEEK_SECONDS)
    assert await as_foretold(shop, text="Offre 5") == (1, 0)


async def test_segments_persons_and_cards_without_anybody(shop: Shop) -> None:
    world, token = shop.world, await shop.guest()
    first = await shop.card(token, NUMBERS[0])
    await shop.card(token, NUMBERS[1])  # the same person
    await shop.card(await shop.guest(), NUMBERS[2])
    path = f"/v1/partner/programs/{shop.program_id}/cards"
    made = await shop.ask("POST", path, {"number": NUMBERS[3]}, token=shop.key)
    assert made.status_code == 201  # nobody holds it, and it is in no wallet
    tried = (await send(shop, dry_run=True)).json()
    assert (tried["cards"], tried["reaches"], tried["nobody"]) == (4, 2, 1)
    assert await as_foretold(shop) == (2, 0)
    shown = await rows(world.ports, "SELECT card_id FROM card_promotion ORDER BY card_id")
    assert (await card_row(world.ports, first["id"]),) in shown
    assert len(shown) == 2
    claim = made.json()["link_token"]
    phone = shop.phone(9)
    await shop.add_to(phone, made.json()["id"], claim)  # a pass by the claim token: somebody
    assert await as_foretold(shop) == (3, 0)
    await shop.tell(NUMBERS[2], 1, tier="gold")
    assert await as_foretold(shop, segment={"tier": "gold"}) == (1, 0)
    # Two had their three; the holder of gold has had it as well.
    assert await as_foretold(shop) == (2, 1)
    assert await as_foretold(shop, segment={"tier": "silver"}) == (1, 1)  # base: no tier told
    at_place = {"location": "paris"}
    assert await as_foretold(shop, segment=at_place) == (0, 0)
    card_id = await card_row(world.ports, first["id"])
    now = world.clock.wall()
    await world.ports.database.write(
        lambda tx: promotion_queries.put_visit(tx, card_id, "paris", now)
    )
    world.clock.forward(WEEK_SECONDS + 1)
    assert await as_foretold(shop, segment=at_place) == (1, 0)
    assert await as_foretold(shop, segment={"inactive_days": 7}) == (2, 0)
    assert await as_foretold(shop, segment={"inactive_days": 30}) == (0, 0)


async def test_a_crash_anywhere_sends_none_twice_and_loses_none(shop: Shop) -> None:
    for number in NUMBERS:
        await shop.card(await shop.guest(), number)
    ports = shop.world.ports
    for survived in range(6):
        assert (await send(shop, f"Essai {survived}")).status_code == 201
        dying = msgspec.structs.replace(ports, database=Dying(ports.database, survived))
        died = False
        try:
            await messaging.send_pages(dying)
        except Unavailable:
            died = True
        assert died == (survived < 4), "claim, persons, cards, cursor"
        shop.world.clock.forward(messaging.LEASE / SECOND + 1)
        while await messaging.send_pages(ports):
            pass
        newest = (await listed(shop))[0]
        assert (newest["sent"], newest["reaches"]) == (4, 4)
        shop.world.clock.forward(WEEK_SECONDS)
    counts = await rows(
        ports, "SELECT promotion_id, count(*) FROM card_promotion GROUP BY promotion_id"
    )
    assert [count for _, count in counts] == [4] * 6


async def test_two_workers_on_one_page_count_it_once(shop: Shop) -> None:
    await shop.card(await shop.guest(), NUMBERS[0])
    await send(shop)
    ports, now = shop.world.ports, shop.world.clock.wall()
    (row,) = await ports.database.read(lambda tx: message_queries.due(tx, now, 9))
    assert await messaging.send_pages(ports) == 1
    await ports.database.write(
        lambda tx: message_queries.advance(tx, row, next_card_id=1, sent=1, done_at=now)
    )
    assert (await listed(shop))[0]["sent"] == 1


async def test_consent_decides_where_the_program_asks_for_it(shop: Shop) -> None:
    asked = {"consents": [{"key": "promotions", "text": "Nos offres ?"}]}
    document = PROGRAM | {"settings": PROGRAM["settings"] | {"enrolment": asked}}
    path = f"/v1/partner/programs/{shop.program_id}"
    assert (await shop.ask("PUT", path, document, token=shop.key)).status_code == 200
    token = await shop.guest()
    card = await shop.card(token, NUMBERS[0])
    await shop.card(await shop.guest(), NUMBERS[1])
    tried = (await send(shop, dry_run=True)).json()
    assert (tried["reaches"], tried["refused"]) == (0, 2)
    consent = f"/v1/cards/{card['id']}/consents"
    for given, reached in ((True, (1, 0)), (False, (0, 0)), (True, (1, 0))):
        answer = await shop.ask("PUT", consent, {"promotions": given}, token=token)
        assert answer.status_code == 200, answer.text
        card_id = await card_row(shop.world.ports, card["id"])
        allowed = await shop.world.ports.database.read(
            lambda tx, card_id=card_id: consents.allows_promotions(tx, card_id)  # type: ignore[misc]
        )
        assert allowed == given
        assert await as_foretold(shop) == reached


async def test_what_cannot_be_sent_names_the_field(shop: Shop) -> None:
    for body, path in (
        ({"text": "  "}, "text"),
        ({"text": {"de": "Hallo"}}, "text.de"),
        ({"segment": {"tier": "none"}}, "segment.tier"),
        ({"segment": {"inactive_days": 0}}, "segment.inactive_days"),
        ({"segment": {"city": "x"}}, "segment"),
    ):
        answer = await send(shop, **({"text": "Bonjour"} | body))
        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["path"].startswith(path)
    path = f"/v1/partner/programs/{shop.program_id}/messages"
    headers = {"Authorization": f"Bearer {shop.key}"}
    answer = await shop.world.client.post(path, json={"text": "Bonjour"}, headers=headers)
    assert answer.json()["code"] == "idempotency-key-missing"
    headers["Idempotency-Key"] = "once"
    first = await shop.world.client.post(path, json={"text": "Bonjour"}, headers=headers)
    again = await shop.world.client.post(path, json={"text": "Bonjour"}, headers=headers)
    assert first.json() == again.json()
    assert len(await listed(shop)) == 1


class Dying:
    """A database whose server dies after so many writes."""

    def __init__(self, database: Any, writes: int) -> None:
        self._database = database
        self._left = writes

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise Unavailable("the server died")

    async def write(self, work: Any) -> Any:
        self._count()
        return await self._database.write(work)

    async def write_batch(self, works: Any) -> Any:
        self._count()
        return await self._database.write_batch(works)

    async def read(self, work: Any) -> Any:
        return await self._database.read(work)

    async def read_point(self, work: Any) -> Any:
        return await self._database.read_point(work)


def test_the_cap_is_the_specified_one() -> None:
    assert (promotions.PROMOTIONS_MAX, promotions.WINDOW_DAYS) == (3, 7)
    assert messages.CARDS_A_PAGE > messaging.CARDS_A_PAGE

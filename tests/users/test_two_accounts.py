"""Two accounts of one person become one: nothing is lost, nobody else gets in, crashes heal."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from app.programs import merchants
from app.programs.merchant_queries import staff_at
from app.settings import Settings
from app.storage.database import Database, Work
from app.users import service
from tests.cards.sharing_world import invited, number_only, path_of, shared
from tests.flows.conftest import World
from tests.users.people import (
    ANA,
    ask_for_change,
    bearer,
    change_email,
    guest,
    mailed_to,
    me,
    user_with,
)
from tests.users.test_passkeys import SIGN_IN, asked, device_of, listed, use

OLD = "ben@example.com"
NUMBERS = ("4006381333931", "96385074", "5901234123457", "9780201379624")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Let one address ask for many codes."""
    return msgspec.structs.replace(settings, sign_in_codes_per_ip=1000)


class Person(msgspec.Struct, frozen=True):
    """Somebody who asks with his token."""

    world: World
    token: str

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request with a key of its own."""
        key = {"Idempotency-Key": f"{method}-{path}-{hash(str(body))}"}
        headers = bearer(self.token) | key
        return await self.world.client.request(method, path, json=body, headers=headers)


async def holding(world: World, token: str, *numbers: str) -> Person:
    """Give a user cards of shops."""
    ask = Person(world, token)
    for number in numbers:
        await number_only(ask, number)
    return ask


async def numbers_of(ask: Person) -> list[str]:
    """List the numbers of a user's cards, in his order."""
    return [card["number"] for card in (await ask("GET", "/v1/cards")).json()["items"]]


async def merge(world: World, token: str, email: str = OLD) -> Any:
    """Ask for the address of the other account and agree to become one."""
    code = await ask_for_change(world, token, email)
    taken = await change_email(world, token, email, code)
    assert (taken.status_code, taken.json()["code"]) == (409, "address-taken")
    return await change_email(world, token, email, code, merge=True)


async def test_an_address_with_an_account_asks_before_both_become_one(world: World) -> None:
    ana = await holding(world, await user_with(world, ANA), NUMBERS[0])
    ben = await holding(world, await user_with(world, OLD), *NUMBERS[1:])
    before = (await me(world, ana.token)).json()
    code = await ask_for_change(world, ana.token, OLD)
    taken = await change_email(world, ana.token, OLD, code)
    assert (taken.status_code, taken.json()["code"]) == (409, "address-taken")
    assert (await me(world, ana.token)).json() == before
    assert await numbers_of(ben) == list(NUMBERS[1:])
    answer = await change_email(world, ana.token, OLD, code, merge=True)
    assert (answer.status_code, answer.json()) == (200, before | {"email": OLD})
    assert await numbers_of(ana) == list(NUMBERS)
    assert (await me(world, ben.token)).status_code == 401
    told = [mail.subject for mail in await mailed_to(world, ANA)]
    assert told[-1] in {"Votre adresse a changé", "Your address has changed"}


async def test_both_addresses_lead_to_one_account_and_to_a_new_one(world: World) -> None:
    ana = await holding(world, await user_with(world, ANA), NUMBERS[0])
    await user_with(world, OLD)
    await merge(world, ana.token)
    by_new = await me(world, await user_with(world, OLD))
    assert by_new.json() == (await me(world, ana.token)).json()
    by_old = await me(world, await user_with(world, ANA))
    assert by_old.json()["id"] != by_new.json()["id"]


async def test_a_guest_may_take_in_the_account_he_proves_to_be_his(world: World) -> None:
    begun = await guest(world)
    await holding(world, await user_with(world, OLD), NUMBERS[1])
    answer = await merge(world, begun["token"])
    assert answer.json() == begun["user"] | {"email": OLD}
    assert await numbers_of(Person(world, begun["token"])) == [NUMBERS[1]]


async def test_nobody_is_merged_by_a_wrong_code(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, OLD)
    await ask_for_change(world, ana, OLD)
    answer = await change_email(world, ana, OLD, "00000000", merge=True)
    assert answer.status_code == 400
    assert (await me(world, ben)).json()["email"] == OLD


async def test_the_merged_ones_passkeys_end_and_ones_own_stay(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, OLD)
    mine, his = await device_of(world, ana, seed=1), await device_of(world, ben, seed=2)
    await merge(world, ana)
    assert (await use(world, his.sign_in(await asked(world, SIGN_IN)))).status_code == 401
    answer = await use(world, mine.sign_in(await asked(world, SIGN_IN)))
    assert answer.json()["user"]["email"] == OLD
    assert len(await listed(world, ana)) == 1


async def test_shares_given_taken_and_open_are_kept(world: World) -> None:
    ana = await holding(world, await user_with(world, ANA))
    ben = await holding(world, await user_with(world, OLD))
    eve = await holding(world, await user_with(world, "eve@example.com"))
    given = await number_only(ben, NUMBERS[0])
    await shared(ben, given, eve, "full")
    taken = await number_only(eve, NUMBERS[1])
    await shared(eve, taken, ben, "read")
    to_come = await invited(ben, given)
    await merge(world, ana.token)
    held = {card["id"]: card["access"] for card in (await ana("GET", "/v1/cards")).json()["items"]}
    assert held == {given["id"]: "owner", taken["id"]: "read"}
    seen = {card["id"]: card["access"] for card in (await eve("GET", "/v1/cards")).json()["items"]}
    assert seen == {given["id"]: "full", taken["id"]: "owner"}
    dan = await holding(world, await user_with(world, "dan@example.com"))
    assert (await dan("POST", path_of(to_come))).status_code == 200


async def test_a_card_that_both_hold_is_held_once_with_the_greater_right(world: World) -> None:
    ana = await holding(world, await user_with(world, ANA))
    ben = await holding(world, await user_with(world, OLD))
    own, his = await number_only(ana, NUMBERS[0]), await number_only(ben, NUMBERS[1])
    await shared(ana, own, ben, "read")
    await shared(ben, his, ana, "read")
    await merge(world, ana.token)
    items = (await ana("GET", "/v1/cards")).json()["items"]
    assert {card["id"]: card["access"] for card in items} == {
        own["id"]: "owner",
        his["id"]: "owner",
    }
    assert len(items) == 2


async def test_what_he_works_for_comes_along_with_the_greater_role(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, OLD)
    database, now = world.ports.database, world.clock.wall()

    async def id_of(email: str) -> int:
        user = await database.read(lambda tx: service.user_by_email(tx, email))
        assert user is not None
        return user.user_id

    ana_id, ben_id = await id_of(ANA), await id_of(OLD)
    for merchant_id, owner, other in ((7, ben_id, None), (8, ben_id, ana_id), (9, ana_id, ben_id)):

        def found(
            tx: Any, merchant_id: int = merchant_id, owner: int = owner, other: int | None = other
        ) -> None:
            merchants.add_merchant(
                tx,
                merchant_id=merchant_id,
                public=bytes([merchant_id] * 16),
                name=f"Shop {merchant_id}",
                owner_id=owner,
                now=now,
            )
            service.add_workplace(tx, owner, merchant_id)
            if other is not None:
                tx.run("INSERT INTO staff VALUES (?, ?, ?, ?)", merchant_id, other, "viewer", now)
                service.add_workplace(tx, other, merchant_id)

        await database.write(found)
    assert (await world.client.get("/v1/partner/keys", headers=bearer(ben))).status_code == 200
    await merge(world, ana)
    assert (await world.client.get("/v1/partner/keys", headers=bearer(ana))).status_code == 200
    for merchant_id in (7, 8, 9):
        role, gone = await database.read(
            lambda tx, each=merchant_id: (staff_at(tx, each, ana_id), staff_at(tx, each, ben_id))
        )
        assert (role.role, gone) == ("owner", None)
    assert await database.read(lambda tx: service.workplaces(tx, ana_id)) == [7, 8, 9]
    assert await database.read(lambda tx: service.workplaces(tx, ben_id)) == []


class PowerCut(Exception):
    """The process ends here."""


class Failing:
    """A database whose process dies after some writes."""

    def __init__(self, inner: Database, left: int) -> None:
        self._inner = inner
        self._left = left
        self.engine = inner.engine

    async def write(self, work: Work[Any]) -> Any:
        """Write, until there is no power."""
        if self._left == 0:
            raise PowerCut
        self._left -= 1
        return await self._inner.write(work)

    def __getattr__(self, name: str) -> Any:
        """Do all else as ever."""
        return getattr(self._inner, name)


async def test_a_merge_that_a_crash_cut_anywhere_is_finished_by_the_next_call(
    world: World,
) -> None:
    database: Any = world.ports.database
    inner = database.inner
    cuts = 0
    for left in range(30):
        address, other = f"a{left}@example.com", f"b{left}@example.com"
        ana = await holding(world, await user_with(world, address), NUMBERS[0])
        ben = await holding(world, await user_with(world, other), *NUMBERS[1:3])
        before = (await me(world, ana.token)).json()
        code = await ask_for_change(world, ana.token, other)
        database.inner = Failing(inner, left)
        answer = await change_email(world, ana.token, other, code, merge=True)
        database.inner = inner
        if left == 0:
            assert await numbers_of(ben) == list(NUMBERS[1:3])
            assert (await me(world, ana.token)).json() == before
            answer = await change_email(world, ana.token, other, code, merge=True)
            assert answer.status_code == 200
        cuts += answer.status_code == 500
        if left % 2:  # the next call is the same again, else any other
            again = await change_email(world, ana.token, other, code, merge=True)
            assert again.status_code == 200
        assert (await me(world, ana.token)).json() == before | {"email": other}
        assert await numbers_of(ana) == list(NUMBERS[:3])
        assert (await me(world, ben.token)).status_code == 401
        assert (await me(world, await user_with(world, other))).json()["id"] == before["id"]
        if left and answer.status_code == 200:
            break
    assert cuts > 5

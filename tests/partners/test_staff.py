"""Who works for a merchant: let in by address, as what, for which of several, ended at once."""

from __future__ import annotations

from itertools import count
from typing import Any

from app.partners import staff, staff_controller
from app.partners.starting import start_merchant
from app.programs import merchant_queries
from app.users import service as users
from tests.flows.conftest import World
from tests.flows.test_programs import Partner, key_of

STAFF = "/v1/partner/staff"


async def session_of(world: World, email: str | None) -> str:
    """Sign somebody in, or a guest."""
    ports, now = world.ports, world.clock.wall()
    drawn = users.draw(ports, now)

    def work(tx: Any) -> None:
        if email is None:
            users.make_guest(tx, drawn, language="fr", now=now)
            return
        user = users.make_user_with_email(tx, drawn, email=email, language="en", now=now)
        users.open_session(tx, user.user_id, drawn, now=now)

    await ports.database.write(work)
    return drawn.token


async def owner(world: World, name: str = "Shop", email: str = "owner@example.org") -> Partner:
    """Start a merchant; return its owner."""
    await start_merchant(world.ports, name, email)
    return Partner(world, await session_of(world, email))


async def mails_to(world: World, email: str) -> list[str]:
    return await world.ports.database.read(
        lambda tx: tx.all(str, "SELECT body FROM mail WHERE recipient = ?", email)
    )


async def test_who_is_let_in_by_address_may_do_what_his_role_says_until_he_is_removed(
    world: World,
) -> None:
    boss = await owner(world)
    made = await boss.ask("POST", STAFF, {"email": "Ana@Example.org", "role": "viewer"})
    assert made.status_code == 201, made.text
    ana = made.json()
    assert (ana["email"], ana["role"]) == ("ana@example.org", "viewer")
    (mail,) = await mails_to(world, "ana@example.org")
    assert "Shop" in mail and "/merchant" in mail

    hers = Partner(world, await session_of(world, "ana@example.org"))
    key = {"name": "k", "scopes": ["read"]}
    search = "/v1/partner/programs/none/cards/searches"

    async def statuses() -> list[int]:
        asked = [
            await hers.ask("GET", "/v1/partner/programs"),
            await hers.ask("POST", search, {"text": "x"}),
            await hers.ask("POST", "/v1/partner/keys", key),
            await hers.ask("GET", STAFF),
        ]
        return [answer.status_code for answer in asked]

    assert await statuses() == [200, 403, 403, 403]
    for role, wanted in (("staff", [200, 404, 403, 403]), ("owner", [200, 404, 201, 200])):
        changed = await boss.ask("POST", STAFF, {"email": "ana@example.org", "role": role})
        assert (changed.status_code, changed.json()["id"]) == (200, ana["id"])
        assert changed.json()["added_at"] == ana["added_at"]
        assert await statuses() == wanted
    assert len(await mails_to(world, "ana@example.org")) == 1

    assert (await boss.ask("DELETE", f"{STAFF}/{ana['id']}")).status_code == 204
    assert await statuses() == [403] * 4
    assert (await boss.ask("DELETE", f"{STAFF}/{ana['id']}")).status_code == 404
    assert [it["role"] for it in (await boss.ask("GET", STAFF)).json()["items"]] == ["owner"]


async def test_the_last_owner_stays_and_a_repeat_is_answered_as_the_first_time(
    world: World,
) -> None:
    boss = await owner(world)
    (me,) = (await boss.ask("GET", STAFF)).json()["items"]
    assert (me["email"], me["role"]) == ("owner@example.org", "owner")
    for answer in (
        await boss.ask("DELETE", f"{STAFF}/{me['id']}"),
        await boss.ask("POST", STAFF, {"email": "owner@example.org", "role": "viewer"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "last-owner")
    body = {"email": "ben@example.org", "role": "owner"}
    first = await boss.ask("POST", STAFF, body, Idempotency_Key="hire")
    again = await boss.ask("POST", STAFF, body, Idempotency_Key="hire")
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replay"] == "true"
    # Now there are two, and either may go.
    assert (await boss.ask("DELETE", f"{STAFF}/{me['id']}")).status_code == 204
    assert (await boss.ask("GET", STAFF)).status_code == 403


async def test_people_of_another_merchant_are_as_unknown_as_anybody(world: World) -> None:
    boss = await owner(world)
    other = await owner(world, "Other", "other@example.org")
    (his,) = (await other.ask("GET", STAFF)).json()["items"]
    answers = [
        await boss.ask("DELETE", f"{STAFF}/{user}")
        for user in (his["id"], "user_" + "0" * 32, "nobody")
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert len((await other.ask("GET", STAFF)).json()["items"]) == 1


async def test_who_works_for_two_says_which_by_header_or_cookie(world: World) -> None:
    both = await owner(world, "First", "both@example.org")
    await owner(world, "Second", "both@example.org")
    await owner(world, "Third", "third@example.org")
    token = await session_of(world, "both@example.org")
    mine = (await both.ask("GET", "/v1/merchants")).json()["items"]
    assert [(it["name"], it["role"]) for it in mine] == [("First", "owner"), ("Second", "owner")]

    turns = count()

    async def acts_for(**headers: str) -> Any:
        given = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k{next(turns)}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"name": "k", "scopes": ["read"]}
        answer = await world.client.post("/v1/partner/keys", json=body, headers=given)
        if answer.status_code != 201:
            return answer.status_code
        key = Partner(world, answer.json()["token"])
        await key.ask("GET", "/v1/partner/programs")
        return await world.ports.database.read(
            lambda tx: tx.value(
                "SELECT m.name FROM merchant_key k JOIN merchant m"
                " ON m.merchant_id = k.merchant_id WHERE k.prefix = ?",
                answer.json()["prefix"],
            )
        )

    first, second = (it["id"] for it in mine)
    assert await acts_for() == "First"
    assert await acts_for(X_Merchant=second) == "Second"
    assert await acts_for(Cookie=f"merchant={second}") == "Second"
    assert await acts_for(X_Merchant=first, Cookie=f"merchant={second}") == "First"
    # A request that names another's, or none that there is, acts for nobody.
    others = await world.ports.database.read(
        lambda tx: tx.value("SELECT public_id FROM merchant WHERE slug = 'third'")
    )
    assert isinstance(others, bytes)
    for named in (f"mer_{others.hex()}", "mer_" + "0" * 32, "x", "mer_"):
        assert await acts_for(X_Merchant=named) == 403
    # What a browser kept of somewhere he works no more counts for nothing.
    assert await acts_for(Cookie=f"merchant=mer_{others.hex()}") == "First"


async def test_a_user_with_an_address_starts_a_merchant_in_the_sandbox(world: World) -> None:
    ana = Partner(world, await session_of(world, "ana@example.org"))
    assert (await ana.ask("GET", "/v1/merchants")).json()["items"] == []
    first = await ana.ask("POST", "/v1/merchants", {"name": "Chez Ana"}, Idempotency_Key="s")
    again = await ana.ask("POST", "/v1/merchants", {"name": "Chez Ana"}, Idempotency_Key="s")
    assert (first.status_code, first.content) == (201, again.content)
    made = first.json()
    assert (made["name"], made["slug"], made["role"]) == ("Chez Ana", "chez-ana", "owner")
    assert (await ana.ask("GET", "/v1/merchants")).json()["items"] == [made]
    assert (await ana.ask("GET", "/v1/partner/keys")).status_code == 200
    guest = Partner(world, await session_of(world, None))
    refused = await guest.ask("POST", "/v1/merchants", {"name": "Chez Personne"})
    assert (refused.status_code, refused.json()["code"]) == (403, "wrong-token")


async def test_bad_input_names_the_field_and_too_many_are_held_back(world: World) -> None:
    boss = await owner(world)
    for body, path in (
        ({"email": "x", "role": "owner"}, "email"),
        ({"email": "a@example.org", "role": "root"}, "role"),
        ({"email": "a@example.org"}, "role"),
        ({"email": "a@example.org", "role": "staff", "id": "1"}, "id"),
    ):
        answer = await boss.ask("POST", STAFF, body)
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (400, path)
    key = Partner(world, await key_of(world, "Keyed"))
    made = await key.ask("POST", STAFF, {"email": "c@example.org", "role": "staff"})
    assert made.status_code == 201
    number, now = await merchant_number(world, "keyed"), world.clock.wall()
    for _ in range(staff_controller.HIRED_PER_HOUR):
        world.ports.limiter.count("staff-hired", number, now=now)
    held = await key.ask("POST", STAFF, {"email": "d@example.org", "role": "staff"})
    assert held.status_code == 429 and held.headers["Retry-After"]


async def merchant_number(world: World, slug: str) -> str:
    found = await world.ports.database.read(
        lambda tx: merchant_queries.merchant_id_by_slug(tx, slug)
    )
    return str(found)


async def test_what_a_crash_left_between_the_two_rows_opens_nothing_and_is_finished_by_a_repeat(
    world: World,
) -> None:
    boss = await owner(world)
    ports, now = world.ports, world.clock.wall()
    merchant_id = int(await merchant_number(world, "shop"))
    drawn = users.draw(ports, now)
    await ports.database.write(
        lambda tx: staff.prepare_user(
            tx, merchant_id, drawn, email="ana@example.org", language="fr", now=now
        )
    )
    hers = Partner(world, await session_of(world, "ana@example.org"))
    assert (await hers.ask("GET", "/v1/partner/programs")).status_code == 403
    assert (await hers.ask("GET", "/v1/merchants")).json()["items"] == []
    body = {"email": "ana@example.org", "role": "staff"}
    made = await boss.ask("POST", STAFF, body)
    assert made.status_code == 201
    assert (await hers.ask("GET", "/v1/partner/programs")).status_code == 200
    # Dismissed, but the server died before her own row went: the same again takes it away.
    user_id = await ports.database.read(
        lambda tx: tx.value("SELECT user_id FROM users WHERE email = 'ana@example.org'")
    )
    assert isinstance(user_id, int)
    await ports.database.write(lambda tx: staff.dismiss(tx, merchant_id, user_id))
    assert (await hers.ask("GET", "/v1/partner/programs")).status_code == 403
    assert (await boss.ask("DELETE", f"{STAFF}/{made.json()['id']}")).status_code == 404
    assert await ports.database.read(lambda tx: users.workplaces(tx, user_id)) == []

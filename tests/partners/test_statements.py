"""Statements over HTTP: every rule of specs api §5, on both engines."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from tests.cards.cards_world import NUMBER, NUMBERS, Asking, card_row, merchant, program, rows, user
from tests.flows.conftest import World

AS_OF = "2026-11-21T20:05:00Z"


class Shop(msgspec.Struct, frozen=True):
    """A merchant with a mirrored program and one enrolled card."""

    world: World
    ask: Asking
    program: str
    path: str

    async def tell(self, number: str = NUMBER, **statement: Any) -> Any:
        body = {"as_of": AS_OF} | statement
        return await self.ask("PUT", f"{self.path}/{quote(number, safe='')}/statement", body)

    async def account(self, number: str = NUMBER) -> Any:
        return (await self.ask("GET", f"{self.path}/{quote(number, safe='')}")).json()

    async def revision(self) -> int:
        found = await rows(self.world.ports, "SELECT sum(revision) FROM card_revision")
        return int(found[0][0])

    async def bulk(self, *lines: Any) -> list[Any]:
        body = b"\n".join(
            line if isinstance(line, bytes) else msgspec.json.encode({"as_of": AS_OF} | line)
            for line in lines
        )
        return await send(self, body)


async def send(shop: Shop, body: bytes) -> list[Any]:
    answer = await shop.world.client.post(
        f"/v1/partner/programs/{shop.program}/statements",
        content=body,
        headers={
            "Authorization": f"Bearer {shop.ask.token}",
            "Content-Type": "application/x-ndjson",
        },
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


@pytest.fixture
async def shop(world: World) -> Shop:
    _, ask = await merchant(world)
    public = await program(ask)
    made = Shop(world, ask, public, f"/v1/partner/programs/{public}/cards")
    assert (await ask("POST", made.path, {"number": NUMBER})).status_code == 201
    return made


async def test_a_statement_changes_the_account_and_raises_the_revision_once(shop: Shop) -> None:
    answer = await shop.tell(
        sequence=13,
        balance=1300,
        tier="gold",
        fields=[{"key": "cheque", "label": "Chèque", "value": "5 €"}],
        next_expiry={"at": "2027-01-31T23:00:00Z", "units": 120},
        message="Merci",
    )
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"card_number": NUMBER, "sequence": 13, "changed": True}
    account = await shop.account()
    assert account["balances"] == [{"unit": "pts", "name": "Points", "value": 1300, "pending": 0}]
    assert account["tier"] == {"id": "gold", "name": "Or"}
    assert account["fields"] == [{"key": "cheque", "label": "Chèque", "value": "5 €"}]
    assert account["next_expiry"] == {"at": "2027-01-31T23:00:00Z", "units": 120}
    assert (account["as_of"], account["sequence"]) == (AS_OF, 13)
    assert await shop.revision() == 2
    events = await rows(shop.world.ports, "SELECT sequence, type FROM event ORDER BY sequence")
    assert events == [(1, "card.created"), (2, "balance.updated"), (3, "tier.changed")]


async def test_what_is_absent_is_unchanged_and_null_or_empty_is_cleared(shop: Shop) -> None:
    field = {"key": "a", "label": "A", "value": "1"}
    expiry = {"at": AS_OF, "units": 3}
    await shop.tell(sequence=1, balances={"pts": 5, "stamps": 2}, tier="gold", fields=[field],
                    next_expiry=expiry)  # fmt: skip
    await shop.tell(sequence=2, balances={"stamps": 3})
    account = await shop.account()
    assert [one["value"] for one in account["balances"]] == [5, 3]
    assert account["tier"]["id"] == "gold" and account["fields"] and account["next_expiry"]
    await shop.tell(sequence=3, balance=5, tier=None, fields=[], next_expiry=None)
    account = await shop.account()
    assert account["tier"] is None and account["fields"] == [] and account["next_expiry"] is None
    await shop.tell(sequence=4, balance=5, fields=[field])
    await shop.tell(sequence=5, balance=5, fields=None)
    assert (await shop.account())["fields"] == []


async def test_a_sequence_not_above_the_last_changes_nothing(shop: Shop) -> None:
    await shop.tell(sequence=13, balance=1)
    for sequence in (13, 12, 0):
        answer = await shop.tell(sequence=sequence, balance=2)
        assert answer.status_code == 409
        problem = answer.json()
        assert (problem["code"], problem["sequence"]) == ("stale-statement", 13)
    assert (await shop.account())["balances"][0]["value"] == 1
    assert await shop.revision() == 2


async def test_the_first_sequence_may_be_zero(shop: Shop) -> None:
    assert (await shop.tell(sequence=0, balance=1)).status_code == 200
    assert (await shop.tell(sequence=0, balance=1)).status_code == 409


async def test_a_newer_statement_that_says_the_same_is_stored_and_tells_no_phone(
    shop: Shop,
) -> None:
    same = {"balance": 7, "tier": "gold", "message": "Merci"}
    await shop.tell(sequence=1, **same)
    revision = await shop.revision()
    answer = await shop.tell(sequence=2, **same)
    assert answer.json()["changed"] is False
    assert (await shop.account())["sequence"] == 2
    assert await shop.revision() == revision
    assert len(await rows(shop.world.ports, "SELECT 1 FROM statement")) == 2
    assert len(await rows(shop.world.ports, "SELECT 1 FROM event")) == 3


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"sequence": 1}, "balance"),
        ({"sequence": 1, "balance": 1, "balances": {"pts": 1}}, "balance"),
        ({"sequence": 1, "balance": None}, "balance"),
        ({"sequence": 1, "balances": {}}, "balances"),
        ({"sequence": 1, "balances": {"miles": 1}}, "balances.miles"),
        ({"sequence": 1, "balance": 1, "tier": "platinum"}, "tier"),
        ({"sequence": -1, "balance": 1}, "sequence"),
        ({"sequence": 2**53 + 1, "balance": 1}, "sequence"),
        ({"sequence": 1, "balance": 2**53 + 1}, "balance"),
        ({"sequence": 1, "balance": 1.5}, "balance"),
        ({"sequence": 1, "balance": "1"}, "balance"),
        ({"sequence": 1, "balance": 1, "as_of": "yesterday"}, "as_of"),
        ({"sequence": 1, "balance": 1, "as_of": "2026-02-30T00:00:00Z"}, "as_of"),
        ({"sequence": 1, "balance": 1, "points": 3}, "points"),
        ({"sequence": 1, "balance": 1, "next_expiry": {"at": "2026-02-30T00:00:00Z", "units": 1}}, "next_expiry.at"),
        ({"sequence": 1, "balance": 1, "fields": [{"key": "a", "label": "A"}]}, "fields[0].value"),
    ],
)  # fmt: skip
async def test_a_wrong_statement_names_its_field_and_changes_nothing(
    shop: Shop, body: dict[str, Any], path: str
) -> None:
    answer = await shop.tell(**body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["path"] == path
    assert not await rows(shop.world.ports, "SELECT 1 FROM statement")
    lines = await shop.bulk(body | {"number": NUMBER})
    assert lines[0]["status"] == "error" and lines[0]["code"] == "invalid-input"
    assert not await rows(shop.world.ports, "SELECT 1 FROM statement")


async def test_an_unknown_number_is_card_not_found(shop: Shop) -> None:
    answer = await shop.tell(NUMBERS[1], sequence=1, balance=1)
    assert (answer.status_code, answer.json()["code"]) == (404, "card-not-found")


async def test_a_card_is_told_by_its_public_id_too(shop: Shop) -> None:
    public = (await shop.account())["id"]
    answer = await shop.tell(public, sequence=1, balance=1)
    assert answer.json()["card_number"] == NUMBER


async def test_a_number_may_hold_a_slash(world: World) -> None:
    _, ask = await merchant(world)
    public = await program(ask, barcode={"format": "CODE_39"})
    shop = Shop(world, ask, public, f"/v1/partner/programs/{public}/cards")
    await ask("POST", shop.path, {"number": "AB/12 3"})
    assert (await shop.tell("AB/12 3", sequence=1, balance=4)).status_code == 200
    assert (await shop.account("AB/12 3"))["balances"][0]["value"] == 4


@pytest.mark.parametrize("authority", ["ledger", "none"])
async def test_only_a_mirrored_program_takes_statements(world: World, authority: str) -> None:
    _, ask = await merchant(world)
    more: dict[str, Any] = {"units": [], "tiers": []} if authority == "none" else {}
    public = await program(ask, authority=authority, **more)
    shop = Shop(world, ask, public, f"/v1/partner/programs/{public}/cards")
    await ask("POST", shop.path, {"number": NUMBER})
    answer = await shop.tell(sequence=1, balance=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong-authority")
    bulk = await ask.world.client.post(
        f"/v1/partner/programs/{public}/statements",
        content=b"{}",
        headers={"Authorization": f"Bearer {ask.token}", "Content-Type": "application/x-ndjson"},
    )
    assert bulk.status_code == 409


async def test_another_merchants_cards_are_not_found(shop: Shop) -> None:
    _, other = await merchant(shop.world, "Autre")
    for method, path, body in [
        ("GET", f"{shop.path}/{NUMBER}", None),
        ("GET", shop.path, None),
        ("POST", shop.path, {"number": NUMBERS[1]}),
        ("POST", f"{shop.path}/searches", {"text": NUMBER}),
        ("PUT", f"{shop.path}/{NUMBER}/statement", {"sequence": 1, "as_of": AS_OF, "balance": 1}),
    ]:
        answer = await other(method, path, body)
        assert answer.status_code == 404, path
        assert answer.json()["code"] == "not-found"
    mine = await program(other)
    public = (await shop.account())["id"]
    answer = await other("GET", f"/v1/partner/programs/{mine}/cards/{public}")
    assert (answer.status_code, answer.json()["code"]) == (404, "card-not-found")


async def test_the_pass_speaks_a_message_only_when_it_came_with_the_change(shop: Shop) -> None:
    from app.cards.content import content_of

    card_id = await card_row(shop.world.ports, (await shop.account())["id"])

    async def content() -> Any:
        found = await shop.world.ports.database.read(
            lambda tx: content_of(tx, card_id, user_id=0, now=shop.world.clock.wall())
        )
        assert found is not None
        return found.content

    await shop.tell(sequence=1, balance=1, message="Bonjour")
    shown = await content()
    assert (shown.message, shown.is_message_new) == ("Bonjour", True)
    await shop.tell(sequence=2, balance=1)  # changes nothing, so nothing is silenced
    assert (await content()).is_message_new
    await shop.tell(sequence=3, balance=2)
    shown = await content()
    assert (shown.message, shown.is_message_new) == ("Bonjour", False)


async def test_a_change_is_wanted_told_with_the_priority_of_its_cause(shop: Shop) -> None:
    ports = shop.world.ports
    card_id = await card_row(ports, (await shop.account())["id"])
    await ports.database.write(
        lambda tx: tx.run(
            "INSERT INTO outbox (card_id, channel, wanted, done, priority, merchant_id, attempts,"
            " next_at, claimed_until) VALUES (?, 'apple', 1, 1, 3, 0, 0, 0, 0)",
            card_id,
        )
    )

    async def wanted() -> tuple[Any, ...]:
        return (await rows(ports, "SELECT wanted, priority FROM outbox"))[0]

    await shop.bulk({"number": NUMBER, "sequence": 1, "balance": 1})
    assert await wanted() == (2, 3)
    await shop.tell(sequence=2, balance=2)
    assert await wanted() == (3, 2)
    await shop.bulk(
        {"number": NUMBER, "sequence": 3, "balance": 3, "tier": "gold"},
        {"number": NUMBER, "sequence": 4, "balance": 4},
    )
    assert await wanted() == (5, 1)


async def test_a_user_sees_what_was_told_and_its_history(shop: Shop) -> None:
    ask = await user(shop.world)
    token = (await shop.ask("POST", shop.path, {"number": NUMBER})).json()["link_token"]
    card = await ask(
        "POST", "/v1/cards", {"program_id": shop.program, "number": NUMBER, "link_token": token}
    )
    path = f"/v1/cards/{card.json()['id']}"
    await shop.tell(sequence=1, balance=5, message="Bonjour")
    await shop.tell(sequence=2, balance=9, tier="gold")
    assert (await ask("GET", path)).json()["balances"][0]["value"] == 9
    first = (await ask("GET", f"{path}/history?limit=1")).json()
    assert first["items"][0]["sequence"] == 2
    assert first["items"][0]["text"] == "Solde communiqué par Maison Verte"
    assert first["items"][0]["tier"] == {"id": "gold", "name": "Or"}
    rest = (await ask("GET", f"{path}/history?limit=1&after={first['next']}")).json()
    assert rest["items"][0]["text"] == "Bonjour"
    assert rest["items"][0]["kind"] == "statement"
    assert rest["next"] is None

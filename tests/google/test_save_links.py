"""`GET /v1/cards/{id}/google`: one link a state of a card, the holder's own (google.md §4)."""

from __future__ import annotations

import asyncio
import threading
from typing import Any, cast

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from app.cards import queries
from app.cards.holding_queries import HoldingRow
from app.cards.registering import hold
from app.google.keeping import Kept
from app.google.running import make_google
from app.programs.issuers import ensure_issuer, seal_issuer
from app.sandbox.fake_google_orders import Say
from passes.google.lint_link import lint_save_jwt, lint_save_url
from tests.cards.cards_world import PROGRAM, Asking, card_row, program, user
from tests.google.accounts import EMAIL, GOOGLE_ISSUER, account_json, key
from tests.google.door_world import HOST, Door, claims_of, keep_issuer, object_of


class ListeningKey:
    """A key that tells how often it signed, and in which threads."""

    def __init__(self, real: rsa.RSAPrivateKey) -> None:
        self.real, self.signed, self.places = real, 0, set[int]()
        self.key_size = real.key_size
        self.public_key = real.public_key

    def sign(self, *given: Any) -> bytes:
        """Sign, and remember that."""
        self.signed += 1
        self.places.add(threading.get_ident())
        return self.real.sign(*given)


@pytest.fixture
def signing(door: Door) -> ListeningKey:
    """Give the server's issuer a key that is listened to."""
    loaded = door.google.issuers._by_id[1]
    listening: Any = ListeningKey(loaded.account.key)
    account = msgspec.structs.replace(loaded.account, key=listening)
    door.google.issuers._by_id[1] = msgspec.structs.replace(loaded, account=account)
    return cast(ListeningKey, listening)


async def test_a_link_is_what_google_takes_and_nobody_may_keep_the_answer(door: Door) -> None:
    answer = await door.ask()
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"save_url", "saved"}
    assert answer.json()["saved"] is False
    assert answer.headers["cache-control"] == "no-store"
    url = answer.json()["save_url"]
    public = key().public_key()
    given = {"issuer": GOOGLE_ISSUER, "service_account": EMAIL, "allow_loopback": True}
    token = url.removeprefix(f"{HOST}/save/")
    assert lint_save_jwt(token, public_key=public, **given) == []
    assert lint_save_url(url, save_url=f"{HOST}/save/", public_key=public, **given) == []
    claims = claims_of(token)
    assert claims["origins"] == ["http://127.0.0.1:8000"]
    assert claims["iss"] == EMAIL
    assert isinstance(claims["iat"], int) and "exp" not in claims
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT"}


async def test_the_first_link_of_a_program_brings_its_class(door: Door) -> None:
    payload = claims_of(await door.link())["payload"]
    (loyalty_class,) = payload["loyaltyClasses"]
    assert loyalty_class["id"] == f"{GOOGLE_ISSUER}.{door.program_id}"
    assert loyalty_class["callbackOptions"] == {"url": "http://127.0.0.1:8000/google/callbacks"}
    logo = loyalty_class["programLogo"]["sourceUri"]["uri"]
    picture = await door.world.client.get(logo.removeprefix("http://127.0.0.1:8000"))
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


async def test_a_class_that_google_knows_is_not_in_the_link(door: Door) -> None:
    await door.link()
    await door.google.teller.tell_class(1, door.program_id)
    await door.tell(5, tier="gold")
    payload = claims_of(await door.link())["payload"]
    assert "loyaltyClasses" not in payload
    assert payload["loyaltyObjects"][0]["loyaltyPoints"]["balance"] == {"int": 5}


async def test_a_link_shows_the_card_and_never_a_name(door: Door) -> None:
    await door.owner("PATCH", "/v1/me", {"display_name": "Camille Martin"})
    await door.link()
    await door.google.teller.tell_class(1, door.program_id)
    await door.tell(1250, tier="gold")
    token = await door.link()
    shown = object_of(token)
    assert shown["accountId"] == "4006381333931"
    assert shown["barcode"]["value"] == "4006381333931"
    assert shown["loyaltyPoints"]["balance"] == {"int": 1250}
    assert shown["groupingInfo"]["sortIndex"] == 0
    assert "accountName" not in shown
    assert "Camille" not in str(claims_of(token))


async def test_asking_again_is_a_row_read(door: Door, signing: ListeningKey) -> None:
    first = await door.link()
    assert signing.signed == 1
    door.world.clock.forward(3600)
    assert await door.link() == first
    assert signing.signed == 1
    await door.tell(7)
    second = await door.link()
    assert second != first
    assert object_of(second)["loyaltyPoints"]["balance"] == {"int": 7}
    assert await door.link() == second
    assert signing.signed == 2


async def test_a_redesign_makes_another_link(door: Door, signing: ListeningKey) -> None:
    await door.link()
    changed = PROGRAM | {"settings": {"open_numbers": True}, "name": "Maison Bleue"}
    path = f"/v1/partner/programs/{door.program_id}"
    assert (await door.partner("PUT", path, changed)).status_code == 200
    (loyalty_class,) = claims_of(await door.link())["payload"]["loyaltyClasses"]
    assert loyalty_class["programName"] == "Maison Bleue"
    assert signing.signed == 2


async def test_many_who_ask_at_once_cost_one_signature(door: Door, signing: ListeningKey) -> None:
    links = await asyncio.gather(*(door.link() for _ in range(20)))
    assert len(set(links)) == 1
    assert signing.signed == 1
    assert (await door.rows("SELECT COUNT(*) FROM pass WHERE wallet = 'google'"))[0][0] == 1
    assert (await door.rows("SELECT COUNT(*) FROM google_object"))[0][0] == 1
    assert (await door.rows("SELECT COUNT(*) FROM google_class"))[0][0] == 1


async def test_a_renewed_account_signs_anew(door: Door) -> None:
    old = await door.link()
    await keep_issuer(door.world, place=1)
    await door.google.load()
    new = await door.link()
    assert new != old
    assert claims_of(new, place=1)["payload"] == claims_of(old)["payload"]


async def test_strangers_and_nobody_get_no_link(door: Door) -> None:
    stranger = await user(door.world)
    foreign = await door.ask(stranger)
    assert foreign.status_code == 404
    unknown = await door.ask(stranger, "card_" + "0" * 32)
    assert (unknown.json() | {"request_id": ""}) == (foreign.json() | {"request_id": ""})
    assert (await door.ask(Asking(door.world, None))).status_code == 401
    assert (await door.ask(door.partner)).status_code == 403
    for wrong in ("x", "card_", "prog_" + "0" * 32):
        assert (await door.ask(card_id=wrong)).status_code == 404
    assert (await door.rows("SELECT COUNT(*) FROM pass"))[0][0] == 0


async def test_a_card_that_ended_has_no_link(door: Door) -> None:
    await door.link()
    await door.owner("DELETE", f"/v1/cards/{door.card_id}")
    assert (await door.ask()).status_code == 404


async def test_a_number_only_card_is_of_its_shops_class(door: Door) -> None:
    body = {"shop_name": "Boulangerie Dupont", "number": "12345"}
    cards = []
    for who, name in (
        (door.owner, "Boulangerie Dupont"),
        (await user(door.world), "BOULANGERIE dupont"),
    ):
        answer = await who("POST", "/v1/cards", body | {"shop_name": name})
        assert answer.status_code == 201, answer.text
        cards.append(claims_of(await door.link(who, answer.json()["id"]))["payload"])
    suffixes = {each["loyaltyObjects"][0]["classId"].partition(".")[2] for each in cards}
    (suffix,) = suffixes
    assert suffix.startswith("shop.") and len(suffix) == 25
    assert "dupont" not in suffix.lower()


async def test_whoever_has_the_claim_token_gets_a_link_and_keeps_the_object_when_he_claims(
    door: Door,
) -> None:
    nobody = Asking(door.world, None)
    joined = await nobody("POST", f"/v1/programs/{door.program_id}/join", {})
    card, token = joined.json()["card"]["id"], joined.json()["claim_token"]
    claim = Asking(door.world, token)
    first = object_of(await door.link(claim, card))
    assert "groupingInfo" not in first
    assert (await door.ask(claim)).status_code == 404  # another card
    someone = await user(door.world)
    claimed = await someone("POST", "/v1/claims", {"claim_token": token})
    assert claimed.status_code == 200, claimed.text
    assert object_of(await door.link(someone, card))["id"] == first["id"]
    assert (await door.ask(claim, card)).status_code in {401, 404}


async def test_each_holder_of_a_card_has_an_object_of_his_own(door: Door) -> None:
    ports, other = door.world.ports, await user(door.world)
    card_id = await card_row(ports, door.card_id)
    me = (await other("GET", "/v1/me")).json()["id"]
    found = await door.rows(
        "SELECT user_id FROM user_by_public WHERE public_id = ?", bytes.fromhex(me[5:])
    )
    user_id = int(found[0][0])
    now = ports.clock.wall()
    await ports.database.write(
        lambda tx: queries.insert_holder(tx, card_id, user_id, access="read", now=now)
    )
    own = HoldingRow(access="read", position=0)
    await ports.database.write(lambda tx: hold(tx, user_id, door.card_id, own, now=now))
    mine, his = object_of(await door.link()), object_of(await door.link(other))
    assert mine["id"] != his["id"]
    assert mine["classId"] == his["classId"]
    assert mine["groupingInfo"]["groupingId"] != his["groupingInfo"]["groupingId"]


async def test_without_an_issuer_there_is_no_link_and_no_row(door: Door) -> None:
    ports = door.world.ports
    await ports.database.write(lambda tx: tx.run("DELETE FROM issuer"))
    door.world.app.state.google = make_google(ports)
    answer = await door.ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "Google" in answer.json()["detail"]
    assert int(answer.headers["retry-after"]) >= 1
    assert (await door.rows("SELECT COUNT(*) FROM google_object"))[0][0] == 0


ROTATING = {"open_numbers": True, "rotating_code": True}


async def _rotating(door: Door) -> str:
    door.program_id = await program(door.partner, name="Maison Rouge", settings=ROTATING)
    return await door.add_card()


async def test_a_rotating_code_is_in_no_link_and_at_google_before(door: Door) -> None:
    card = await _rotating(door)
    async with door.time_passes():
        token = await door.link(card_id=card)
    shown = object_of(token)
    assert set(shown) == {"id", "classId"}
    assert "loyaltyClasses" not in claims_of(token)["payload"]
    held = door.fake.memory.objects[shown["id"]].document
    assert held["rotatingBarcode"]["valuePattern"].startswith(f"PC1.{card[5:]}.")
    assert "barcode" not in held
    calls = len(door.fake.calls)
    assert await door.link(card_id=card) == token
    assert len(door.fake.calls) == calls


async def test_where_google_does_not_answer_a_rotating_code_has_no_link_yet(door: Door) -> None:
    card = await _rotating(door)
    door.fake.order(*[Say(503)] * 8)
    async with door.time_passes():
        answer = await door.ask(card_id=card)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert door.fake.memory.objects == {}
        links = await door.rows("SELECT link FROM google_object")
        assert links == [(None,)]
        door.fake.orders.clear()
        first = await door.rows("SELECT serial FROM google_object")
        assert object_of(await door.link(card_id=card))["id"].endswith(first[0][0].hex())


async def test_a_card_too_long_for_a_link_is_told_before(door: Door) -> None:
    value = "N" * 1_000
    body = {"shop_name": "Musée", "number": "1", "barcode_value": value}
    body |= {"barcode_format": "QR_CODE"}
    answer = await door.owner("POST", "/v1/cards", body)
    assert answer.status_code == 201, answer.text
    card = answer.json()["id"]
    async with door.time_passes():
        token = await door.link(card_id=card)
    assert len(token) <= 1800
    shown = object_of(token)
    assert set(shown) == {"id", "classId"}
    assert shown["classId"] in door.fake.memory.classes
    assert door.fake.memory.objects[shown["id"]].document["barcode"]["value"] == value
    assert await door.link(card_id=card) == token


async def test_what_a_used_link_told_is_known_unless_two_were_out(door: Door) -> None:
    await door.link()
    told = "SELECT told FROM google_object"
    first = (await door.rows(told))[0][0]
    assert first is not None
    await door.link()
    assert (await door.rows(told))[0][0] == first
    await door.tell(9)
    await door.link()
    assert (await door.rows(told))[0][0] is None
    await door.tell(10)
    await door.link()
    assert (await door.rows(told))[0][0] is None


async def test_a_link_never_changes_what_a_saved_object_was_told(door: Door) -> None:
    await door.save(door.phone(), await door.link())
    before = (await door.rows("SELECT told FROM google_object"))[0][0]
    await door.tell(3)
    await door.link()
    assert (await door.rows("SELECT told FROM google_object"))[0][0] == before
    assert before is not None


async def test_links_are_signed_beside_the_loop(door: Door, signing: ListeningKey) -> None:
    await door.link()
    assert signing.places and threading.get_ident() not in signing.places


async def test_a_program_with_an_issuer_of_its_own_is_of_that_one(door: Door) -> None:
    ports, other = door.world.ports, "3388000000087654321"
    row = seal_issuer(
        other,
        account_json(client_email="own@shop-2.iam.gserviceaccount.com"),
        issuer_id=2,
        secrets=ports.secrets,
        nonce=ports.ids.secret(12),
        now=ports.clock.wall(),
    )
    await ports.database.write(lambda tx: ensure_issuer(tx, row, server_public=b"s" * 16))
    first = object_of(await door.link())
    await ports.database.write(lambda tx: tx.run("UPDATE program SET issuer_id = 2"))
    kept = object_of(await door.link())
    assert kept["id"] == first["id"]  # an object keeps its issuer for ever
    second = await door.add_card("2000000000015")
    claims = claims_of(await door.link(card_id=second))
    assert claims["iss"] == "own@shop-2.iam.gserviceaccount.com"
    (shown,) = claims["payload"]["loyaltyObjects"]
    assert shown["id"].startswith(f"{other}.")
    assert shown["classId"] == f"{other}.{door.program_id}"


async def test_a_program_that_begins_to_change_codes_has_another_link(door: Door) -> None:
    fat = object_of(await door.link())
    assert fat["barcode"]["value"] == "4006381333931"
    path = f"/v1/partner/programs/{door.program_id}"
    answer = await door.partner("PUT", path, PROGRAM | {"settings": ROTATING})
    assert answer.status_code == 200, answer.text
    async with door.time_passes():
        skinny = object_of(await door.link())
    assert skinny == {"id": fat["id"], "classId": fat["classId"]}
    held = door.fake.memory.objects[fat["id"]].document
    assert "rotatingBarcode" in held and "barcode" not in held


async def test_a_card_that_google_would_refuse_says_why(door: Door) -> None:
    ports = door.world.ports
    settings = msgspec.structs.replace(ports.settings, public_url="http://cards.example.org")
    google = make_google(msgspec.structs.replace(ports, settings=settings))
    await google.load()
    door.world.app.state.google = google
    answer = await door.ask()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "programLogo" in answer.json()["detail"]


async def test_who_asks_may_go_and_the_link_is_made_all_the_same(door: Door) -> None:
    kept = Kept(card_id=await card_row(door.world.ports, door.card_id), user_id=0, issuer_id=1)
    (user_id,) = (await door.rows("SELECT user_id FROM holder"))[0]
    kept = msgspec.structs.replace(kept, user_id=user_id)
    asking = asyncio.create_task(door.google.links.link(kept))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    token = await door.link()
    assert (await door.rows("SELECT link FROM google_object")) == [(token,)]

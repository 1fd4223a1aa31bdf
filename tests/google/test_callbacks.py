"""`POST /google/callbacks`: what Google signed takes effect once, nothing else does (google.md §8)."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from app.cards import pass_queries
from app.delivery.pruning import prune
from app.google import documents, service
from app.google.running import make_google
from app.sandbox.fake_google_callbacks import Duplicate, Expired, Foreign, NonAscii, Swapped
from tests.cards.cards_world import Asking, card_row, user
from tests.google.accounts import GOOGLE_ISSUER
from tests.google.door_world import Door, object_of
from tests.users.people import ask_for_code, sign_in, user_with

CHANNEL = documents.channel_of(1)


async def _signed(door: Door, **changed: Any) -> bytes:
    """Sign a save of the owner's card as Google would, or with something else."""
    keys = {name: changed.pop(name) for name in ("issuer", "sender", "protocol") if name in changed}
    shown = object_of(await door.link())
    now_ms = door.world.clock.wall() // 1000
    message = {
        "classId": shown["classId"],
        "objectId": shown["id"],
        "eventType": "save",
        "expTimeMillis": now_ms + 3_600_000,
        "count": 1,
        "nonce": "n-1",
    } | changed
    text = msgspec.json.encode({k: v for k, v in message.items() if v is not None}).decode()
    return door.fake.keys.signed(text, **({"issuer": GOOGLE_ISSUER} | keys))


async def _channel(door: Door) -> list[tuple[Any, ...]]:
    card = await card_row(door.world.ports, door.card_id)
    return await door.rows(
        "SELECT wanted, done FROM outbox WHERE card_id = ? AND channel = ?", card, CHANNEL
    )


async def test_a_save_is_seen_by_user_webhook_and_delivery_and_a_removal_ends_all(
    door: Door,
) -> None:
    phone, token = door.phone(), await door.link()
    await door.save(phone, token)
    assert [each.status for each in door.fake.callbacks.sent] == [200]
    assert await door.saved()
    assert (await door.events("pass.added"), await door.events("pass.removed")) == (1, 0)
    facts = await door.rows("SELECT facts FROM event WHERE type = 'pass.added'")
    assert msgspec.json.decode(facts[0][0]) == {"wallet": "google"}
    ((wanted, done),) = await _channel(door)
    assert wanted == done + 1  # delivery looks once
    await door.remove(phone, object_of(token)["id"])
    assert not await door.saved()
    assert (await door.events("pass.added"), await door.events("pass.removed")) == (1, 1)
    assert await _channel(door) == []


async def test_a_card_added_again_is_the_same_object(door: Door) -> None:
    phone, token = door.phone(), await door.link()
    await door.save(phone, token)
    await door.remove(phone, object_of(token)["id"])
    again = await door.link()
    assert object_of(again)["id"] == object_of(token)["id"]
    await door.save(phone, again)
    assert await door.saved()
    assert await door.events("pass.added") == 2


async def test_text_beyond_ascii_is_believed(door: Door) -> None:
    door.fake.callbacks.orders.append(NonAscii())
    await door.save(door.phone(), await door.link())
    assert await door.saved()


async def test_a_callback_that_comes_twice_counts_once(door: Door) -> None:
    door.fake.callbacks.orders.append(Duplicate(3))
    await door.save(door.phone(), await door.link())
    assert [each.status for each in door.fake.callbacks.sent] == [200] * 3
    assert await door.events("pass.added") == 1
    assert (await door.rows("SELECT COUNT(*) FROM google_nonce"))[0][0] == 1


async def test_an_old_callback_sent_again_has_no_effect(door: Door) -> None:
    phone, token = door.phone(), await door.link()
    await door.save(phone, token)
    await door.remove(phone, object_of(token)["id"])
    answer = await door.post(door.fake.callbacks.sent[0].body)
    assert (answer.status_code, answer.content) == (200, b"")
    assert not await door.saved()
    assert await door.events("pass.added") == 1


async def test_of_many_at_once_one_takes_effect(door: Door) -> None:
    body = await _signed(door)
    answers = await asyncio.gather(*(door.post(body) for _ in range(10)))
    assert {each.status_code for each in answers} == {200}
    assert await door.events("pass.added") == 1
    assert await door.saved()


async def test_two_saves_in_a_row_are_one_and_order_is_not_relied_upon(door: Door) -> None:
    token = await door.link()
    await door.save(door.phone("camille"), token)
    assert (await door.post(await _signed(door, nonce="n-2"))).status_code == 200
    assert await door.events("pass.added") == 1
    assert (await door.post(await _signed(door, eventType="del", nonce="n-3"))).status_code == 200
    assert (await door.post(await _signed(door, eventType="del", nonce="n-4"))).status_code == 200
    assert await door.events("pass.removed") == 1
    assert not await door.saved()


async def test_what_arrives_in_another_order_is_taken_as_it_comes(door: Door) -> None:
    door.fake.callbacks.orders.append(Swapped())
    phone, token = door.phone(), await door.link()
    await phone.save(f"http://google/save/{token}")
    await door.remove(phone, object_of(token)["id"])
    assert [each.event for each in door.fake.callbacks.sent] == ["del", "save"]
    assert await door.saved()  # the nightly list corrects it


WRONG: dict[str, dict[str, Any]] = {
    "an expired message": {"expTimeMillis": 1_789_999_999_999},
    "another issuer's message": {"issuer": "3388000000000000001"},
    "the sender GoogleWalletPasses": {"sender": "GoogleWalletPasses"},
    "the protocol ECv2": {"protocol": "ECv2"},
    "an unknown event": {"eventType": "update"},
    "no event": {"eventType": None},
    "no nonce": {"nonce": None},
    "no expiry": {"expTimeMillis": None},
    "a foreign object": {"objectId": "3388000000000000001." + "0" * 32},
    "a foreign class": {"classId": "3388000000000000001.prog_x"},
    "an object of a longer issuer": {"objectId": f"{GOOGLE_ISSUER}9." + "0" * 32},
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_refused_without_a_word_and_with_one_line(
    door: Door, name: str
) -> None:
    body = await _signed(door, **WRONG[name])
    with capture_logs() as lines:
        answer = await door.post(body)
    assert (answer.status_code, answer.content) == (400, b"")
    (line,) = [each for each in lines if each.get("route") == "/google/callbacks"]
    assert line["status"] == 400 and line["code"] and line["code"].isascii()
    assert len([each for each in lines if each["log_level"] != "debug"]) == 1
    assert not await door.saved()
    assert (await door.rows("SELECT COUNT(*) FROM google_nonce"))[0][0] == 0
    assert await door.events("pass.added") == 0


async def test_a_bit_changed_anywhere_is_refused(door: Door) -> None:
    body = await _signed(door)
    envelope = msgspec.json.decode(body)
    places: list[tuple[Any, Any]] = [
        (envelope, "signature"),
        (envelope, "signedMessage"),
        (envelope["intermediateSigningKey"], "signedKey"),
        (envelope["intermediateSigningKey"]["signatures"], 0),
    ]
    for inside, name in places:
        kept = inside[name]
        for at in (0, len(kept) // 2, len(kept) - 5):
            sign = "A" if kept[at] != "A" else "B"
            inside[name] = kept[:at] + sign + kept[at + 1 :]
            answer = await door.post(msgspec.json.encode(envelope))
            assert (answer.status_code, answer.content) == (400, b""), (name, at)
        inside[name] = ""
        assert (await door.post(msgspec.json.encode(envelope))).status_code == 400
        inside[name] = kept
    assert not await door.saved()
    assert (await door.post(msgspec.json.encode(envelope))).status_code == 200
    assert await door.saved()


@pytest.mark.parametrize("order", [Expired(), Foreign(), Foreign(keeps_ids=True)])
async def test_expired_and_foreign_callbacks_have_no_effect(door: Door, order: Any) -> None:
    door.fake.callbacks.orders.append(order)
    await door.save(door.phone(), await door.link())
    assert [each.status for each in door.fake.callbacks.sent] == [400]
    assert not await door.saved()


async def test_a_root_that_is_not_listed_any_more_is_not_believed(door: Door) -> None:
    body = await _signed(door)
    door.fake.keys.rotate_root(keeps_old=False)
    assert await door.google.root_keys.refresh()
    assert (await door.post(body)).status_code == 400
    asked = door.google.root_keys.keys
    assert (await door.post(await _signed(door, nonce="n-9"))).status_code in {200, 400}
    assert door.google.root_keys.keys is asked  # a bad signature never fetches keys


async def test_before_the_root_keys_are_there_google_is_asked_to_come_again(door: Door) -> None:
    body = await _signed(door)
    fresh = make_google(door.world.ports)
    await fresh.load()
    door.world.app.state.google = fresh
    answer = await door.post(body)
    assert (answer.status_code, answer.content) == (503, b"")
    assert int(answer.headers["retry-after"]) > 0
    assert (await door.post(b"{}")).status_code == 400  # whatever the keys are


async def test_an_object_that_is_not_ours_is_heard_and_nothing_happens(door: Door) -> None:
    for name in ("0" * 32, "x", "", "0" * 31, "é" * 32, "A" * 32, "8f3a01"):
        body = await _signed(door, objectId=f"{GOOGLE_ISSUER}.{name}", nonce=f"n-{name}")
        answer = await door.post(body)
        assert (answer.status_code, answer.content) == (200, b""), name
    assert not await door.saved()
    assert (await door.rows("SELECT COUNT(*) FROM google_nonce"))[0][0] == 0


async def test_an_apple_pass_cannot_be_named(door: Door) -> None:
    ports, card = door.world.ports, await card_row(door.world.ports, door.card_id)
    shown = object_of(await door.link())
    await ports.database.write(
        lambda tx: tx.run("UPDATE pass SET wallet = 'apple' WHERE card_id = ?", card)
    )
    body = await _signed_of(door, shown)
    assert (await door.post(body)).status_code == 200
    assert await door.events("pass.added") == 0


async def _signed_of(door: Door, shown: dict[str, Any]) -> bytes:
    now_ms = door.world.clock.wall() // 1000
    message = {
        "classId": shown["classId"],
        "objectId": shown["id"],
        "eventType": "save",
        "expTimeMillis": now_ms + 1_000,
        "nonce": "n-7",
    }
    return door.fake.keys.signed(msgspec.json.encode(message).decode(), issuer=GOOGLE_ISSUER)


async def test_another_type_of_body_is_refused(door: Door) -> None:
    body = await _signed(door)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "", "application/json+evil"):
        assert (await door.post(body, kind)).status_code == 415, kind
    assert not await door.saved()
    assert (await door.post(body, "application/json; charset=utf-8")).status_code == 200
    assert await door.saved()


async def test_no_bytes_cause_a_server_error(door: Door) -> None:
    draw, body = random.Random(8), await _signed(door)
    envelope = msgspec.json.decode(body)
    odd = [b"", b"null", b"[]", b"{}", b"[" * 20_000, b'{"a":' * 5_000, b"\xff\xfe", b"1e999"]
    odd += [b'{"protocolVersion":"ECv2SigningOnly"}', b"9" * 400, b'"\\ud800"']
    values = [None, 0, 1.5, [], {}, "", "\ud83d", "A" * 300, True, [[]], {"signedKey": 1}, 2**70]
    for name in envelope:
        for value in values:
            try:
                odd.append(msgspec.json.encode(envelope | {name: value}))
            except (UnicodeEncodeError, OverflowError, msgspec.MsgspecError):
                continue
    for _ in range(150):
        at, size = draw.randrange(len(body)), draw.randrange(1, 6)
        odd.append(body[:at] + draw.randbytes(size) + body[at + draw.randrange(size + 1) :])
    for each in odd:
        answer = await door.post(each)
        assert answer.status_code in {200, 400}, (each[:200], answer.status_code)
        assert answer.content == b""
    assert (await door.post(b"x" * 70_000)).status_code == 413


async def test_a_card_that_ended_meanwhile_is_still_told_and_its_removal_closes(
    door: Door,
) -> None:
    phone, token = door.phone(), await door.link()
    await door.owner("DELETE", f"/v1/cards/{door.card_id}")
    await door.save(phone, token)
    assert len(await _channel(door)) == 1  # so that it is made blank
    assert await door.events("pass.added") == 0
    await door.remove(phone, object_of(token)["id"])
    assert await _channel(door) == []


async def test_the_channel_stays_while_another_holder_has_it_saved(door: Door) -> None:
    nobody = Asking(door.world, None)
    joined = await nobody("POST", f"/v1/programs/{door.program_id}/join", {})
    door.card_id, token = joined.json()["card"]["id"], joined.json()["claim_token"]
    claim = Asking(door.world, token)
    first = await door.link(claim)
    phone = door.phone()
    await door.save(phone, first)
    assert await door.saved(claim)
    someone = await user(door.world)
    assert (await someone("POST", "/v1/claims", {"claim_token": token})).status_code == 200
    assert await door.saved(someone)  # the same pass, now his
    await door.remove(phone, object_of(first)["id"])
    assert not await door.saved(someone)
    assert await _channel(door) == []


async def test_a_save_while_the_card_is_being_told_is_told_after_that(door: Door) -> None:
    """A second object of a card whose channel is open and not done gets a revision of its own."""
    await door.save(door.phone(), await door.link())
    card = await card_row(door.world.ports, door.card_id)
    ((wanted, _done),) = await _channel(door)
    ports = door.world.ports
    row = (await door.rows("SELECT serial FROM google_object WHERE card_id = ?", card))[0][0]

    def again(tx: Any) -> None:
        pass_queries.set_installed(tx, card, row, 0, now=door.world.clock.wall())
        found = pass_queries.by_serial(tx, card, row)
        assert found is not None
        service.saved(tx, found, event_id=b"e" * 16, now=door.world.clock.wall())

    await ports.database.write(again)
    assert await _channel(door) == [(wanted + 1, wanted - 1)]


async def test_noting_what_is_known_changes_nothing(door: Door) -> None:
    await door.save(door.phone(), await door.link())
    before = await _channel(door)
    card, ports = await card_row(door.world.ports, door.card_id), door.world.ports
    serial = (await door.rows("SELECT serial FROM google_object"))[0][0]

    def note(tx: Any, work: Any) -> bool:
        found = pass_queries.by_serial(tx, card, serial)
        assert found is not None
        return bool(work(tx, found, event_id=b"f" * 16, now=door.world.clock.wall()))

    assert await ports.database.write(lambda tx: note(tx, service.saved)) is False
    assert await _channel(door) == before
    assert await ports.database.write(lambda tx: note(tx, service.removed)) is True
    assert await ports.database.write(lambda tx: note(tx, service.removed)) is False
    assert await _channel(door) == []


async def test_an_issuer_of_another_process_is_looked_for_once_a_minute(door: Door) -> None:
    body, ports = await _signed(door), door.world.ports
    fresh = make_google(ports)
    door.world.app.state.google = msgspec.structs.replace(fresh, root_keys=door.google.root_keys)
    assert (await door.post(body)).status_code == 200
    assert await door.events("pass.added") == 1
    foreign = await _signed(door, issuer="3388000000000000001", nonce="n-5")
    door.world.clock.forward(61)
    assert (await door.post(foreign)).status_code == 400
    assert not await fresh.issuers.load_again()


async def test_a_nonce_is_forgotten_once_its_callback_has_expired(door: Door) -> None:
    await door.save(door.phone(), await door.link())
    ports = door.world.ports
    await prune(ports)
    assert (await door.rows("SELECT COUNT(*) FROM google_nonce"))[0][0] == 1
    door.world.clock.forward(3_601)
    assert await prune(ports) >= 1
    assert (await door.rows("SELECT COUNT(*) FROM google_nonce"))[0][0] == 0
    assert (await door.post(door.fake.callbacks.sent[0].body)).status_code == 400


async def test_a_guests_saved_card_moves_with_him_to_the_user_who_has_the_address(
    door: Door,
) -> None:
    world = door.world
    await user_with(world, "ana@example.org")
    token = await door.link()
    await door.save(door.phone(), token)
    code = await ask_for_code(world, "ana@example.org")
    answer = await sign_in(world, "ana@example.org", code, token=door.owner.token)
    assert answer.status_code == 201, answer.text
    door.owner = Asking(world, answer.json()["token"])
    assert await door.saved()
    moved = object_of(await door.link())
    assert moved["id"] == object_of(token)["id"]

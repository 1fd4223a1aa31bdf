"""Registering and unregistering (Apple: Register / Unregister a Pass; apple.md §4, §7)."""

from __future__ import annotations

import pytest

from tests.apple.iphone_world import DEVICE, PUSH_TOKEN, House, pass_path, registration, serials
from tests.cards.cards_world import rows

OTHER_TOKEN = "CD" * 40


async def test_the_first_registration_is_201_and_the_same_again_200(house: House) -> None:
    opened = await house.download()
    assert await house.register(opened) == 201
    assert await house.register(opened) == 200
    assert await house.register(opened, device="another") == 201


async def test_each_accepted_registration_stores_the_push_token_it_brought(house: House) -> None:
    opened = await house.download()
    assert await house.register(opened) == 201
    assert await house.register(opened, push_token=OTHER_TOKEN) == 200
    await house.tell(5)
    await house.worker.step()
    assert house.pushes.tokens == [OTHER_TOKEN.lower()]


async def test_a_push_token_is_hex_of_any_length_up_to_200(house: House) -> None:
    opened = await house.download()
    for good in ("ab", "F" * 200):
        assert await house.register(opened, device=good, push_token=good) == 201
    for bad in ("", "a", "f" * 201, "zz", "ab\n", "ab ", "ab\x00", "é" * 10):
        assert await house.register(opened, device="bad", push_token=bad) == 400, bad


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"pushToken": 12}',
        b'{"pushToken": null}',
        b'{"pushtoken": "abab"}',
        b"\xff\xfe",
        b'{"pushToken": "\xff"}',
        b"[" * 10_000,
        b'{"pushToken": ' + b"[" * 10_000,
    ],
)
async def test_a_body_without_push_token_is_400_after_the_token_only(
    house: House, body: bytes
) -> None:
    opened = await house.download()
    path = registration(opened)
    right = await house.ask("POST", path, auth=f"ApplePass {opened.token}", content=body)
    assert right.status_code == 400
    wrong = await house.ask("POST", path, auth="ApplePass wrong", content=body)
    assert (wrong.status_code, wrong.content) == (401, b"")


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "a/b; c"])
async def test_a_body_is_read_as_json_whatever_its_type_says(house: House, kind: str) -> None:
    opened = await house.download()
    body, headers = b'{"pushToken": "abab", "more": 1}', {"Content-Type": kind}
    found = await house.register(opened, json=None, content=body, headers=headers)
    assert found == 201


async def test_a_body_above_64_kib_is_refused(house: House) -> None:
    opened = await house.download()
    body = b'{"pushToken": "ab", "x": "' + b"x" * 70_000 + b'"}'
    assert await house.register(opened, json=None, content=body) == 413


async def test_every_way_to_be_wrong_gets_the_same_401(house: House) -> None:
    opened = await house.download()
    other = await house.download(await house.add_card("2000000000015"))
    token = opened.token
    found = set()
    for auth in (
        *(None, "", "ApplePass", token, f"Bearer {token}", f"applepass {token}"),
        *(f"ApplePass {token}x", f"ApplePass {other.token}", f"ApplePass {token[:-1]}"),
        *(f"Basic {token}", "ApplePass \xff"),
    ):
        found |= await _answers(house, registration(opened), pass_path(opened), auth)
    right = f"ApplePass {token}"
    for pass_type, serial in (
        *((opened.pass_type, "0" * 32), (opened.pass_type, other.serial)),
        *((opened.pass_type, opened.serial.upper()), (opened.pass_type, "x")),
        *(("pass.example.second", opened.serial), ("x", opened.serial)),
    ):
        place = f"/v1/devices/{DEVICE}/registrations/{pass_type}/{serial}"
        found |= await _answers(house, place, f"/v1/passes/{pass_type}/{serial}", right)
    assert len(found) == 1
    assert next(iter(found))[:2] == (401, b"")


@pytest.mark.parametrize("part", ["a%00b", "%ff%fe", "%00", "%ed%a0%80", "%0a", "%", "%zz"])
async def test_unreadable_path_parts_are_refused_and_break_nothing(house: House, part: str) -> None:
    opened = await house.download()
    auth = f"ApplePass {opened.token}"
    for path in (
        f"/v1/passes/{opened.pass_type}/{part}",
        f"/v1/passes/{part}/{opened.serial}",
        f"/v1/devices/d/registrations/{opened.pass_type}/{part}",
        f"/v1/devices/d/registrations/{part}/{opened.serial}",
    ):
        method = "DELETE" if "devices" in path else "GET"
        answer = await house.ask(method, path, auth=auth)
        assert answer.status_code in {400, 401, 404}, path


async def _answers(
    house: House, place: str, latest: str, auth: str | None
) -> set[tuple[int, bytes, str | None]]:
    asked = (("POST", place), ("DELETE", place), ("GET", latest))
    answers = [await house.ask(method, path, auth=auth) for method, path in asked]
    return {(a.status_code, a.content, a.headers.get("content-type")) for a in answers}


async def test_many_guesses_find_nothing(house: House) -> None:
    opened = await house.download()
    ids = house.world.ports.ids
    for _ in range(300):
        guesses = (
            (opened.serial, ids.token("")),
            (ids.public().hex(), opened.token),
            (ids.public().hex(), ids.token("")),
        )
        for serial, token in guesses:
            path = f"/v1/passes/{opened.pass_type}/{serial}"
            answer = await house.ask("GET", path, auth=f"ApplePass {token}")
            assert (answer.status_code, answer.content) == (401, b"")


async def test_path_parts_are_opaque_and_percent_decoded(house: House) -> None:
    opened = await house.download()
    for device in ("a/b", "a b", "ü", "a%2Fb", "x" * 500):
        assert await house.register(opened, device=device) == 201, device
        assert await house.register(opened, device=device) == 200, device
        assert serials(await house.list(opened, device=device)) == [opened.serial]


async def test_a_pass_keeps_its_32_newest_registrations(house: House) -> None:
    opened = await house.download()
    for n in range(60):
        house.world.clock.forward(1)
        assert await house.register(opened, device=f"d{n}", push_token=f"{n:04x}") == 201
    found = await rows(house.world.ports, "SELECT COUNT(*) FROM registration")
    assert found == [(32,)]
    await house.tell(5)
    await house.worker.step()
    assert sorted(house.pushes.tokens) == [f"{n:04x}" for n in range(28, 60)]
    counted = await rows(house.world.ports, "SELECT installed FROM pass")
    assert counted == [(32,)]


async def test_unregistering_is_200_always_and_ends_the_pushes(house: House) -> None:
    opened = await house.download()
    auth, path = f"ApplePass {opened.token}", registration(opened)
    assert (await house.ask("DELETE", path, auth=auth)).status_code == 200
    await house.register(opened)
    assert (await house.ask("DELETE", path, auth=auth)).status_code == 200
    assert (await house.ask("DELETE", path, auth=auth)).status_code == 200
    await house.tell(5)
    await house.worker.step()
    assert house.pushes.tokens == []
    assert (await house.list(opened)).status_code == 204
    assert await house.register(opened) == 201


async def test_only_the_first_and_the_last_phone_make_an_event(house: House) -> None:
    opened = await house.download()
    auth = f"ApplePass {opened.token}"
    for device in ("a", "b", "a"):
        await house.register(opened, device=device)
    for device in ("a", "b", "b"):
        await house.ask("DELETE", registration(opened, device), auth=auth)
    sql = "SELECT type FROM event WHERE type LIKE 'pass.%' ORDER BY sequence"
    found = await rows(house.world.ports, sql)
    assert found == [("pass.added",), ("pass.removed",)]


async def test_a_change_between_download_and_registration_is_told(house: House) -> None:
    opened = await house.download()
    await house.tell(5)
    assert await house.register(opened) == 201
    await house.worker.step()
    assert house.pushes.tokens == [PUSH_TOKEN]
    assert serials(await house.list(opened)) == [opened.serial]


async def test_a_registration_of_what_was_just_served_needs_no_push(house: House) -> None:
    opened = await house.download()
    await house.register(opened)
    await house.worker.step()
    assert house.pushes.tokens == []


async def test_device_library_ids_and_tokens_stand_nowhere_in_the_open(house: House) -> None:
    opened = await house.download()
    await house.register(opened, device="library-id-of-a-phone")
    tables = ("device", "device_by_library", "registration", "device_feed", "device_pass", "pass")
    kept = [await rows(house.world.ports, f"SELECT * FROM {table}") for table in tables]
    written = repr(kept)
    assert "library-id-of-a-phone" not in written
    assert opened.token not in written

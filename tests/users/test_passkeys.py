"""Passkeys: made once, signed in with, counted, named, removed; whatever is bent is refused."""

from __future__ import annotations

import asyncio
import copy
import random
from typing import Any

import msgspec
import pytest

from app.settings import Settings
from app.users.ceremonies import site_of
from tests.flows.conftest import World
from tests.users.authenticator import PRESENT, VERIFIED, Authenticator, b64, from_b64
from tests.users.people import ANA, bearer, guest, me, user_with

NEW = "/v1/passkeys/registrations"
SIGN_IN = "/v1/passkeys/sign-ins"
PAGE = {"Sec-Fetch-Site": "same-origin"}


async def asked(world: World, path: str, token: str = "") -> dict[str, Any]:
    """Ask for a challenge; return the options."""
    answer = await world.client.post(f"{path}/options", headers=bearer(token) if token else {})
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_in_seconds"] == 300
    return dict(answer.json()["options"])


async def add(world: World, token: str, credential: dict[str, Any], **more: Any) -> Any:
    """Send the answer to a registration's challenge."""
    body = {"credential": credential, **more}
    return await world.client.post(NEW, json=body, headers=bearer(token))


async def use(world: World, credential: dict[str, Any], **headers: str) -> Any:
    """Send the answer to a sign-in's challenge."""
    return await world.client.post(SIGN_IN, json={"credential": credential}, headers=headers)


async def device_of(world: World, token: str, **bent: Any) -> Authenticator:
    """Give a user a device with a passkey."""
    device = Authenticator(**bent)
    answer = await add(world, token, device.register(await asked(world, NEW, token)))
    assert answer.status_code == 201, answer.text
    return device


async def listed(world: World, token: str) -> list[dict[str, Any]]:
    """List a user's passkeys."""
    answer = await world.client.get("/v1/passkeys", headers=bearer(token))
    return list(answer.json()["items"])


async def test_a_passkey_is_made_and_signs_its_user_in(world: World) -> None:
    token = await user_with(world, ANA)
    options = await asked(world, NEW, token)
    assert options["rp"] == {"name": "Portecarte", "id": "localhost"}
    assert options["user"]["name"] == ANA
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    device = Authenticator()
    made = await add(world, token, device.register(options), name="Ana's phone")
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["last_used_at"]) == ("Ana's phone", None)
    options = await asked(world, SIGN_IN)
    assert (options["rpId"], options["userVerification"]) == ("localhost", "required")
    answer = await use(world, device.sign_in(options))
    assert answer.status_code == 201
    assert answer.json()["user"]["email"] == ANA
    assert (await me(world, answer.json()["token"])).json() == answer.json()["user"]
    (passkey,) = await listed(world, token)
    assert passkey["last_used_at"] is not None


async def test_a_page_that_signs_in_with_a_passkey_gets_the_cookie(world: World) -> None:
    device = await device_of(world, await user_with(world, ANA))
    answer = await use(world, device.sign_in(await asked(world, SIGN_IN)), **PAGE)
    assert answer.status_code == 201
    assert set(answer.json()) == {"user"}
    assert answer.headers["set-cookie"].startswith("__Host-session=pcu_test_")


async def test_a_guest_may_have_a_passkey_and_come_back_with_it(world: World) -> None:
    begun = await guest(world)
    device = await device_of(world, begun["token"])
    answer = await use(world, device.sign_in(await asked(world, SIGN_IN)))
    assert answer.json()["user"] == begun["user"]


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "http://evil.example"},
        {"origin": "https://localhost:8000"},
        {"origin": "http://localhost.evil.example:8000"},
        {"rp_id": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"client": {"type": "webauthn.other"}},
        {"client": {"crossOrigin": True}},
        {"client": {"challenge": b64(b"x" * 32)}},
        {"client": {"challenge": 7}},
    ],
)
async def test_an_answer_that_is_not_sound_neither_makes_a_passkey_nor_signs_in(
    world: World, bent: dict[str, Any]
) -> None:
    token = await user_with(world, ANA)
    device = Authenticator(**bent)
    refused = await add(world, token, device.register(await asked(world, NEW, token)))
    assert (refused.status_code, refused.json()["errors"][0]["path"]) == (400, "credential")
    assert await listed(world, token) == []
    good = await device_of(world, token)
    for name, value in bent.items():
        setattr(good, name, value)
    assert (await use(world, good.sign_in(await asked(world, SIGN_IN)))).status_code == 401


async def test_a_challenge_is_answered_once_well_or_not(world: World) -> None:
    token = await user_with(world, ANA)
    options = await asked(world, NEW, token)
    first, second = Authenticator(seed=1), Authenticator(seed=2)
    assert (await add(world, token, first.register(options))).status_code == 201
    assert (await add(world, token, second.register(options))).status_code == 400
    options = await asked(world, SIGN_IN)
    assert (await use(world, first.sign_in(options))).status_code == 201
    assert (await use(world, first.sign_in(options))).status_code == 401
    options = await asked(world, SIGN_IN)
    first.flags = PRESENT
    assert (await use(world, first.sign_in(options))).status_code == 401
    first.flags |= VERIFIED
    assert (await use(world, first.sign_in(options))).status_code == 401


async def test_of_the_same_answer_sent_twice_at_once_one_signs_in(world: World) -> None:
    device = await device_of(world, await user_with(world, ANA))
    credential = device.sign_in(await asked(world, SIGN_IN))
    answers = await asyncio.gather(*(use(world, credential) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401]


async def test_a_challenge_lives_five_minutes(world: World) -> None:
    token = await user_with(world, ANA)
    device = await device_of(world, token)
    options, others = await asked(world, SIGN_IN), await asked(world, NEW, token)
    world.clock.forward(300)
    assert (await use(world, device.sign_in(options))).status_code == 401
    late = await add(world, token, Authenticator(seed=2).register(others))
    assert late.status_code == 400


async def test_a_challenge_is_for_one_user_and_one_purpose(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, "ben@example.com")
    device = await device_of(world, ana)
    others = Authenticator(seed=2).register(await asked(world, NEW, ben))
    assert (await add(world, ana, others)).status_code == 400
    options = await asked(world, NEW, ana)
    for_sign_in = device.sign_in({"rpId": "localhost", "challenge": options["challenge"]})
    assert (await use(world, for_sign_in)).status_code == 401


async def test_a_count_that_does_not_go_up_is_a_copy_and_is_refused(world: World) -> None:
    device = await device_of(world, await user_with(world, ANA))
    copied = copy.copy(device)
    for _ in range(3):
        assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 201
    assert (await use(world, copied.sign_in(await asked(world, SIGN_IN)))).status_code == 401
    copied.count = 2
    assert (await use(world, copied.sign_in(await asked(world, SIGN_IN)))).status_code == 401
    assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 201
    device.count, device.steps = 0, 0
    assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 401


async def test_an_authenticator_that_does_not_count_signs_in_again(world: World) -> None:
    device = await device_of(world, await user_with(world, ANA), steps=0)
    for _ in range(2):
        assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 201


async def test_another_key_and_another_handle_sign_nobody_in(world: World) -> None:
    device = await device_of(world, await user_with(world, ANA))
    forged = device.sign_in(await asked(world, SIGN_IN))
    other = Authenticator(seed=9).sign_in({"rpId": "localhost", "challenge": b64(b"x" * 32)})
    forged["response"]["signature"] = other["response"]["signature"]
    assert (await use(world, forged)).status_code == 401
    device.handle = b"x" * 16
    assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 401
    unknown = Authenticator(seed=3, handle=device.handle)
    assert (await use(world, unknown.sign_in(await asked(world, SIGN_IN)))).status_code == 401


async def test_a_device_is_registered_once_and_is_told_so(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, "ben@example.com")
    device = await device_of(world, ana)
    options = await asked(world, NEW, ana)
    assert [from_b64(each["id"]) for each in options["excludeCredentials"]] == [
        device.credential_id
    ]
    for token in (ana, ben):
        again = await add(world, token, Authenticator().register(await asked(world, NEW, token)))
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert len(await listed(world, ana)) == 1
    assert await listed(world, ben) == []


async def test_a_user_has_at_most_twenty_passkeys(world: World) -> None:
    token = await user_with(world, ANA)
    for seed in range(1, 21):
        await device_of(world, token, seed=seed)
    more = await add(world, token, Authenticator(seed=21).register(await asked(world, NEW, token)))
    assert more.status_code == 409
    headers = bearer(token)
    first = (await world.client.get("/v1/passkeys?limit=15", headers=headers)).json()
    rest = (await world.client.get(f"/v1/passkeys?after={first['next']}", headers=headers)).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (15, 5, None)


async def test_a_removed_passkey_signs_nobody_in_and_may_be_added_again(world: World) -> None:
    token = await user_with(world, ANA)
    device = await device_of(world, token)
    (passkey,) = await listed(world, token)
    target = f"/v1/passkeys/{passkey['id']}"
    gone = await world.client.delete(target, headers=bearer(token))
    again = await world.client.delete(target, headers=bearer(token))
    assert (gone.status_code, again.status_code) == (204, 404)
    assert (await use(world, device.sign_in(await asked(world, SIGN_IN)))).status_code == 401
    await device_of(world, token)


async def test_a_passkey_is_renamed_and_nobody_elses_is_touched(world: World) -> None:
    ana, ben = await user_with(world, ANA), await user_with(world, "ben@example.com")
    await device_of(world, ana)
    (passkey,) = await listed(world, ana)
    target = f"/v1/passkeys/{passkey['id']}"
    named = await world.client.patch(target, json={"name": "Clé"}, headers=bearer(ana))
    assert (named.status_code, named.json()["name"]) == (200, "Clé")
    others = await world.client.patch(target, json={"name": "x"}, headers=bearer(ben))
    removed = await world.client.delete(target, headers=bearer(ben))
    assert (others.status_code, removed.status_code) == (404, 404)
    assert [each["name"] for each in await listed(world, ana)] == ["Clé"]


async def test_asking_again_and_again_from_one_address_is_limited(world: World) -> None:
    for _ in range(600):
        world.ports.limiter.check(
            "passkeys-per-ip", "127.0.0.1", per_hour=600, now=world.clock.wall()
        )
    answer = await world.client.post(f"{SIGN_IN}/options")
    assert (answer.status_code, "retry-after" in answer.headers) == (429, True)


async def test_no_bytes_in_a_credential_are_an_error_of_ours(world: World) -> None:
    token = await user_with(world, ANA)
    device = await device_of(world, token)
    chance = random.Random(5)
    for turn in range(60):
        is_new = turn % 2 == 0
        options = await asked(world, NEW if is_new else SIGN_IN, token if is_new else "")
        good = Authenticator(seed=2).register(options) if is_new else device.sign_in(options)
        part = chance.choice(sorted(set(good["response"]) - {"transports"}))
        raw = bytearray(from_b64(good["response"][part]))
        for _ in range(chance.choice([1, 1, 3, 20])):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        cut = chance.choice([len(raw), len(raw), chance.randrange(1, len(raw))])
        good["response"][part] = b64(bytes(raw[:cut]))
        answer = await (add(world, token, good) if is_new else use(world, good))
        assert answer.status_code < 500, (part, good)


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"id": "x", "rawId": "x", "type": "public-key", "response": {}},
        {"id": "a", "rawId": "a", "type": "public-key", "response": {"clientDataJSON": "=="}},
        [],
        None,
        "x",
    ],
)
async def test_a_credential_of_another_shape_names_its_fault(world: World, credential: Any) -> None:
    token = await user_with(world, ANA)
    for answer in (await add(world, token, credential), await use(world, credential)):
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["path"].startswith("credential")


class TestUnderAName:
    """A server whose public address has a name."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """Serve under a name."""
        return msgspec.structs.replace(settings, public_url="https://wallet.example")

    async def test_the_host_of_the_public_address_is_the_rp_id(self, world: World) -> None:
        headers = {"Host": "wallet.example"}
        answer = await world.client.post(f"{SIGN_IN}/options", headers=headers)
        assert answer.json()["options"]["rpId"] == "wallet.example"


@pytest.mark.parametrize(
    ("mode", "public_url", "host", "name", "origin"),
    [
        (
            "sandbox",
            "http://127.0.0.1:8000",
            "127.0.0.1:8000",
            "localhost",
            "http://localhost:8000",
        ),
        ("sandbox", "http://127.0.0.1:8000", "localhost:9", "localhost", "http://localhost:9"),
        ("sandbox", "http://127.0.0.1:8000", "[::1]:9", "localhost", "http://localhost:9"),
        ("sandbox", "https://a.example", "localhost:9", "localhost", "http://localhost:9"),
        ("sandbox", "https://a.example", "a.example", "a.example", "https://a.example"),
        ("live", "https://a.example:8443", "localhost:9", "a.example", "https://a.example:8443"),
    ],
)
def test_the_site_of_a_passkey_is_the_public_name_or_this_machine(
    mode: str, public_url: str, host: str, name: str, origin: str
) -> None:
    settings = Settings(mode=mode, public_url=public_url)  # type: ignore[arg-type]
    site = site_of(settings, host)
    assert site is not None
    assert site.name == name
    assert origin in site.origins


@pytest.mark.parametrize("public_url", ["https://192.0.2.7", "https://[2001:db8::1]:8443"])
def test_on_an_ip_address_there_are_no_passkeys(public_url: str) -> None:
    assert site_of(Settings(mode="live", public_url=public_url), "192.0.2.7") is None

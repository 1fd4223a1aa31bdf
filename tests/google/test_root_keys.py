"""Root keys: fetched on a timer and before their end; what cannot be fetched leaves the old ones."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import FrozenClock
from app.google.root_keys import KEYS_MAX, RootKeys, read_keys
from app.google.verifying import BadCallback, RootKey, verify
from tests.google.callback_signer import ISSUER, NOW_MS, CallbackSigner, new_key, spki
from tests.google.google_answers import Answering, answer, breaking

URL = "https://pay.google.test/gp/m/issuer/keys"
SIGNER = CallbackSigner()
DAY_MS = 24 * 3_600_000


def published(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"keys": entries or [SIGNER.root_entry()]}).encode()


class Publisher:
    """Answers as a list says; the last one stays."""

    def __init__(self, *answers: Answering) -> None:
        self.answers = list(answers)
        self.asked = 0
        self.transport = httpx2.MockTransport(self._handle)

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        assert (request.method, str(request.url)) == ("GET", URL)
        self.asked += 1
        answers = self.answers
        return (answers.pop(0) if len(answers) > 1 else answers[0])(request)


def keys_of(publisher: Publisher, clock: FrozenClock, chance: float = 1.0) -> RootKeys:
    return RootKeys(clock=clock, url=URL, chance=lambda: chance, transport=publisher.transport)


async def test_keys_are_fetched_and_verify_a_callback(clock: FrozenClock) -> None:
    keys = keys_of(Publisher(answer(200, published())), clock)
    assert keys.keys == ()
    assert await keys.refresh()
    found = verify(SIGNER.body(), roots=keys.keys, issuers=[ISSUER], now_ms=NOW_MS)
    assert found.event == "save"


FAILURES = [
    answer(500, published()),
    answer(302, published(), {"location": "https://elsewhere.test/"}),
    answer(200, b""),
    answer(200, b"{"),
    answer(200, []),
    answer(200, {"keys": {}}),
    answer(200, {"keys": []}),
    answer(200, {"keys": [SIGNER.root_entry(keyExpiration=None)]}),
    answer(200, b"[" * 60_000),
    answer(200, published() + b" " * 70_000),
    breaking(httpx2.ConnectError),
    breaking(httpx2.ReadTimeout),
    breaking(ConnectionResetError),
]


@pytest.mark.parametrize("failure", FAILURES, ids=range(len(FAILURES)))
async def test_what_cannot_be_fetched_leaves_the_old_keys(
    clock: FrozenClock, failure: Answering
) -> None:
    keys = keys_of(Publisher(answer(200, published()), failure), clock)
    assert await keys.refresh()
    old = keys.keys
    assert not await keys.refresh()
    assert keys.keys == old


def test_odd_entries_are_left_out() -> None:
    good = SIGNER.root_entry()
    odd: list[Any] = [
        *(7, None, "key", [], {}),
        good | {"protocolVersion": "ECv1"},
        good | {"keyValue": 7},
        good | {"keyValue": ""},
        good | {"keyValue": "A" * 2_000},
        *(good | {"keyExpiration": bad} for bad in (None, True, -1, "soon", "9" * 40, 1.5, [])),
        SIGNER.root_entry(keyExpiration=None),
    ]
    number = good | {"keyExpiration": NOW_MS + 7}
    assert [key.expires_ms for key in read_keys(published(*odd, good, number))] == [
        int(good["keyExpiration"]),
        NOW_MS + 7,
    ]
    assert len(read_keys(published(*[good] * 50))) == KEYS_MAX


@given(st.binary(max_size=200))
def test_any_bytes_are_no_keys(content: bytes) -> None:
    assert read_keys(content) == ()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["keys", "keyValue", "protocolVersion", "keyExpiration"]), inner
            )
        ),
    )
)
def test_any_json_is_read(body: Any) -> None:
    for content in (body, {"keys": body}, {"keys": [body]}):
        assert read_keys(json.dumps(content).encode()) == ()


async def ran(
    keys: RootKeys, clock: FrozenClock, publisher: Publisher, steps: list[float]
) -> list[int]:
    """Let it run, forward the clock, and return how often it had asked after each step."""
    task = asyncio.create_task(keys.run())
    asked = []
    for seconds in [0.0, *steps]:
        clock.forward(seconds)
        for _ in range(30):
            await asyncio.sleep(0)
        asked.append(publisher.asked)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return asked


async def test_keys_are_fetched_daily(clock: FrozenClock) -> None:
    publisher = Publisher(answer(200, published()))
    asked = await ran(keys_of(publisher, clock), clock, publisher, [86_399, 1, 86_399, 1])
    assert asked == [1, 1, 2, 2, 3]


async def test_keys_are_fetched_an_hour_before_one_ends(clock: FrozenClock) -> None:
    soon = SIGNER.root_entry(keyExpiration=str(NOW_MS + 6 * 3_600_000))
    publisher = Publisher(answer(200, published(soon)), answer(200, published()))
    asked = await ran(keys_of(publisher, clock), clock, publisher, [5 * 3_600 - 1, 1, 3_600])
    assert asked == [1, 1, 2, 2]


async def test_a_failure_is_repeated_after_a_while_that_doubles(clock: FrozenClock) -> None:
    publisher = Publisher(answer(503), answer(503), answer(503), answer(200, published()))
    keys = keys_of(publisher, clock)
    asked = await ran(keys, clock, publisher, [9, 1, 19, 1, 40, 3_600])
    assert asked == [1, 1, 2, 2, 3, 4, 4]
    assert keys.keys


async def test_a_fleet_does_not_ask_at_once(clock: FrozenClock) -> None:
    waits = set()
    for chance in (0.0, 0.3, 0.9):
        keys = keys_of(Publisher(answer(200, published())), clock, chance)
        await keys.refresh()
        waits.add(keys.wait_seconds())
    assert waits == {43_200.0, 56_160.0, 82_080.0}


async def test_a_bad_signature_fetches_nothing(clock: FrozenClock) -> None:
    publisher = Publisher(answer(200, published()))
    keys = keys_of(publisher, clock)
    await keys.refresh()
    forged = SIGNER.body(root=new_key())
    for _ in range(5):
        with pytest.raises(BadCallback):
            verify(forged, roots=keys.keys, issuers=[ISSUER], now_ms=NOW_MS)
    assert publisher.asked == 1


async def test_a_key_that_google_no_longer_publishes_vouches_no_more(clock: FrozenClock) -> None:
    other = SIGNER.root_entry(keyValue=spki(new_key()))
    keys = keys_of(Publisher(answer(200, published()), answer(200, published(other))), clock)
    await keys.refresh()
    await keys.refresh()
    assert keys.keys == (
        RootKey(
            key_value=other["keyValue"],
            protocol="ECv2SigningOnly",
            expires_ms=int(other["keyExpiration"]),
        ),
    )

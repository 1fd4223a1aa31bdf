"""Pushing to a strict fake: each row of Apple's table, and nothing lost whatever happens."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from app.apple import frames
from app.apple.breaker import FAILURES_MAX, Breaker
from app.apple.lane import RESENDS_MAX
from app.apple.push import PushAnswer, PushService
from app.clock import FrozenClock
from app.sandbox.certificates import (
    PASS_TYPE,
    SECOND_PASS_TYPE,
    make_development_certificates,
)
from app.sandbox.fake_apple_orders import Answer, Drop, Goaway, Reset, Stall
from tests.apple.apns_world import World, running, within

OK = PushAnswer(200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("certs")


@pytest.fixture
async def world(folder) -> AsyncIterator[World]:
    async with running(folder) as world:
        yield world
        assert list(world.apple.violations) == []


async def test_a_push_arrives_and_is_remembered(world) -> None:
    assert isinstance(world.apns, PushService)
    assert await world.push("cd" * 32) == OK
    (push,) = world.apple.pushes
    assert (push.token, push.topic) == ("cd" * 32, PASS_TYPE)


async def test_a_thousand_pushes_share_one_connection(world) -> None:
    assert set(await world.push_all(1_000)) == {OK}
    assert len(world.tokens_seen()) == 1_000
    assert world.apple.connections_made == 1
    assert world.apns.stats() == {"connections": 1, "pushed": 1_000, "open_circuits": 0}


async def test_each_signer_has_its_own_connection(world) -> None:
    assert await world.push(topic=PASS_TYPE) == OK
    assert await world.push(topic=SECOND_PASS_TYPE) == OK  # whose key is an EC key
    assert world.apple.connections_made == 2
    assert [push.topic for push in world.apple.pushes] == [PASS_TYPE, SECOND_PASS_TYPE]


async def test_a_topic_without_a_credential_is_answered_at_once(world) -> None:
    assert await world.push(topic="pass.example.unknown") == PushAnswer(0, "NoCredential")
    assert world.apple.connections_made == 0


async def test_a_longer_token_arrives_whole(world) -> None:
    assert await world.push("ef" * 100) == OK  # its path is above 126 bytes
    assert world.tokens_seen() == {"ef" * 100}


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        (Answer(400, "BadDeviceToken"), PushAnswer(400, "BadDeviceToken")),
        (Answer(400, "TopicDisallowed"), PushAnswer(400, "TopicDisallowed")),
        (Answer(404, "BadPath"), PushAnswer(404, "BadPath")),
        (
            Answer(410, "Unregistered", 1_790_000_000_123),
            PushAnswer(410, "Unregistered", 1_790_000_000_123),
        ),
        (Answer(410, "ExpiredToken"), PushAnswer(410, "ExpiredToken")),
        (Answer(413, "PayloadTooLarge"), PushAnswer(413, "PayloadTooLarge")),
        (Answer(429, "TooManyRequests"), PushAnswer(429, "TooManyRequests")),
        (Answer(500, "InternalServerError"), PushAnswer(500, "InternalServerError")),
        (Answer(503, "ServiceUnavailable"), PushAnswer(503, "ServiceUnavailable")),
        (Answer(503, has_json=False), PushAnswer(503)),
    ],
)
async def test_an_answer_about_one_device_touches_no_other(world, told, heard) -> None:
    world.apple.order(told, token="aa")
    answers = await within(
        asyncio.gather(*(world.apns.push(token, topic=PASS_TYPE) for token in ("bb", "aa", "cc")))
    )
    assert answers == [OK, heard, OK]
    assert await world.push() == OK
    assert world.apple.connections_made == 1


async def test_a_shutdown_is_sent_again_on_a_new_connection(world) -> None:
    world.apple.order(Answer(503, "Shutdown"))
    assert set(await world.push_all(50)) == {OK}
    assert len(world.tokens_seen()) == 50
    assert world.apple.connections_made == 2


async def test_a_goaway_in_the_middle_of_a_batch_loses_nothing_and_doubles_nothing(world) -> None:
    for number in (3, 40, 41, 99, 250):
        world.apple.order(Goaway(), token=f"{number:064x}")
    assert set(await world.push_all(300)) == {OK}
    assert len(world.apple.pushes) == len(world.tokens_seen()) == 300
    assert world.apple.connections_made > 1


async def test_a_graceful_goaway_lets_the_old_connection_finish(world) -> None:
    assert await world.push() == OK
    world.apple.goaway()
    assert set(await world.push_all(10)) == {OK}
    assert world.apple.connections_made == 2


@pytest.mark.parametrize("order", [Reset(), Reset(7), Reset(is_seen=True), Drop()])
async def test_an_unknown_outcome_is_sent_again(world, order) -> None:
    assert await world.push() == OK
    world.apple.order(order)
    assert set(await world.push_all(20)) == {OK}
    assert len(world.tokens_seen()) == 21
    assert world.apns.stats()["retried"] >= 1


async def test_a_push_that_is_always_reset_is_given_back_in_the_end(world) -> None:
    world.apple.order(*[Reset()] * (RESENDS_MAX + 1), token="aa")
    assert await world.push("aa") == PushAnswer(0, "NoAnswer")
    assert await world.push("aa") == OK


async def test_a_silent_connection_is_dead_after_thirty_seconds(world) -> None:
    assert await world.push() == OK
    world.apple.order(Stall(), token="aa")
    began = world.clock.monotonic()
    assert await world.passing(world.apns.push("aa", topic=PASS_TYPE)) == OK
    assert world.clock.monotonic() - began >= 30
    assert world.apple.connections_made == 2


async def test_no_room_for_thirty_seconds_is_a_dead_connection_too(world) -> None:
    world.apple.set_max_streams(0)
    first = asyncio.ensure_future(world.passing(world.apns.push("aa", topic=PASS_TYPE)))
    answer = await within(first)
    assert answer.status == 0
    assert world.apple.connections_made > 1


async def test_max_streams_may_shrink_and_grow_while_pushes_run(world) -> None:
    world.apple.set_max_streams(5)
    batch = asyncio.ensure_future(world.push_all(500))
    for streams in (1, 50, 2, 0, 100):
        await asyncio.wait({batch}, timeout=0.01)
        world.apple.set_max_streams(streams)
    assert set(await within(batch)) == {OK}
    assert len(world.tokens_seen()) == 500


async def test_header_table_and_window_may_change_while_pushes_run(world) -> None:
    for size, window in ((0, 0), (4096, 1), (150, 65_535), (65_536, 10)):
        world.apple.set_header_table(size)
        world.apple.set_stream_window(window)
        assert set(await world.push_all(100)) == {OK}
    assert world.apple.connections_made == 1


async def test_writes_cut_into_single_bytes_are_read(world) -> None:
    world.apple.split_bytes = 1
    world.apple.order(Answer(410, "Unregistered", 5), token=f"{7:064x}")
    answers = await world.push_all(40)
    assert answers[7] == PushAnswer(410, "Unregistered", 5)
    assert answers.count(OK) == 39


async def test_a_thousand_faults_lose_nothing(world) -> None:
    dice = random.Random(7)
    faults = [Goaway(), Goaway("Shutdown"), Reset(), Reset(is_seen=True), Drop()]
    faults += [
        Answer(429, "TooManyRequests"),
        Answer(503, "ServiceUnavailable"),
        Answer(503, "Shutdown"),
    ]
    pending = {f"{number:064x}" for number in range(5_000)}
    everyone = set(pending)
    for token in dice.sample(sorted(everyone), 1_000):
        world.apple.order(dice.choice(faults), token=token)
    turns = 0
    while pending:
        batch = sorted(pending)[:400]
        sent = asyncio.gather(*(world.apns.push(token, topic=PASS_TYPE) for token in batch))
        answers = await within(world.passing(sent, step=2))
        pending -= {token for token, answer in zip(batch, answers, strict=True) if answer == OK}
        turns += 1
        assert turns < 200
    assert world.tokens_seen() == everyone


async def test_many_goaways_lose_nothing_and_double_nothing(world) -> None:
    for number in range(0, 3_000, 15):
        world.apple.order(Goaway(), token=f"{number:064x}")
    for begin in range(0, 3_000, 500):
        devices = (f"{number:064x}" for number in range(begin, begin + 500))
        pending = set(devices)
        while pending:  # whoever met more than RESENDS_MAX of them comes again
            batch = sorted(pending)
            sent = asyncio.gather(*(world.apns.push(token, topic=PASS_TYPE) for token in batch))
            answers = await within(world.passing(sent, step=2))
            pending -= {token for token, said in zip(batch, answers, strict=True) if said == OK}
    assert len(world.apple.pushes) == len(world.tokens_seen()) == 3_000


async def test_an_outage_opens_the_breaker_and_ends_by_itself(world) -> None:
    assert await world.push() == OK
    await world.apple.close()
    answers = await within(
        world.passing(
            asyncio.gather(*(world.apns.push(f"{n:02x}", topic=PASS_TYPE) for n in range(50)))
        )
    )
    assert {answer.status for answer in answers} == {0}
    assert world.apns.stats()["open_circuits"] == 1
    tried = world.apns.stats()["connections"]
    assert (await world.push()).status == 0  # at once: the clock stands still
    assert world.apns.stats()["connections"] == tried <= 6

    await world.apple.start()
    world.clock.forward(61)
    assert await world.push() == OK
    assert world.apns.stats()["open_circuits"] == 0


def test_the_pause_between_connections_grows_to_a_minute() -> None:
    clock = FrozenClock()
    breaker = Breaker(clock, lambda: 1.0)
    pauses = []
    for _ in range(9):
        breaker.failed("Unreachable")
        pauses.append(breaker.wait_seconds())
        assert (breaker.answer() is not None) == (len(pauses) >= FAILURES_MAX)
        clock.forward(pauses[-1])
        assert breaker.answer() is None
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    breaker.succeeded()
    breaker.failed("Unreachable")
    assert breaker.wait_seconds() == 1
    jittered = Breaker(clock, lambda: 0.0)
    jittered.failed("Unreachable")
    assert jittered.wait_seconds() == 0.5


async def test_a_refused_credential_stops_at_once_and_is_tried_again_later(world) -> None:
    world.apple.order(Answer(403, "BadCertificate"))
    answers = await world.push_all(20)
    assert PushAnswer(403, "BadCertificate") in answers
    assert await world.push() == PushAnswer(403, "BadCertificate")
    assert world.apple.connections_made == 1
    world.clock.forward(61)
    assert await world.push() == OK


async def test_a_goaway_that_names_the_credential_stops_as_well(world) -> None:
    world.apple.order(Goaway("BadCertificate"))
    assert await world.push() == PushAnswer(0, "BadCertificate")
    assert await world.push() == PushAnswer(0, "BadCertificate")
    assert world.apple.connections_made == 1


async def test_a_server_of_another_authority_is_no_server_but_no_exception_either(world) -> None:
    stranger = world.client(ca_file=world.certificates.root)
    answer = await within(world.passing(stranger.push("aa", topic=PASS_TYPE)))
    assert answer == PushAnswer(0, "TlsRefused")
    assert await within(stranger.trouble(PASS_TYPE)) == "TlsRefused"
    await stranger.close()


async def test_unreadable_credentials_are_an_answer(world) -> None:
    certificate, token = world.by_certificate[PASS_TYPE], world.by_token
    for broken in (
        type(certificate)(certificate=certificate.certificate, key=b"no key"),
        type(certificate)(
            certificate=certificate.certificate,
            key=world.by_certificate[SECOND_PASS_TYPE].key,
        ),
        type(token)(team=token.team, key_id=token.key_id, key=b"no key"),
    ):
        world.credentials[PASS_TYPE] = broken
        assert await world.push() == PushAnswer(0, "BadCredential")
    world.credentials[PASS_TYPE] = certificate  # repaired: no waiting for the breaker
    assert await world.push() == OK


async def test_a_certificate_that_apple_does_not_know_is_never_an_exception(
    world, tmp_path
) -> None:
    other = make_development_certificates(tmp_path, now=world.clock.wall()).signers[0]
    credential = world.by_certificate[PASS_TYPE]
    world.credentials[PASS_TYPE] = type(credential)(
        certificate=other.certificate.read_bytes(), key=other.key.read_bytes()
    )
    assert (await within(world.passing(world.apns.push("aa", topic=PASS_TYPE)))).status == 0


async def test_addresses_that_lead_nowhere_are_an_answer(world) -> None:
    for url in (
        "https://127.0.0.1:1",
        "https://no.such.host.invalid",
        "https://" + "x" * 80 + ".invalid",
    ):
        lost = world.client(url=url)
        answer = await within(world.passing(lost.push("aa", topic=PASS_TYPE)))
        assert answer == PushAnswer(0, "Unreachable")
        await lost.close()


async def test_a_connection_that_never_opens_is_given_up(world) -> None:
    async def never(host, port, *, ssl, server_hostname):
        await asyncio.get_running_loop().create_future()

    lost = world.client(open_stream=never)
    answer = await within(world.passing(lost.push("aa", topic=PASS_TYPE), step=2))
    assert answer == PushAnswer(0, "Unreachable")
    await lost.close()


async def test_trouble_connects_without_pushing(world) -> None:
    assert await within(world.apns.trouble(PASS_TYPE)) is None
    assert await within(world.apns.trouble("pass.example.unknown")) == "NoCredential"
    assert len(world.apple.pushes) == 0


async def test_closing_answers_whoever_still_waits(world) -> None:
    world.apple.order(Stall(), token="aa")
    waiting = asyncio.ensure_future(world.apns.push("aa", topic=PASS_TYPE))
    assert await world.push("bb") == OK
    await within(world.apns.close())
    assert await within(waiting) == PushAnswer(0, "Closed")
    assert await world.push() == PushAnswer(0, "Closed")


async def test_a_caller_that_gives_up_disturbs_nobody(world) -> None:
    world.apple.order(Stall(), token="aa")
    gone = asyncio.ensure_future(world.apns.push("aa", topic=PASS_TYPE))
    assert await world.push("bb") == OK
    gone.cancel()
    assert set(await world.push_all(300)) == {OK}


class Noise(asyncio.Transport):
    """The client's side of a stream whose other side only talks nonsense."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = False

    def write(self, data) -> None:
        """Swallow."""

    def is_closing(self) -> bool:
        return self.is_cut

    def close(self) -> None:
        self.is_cut = True

    abort = close

    def set_write_buffer_limits(self, high=None, low=None) -> None:
        """Nothing is ever buffered."""


@pytest.mark.parametrize("seed", range(40))
async def test_a_server_that_talks_nonsense_never_hangs_or_raises(world, seed) -> None:
    dice = random.Random(seed)
    good = [frames.settings({3: 5}), frames.frame(1, 5, 1, b"\x88"), frames.goaway(0, 2)]

    async def nonsense(host, port, *, ssl, server_hostname):
        loop = asyncio.get_running_loop()
        reader, transport = asyncio.StreamReader(), Noise()
        for _ in range(dice.randrange(4)):
            reader.feed_data(dice.choice([*good, dice.randbytes(dice.randrange(1, 60))]))
        reader.feed_eof()
        protocol = asyncio.StreamReaderProtocol(reader)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    lost = world.client(open_stream=nonsense)
    pushes = asyncio.gather(*(lost.push(f"{n:02x}", topic=PASS_TYPE) for n in range(20)))
    answers = await within(world.passing(pushes, step=5))
    assert {answer.status for answer in answers} <= {0, 200}
    await lost.close()

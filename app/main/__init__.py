"""Wires everything: the only place that knows every room."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.middleware import DefineMiddleware

from app.apple.apns import Apns
from app.apple.passmaker import PassMaker
from app.apple.signers import Signers
from app.cards import merging
from app.cards import service as cards
from app.cards.live import Live
from app.checkout import till_controller
from app.clock import Clock, SystemClock
from app.delivery.apple import AppleChannel
from app.delivery.channel import Channel
from app.delivery.google import GoogleChannel
from app.delivery.webhooks import WebhookChannel
from app.delivery.worker import Worker
from app.google.running import Google, make_google
from app.http import logs, media
from app.http.authentication import Authentication, Finders
from app.http.gate import Gate
from app.http.metrics import Metrics
from app.http.ports import Ports
from app.http.problems import EXCEPTION_HANDLERS
from app.http.secrets import load_secrets
from app.ids import Ids, SystemRandomness
from app.ledger import simulating
from app.main.routes import ROUTES
from app.outside import Outside
from app.pictures.reading import Pictures
from app.privacy import controller as privacy_controller
from app.privacy import erasing, restoring
from app.programs import counting, merchants, tills
from app.programs import service as programs
from app.settings import Settings, apns_url, read_settings
from app.storage.open import open_database
from app.users import service as users

# Google's root keys are asked for once the server listens: the sandbox's stand on itself.
_ROOT_KEYS_AFTER_SECONDS = 1.0
_COUNTS_EVERY_SECONDS = 5.0  # what a crash may lose of the days' counts

# Lives from the start of the server to its end: the delivery worker, the sandbox's listeners.
Background = Callable[[Ports], AbstractAsyncContextManager[Any]]


class Extras(msgspec.Struct, frozen=True, kw_only=True):
    """What lives beside the routes, and routes that only some servers have."""

    has_worker: bool = False  # whether it delivers too
    background: tuple[Background, ...] = ()
    routes: tuple[Any, ...] = ()
    ready_checks: tuple[Callable[[], None], ...] = ()  # each raises Unavailable
    forget: tuple[privacy_controller.Forget, ...] = ()  # what lives beside keeps of the erased


def create_app(settings: Settings, ports: Ports, *, extras: Extras | None = None) -> Litestar:
    """Build the whole app over opened ports; nothing is opened or started yet."""
    extras = extras or Extras()
    metrics = Metrics()
    signers, google, live = Signers(ports), make_google(ports), Live(ports)
    routes = [*ROUTES, *extras.routes]
    app = Litestar(
        route_handlers=routes,
        dependencies={"ports": Provide(lambda: ports, sync_to_thread=False)},
        middleware=[DefineMiddleware(Authentication, ports=ports, finders=finders())],
        exception_handlers=EXCEPTION_HANDLERS,
        before_request=media.check_type,
        request_class=media.JsonRequest,
        request_max_body_size=media.BODY_MAX,
        openapi_config=None,
        logging_config=None,
        lifespan=[
            _listening(ports, google, live),
            *([_delivering(ports, signers, google)] if extras.has_worker else []),
            _background(ports, extras.background),
        ],
        on_startup=[signers.load, google.load, _freeze],
        state=State(
            {"ports": ports, "metrics": metrics, "ready_checks": extras.ready_checks}
            | {"routes": tuple(routes), "move_cards": cards.move_cards}
            | {"move_staff": merchants.move_staff}
            | {"forget": extras.forget}
            | {"simulate": simulating.simulate, "live": live}
            | {"signers": signers, "passmaker": PassMaker(ports, signers), "google": google}
        ),
    )
    app.asgi_handler = Gate(
        app.asgi_handler, settings, ports.ids, clock=ports.clock, metrics=metrics
    )
    return app


def finders() -> Finders:
    """Name the look-ups of the rooms that keep credentials."""
    return Finders(
        by_kind={
            "user": lambda tx, hashed, now, _address: users.find_session(tx, hashed, now=now),
            "merchant": programs.find_key,
            "till": tills.find_till,
            "claim": cards.find_claim,
        },
        # Where a user works stands with him, what he may do there with the merchant.
        staff=lambda tx, user, asked: programs.staff_caller(
            tx, user, users.workplaces(tx, user.user_id), asked
        ),
    )


@asynccontextmanager
async def open_ports(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Ports]:
    """Open the database, the secrets and the threads; close them in the end.

    Raises: WrongSetting, ValueError or DatabaseRefused with a sentence for the operator.
    """
    clock = clock or SystemClock()
    secrets = load_secrets(settings.secrets_file)
    # One core is left to the event loop; signing and pictures take the others.
    threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1), "work")
    database = await open_database(settings.database_url, clock=clock)
    pictures = Pictures()
    try:
        ports = Ports(
            database=database,
            clock=clock,
            ids=Ids(SystemRandomness()),
            settings=settings,
            secrets=secrets,
            threads=threads,
            pictures=pictures,
        )
        await restoring.erase_again(ports)  # before anybody is served
        yield ports
    finally:
        await pictures.close()
        await database.close()
        threads.shutdown(wait=False, cancel_futures=True)


class Server:
    """What an ASGI server runs: opens everything when it starts, so that a fork comes first."""

    def __init__(
        self, settings: Settings, *, extras: Extras | None = None, clock: Clock | None = None
    ) -> None:
        self._settings = settings
        self._extras = extras
        self._clock = clock
        self._app: Litestar | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Start, answer, stop."""
        if scope["type"] != "lifespan":
            assert self._app is not None, "the server has not started"
            await self._app(scope, receive, send)
            return
        held: list[Any] = []

        async def send_or_hold(message: Any) -> None:
            # "Shut down" is said when the database is closed too: the server ends the loop then.
            if message["type"].startswith("lifespan.shutdown."):
                held.append(message)
            else:
                await send(message)

        async with AsyncExitStack() as stack:
            try:
                ports = await stack.enter_async_context(
                    open_ports(self._settings, clock=self._clock)
                )
            except Exception as error:
                await receive()
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                raise
            self._app = create_app(self._settings, ports, extras=self._extras)
            await self._app(scope, receive, send_or_hold)
        for message in held:
            await send(message)


def app() -> Server:
    """Read the environment and make what `granian --factory app.main:app` serves."""
    settings = read_settings(os.environ)
    logs.configure(settings.log_level)
    return Server(settings, extras=Extras(has_worker=True))


@asynccontextmanager
async def delivering(ports: Ports, signers: Signers, google: Google) -> AsyncIterator[Worker]:
    """Deliver until it ends; the signers' certificates authenticate the pushes."""
    await signers.load()
    await google.load()
    settings = ports.settings
    push = Apns(
        signers.credential,
        clock=ports.clock,
        randomness=SystemRandomness(),
        url=apns_url(settings),
        ca_file=settings.apns_ca_file,
        executor=ports.threads,
    )
    to_google = GoogleChannel(ports, google.issuers, google.teller)
    chores = [partial(sweep, ports) for sweep in (erasing.sweep, merging.sweep)]
    chores.append(partial(till_controller.bring_left, ports))
    outside = Outside(clock=ports.clock, has_loopback=not settings.is_live)
    channels: list[Channel] = [
        AppleChannel(ports, push),
        to_google,
        WebhookChannel(ports, outside),
    ]
    worker = Worker(ports, channels, chores=chores)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


def _delivering(
    ports: Ports, signers: Signers, google: Google
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: Litestar) -> AsyncIterator[None]:
        async with delivering(ports, signers, google) as worker:
            app.state.worker = worker
            app.state.metrics.watch_deliveries(lambda: worker.counts)
            yield

    return run


def _listening(
    ports: Ports, google: Google, live: Live
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    """Keep the keys fresh by which callbacks are believed, and write down what was counted."""

    async def keep_keys() -> None:
        await ports.clock.sleep(_ROOT_KEYS_AFTER_SECONDS)
        await google.root_keys.run()

    async def keep_counts() -> None:
        while True:
            await ports.clock.sleep(_COUNTS_EVERY_SECONDS)
            await counting.write_down(ports)

    @asynccontextmanager
    async def run(_app: Litestar) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(keep_keys()), loop.create_task(keep_counts())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await counting.write_down(ports)
            await live.close()
            await google.close()

    return run


def _background(
    ports: Ports, background: Sequence[Background]
) -> Callable[[Litestar], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(_app: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for start in background:
                await stack.enter_async_context(start(ports))
            yield

    return run


def _freeze() -> None:
    """Take what start-up made out of the collector's sight: p99 62 → 6 ms on granian."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

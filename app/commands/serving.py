"""Serves: the API, the delivery worker and, in the sandbox, all the fakes, in one process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import click
import httpx2
import msgspec
from granian import Granian as Processes
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server

from app.apple.signers import Signers
from app.clock import SystemClock
from app.commands import operator, operator_routes
from app.commands.certificates import prepare_sandbox
from app.commands.issuing import issuer_file, keep_issuer
from app.commands.signing import keep_signers
from app.google.running import Google, make_google
from app.http import logs
from app.http.ports import Ports
from app.http.secrets import load_secrets
from app.ids import SystemRandomness
from app.main import Extras, create_app, delivering, open_ports
from app.sandbox import controller as sandbox_controller
from app.sandbox import demo
from app.sandbox.certificates import DevelopmentCertificates
from app.sandbox.fake_google import FakeGoogle
from app.sandbox.google_account import read_google_account
from app.sandbox.google_mount import PATH as GOOGLE_PATH
from app.sandbox.google_mount import mount
from app.sandbox.running import Sandbox
from app.settings import Settings
from app.web import sandbox_controller as sandbox_page

HEADER_READ_MILLISECONDS = 5_000  # a client that sends its headers slower than this is a nuisance
REQUESTS_MAX = 2_048  # taken from the socket at once; our own gate sheds load before
STOP_SECONDS = 10  # that processes are waited for: open streams of events have no end
_START_PAUSE_SECONDS = 0.02
_ENDS = (signal.SIGINT, signal.SIGTERM)


async def serve(settings: Settings, *, is_demo: bool) -> None:
    """Serve until a signal asks to stop."""
    logs.configure(settings.log_level)
    async with AsyncExitStack() as stack:
        clock = SystemClock()
        sandbox = None
        if not settings.is_live:
            certificates = prepare_sandbox(settings, clock)
            sandbox, settings = await stack.enter_async_context(
                _sandbox(settings, certificates, clock)
            )
        ports = await stack.enter_async_context(open_ports(settings, clock=clock))
        await keep_signers(ports)
        await keep_issuer(ports)
        address = _address(settings)
        token = operator.announce(settings, address, ports.ids)
        stack.callback(operator.retire, settings)
        routes: list[Any] = operator_routes.routes(token)
        if sandbox is not None:
            routes += sandbox_controller.routes(sandbox) + sandbox_page.routes(sandbox)
        if sandbox is not None and sandbox.google is not None:
            routes.append(mount(sandbox.google))
        forget = () if sandbox is None else (sandbox.forget,)
        extras = Extras(routes=tuple(routes), has_worker=True, forget=forget)
        app = create_app(settings, ports, extras=extras)
        google: Google = app.state.google
        welcome = _welcome(ports, sandbox, google, is_demo=is_demo)
        await _listen(app, settings, welcome)


@asynccontextmanager
async def _sandbox(
    settings: Settings, certificates: DevelopmentCertificates, clock: SystemClock
) -> AsyncIterator[tuple[Sandbox, Settings]]:
    """Run the fakes and name them in the settings, where those name nothing else."""
    sandbox = Sandbox(
        certificates,
        load_secrets(settings.secrets_file),
        clock=clock,
        apns_port=settings.sandbox_apns_port,
        say=click.echo,
        google=_google(settings, clock),
        google_memory=Path("data/sandbox-google.json"),
    )
    google = _address(settings) + GOOGLE_PATH
    try:
        await sandbox.start()
        yield (
            sandbox,
            msgspec.structs.replace(
                settings,
                smtp_url=settings.smtp_url or sandbox.mails.url,
                apns_url=settings.apns_url or sandbox.apple.url,
                apns_ca_file=settings.apns_ca_file or certificates.apns_ca,
                google_api_url=settings.google_api_url or google,
                google_token_url=settings.google_token_url or f"{google}/token",
                google_root_keys_url=settings.google_root_keys_url or f"{google}/keys",
            ),
        )
    finally:
        await sandbox.close()


def _google(settings: Settings, clock: SystemClock) -> FakeGoogle | None:
    """Make the sandbox's Google, which knows our account; None where the settings name another."""
    named = issuer_file(settings)
    if settings.google_api_url is not None or named is None:
        return None
    return FakeGoogle(
        read_google_account(named.account),
        named.google_issuer,
        clock=clock,
        randomness=SystemRandomness(),
        base_url=settings.public_url + GOOGLE_PATH,
    )


def _address(settings: Settings) -> str:
    return f"http://127.0.0.1:{settings.port}"


async def _listen(app: Any, settings: Settings, welcome: Coroutine[Any, Any, None]) -> None:
    server = Server(
        app,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=REQUESTS_MAX,
        backpressure=REQUESTS_MAX,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_MILLISECONDS),
        log_level=LogLevels.error,
    )
    loop = asyncio.get_running_loop()

    def stop() -> None:
        app.state.live.end()  # the server waits for every answer, also for one without an end
        server.stop()  # type: ignore[no-untyped-call]

    for name in _ENDS:
        loop.add_signal_handler(name, stop)
    serving = loop.create_task(server.serve())
    welcoming = loop.create_task(welcome)
    try:
        await asyncio.wait((serving, welcoming), return_when=asyncio.FIRST_COMPLETED)
        if welcoming.done() and welcoming.exception() is not None:
            stop()
        await serving
    finally:
        welcoming.cancel()
        await asyncio.gather(welcoming, return_exceptions=True)
    if welcoming.done() and not welcoming.cancelled() and welcoming.exception() is not None:
        welcoming.result()


async def _welcome(ports: Ports, sandbox: Sandbox | None, google: Google, *, is_demo: bool) -> None:
    """Once it answers: make the demo, and say where everything is."""
    settings = ports.settings
    address = _address(settings)
    await _until_it_answers(address)
    if sandbox is not None:
        sandbox.reach(settings.pass_url, address)
        await google.root_keys.refresh()  # they stand on this very server, which answers now
    if is_demo and sandbox is not None:
        keys = await demo.seed(ports, address)
        await sandbox.hold([card["id"] for card in keys.cards], keys.user_token)
    url = settings.public_url.replace("127.0.0.1", "localhost")
    click.echo(f"Portecarte serves {url} · its API: {url}/docs")
    if sandbox is not None:
        click.echo(f"Sandbox: {url}/sandbox · mails {url}/sandbox/mails")
    if is_demo:
        click.echo("Keys of the demo: portecarte demo-keys")


async def _until_it_answers(address: str) -> None:
    async with httpx2.AsyncClient(base_url=address, trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx2.HTTPError):
                if (await client.get("/healthz")).status_code == 200:
                    return
            await asyncio.sleep(_START_PAUSE_SECONDS)


async def work(settings: Settings) -> None:
    """Deliver until a signal asks to stop."""
    logs.configure(settings.log_level)
    stop = asyncio.Event()
    for name in _ENDS:
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    async with open_ports(settings) as ports:
        await keep_signers(ports)
        await keep_issuer(ports)
        google = make_google(ports)
        async with delivering(ports, Signers(ports), google):
            click.echo("Portecarte delivers.")
            await stop.wait()
        await google.close()


async def prepare(settings: Settings) -> None:
    """Upgrade the database and keep the signers, before many processes start."""
    async with open_ports(settings) as ports:
        await keep_signers(ports)
        await keep_issuer(ports)


def serve_with_processes(settings: Settings) -> None:
    """Serve with WORKERS processes on PostgreSQL, each of which delivers too; no sandbox."""
    Processes(
        "app.main:app",
        factory=True,
        address=settings.host,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=REQUESTS_MAX,
        backpressure=REQUESTS_MAX,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_READ_MILLISECONDS),
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
    ).serve()

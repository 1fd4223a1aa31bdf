"""HTTP in and out of passkeys: made and used in two steps each, listed, renamed, removed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.clock import SECOND
from app.errors import Conflict, Unauthorized
from app.http.addresses import client_address
from app.http.callers import caller_of, user_of
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.storage.database import Transaction
from app.users import ceremonies, passkeys, service
from app.users.ceremonies import Site
from app.users.controller import TAGS
from app.users.entering import settle, signed_in
from app.users.passkeys import Assertion, Refusal, Registration
from app.users.schemas import (
    NewPasskey,
    PasskeyChange,
    PasskeyOut,
    PasskeyQuestion,
    PasskeySignIn,
    SignedInOut,
)

CHALLENGE_BYTES = 32
QUESTIONS_PER_ADDRESS = 600  # an hour
_USER: dict[str, Any] = {"callers": ("user",)}
_NAMELESS = "Portecarte"  # how the authenticator lists a guest's passkey
_Found = TypeVar("_Found")


@post(
    "/v1/passkeys/registrations/options",
    status_code=200,
    tags=TAGS,
    summary="Be asked for a new passkey",
    **_USER,
)
async def ask_registration(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> PasskeyQuestion:
    """Answer what `navigator.credentials.create` takes; good for five minutes and one answer."""
    site, user_id, now = _site(request, ports), user_of(request).user_id, ports.clock.wall()
    _check_limit(request, ports, now)
    challenge = ports.ids.secret(CHALLENGE_BYTES)

    def work(tx: Transaction) -> dict[str, Any]:
        user = service.user_by_id(tx, user_id)
        if user is None:
            raise Unauthorized
        passkeys.ask(tx, challenge, user_id, now=now)
        known = [row.credential_id for row in passkeys.passkeys_of(tx, user_id)]
        shown_as = user.email or user.display_name or _NAMELESS
        return ceremonies.registration_options(
            site, challenge, handle=user.public_id, shown_as=shown_as, known=known
        )

    return _question(await ports.database.write(work))


@post("/v1/passkeys/registrations", tags=TAGS, summary="Add a passkey", **_USER)
async def add_passkey(
    request: Request[Any, Any, Any], data: JSONBody[NewPasskey], ports: NamedDependency[Ports]
) -> PasskeyOut:
    """Answer 201 with the passkey; a challenge that was answered, well or not, is used up."""
    site, user_id, now = _site(request, ports), user_of(request).user_id, ports.clock.wall()
    challenge = ceremonies.challenge_in(data.credential.response.clientDataJSON) or b""
    credential = msgspec.to_builtins(data.credential)
    key = await _aside(ports, lambda: ceremonies.check_registration(site, challenge, credential))
    answer = Registration(
        challenge_hash=passkeys.hash_of(challenge),
        key=key,
        passkey_id=ports.ids.next(now),
        passkey_public=ports.ids.public(),
        name=data.name,
    )
    made = await ports.database.write(lambda tx: passkeys.register(tx, user_id, answer, now=now))
    if isinstance(made, Refusal):
        raise made.error
    return passkeys.passkey_out(made)


@post(
    "/v1/passkeys/sign-ins/options",
    status_code=200,
    tags=TAGS,
    summary="Be asked for your passkey",
)
async def ask_sign_in(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> PasskeyQuestion:
    """Answer what `navigator.credentials.get` takes: no address is asked, any passkey will do."""
    site, now = _site(request, ports), ports.clock.wall()
    _check_limit(request, ports, now)
    challenge = ports.ids.secret(CHALLENGE_BYTES)
    await ports.database.write(lambda tx: passkeys.ask(tx, challenge, None, now=now))
    return _question(ceremonies.sign_in_options(site, challenge))


@post("/v1/passkeys/sign-ins", tags=TAGS, summary="Sign in with a passkey", optional=True, **_USER)
async def sign_in(
    request: Request[Any, Any, Any], data: JSONBody[PasskeySignIn], ports: NamedDependency[Ports]
) -> Response[SignedInOut]:
    """Answer 201 with a session's token; a page of ours gets the session's cookie instead.

    With a guest's token his cards move to the user whose passkey it is.
    """
    site, now = _site(request, ports), ports.clock.wall()
    assertion = await _assertion(ports, site, data)
    drawn = service.draw(ports, now)
    found = await ports.database.write(lambda tx: passkeys.sign_in(tx, assertion, drawn, now=now))
    if isinstance(found, Refusal):
        raise found.error
    await settle(request, ports, user_id=found.user.user_id, moved_from=_guest(request))
    out = SignedInOut(token=drawn.token, user=service.user_out(found.user))
    return signed_in(request, ports, out)


async def _assertion(ports: Ports, site: Site, data: PasskeySignIn) -> Assertion:
    """Look up the public key and check the signature with it, beside the loop."""
    response = data.credential.response
    challenge = ceremonies.challenge_in(response.clientDataJSON) or b""
    credential_id, handle = _bytes(data.credential.id), _bytes(response.userHandle)
    row = await ports.database.read_point(
        lambda tx: passkeys.by_credential(tx, credential_id or b"")
    )
    count = None
    if row is not None:
        credential, key = msgspec.to_builtins(data.credential), row.public_key
        count = await _aside(
            ports,
            lambda: ceremonies.check_sign_in(site, challenge, credential, public_key=key),
        )
    return Assertion(
        challenge_hash=passkeys.hash_of(challenge), passkey=row, sign_count=count, handle=handle
    )


@get("/v1/passkeys", tags=TAGS, summary="List your passkeys", **_USER)
async def list_passkeys(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[PasskeyOut]:
    """Answer your passkeys, oldest first."""
    user_id = user_of(request).user_id
    (begin,) = position(ports.secrets, after) or (0,)
    rows = await ports.database.read(lambda tx: passkeys.passkeys_of(tx, user_id))
    found = [
        ((row.passkey_id,), passkeys.passkey_out(row)) for row in rows if row.passkey_id > begin
    ]
    return page(ports.secrets, found[: limit + 1], limit=limit)


@patch("/v1/passkeys/{passkey_id:str}", tags=TAGS, summary="Rename a passkey", **_USER)
async def rename_passkey(
    request: Request[Any, Any, Any],
    passkey_id: FromPath[str],
    data: JSONBody[PasskeyChange],
    ports: NamedDependency[Ports],
) -> PasskeyOut:
    """Answer the passkey under its new name."""
    user_id = user_of(request).user_id
    row = await ports.database.write(lambda tx: passkeys.rename(tx, user_id, passkey_id, data.name))
    return passkeys.passkey_out(row)


@delete("/v1/passkeys/{passkey_id:str}", tags=TAGS, summary="Remove a passkey", **_USER)
async def remove_passkey(
    request: Request[Any, Any, Any], passkey_id: FromPath[str], ports: NamedDependency[Ports]
) -> None:
    """Make that passkey sign nobody in any more; sessions that stand go on."""
    user_id = user_of(request).user_id
    await ports.database.write(lambda tx: passkeys.remove(tx, user_id, passkey_id))


def _guest(request: Request[Any, Any, Any]) -> int | None:
    if caller_of(request) is None or not user_of(request).is_guest:
        return None
    return user_of(request).user_id


def _site(request: Request[Any, Any, Any], ports: Ports) -> Site:
    site = ceremonies.site_of(ports.settings, request.headers.get("host", ""))
    if site is None:
        raise Conflict("passkeys need a server with a name, not an IP address")
    return site


def _check_limit(request: Request[Any, Any, Any], ports: Ports, now: int) -> None:
    address = client_address(request.scope, ports.settings.trusted_proxies)
    ports.limiter.check("passkeys-per-ip", address, per_hour=QUESTIONS_PER_ADDRESS, now=now)


def _question(options: dict[str, Any]) -> PasskeyQuestion:
    seconds = passkeys.CHALLENGE_LASTS // SECOND
    return PasskeyQuestion(options=options, expires_in_seconds=seconds)


def _bytes(text: str | None) -> bytes | None:
    try:
        return None if text is None else ceremonies.from_base64url(text)
    except ValueError:
        return b""  # nobody's


async def _aside(ports: Ports, work: Callable[[], _Found]) -> _Found:
    """Run arithmetic beside the loop."""
    return await asyncio.get_running_loop().run_in_executor(ports.threads, work)


ROUTES: list[Any] = [
    ask_registration,
    add_passkey,
    ask_sign_in,
    sign_in,
    list_passkeys,
    rename_passkey,
    remove_passkey,
]

"""HTTP in and out of people: guests, sign-in by a mailed code, sessions, one's own profile."""

from __future__ import annotations

from typing import Any, assert_never

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from app.clock import SECOND
from app.errors import CodeExpired, Unauthorized
from app.http import cookies
from app.http.addresses import client_address
from app.http.callers import caller_of, user_of
from app.http.cookies import is_for_page
from app.http.idempotency import Made, once
from app.http.limits import EVERYBODY
from app.http.media import decode_json
from app.http.paging import After, Limit, Page, page, position
from app.http.ports import Ports
from app.storage.database import Transaction
from app.users import merging, service, signing_in
from app.users.addresses import address_hash, normalized
from app.users.entering import settle, signed_in
from app.users.mails import preferred_language
from app.users.schemas import (
    CodeSent,
    NewGuest,
    NewSignInCode,
    ProfileChange,
    SessionOut,
    SignedInOut,
    SignIn,
    UserOut,
)
from app.users.signing_in import Attempt, NewCode, OldCode, SignedIn, WrongCode

TAGS = ["Users"]
CODES_PER_ADDRESS = 5  # an hour
CODES_PER_HOUR = 5_000  # to all addresses together: beyond it somebody bombs mailboxes
_USER: dict[str, Any] = {"callers": ("user",)}


@post("/v1/guests", tags=TAGS, summary="Begin without an address")
async def add_guest(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[SignedInOut]:
    """Answer 201 with the token of a user without e-mail; the body may be left out.

    A page of ours gets the session's cookie instead of the token.
    """
    body = await request.body()
    wanted: NewGuest = decode_json(body, NewGuest) if body else NewGuest()
    language, now = wanted.language or _language(request), ports.clock.wall()
    drawn = service.draw(ports, now)

    def work(tx: Transaction) -> Made:
        row = service.make_guest(tx, drawn, language=language, now=now)
        return Made(201, SignedInOut(token=drawn.token, user=service.user_out(row)))

    answer = await once(request, ports, work)
    if is_for_page(request) and answer.status == 201:
        found = msgspec.json.decode(answer.body, type=SignedInOut)
        return signed_in(request, ports, found, is_replay=answer.is_replay)
    return answer.response()


@post("/v1/sign-in/codes", status_code=202, tags=TAGS, summary="Have a sign-in code mailed")
async def mail_code(
    request: Request[Any, Any, Any], data: JSONBody[NewSignInCode], ports: NamedDependency[Ports]
) -> CodeSent:
    """Answer the same for known and unknown addresses; a new code ends the one before."""
    email, now = normalized(data.email, is_live=ports.settings.is_live), ports.clock.wall()
    known_as = address_hash(ports.secrets, email)
    check_limits(request, ports, known_as, now)
    code = ports.ids.digits(signing_in.CODE_DIGITS)
    wanted = NewCode(
        email=email,
        address_hash=known_as,
        code=code,
        code_hash=signing_in.hash_of_code(ports.secrets, known_as, code),
        mail_id=ports.ids.next(now),
        language=_language(request),
    )
    await ports.database.write(lambda tx: signing_in.request_code(tx, wanted, now=now))
    return CodeSent(expires_in_seconds=signing_in.CODE_LASTS // SECOND)


def check_limits(request: Request[Any, Any, Any], ports: Ports, known_as: bytes, now: int) -> None:
    """Count mailed codes by who asks first, so that one who is refused uses up nobody's share."""
    address = client_address(request.scope, ports.settings.trusted_proxies)
    per_ip = ports.settings.sign_in_codes_per_ip
    ports.limiter.check("codes-per-ip", address, per_hour=per_ip, now=now)
    ports.limiter.check("codes-per-address", known_as.hex(), per_hour=CODES_PER_ADDRESS, now=now)
    ports.limiter.check("codes", EVERYBODY, per_hour=CODES_PER_HOUR, now=now)


@post("/v1/sign-in", tags=TAGS, summary="Sign in with a mailed code", optional=True, **_USER)
async def sign_in(
    request: Request[Any, Any, Any], data: JSONBody[SignIn], ports: NamedDependency[Ports]
) -> Response[SignedInOut]:
    """Answer 201 with a session's token; a page of ours gets the session's cookie instead.

    With a guest's token the address becomes his; when somebody has it, the guest's cards move to
    that user.
    """
    email, now = normalized(data.email, is_live=ports.settings.is_live), ports.clock.wall()
    known_as, drawn = address_hash(ports.secrets, email), service.draw(ports, now)
    is_asked_by_guest = caller_of(request) is not None and user_of(request).is_guest
    attempt = Attempt(
        email=email,
        address_hash=known_as,
        code_hash=signing_in.hash_of_code(ports.secrets, known_as, data.code),
        language=_language(request),
        guest_id=user_of(request).user_id if is_asked_by_guest else None,
    )
    found = await ports.database.write(
        lambda tx: signing_in.sign_in(tx, attempt, drawn=drawn, now=now)
    )
    match found:
        case SignedIn(user=user, moved_from=moved_from):
            await settle(request, ports, user_id=user.user_id, moved_from=moved_from)
            out = SignedInOut(token=drawn.token, user=service.user_out(user))
            return signed_in(request, ports, out)
        case WrongCode():
            raise Unauthorized("this is not the code that was mailed last, or no longer")
        case OldCode():
            raise CodeExpired("ask for a new code")
        case _:
            assert_never(found)


@post("/v1/sign-out", status_code=204, tags=TAGS, summary="End this session", **_USER)
async def sign_out(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[None]:
    """Make the token that asks worthless; a page's cookie is taken away."""
    user = user_of(request)
    await ports.database.write(lambda tx: service.sign_out(tx, user.user_id, user.session_id))
    gone = {"Set-Cookie": cookies.forget(request.scope, ports.settings)}
    return Response(None, headers=gone if is_for_page(request) else None)


@get("/v1/sessions", tags=TAGS, summary="List your sign-ins", **_USER)
async def list_sessions(
    request: Request[Any, Any, Any],
    ports: NamedDependency[Ports],
    limit: Limit = 20,
    after: After = None,
) -> Page[SessionOut]:
    """Answer the open sessions, oldest first."""
    user, now = user_of(request), ports.clock.wall()
    (begin,) = position(ports.secrets, after) or (0,)

    def work(tx: Transaction) -> Page[SessionOut]:
        rows = service.open_sessions(tx, user.user_id, after=begin, limit=limit + 1, now=now)
        found = [
            ((row.session_id,), service.session_out(row, current=user.session_id)) for row in rows
        ]
        return page(ports.secrets, found, limit=limit)

    return await ports.database.read(work)


@delete("/v1/sessions/{session_id:str}", tags=TAGS, summary="End one of your sign-ins", **_USER)
async def revoke_session(
    request: Request[Any, Any, Any], session_id: FromPath[str], ports: NamedDependency[Ports]
) -> None:
    """Make that session's token worthless; the one that asks may be meant too."""
    user_id = user_of(request).user_id
    await ports.database.write(lambda tx: service.revoke_session(tx, user_id, session_id))


@get("/v1/me", tags=TAGS, summary="Show yourself", **_USER)
async def show_me(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> UserOut:
    """Answer the user who asks; `email` null is a guest."""
    user_id = user_of(request).user_id
    row, merges = await ports.database.read_point(
        lambda tx: (service.user_by_id(tx, user_id), merging.merges_of(tx, user_id))
    )
    if merges:
        await merging.finish(request, ports, user_id)
        row = await ports.database.read_point(lambda tx: service.user_by_id(tx, user_id))
    if row is None:
        raise Unauthorized
    return service.user_out(row)


@patch("/v1/me", tags=TAGS, summary="Change your name or language", **_USER)
async def change_me(
    request: Request[Any, Any, Any], data: JSONBody[ProfileChange], ports: NamedDependency[Ports]
) -> UserOut:
    """Answer the user as he is now; absent fields stay."""
    user_id = user_of(request).user_id
    row = await ports.database.write(lambda tx: service.change_profile(tx, user_id, data))
    return service.user_out(row)


def _language(request: Request[Any, Any, Any]) -> str:
    return preferred_language(request.headers.get("accept-language", ""))


ROUTES: list[Any] = [
    add_guest,
    mail_code,
    sign_in,
    sign_out,
    list_sessions,
    revoke_session,
    show_me,
    change_me,
]

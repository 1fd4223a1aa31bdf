"""HTTP in and out of a user's address: a code goes to the new one, typing it makes it his."""

from __future__ import annotations

from typing import Any, assert_never

from litestar import Request, post, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from app.clock import SECOND
from app.errors import AddressTaken, CodeExpired, Unauthorized, invalid
from app.http.callers import user_of
from app.http.ports import Ports
from app.users import emails, merging, service, signing_in
from app.users.addresses import address_hash, normalized
from app.users.controller import TAGS, check_limits
from app.users.emails import Begun, Change, Taken, Wanted
from app.users.queries import UserRow
from app.users.schemas import CodeSent, EmailChange, NewSignInCode, UserOut
from app.users.signing_in import OldCode, WrongCode

_USER: dict[str, Any] = {"callers": ("user",)}


@post(
    "/v1/me/email-codes",
    status_code=202,
    tags=TAGS,
    summary="Have a code mailed to your new address",
    **_USER,
)
async def mail_code(
    request: Request[Any, Any, Any], data: JSONBody[NewSignInCode], ports: NamedDependency[Ports]
) -> CodeSent:
    """Answer the same for free and taken addresses; a new code ends the one before."""
    user_id, now, secrets = user_of(request).user_id, ports.clock.wall(), ports.secrets
    email = normalized(data.email, is_live=ports.settings.is_live)
    check_limits(request, ports, address_hash(secrets, email), now)
    code = ports.ids.digits(signing_in.CODE_DIGITS)
    wanted = Wanted(
        user_id=user_id,
        email=email,
        code=code,
        code_hash=emails.hash_of_code(secrets, user_id, email, code),
        mail_id=ports.ids.next(now),
    )
    await ports.database.write(lambda tx: emails.request_code(tx, wanted, secrets=secrets, now=now))
    return CodeSent(expires_in_seconds=signing_in.CODE_LASTS // SECOND)


@put("/v1/me/email", tags=TAGS, summary="Change your address", **_USER)
async def change_email(
    request: Request[Any, Any, Any], data: JSONBody[EmailChange], ports: NamedDependency[Ports]
) -> UserOut:
    """Answer you with the new address; the one before gets a mail that says so.

    Where an account has that address, 409 `address-taken` asks to send the same again with
    `merge`: then its cards, shares and workplaces become yours, its sign-ins and passkeys end.
    """
    user_id, now, secrets = user_of(request).user_id, ports.clock.wall(), ports.secrets
    await merging.finish(request, ports, user_id)
    email = normalized(data.email, is_live=ports.settings.is_live)
    wanted = Change(
        user_id=user_id,
        email=email,
        code_hash=emails.hash_of_code(secrets, user_id, email, data.code),
        is_merge=data.merge,
        mail_id=ports.ids.next(now),
    )
    found = await ports.database.write(
        lambda tx: emails.change(tx, wanted, secrets=secrets, now=now)
    )
    match found:
        case UserRow():
            return service.user_out(found)
        case Begun():
            await merging.finish(request, ports, user_id)
            return await _shown(ports, user_id)
        case Taken():
            raise AddressTaken
        case WrongCode():
            raise invalid("code", "not the code that was mailed last, or no longer")
        case OldCode():
            raise CodeExpired("ask for a new code")
        case _:
            assert_never(found)


async def _shown(ports: Ports, user_id: int) -> UserOut:
    row = await ports.database.read_point(lambda tx: service.user_by_id(tx, user_id))
    if row is None:
        raise Unauthorized
    return service.user_out(row)


ROUTES: list[Any] = [mail_code, change_email]

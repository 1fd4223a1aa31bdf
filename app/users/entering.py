"""What follows a sign-in: a guest's cards move, an old session ends, token or cookie go out."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from app.http import cookies
from app.http.callers import caller_of, user_of
from app.http.cookies import is_for_page
from app.http.ports import Ports
from app.users import merging, service
from app.users.schemas import SignedInOut


def signed_in(
    request: Request[Any, Any, Any], ports: Ports, found: SignedInOut, *, is_replay: bool = False
) -> Response[SignedInOut]:
    """Answer a new session: its token to a program, its cookie to a page of ours."""
    headers = {"Idempotent-Replay": "true"} if is_replay else {}
    if is_for_page(request) and isinstance(found.token, str):
        headers["Set-Cookie"] = cookies.keep(request.scope, ports.settings, found.token)
        found = SignedInOut(user=found.user)
    return Response(found, headers=headers)


async def settle(
    request: Request[Any, Any, Any], ports: Ports, *, user_id: int, moved_from: int | None
) -> None:
    """Move the cards of the guest who signed in to the user he is; end what nobody holds now.

    Each step may be repeated: the guest's session ends last, so that he can sign in again.
    """
    if moved_from is not None and moved_from != user_id:
        await merging.move_cards(request, ports, from_user=moved_from, to_user=user_id)
        await ports.database.write(lambda tx: merging.end_access(tx, moved_from))
    await merging.finish(request, ports, user_id)
    if is_for_page(request) and caller_of(request) is not None:
        old = user_of(request)
        await ports.database.write(lambda tx: service.sign_out(tx, old.user_id, old.session_id))

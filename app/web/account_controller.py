"""The pages about a person: sign in, settings, a card claimed, a card shared with him."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.http.ports import Ports
from app.users import service as users
from app.web.pages import render, visitor_of
from app.web.way_out import way_out

_TAGS = ["Pages"]


@get("/sign-in", media_type=MediaType.HTML, tags=_TAGS, summary="Sign in: passkey, or mailed code")
async def sign_in_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the page; who is signed in already is told so by name."""
    visitor = await visitor_of(request, ports)
    return render(
        request,
        "sign-in.html",
        page="sign-in",
        visitor=visitor,
        has_passkeys=_has_name(request),
        way_out=way_out(request, ports),
    )


@get("/settings", media_type=MediaType.HTML, tags=_TAGS, summary="A user's settings")
async def settings_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the settings; a stranger sees those of this browser and the way to sign in."""
    visitor = await visitor_of(request, ports)
    user = None
    if visitor is not None:
        user_id = visitor.user_id
        user = await ports.database.read_point(lambda tx: users.user_by_id(tx, user_id))
    return render(
        request,
        "settings.html",
        page="settings",
        visitor=visitor,
        user=user,
        has_passkeys=_has_name(request),
    )


@get("/claim", media_type=MediaType.HTML, tags=_TAGS, summary="Put a claimed card into the wallet")
async def claim_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the page; the claim token stands in the fragment, which only the browser reads."""
    return await _by_link(request, ports, "claim")


@get("/share", media_type=MediaType.HTML, tags=_TAGS, summary="Accept a card that is shared")
async def share_page(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports]
) -> Response[str]:
    """Draw the page; the invitation's token stands in the fragment."""
    return await _by_link(request, ports, "share")


async def _by_link(request: Request[Any, Any, Any], ports: Ports, kind: str) -> Response[str]:
    visitor = await visitor_of(request, ports)
    return render(
        request,
        "accept.html",
        page="accept",
        visitor=visitor,
        kind=kind,
        way_out=way_out(request, ports),
    )


def _has_name(request: Request[Any, Any, Any]) -> bool:
    """Say whether passkeys can be: they belong to a name, never to an address (api.md §8)."""
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != ""
    return False


ROUTES: list[Any] = [sign_in_page, settings_page, claim_page, share_page]

"""The desk of the console: keys, tills, staff, webhooks, and how the ways to the outside stand."""

from __future__ import annotations

from typing import Any

from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency

from app.delivery.health_controller import look
from app.http.fields import parse_rfc3339
from app.http.ports import Ports
from app.ids import public_id
from app.partners.webhook_schemas import EVENT_TYPES
from app.programs.service import Program
from app.users import service as users
from app.web.console import console_page, staff_of, turned_away
from app.web.pages import words_of

_TAGS = ["Pages"]
_HTML: Any = MediaType.HTML
_Asked = Request[Any, Any, Any]


@get("/merchant/keys", media_type=_HTML, tags=_TAGS, summary="A merchant's keys")
async def keys_page(request: _Asked, ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw the keys: made and rolled with their secret shown once, revoked."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    return console_page(request, "desk-keys.html", staff=staff, page="keys")


@get("/merchant/tills", media_type=_HTML, tags=_TAGS, summary="A merchant's tills")
async def tills_page(request: _Asked, ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw the tills and the form that pairs another one."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    return console_page(
        request,
        "desk-tills.html",
        staff=staff,
        page="tills",
        till_places=places_of(staff.programs),
        till_address=f"{ports.settings.public_url}/till",
    )


@get("/merchant/staff", media_type=_HTML, tags=_TAGS, summary="Who works for a merchant")
async def staff_page(request: _Asked, ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw who may use the console, and as what."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    user_id = staff.user_id
    user = await ports.database.read_point(lambda tx: users.user_by_id(tx, user_id))
    own = "" if user is None else public_id("user", user.public_id)
    return console_page(request, "desk-staff.html", staff=staff, page="staff", self_id=own)


@get("/merchant/webhooks", media_type=_HTML, tags=_TAGS, summary="A merchant's webhooks")
async def webhooks_page(request: _Asked, ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw the endpoints and the log of what they were told."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    return console_page(
        request, "desk-webhooks.html", staff=staff, page="webhooks", types=EVENT_TYPES
    )


@get("/merchant/health", media_type=_HTML, tags=_TAGS, summary="What will break, and what waits")
async def health_page(request: _Asked, ports: NamedDependency[Ports]) -> Response[Any]:
    """Draw certificates with days left, and how Apple, Google and webhooks stand."""
    staff = await staff_of(request, ports)
    if staff is None:
        return await turned_away(request, ports)
    language = words_of(request).language
    found = await look(request, ports, staff.merchant_id, language=language)
    words = words_of(request)
    return console_page(
        request,
        "desk-health.html",
        staff=staff,
        page="health",
        health=found,
        certificates=[
            {"out": it, "day": words.day(parse_rfc3339(it.not_after) or 0)}
            for it in found.certificates
        ],
        apns_at=_at(found.apns.last_success_at),
        google_at=_at(found.google.last_success_at),
    )


def _at(text: str | None) -> int | None:
    return None if text is None else parse_rfc3339(text)


def places_of(programs: list[Program]) -> list[tuple[str, str]]:
    """List the places of a merchant's programs once each: (id, name)."""
    found = {place.id: place.name for it in programs for place in it.document.locations}
    return sorted(found.items(), key=lambda place: place[1].casefold())


ROUTES: list[Any] = [keys_page, tills_page, staff_page, webhooks_page, health_page]

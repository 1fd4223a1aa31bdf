"""Sandbox only: the page that explains the product by four simulated phones, and what moves them.

`portecarte up` adds these routes with the sandbox that runs beside the server.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.errors import NotFound, Unavailable
from app.http.cookies import is_same_origin
from app.http.ports import Ports
from app.sandbox.android_faces import android_screens
from app.sandbox.demo import DemoKeys, read_keys
from app.sandbox.demo_acts import ActRefused, Told, push_balance, sell
from app.sandbox.faces import Screen, key_of
from app.sandbox.iphone_faces import iphone_screen, pictures_of
from app.sandbox.running import Sandbox
from app.web.pages import render, visitor_of

SHOWN = 40  # lines of what happened, and mails
_TAGS = ["Sandbox"]
_FOR_EVER = "public, max-age=31536000, immutable"
_ACTS = {"balance": push_balance, "sale": sell}
Act = Literal["balance", "sale"]


def routes(sandbox: Sandbox) -> list[Any]:
    """Make the routes of a running sandbox; no server in live mode has them."""

    @get("/sandbox", media_type=MediaType.HTML, tags=_TAGS, summary="See four phones at work")
    async def page(request: Request[Any, Any, Any], ports: NamedDependency[Ports]) -> Response[Any]:
        """Explain the product by the phones as they are now."""
        keys = read_keys()
        return render(
            request,
            "sandbox.html",
            page="sandbox",
            visitor=await visitor_of(request, ports),
            acts=_acts(keys),
            program=keys.programs["hosted"] if keys is not None else None,
            **_seen(sandbox),
        )

    @get("/sandbox/now", media_type=MediaType.HTML, tags=_TAGS, summary="The phones as they are")
    async def now(request: Request[Any, Any, Any]) -> Response[Any]:
        """Answer what of the page moves; 304 while nothing has."""
        answer = render(request, "sandbox-now.html", page="sandbox", **_seen(sandbox))
        tag = f'"{hashlib.sha256(answer.content).hexdigest()[:20]}"'
        if request.headers.get("if-none-match") == tag:
            return Response(b"", status_code=304, headers={"ETag": tag, **answer.headers})
        answer.headers["ETag"] = tag
        return answer

    @get(
        "/sandbox/pictures/{name:str}",
        media_type="image/png",
        tags=_TAGS,
        summary="A picture of a pass",
    )
    async def picture(name: FromPath[str]) -> Response[bytes]:
        """Answer a logo or strip as it lies in a pass that a phone holds."""
        for phone in sandbox.phones.values():
            for found in pictures_of(phone):
                if name == f"{found.name}.png":
                    headers = {"Cache-Control": _FOR_EVER}
                    return Response(found.png, media_type="image/png", headers=headers)
        raise NotFound

    return [page, now, picture, _acting(sandbox)]


def _acting(sandbox: Sandbox) -> Any:
    @post("/sandbox/acts/{act:str}", status_code=200, tags=_TAGS, summary="Have something happen")
    async def act(request: Request[Any, Any, Any], act: FromPath[Act]) -> Told:
        """Tell a newer balance, or sell at the till; only this very page may ask."""
        keys = read_keys()
        sent = dict(request.scope["headers"])
        if keys is None or not is_same_origin("POST", sent):
            raise NotFound
        try:
            return await _ACTS[act](keys, sandbox.address, now=sandbox.now())
        except ActRefused as refused:
            raise Unavailable(str(refused)) from refused

    return act


def _seen(sandbox: Sandbox) -> dict[str, Any]:
    """Draw what moves: phones, what happened, mails."""
    screens: list[Screen] = [iphone_screen(name, it) for name, it in sandbox.phones.items()]
    screens += android_screens(sandbox.pixels, now=sandbox.now())
    happenings = [
        (line.at, line.text.partition("\n")[0])
        for line in list(reversed(sandbox.happenings))[:SHOWN]
    ]
    mails = sandbox.mails.newest(limit=SHOWN)
    return {"screens": screens, "happenings": happenings, "mails": mails}


def _acts(keys: DemoKeys | None) -> dict[str, str]:
    """Say which card each act moves, by the key of its face; none without the demo."""
    if keys is None:
        return {}
    numbers = {card["program_id"]: str(card["number"]) for card in keys.cards}
    found = {"balance": keys.programs["mirrored"], "sale": keys.programs["hosted"]}
    return {act: key_of(numbers[it]) for act, it in found.items() if it in numbers}

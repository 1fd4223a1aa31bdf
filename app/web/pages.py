"""Draws a page: language, theme, texts and files handed to a template; who looks at it."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from typing import Any

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined
from litestar import MediaType, Request, Response

from app.errors import NotFound
from app.http import cookies
from app.http.callers import UserCaller
from app.http.ports import Ports
from app.ids import digest
from app.users import service as users
from app.users.mails import preferred_language
from app.web.assets import assets
from app.web.texts import LANGUAGES, Catalogue, catalogue

THEMES = ("auto", "light", "dark")
_YEAR_SECONDS = 365 * 24 * 3600
_CHOICES = {"lang": LANGUAGES, "theme": THEMES}  # cookies and query parameters of the same name


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks at a page by the cookie of his session."""

    user_id: int
    session_id: int
    is_guest: bool


# For pages that are the same for everybody and look nobody up.
UNASKED = Visitor(user_id=0, session_id=0, is_guest=True)


async def visitor_of(request: Request[Any, Any, Any], ports: Ports) -> Visitor | None:
    """Find who looks at a page; None for a stranger.

    A page only shows: it counts the cookie also where a link of another site led here, unlike /v1.
    """
    token = cookies.token_in(request.scope, ports.settings)
    if token is None or not token.startswith(f"pcu_{ports.settings.token_mode}_"):
        return None
    hashed, now = digest(token), ports.clock.wall()
    found = await ports.database.read_point(lambda tx: users.find_session(tx, hashed, now=now))
    if found is None or not isinstance(found.caller, UserCaller):
        return None
    caller = found.caller
    return Visitor(user_id=caller.user_id, session_id=caller.session_id, is_guest=caller.is_guest)


def language_of(request: Request[Any, Any, Any]) -> str:
    """Choose the language: what `?lang=` asks, what the cookie keeps, what the browser prefers."""
    chosen = _chosen(request, "lang")
    return chosen or preferred_language(request.headers.get("accept-language", ""))


def words_of(request: Request[Any, Any, Any]) -> Catalogue:
    """Return the texts in the language of whoever looks."""
    return catalogue(language_of(request))


def render(
    request: Request[Any, Any, Any],
    template: str,
    *,
    page: str,
    status: int = 200,
    visitor: Visitor | None = UNASKED,
    **values: object,
) -> Response[Any]:
    """Draw a page.

    `visitor`: None is a stranger, UNASKED (shown as None) whoever it may be.
    `page` names the page's texts for scripts (`<page>.js.…`) and its place in the navigation.
    A template also sees: `t`, `words`, `asset`, `language`, `theme`, `page`, `path`, `visitor`,
    `script_texts`.
    """
    words = words_of(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            t=words.text,
            words=words,
            asset=assets().url,
            version=assets().version,
            language=words.language,
            theme=_chosen(request, "theme") or "auto",
            page=page,
            path=request.url.path,
            visitor=None if visitor is UNASKED else visitor,
            # Tells the service worker when another user, or none, looks through the same browser.
            owner=_owner(visitor),
            script_texts=_script_texts(words.language, page, is_console="staff" in values),
            **values,
        )
    )
    headers = {
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language, Accept-Encoding, Cookie",
        "Content-Language": words.language,
    }
    if visitor is not UNASKED:
        headers["Page-Owner"] = _owner(visitor)
    body = html.encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        # Nothing that whoever asks could choose stands beside a secret: sizes tell nothing.
        body, headers["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
    answer = Response(body, status_code=status, media_type=MediaType.HTML, headers=headers)
    _keep_choices(request, answer)
    return answer


def draw_part(template: str, words: Catalogue, **values: object) -> str:
    """Draw a piece of a page, which a script puts into it."""
    return _environment().get_template(template).render(t=words.text, words=words, **values)


def _keep_choices(request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    for name, allowed in _CHOICES.items():
        asked = request.query_params.get(name)
        if asked in allowed:
            answer.set_cookie(key=name, value=asked, max_age=_YEAR_SECONDS, samesite="lax")


def missing(request: Request[Any, Any, Any], visitor: Visitor | None) -> Response[Any]:
    """Draw the page of an address that shows nothing, to whoever may not see it too.

    Raises NotFound to a program, which says of no kind that it accepts it: browsers always do.
    """
    if "accept" not in request.headers:
        raise NotFound
    t = words_of(request).text
    return render(
        request,
        "message.html",
        page="missing",
        status=404,
        visitor=visitor,
        title=t("common.missing.title"),
        text=t("common.missing.text"),
        href="/",
        label=t("common.back_to_wallet"),
    )


def _chosen(request: Request[Any, Any, Any], name: str) -> str | None:
    allowed = _CHOICES[name]
    for given in (request.query_params.get(name), _cookie(request, name)):
        if given in allowed:
            return str(given)
    return None


def _cookie(request: Request[Any, Any, Any], name: str) -> str | None:
    header = request.headers.get("cookie", "")
    if f"{name}=" not in header:
        return None
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None


def _owner(visitor: Visitor | None) -> str:
    if visitor is None or visitor is UNASKED:
        return ""
    return hashlib.sha256(f"page-owner {visitor.user_id}".encode()).hexdigest()[:12]


@lru_cache(64)
def _script_texts(language: str, page: str, *, is_console: bool) -> str:
    texts = catalogue(language).for_script(page, is_console=is_console)
    return msgspec.json.encode(texts).decode()


@lru_cache(1)
def _environment() -> Environment:
    """Make the one engine of all pages: every value is escaped, an unknown name is an error."""
    return Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=100,
    )


def _template(name: str) -> str | None:
    try:
        return (files("app.web") / "templates" / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None

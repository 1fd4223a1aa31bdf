"""Who stands at the merchant's console, for which merchant, and how its pages are drawn."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.response import Redirect

from app.http.ports import Ports
from app.ids import parse_public_id, public_id
from app.programs import merchant_queries, queries
from app.programs import service as programs
from app.programs.merchant_queries import MerchantRow
from app.programs.service import SCOPES_OF_ROLE, Program
from app.storage.database import Transaction
from app.users import service as users
from app.web.pages import Visitor, render, visitor_of

COOKIE = "merchant"  # the merchant chosen in this browser, which /v1 reads too
PROGRAMS_SHOWN = 100
_PROGRAM = re.compile(r"/merchant/p/([^/]+)")
_YEAR_SECONDS = 365 * 24 * 3600


class Workplace(msgspec.Struct, frozen=True, kw_only=True):
    """A merchant where somebody works, for the chooser."""

    id: str
    name: str
    role: str


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Who works here: the merchant chosen, what he may do there, and its programs."""

    visitor: Visitor
    user_id: int
    merchant_id: int
    merchant: Workplace
    merchants: list[Workplace]
    programs: list[Program]

    @property
    def role(self) -> str:
        """`owner`, `staff` or `viewer`."""
        return self.merchant.role

    def may(self, scope: str) -> bool:
        """Say whether he may `read`, `write` or `admin` here, as /v1/partner will judge."""
        return scope in SCOPES_OF_ROLE[self.role]

    def program(self, named: str) -> Program | None:
        """Find one of the merchant's own programs by `prog_…` or slug; None for others' too."""
        raw = parse_public_id("prog", named)
        return next((it for it in self.programs if it.slug == named or it.public_id == raw), None)


async def staff_of(request: Request[Any, Any, Any], ports: Ports) -> Staff | None:
    """Find for which merchant whoever looks works; None for strangers and for who works nowhere.

    The merchant: whose program the address names, what `?merchant=mer_…` asks, what the cookie
    keeps, else the first.
    """
    visitor = await visitor_of(request, ports)
    if visitor is None:
        return None
    asked = (request.query_params.get(COOKIE), request.cookies.get(COOKIE))
    named = _PROGRAM.match(request.url.path)
    program = None if named is None else named[1]
    return await ports.database.read(lambda tx: _staff(tx, visitor, asked, program))


async def turned_away(request: Request[Any, Any, Any], ports: Ports) -> Response[Any]:
    """Lead on who has no console: a stranger or a guest signs in, others may sign up a shop."""
    visitor = await visitor_of(request, ports)
    if visitor is None or visitor.is_guest:
        return Redirect(f"/sign-in?next={quote(request.url.path)}", status_code=303)
    return Redirect("/merchant/sign-up", status_code=303)


def console_page(
    request: Request[Any, Any, Any],
    template: str,
    *,
    staff: Staff,
    page: str,
    program: Program | None = None,
    **values: Any,
) -> Response[Any]:
    """Draw a page of the console, a template that extends `merchant-base.html`.

    `page` names the page's texts and its place in the navigation: `programs`, `designer`, `rules`,
    `publish`, `poster`, `members`, `figures`, `messages`, `missing-points`, `keys`, `tills`,
    `staff`, `webhooks`, `health`. A template also sees `staff`, `program` and `program_id`.
    """
    answer = render(
        request,
        template,
        page=page,
        visitor=staff.visitor,
        staff=staff,
        program=program,
        program_id="" if program is None else public_id("prog", program.public_id),
        **values,
    )
    answer.set_cookie(key=COOKIE, value=staff.merchant.id, max_age=_YEAR_SECONDS, samesite="lax")
    return answer


def _staff(
    tx: Transaction, visitor: Visitor, asked: tuple[str | None, str | None], program: str | None
) -> Staff | None:
    found: list[tuple[MerchantRow, Workplace]] = []
    for merchant_id in users.workplaces(tx, visitor.user_id):
        works = merchant_queries.staff_at(tx, merchant_id, visitor.user_id)
        row = merchant_queries.merchant(tx, merchant_id)
        if works is not None and row is not None:
            public = public_id("mer", row.public_id)
            found.append((row, Workplace(id=public, name=row.name, role=works.role)))
    if not found:
        return None
    owner = None if program is None else programs.program_named(tx, program)
    own = [it for it in found if owner is not None and it[0].merchant_id == owner.merchant_id]
    chosen = next((it for name in asked for it in found if it[1].id == name), found[0])
    chosen = own[0] if own else chosen
    rows = queries.programs_of(tx, chosen[0].merchant_id, 0, PROGRAMS_SHOWN)
    return Staff(
        visitor=visitor,
        user_id=visitor.user_id,
        merchant_id=chosen[0].merchant_id,
        merchant=chosen[1],
        merchants=[it for _, it in found],
        programs=[programs.read(row) for row in rows],
    )

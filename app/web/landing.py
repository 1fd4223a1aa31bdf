"""Counts who looks at a join page: by program and day, and nothing of the person."""

from __future__ import annotations

import re
from typing import Any

from litestar import Request

from app.http.ports import Ports
from app.http.tally import LANDING_VIEWS
from app.programs.service import Program
from app.storage.database import Transaction
from app.users import queries as users
from app.web.pages import Visitor

# Search engines, previews of messengers, checks of uptime, as they call themselves.
_ROBOT = re.compile(
    r"bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|telegram|monitor|uptime",
    re.IGNORECASE,
)
_AHEAD = ("purpose", "sec-purpose", "x-moz")  # headers of who fetches before anybody looks


def is_staff(tx: Transaction, visitor: Visitor | None, program: Program) -> bool:
    """Say whether a visitor works for the program's merchant."""
    user_id = 0 if visitor is None else visitor.user_id
    return user_id != 0 and program.merchant_id in users.workplaces(tx, user_id)


def count_view(
    request: Request[Any, Any, Any], ports: Ports, program: Program, *, is_own: bool
) -> None:
    """Count a view of a program's join page, unless a robot or its own staff looks."""
    agent = request.headers.get("user-agent", "")
    is_early = any("pre" in request.headers.get(name, "").lower() for name in _AHEAD)
    if is_own or is_early or not agent or _ROBOT.search(agent):
        return
    ports.tally.add(program.program_id, LANDING_VIEWS, now=ports.clock.wall())

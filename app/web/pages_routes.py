"""All pages in one list, which main serves; a new page's controller is added here."""

from __future__ import annotations

from typing import Any

from app.web import (
    about_controller,
    account_controller,
    adding_controller,
    console_controller,
    desk_controller,
    desk_joining_controller,
    desk_members_controller,
    desk_program_controller,
    docs_controller,
    joining_controller,
    receipt_controller,
    shell_controller,
    till_controller,
    wallet_controller,
)

ROUTES: list[Any] = [
    *shell_controller.ROUTES,
    *wallet_controller.ROUTES,
    *about_controller.ROUTES,
    *account_controller.ROUTES,
    *adding_controller.ROUTES,
    *console_controller.ROUTES,
    *desk_controller.ROUTES,
    *desk_members_controller.ROUTES,
    *desk_program_controller.ROUTES,
    *desk_joining_controller.ROUTES,
    *docs_controller.ROUTES,
    *joining_controller.ROUTES,
    *receipt_controller.ROUTES,
    *till_controller.ROUTES,
]

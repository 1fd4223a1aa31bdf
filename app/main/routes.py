"""Every route of the server, room by room."""

from __future__ import annotations

from typing import Any

from app.apple import controller as apple_controller
from app.apple import passes_controller
from app.cards import (
    codes_controller,
    consents_controller,
    drawing_controller,
    live_controller,
    reissue_controller,
    share_controller,
)
from app.cards import controller as cards_controller
from app.checkout import controller as checkout_controller
from app.checkout import till_controller
from app.delivery import health_controller
from app.google import controller as google_controller
from app.google import partner_controller as google_partner_controller
from app.http import controller as http_controller
from app.imports import controller as imports_controller
from app.partners import controller as partners_controller
from app.partners import (
    deliveries_controller,
    ending_controller,
    events_controller,
    figures_controller,
    member_import_controller,
    members_controller,
    messages_controller,
    missing_controller,
    staff_controller,
    webhooks_controller,
)
from app.privacy import controller as privacy_controller
from app.programs import controller as programs_controller
from app.programs import keys_controller, tills_controller
from app.users import controller as users_controller
from app.users import email_controller, passkeys_controller
from app.web import controller as web_controller
from app.web import pages_routes, poster_controller, preview_controller

ROUTES: list[Any] = [
    *http_controller.ROUTES,
    *users_controller.ROUTES,
    *privacy_controller.ROUTES,
    *passkeys_controller.ROUTES,
    *email_controller.ROUTES,
    *programs_controller.ROUTES,
    *keys_controller.ROUTES,
    *tills_controller.ROUTES,
    *cards_controller.ROUTES,
    *codes_controller.ROUTES,
    *consents_controller.ROUTES,
    *drawing_controller.ROUTES,
    *live_controller.ROUTES,
    *share_controller.ROUTES,
    *reissue_controller.ROUTES,
    *passes_controller.ROUTES,
    *apple_controller.ROUTES,
    *google_controller.ROUTES,
    *google_partner_controller.ROUTES,
    *partners_controller.ROUTES,
    *events_controller.ROUTES,
    *members_controller.ROUTES,
    *member_import_controller.ROUTES,
    *ending_controller.ROUTES,
    *missing_controller.ROUTES,
    *messages_controller.ROUTES,
    *figures_controller.ROUTES,
    *staff_controller.ROUTES,
    *webhooks_controller.ROUTES,
    *deliveries_controller.ROUTES,
    *health_controller.ROUTES,
    *checkout_controller.ROUTES,
    *till_controller.ROUTES,
    *imports_controller.ROUTES,
    *web_controller.ROUTES,
    *preview_controller.ROUTES,
    *poster_controller.ROUTES,
    *pages_routes.ROUTES,
]

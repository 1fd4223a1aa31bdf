"""The parts of the OpenAPI document that no handler can tell: problems, tokens, texts."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

Json = dict[str, Any]
PROBLEM = "application/problem+json"
OF_EVERY_ROUTE = ("400", "429", "503")

INFO: Json = {
    "title": "Portecarte",
    "version": version("portecarte"),
    "description": (
        "Loyalty cards in Apple Wallet and Google Wallet.\n\n"
        "JSON in and out; unknown fields are refused. Times are RFC 3339 in UTC, integers stay "
        "within ±2⁵³. Every error is a problem document (RFC 9457); each `code` has a section at "
        "[/docs/errors](/docs/errors). Every answer has an `X-Request-Id`."
    ),
}

TAGS: list[Json] = [
    {"name": "Users", "description": "Sign-in, guests, sessions, one's own data."},
    {"name": "Cards", "description": "Cards of users: their barcodes, passes and links."},
    {"name": "Programs", "description": "A merchant's programs, their design and images."},
    {"name": "Partners", "description": "What a merchant's server tells: enrolments, statements."},
    {"name": "Checkout", "description": "Tills: scan, quote, hold, ticket, refund."},
    {"name": "Webhooks", "description": "Who is told of what happens, and how that went."},
    {"name": "Merchant", "description": "Keys, tills and staff of a merchant."},
    {"name": "Imports", "description": "Cards of other apps, photos, export."},
    {"name": "Apple's web service", "description": "What iPhones call."},
    {"name": "Google Wallet", "description": "What Google calls back with."},
    {"name": "Sandbox", "description": "Only where MODE is sandbox."},
    {"name": "Operating", "description": "Health and figures."},
    {"name": "Documentation", "description": "This page, the document, the guides."},
    {"name": "Pages", "description": "For people: wallet, sign-in, joining, till."},
    {"name": "Console", "description": "For people: a merchant's pages."},
]

SECURITY: Json = {
    "user": {
        "type": "http",
        "scheme": "bearer",
        "description": "`pcu_…`: a user's session, also a guest's.",
    },
    "merchant": {
        "type": "http",
        "scheme": "bearer",
        "description": "`pck_…`: a merchant's key with scopes; or the session of its staff.",
    },
    "till": {"type": "http", "scheme": "bearer", "description": "`pct_…`: a paired till."},
    "claim": {
        "type": "http",
        "scheme": "bearer",
        "description": "`pcc_…`: the claim token of one card.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-session",
        "description": "A user's session in our own pages; only same-origin requests count.",
    },
}

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": (
        "A fresh text for each new request, the same one to repeat it: the first answer comes "
        "again, with `Idempotent-Replay: true`. Kept for 30 days. Where it is needed and missing: "
        "400 `idempotency-key-missing`."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}

PROBLEM_SCHEMA: Json = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, and the facts of its code beside.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/docs/errors#invalid-input"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "examples": ["invalid-input"]},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "message"],
                "properties": {
                    "path": {"type": "string", "examples": ["lines[0].qty"]},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

_SAYS = {
    "400": "The input is not valid; `errors` names the fields.",
    "401": "No credential, or a bad one.",
    "403": "A valid token of another kind, or a scope is missing.",
    "404": "Unknown, or somebody else's.",
    "409": "It contradicts what stands; `code` says how.",
    "413": "The body is too big.",
    "415": "The body is of another type.",
    "422": "Well formed, but refused; `code` says why.",
    "429": "Too many requests; `Retry-After` says when.",
    "503": "Not available right now; `Retry-After` says when.",
}


def problem_answer(status: str) -> Json:
    """Describe an error's answer."""
    answer: Json = {
        "description": _SAYS[status],
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in {"429", "503"}:
        answer["headers"] = {
            "Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}
        }
    return answer

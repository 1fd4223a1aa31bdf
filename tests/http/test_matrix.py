"""Every route by who asks by own, the other's, nobody's, revoked: nobody reaches another's things.

Routes come from the app's own list, so a new one is in by itself. What its path's parameters name
must be known below (PARAMETERS), or the test says so.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from app.clock import rfc3339
from app.web import openapi_examples as samples
from app.web.openapi import handlers
from tests.http.asgi import Answer, call
from tests.http.matrix_world import NOBODY, NOBODYS_NUMBER, Side, Town, opened

pytestmark = pytest.mark.asyncio(loop_scope="module")

# What a path's parameter names. An id of ours: its prefix, so that nobody's can be written.
IDS = {
    "other_card": "card_",
    "card_id": "card_", "program_id": "prog_", "session_id": "sess_", "passkey_id": "pkey_",
    "key_id": "key_", "till_id": "till_", "hold_id": "hold_", "share_id": "shr_",
    "user_id": "user_", "webhook_id": "whk_", "delivery_id": "dlv_", "missing_id": "mp_",
    "request_id": "mp_",
    "named": "prog_",
    "program": "prog_",
    "card": "card_",
    "request": "mp_",
}  # fmt: skip
OWN_NAMES = {
    "number": NOBODYS_NUMBER,
    "ticket_id": "T-nobody",
    "receipt_id": "R-nobody",
}  # the merchant's own, not ours
FIXED = {  # no object: one of a closed set, or a public file
    "side": "front", "sale": "sale", "role": "logo", "name": "nothing.png", "version": "0",
    "guide": "till", "act": "sale", "kind": "points",
}  # fmt: skip
SECRETS = {"token", "serial", "device", "pass_type"}  # knowing it is the proof: only nobody's
PARAMETERS = {*IDS, *OWN_NAMES, *FIXED, *SECRETS}

# Who may (specs: api.md §1, §4 to §9); the first that fits. Everything else is refused.
PEOPLE = {
    "guest",
    "user",
    "reader",
    "sharer",
    "former holder",
    "owner",
    "staff",
    "viewer",
    "former staff",
}
HOLDERS = {"user", "sharer", "reader"}
ADMINS, WRITERS = {"key", "owner"}, {"key", "owner", "writing key", "staff"}
READERS = WRITERS | {"reading key", "viewer"}
ANYBODY = "anybody"
CLAIM = {"claim"}
TILLS = {"till"} | WRITERS
MAY: list[tuple[str, Any]] = [
    (r"POST /v1/guests|POST /v1/sign-in(/codes)?|POST /v1/passkeys/sign-ins(/options)?", ANYBODY),
    (r"GET /v1/directory|POST /v1/programs/{\w+}/join|GET /v1/links/{token}", ANYBODY),
    (r"POST /v1/barcodes/draw|POST /v1/checkout/pair", ANYBODY),
    (r"\w+ /v1/partner/(keys|tills|webhooks|staff)\b.*", ADMINS),
    (r"POST /v1/partner/programs|PUT /v1/partner/programs/{\w+}(/images/{\w+})?", ADMINS),
    (r"\w+ /v1/partner/programs/{\w+}/(ending|export.zip)", ADMINS),
    (r"GET /v1/partner/.*", READERS),
    (r"\w+ /v1/partner/.*", WRITERS),
    (r"GET /v1/checkout/(till|tickets)", {"till"}),  # its own day
    (r"GET /v1/checkout/.*", {"till"} | READERS),
    (r"POST /v1/checkout/.*", TILLS),
    (r"\w+ /v1/(sessions|passkeys)/{\w+}", {"user"}),
    (r"GET /v1/cards/{card_id}(/barcode.*|/apple.pkpass|/google)?", HOLDERS | CLAIM),
    (r"POST /v1/cards/{card_id}/(links|reissue)", HOLDERS | CLAIM),
    (r"POST /v1/cards/{card_id}/(redemptions|one-time-codes)", {"user", "sharer"}),
    (r"POST /v1/cards/{card_id}/receipt-codes", {"user", "sharer"} | CLAIM),
    (r"\w+ /v1/cards/{card_id}/shares.*", {"user"}),
    (r"\w+ /v1/cards/{card_id}.*", HOLDERS),
    (r"\w+ /v1/(me|sessions|passkeys|cards|imports|export|claims|shares|link-codes)\b.*", PEOPLE),
    (r"POST /v1/barcodes/read", PEOPLE | {"till"}),  # a till's camera too; it is about nobody
    (r"GET /v1/wallet.pkpasses|POST /v1/sign-out", PEOPLE),
    (r"\w+ /v1/merchants", PEOPLE),
    (r"\w+ /(apple/v1|google)/.*", ANYBODY),  # by tokens and signatures of their own: tests there
    (r"GET /(?!v1/).*|POST /merchant/p/{program}/members", ANYBODY),  # pages: looked at below
]
# Open to all, and for all programs: an answer that names the other's program is right.
PUBLIC = (
    r"GET /v1/directory|POST /v1/programs/{\w+}/join|GET /(join|receipt)/{\w+}"
    r"|POST /v1/link-codes"
)
STREAM = r"GET /v1/me/events"
# An example cannot be right there: it would need a signature or a secret.
UNPROVED = r"POST /v1/passkeys/(registrations|sign-ins)|PUT /v1/me/email|POST /(google|apple)/.*"
QUERIES = {
    "/v1/wallet.pkpasses": "card={card_id}",
    "/v1/partner/webhook-deliveries": "webhook={webhook_id}&card={card_id}",
}
ROLES = [
    None, "guest", "user", "reader", "sharer", "former holder", "claim", "used claim", "owner",
    "staff", "viewer", "former staff", "reading key", "writing key", "key", "revoked key",
    "rolled key", "till", "revoked till", "revoked session", "live key", "live user", "live till",
]  # fmt: skip
REVOKED = {"used claim", "revoked key", "rolled key", "revoked till", "revoked session",
           "live key", "live user", "live till"}  # fmt: skip
PNG = (Path(__file__).parent.parent.parent / "app/web/static/icons/touch-180.png").read_bytes()


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A route with what it takes."""

    name: str
    method: str
    path: str
    kind: str = ""
    body: Any = None

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)", self.path)

    @property
    def names_something(self) -> bool:
        """Tell whether a request can name something that is somebody's."""
        text = msgspec.json.encode(self.body).decode()
        named = any(each in text for each in (samples.CARD, samples.PROGRAM, samples.HOLD))
        named |= samples.NUMBER in text and self.path.startswith(("/v1/checkout", "/v1/partner"))
        return named or bool({*IDS, *OWN_NAMES} & {*self.parameters}) or self.path in QUERIES


@pytest.fixture(scope="module", params=["sqlite"])
async def town(
    _sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Town]:
    folder = tmp_path_factory.mktemp("matrix")
    path = folder / "portecarte.db"
    shutil.copy(_sqlite_template, path)
    async with opened(path, folder / "secrets.json") as made:
        yield made


@pytest.fixture(scope="module")
async def routes(town: Town) -> list[Route]:
    document = (await call(town.app, "GET", "/openapi.json")).json()
    found = []
    for path, method, _ in handlers(town.app):
        content = document["paths"][path][method].get("requestBody", {}).get("content", {})
        kind = next(iter(content), "")
        if "application/json" in content:
            kind = "application/json"
        found.append(
            Route(
                name=f"{method.upper()} {path}",
                method=method.upper(),
                path=path,
                kind=kind.replace("*", "png"),
                body=content.get(kind, {}).get("example"),
            )
        )
    return sorted(found, key=lambda route: route.name)


def allowed(route: Route) -> Any:
    return next((who for pattern, who in MAY if re.fullmatch(pattern, route.name)), None)


def things(route: Route, side: Side | None, role: str | None = None) -> dict[str, str]:
    """Name what a request is about: a side's, or nobody's."""
    if side is None:
        return {name: prefix + NOBODY for name, prefix in IDS.items()} | OWN_NAMES
    found = dict(side.ids)
    if re.search(r"statement|^PUT /v1/partner/programs/{\w+}$", route.name):
        found |= side.mirrored
    found["user_id"] = side.staff_id if "/staff/" in route.path else side.holder_id
    found["other_card"] = side.claim_card
    found |= {"program": found["program_id"], "card": found["card_id"]}
    found["request"] = found["request_id"]
    if role == "claim":
        found["card_id"] = side.claim_card
    return {name: prefix + NOBODY for name, prefix in IDS.items()} | found


def written(route: Route, named: dict[str, str], now: str) -> tuple[str, bytes]:
    """Write a request's target and body about what is named."""
    fixed = FIXED | dict.fromkeys(SECRETS, "A" * 43)
    target = re.sub(r"{(\w+)[^}]*}", lambda found: (fixed | named)[found[1]], route.path)
    if route.path in QUERIES:
        target += "?" + QUERIES[route.path].format(**named)
    if route.kind.startswith(("image/", "application/octet")):
        return target, PNG
    if route.kind.startswith("multipart/"):
        return target, b"--x--\r\n"
    text = route.body if isinstance(route.body, str) else msgspec.json.encode(route.body).decode()
    text = "{}" if route.body is None else text
    for sample, name in {
        samples.CARD: "card_id", samples.OTHER_CARD: "other_card", samples.PROGRAM: "program_id", samples.HOLD: "hold_id",
        samples.NUMBER: "number",
    }.items():  # fmt: skip
        text = text.replace(sample, named[name])
    return target, text.replace(samples.NOW, now).encode()


class Asker:
    """Sends requests of one side's people, each with a key of its own."""

    def __init__(self, town: Town) -> None:
        self.town, self.count = town, 0
        self.now = rfc3339(town.ports.clock.wall())

    async def __call__(
        self, route: Route, role: str | None, named: dict[str, str], *more: tuple[str, str]
    ) -> Answer:
        """Ask as somebody of Alpha's; a page is shown by its cookie."""
        self.count += 1
        target, body = written(route, named, self.now)
        headers = [("Idempotency-Key", f"asked-{self.count}"), *more]
        if route.method in {"POST", "PUT", "PATCH"}:
            headers.append(("Content-Type", route.kind or "application/json"))
        token = self.town.alpha.tokens[role] if role else None
        if token and route.path.startswith(("/v1/", "/apple/", "/google/")):
            headers.append(("Authorization", f"Bearer {token}"))
        elif token:
            chosen = "".join(f"; merchant={each}" for name, each in more if "Cookie" in name)
            headers += [("Cookie", f"__Host-session={token}{chosen}"), ("Sec-Fetch-Site", "none")]
        sent = call(self.town.app, route.method, target, headers=headers, body=body)
        return await asyncio.wait_for(sent, 10)


def bytes_of(answer: Answer) -> tuple[int, bytes]:
    """Return what an answer says, the request's id apart."""
    return answer.status, re.sub(rb"req_[0-9a-f]{32}", b"req", answer.body)


def marks(side: Side) -> list[bytes]:
    """List what only a side's own people may read: ids, numbers, names, tokens."""
    ids = [*side.ids.values(), *side.mirrored.values(), *side.tokens.values()]
    ids += [
        side.staff_id,
        side.holder_id,
        side.claim_card,
        side.name,
        side.name.lower() + ".example",
    ]
    return [text.encode() for text in ids]


def asked(routes: list[Route]) -> Iterator[Route]:
    for route in routes:
        if not re.fullmatch(STREAM, route.name):
            yield route


async def test_every_route_is_known_to_the_matrix(routes: list[Route]) -> None:
    for route in routes:
        unknown = {*route.parameters} - PARAMETERS
        assert not unknown, (
            f"{route.name}: say in tests/http/test_matrix.py what {unknown} names (IDS, OWN_NAMES,"
            " FIXED or SECRETS), and make one for both sides in tests/http/matrix_world.py"
        )
        assert allowed(route), f"{route.name}: say in MAY who may call it"


async def test_what_is_the_others_is_answered_like_what_does_not_exist_and_stays_as_it_is(
    town: Town, routes: list[Route]
) -> None:
    ask, before, version, cells = Asker(town), town.rows(), town.version(), 0
    for route in asked(routes):
        if not route.names_something or re.fullmatch(PUBLIC, route.name):
            continue
        mine, others, none = (things(route, side) for side in (town.alpha, town.bravo, None))
        first, *rest = route.parameters or [""]
        is_nested = first in IDS and bool({*IDS, *OWN_NAMES} & {*rest})
        for role in ROLES:
            answers = {}
            for name, named in {
                "none": none,
                "other's": others,
                # Mine first, the other's within it: his card in my program, his share of my card.
                "within": none | ({first: mine[first]} if is_nested else {}),
                "other's within": others | ({first: mine[first]} if is_nested else {}),
            }.items():
                if "within" in name and not is_nested:
                    continue
                answers[name] = await ask(route, role, named)
                cells += 1
                assert not 200 <= answers[name].status < 300 or route.path in QUERIES, (
                    route.name, role, name, answers[name],
                )  # fmt: skip
                assert answers[name].status < 500, (route.name, role, name, answers[name])
            for one, two in [("other's", "none"), ("other's within", "within")]:
                if one in answers:
                    said = bytes_of(answers[one]), bytes_of(answers[two])
                    assert said[0] == said[1], (route.name, role, one, said)
        if town.version() != version:
            assert town.rows() == before, (route.name, town.rows() ^ before)
            version = town.version()
    assert cells > 2_500


async def test_whoever_may_not_is_refused_on_what_is_his_sides_too(
    town: Town, routes: list[Route]
) -> None:
    ask, seen, cells = Asker(town), marks(town.bravo), 0
    before, version, done = town.rows(), town.version(), set()
    bravos = others_rows(before, town.bravo)
    for route in asked(routes):
        may = allowed(route)
        for role in ROLES:
            answer = await ask(route, role, things(route, town.alpha, role))
            cells += 1
            where = (route.name, role, answer)
            assert answer.status < 500 or answer.status == 503, where
            is_let = may == ANYBODY or role in may
            if 200 <= answer.status < 300:
                assert is_let, where
                done.add(route.name)
            elif not is_let:
                assert answer.status in {401, 403, 404}, where
            elif may != ANYBODY and role in {"user", "owner", "key", "till", "claim"}:
                assert answer.status not in {401, 403}, where
            if is_let and answer.status == 400 and not re.fullmatch(UNPROVED, route.name):
                assert answer.json()["code"] != "invalid-input", where
            if role in REVOKED and may != ANYBODY:
                assert answer.status in {401, 403}, where
            if not re.fullmatch(PUBLIC, route.name):
                told = [mark for mark in seen if mark in answer.body]
                assert not told, (*where, told)
            if town.version() != version:
                assert others_rows(town.rows(), town.bravo) == bravos, where
                town.restore()
                version = town.version()
    assert len(done) > len(routes) // 2, "the examples of too many routes do nothing"


def others_rows(rows: set[tuple[Any, ...]], side: Side) -> set[tuple[Any, ...]]:
    """Return the rows that hold an inner id of a side's: its users', shop's, programs', cards'."""
    return {row for row in rows if side.inner & {*row}}


async def test_a_staff_member_who_names_another_merchant_is_nobody_there(
    town: Town, routes: list[Route]
) -> None:
    ask, seen, before, version = Asker(town), marks(town.bravo), town.rows(), town.version()
    bravo, nobody = town.bravo.ids["merchant_id"], "mer_" + NOBODY
    for route in asked(routes):
        if not re.match("/v1/partner|/v1/checkout|/merchant", route.path):
            continue
        is_page = route.path.startswith("/merchant")
        for role in ("owner", "staff", "viewer", "former staff", "user"):
            answers = []
            for merchant in (bravo, nobody):
                named = ("Merchant-Cookie", merchant) if is_page else ("X-Merchant", merchant)
                answers.append(await ask(route, role, things(route, town.bravo), named))
                assert not any(mark in answers[-1].body for mark in seen), (route.name, role)
                is_let = is_page or route.name == "POST /v1/checkout/pair"
                assert is_let or not 200 <= answers[-1].status < 300, (
                    *(route.name, role, answers[-1]),
                )
            assert bytes_of(answers[0]) == bytes_of(answers[1]), (route.name, role, answers)
    if town.version() != version:
        assert town.rows() == before


async def test_what_was_revoked_cannot_be_used_again(town: Town, routes: list[Route]) -> None:
    ask, version = Asker(town), town.version()
    for route in asked(routes):
        ended = {name: value for name, value in town.alpha.gone.items() if name in route.parameters}
        if not ended:
            continue
        for role in ("user", "owner", "key"):
            answer = await ask(route, role, things(route, town.alpha) | ended)
            assert answer.status < 500, (route.name, role, answer)
            assert answer.status >= 400 or route.method == "DELETE", (route.name, role, answer)
            if town.version() != version:
                town.restore()
                version = town.version()

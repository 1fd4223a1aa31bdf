"""Two merchants, two users, everything that hangs on them, and whoever may ask: for the matrix."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from app.clock import FrozenClock, rfc3339
from app.http import logs
from app.http.limits import Limiter
from app.http.ports import Ports
from app.main import create_app
from app.outbox import mail_queries
from app.programs import merchant_queries, merchants
from app.programs.merchant_queries import StaffRow
from app.settings import Settings
from app.users import service as users
from app.web.openapi_examples import EXAMPLES
from tests.checkout.till_world import HOSTED
from tests.flows.conftest import open_test_ports
from tests.http.asgi import call

JSON = ("Content-Type", "application/json")
NOBODY = "0123456789abcdef" * 2
_NUMBERS = {
    "Alpha": ("4006381333931", "2000000000015"),
    "Bravo": ("2000000000022", "2000000000039"),
}
NOBODYS_NUMBER = "2000000000046"

CONVERT = {
    "type": "convert",
    "id": "cheque",
    "unit": "pts",
    "voucher": "five",
    "minor_per_unit": 1,
    "min_units": 100,
}
VOUCHER = {"id": "bon5", "kind": "amount", "value": 500, "valid": "P6M"}
ENROLMENT = {"consents": [{"key": "promotions", "text": "Tell me of offers.", "required": False}]}


class Unlimited(Limiter):
    """Lets everybody do everything as often as he likes: limits have tests of their own."""

    def check(self, name: str, key: str, **more: Any) -> None:
        """Refuse nobody."""


class Side(msgspec.Struct, kw_only=True):
    """A merchant and a user with all they have. `ids`: by the name of a path's parameter."""

    name: str
    ids: dict[str, str] = {}
    mirrored: dict[str, str] = {}  # instead of some of them, where statements are told
    gone: dict[str, str] = {}  # what was revoked
    staff_id: str = ""
    holder_id: str = ""
    tokens: dict[str, str] = {}  # role → token
    claim_card: str = ""
    inner: set[int] = set()  # ids within the database


class Town(msgspec.Struct, kw_only=True):
    """The running app, both sides, and its database as it stood when all was made."""

    app: Any
    ports: Ports
    path: Path
    alpha: Side
    bravo: Side
    watching: sqlite3.Connection
    kept: sqlite3.Connection

    def rows(self) -> set[tuple[Any, ...]]:
        """Return every row of every table, its table's name in front."""
        names = self.watching.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'idempotency'"
        ).fetchall()
        return {
            (name, *row)
            for (name,) in names
            for row in self.watching.execute(f'SELECT * FROM "{name}"')
        }

    def version(self) -> int:
        """Return a number that changes with each commit of the app."""
        return int(self.watching.execute("PRAGMA data_version").fetchone()[0])

    def restore(self) -> None:
        """Put everything back as it stood."""
        self.kept.backup(self.watching)


class Made(msgspec.Struct):
    """Asks as one caller, and fails where the answer is no success."""

    app: Any
    token: str | None
    count: list[int]

    async def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Return the answer's document."""
        self.count[0] += 1
        headers = [JSON, ("Idempotency-Key", f"made-{self.count[0]}")]
        if self.token:
            headers.append(("Authorization", f"Bearer {self.token}"))
        sent = msgspec.json.encode({} if body is None else body)
        answer = await call(self.app, method, path, headers=headers, body=sent)
        assert answer.status < 300, (method, path, answer)
        return answer.json() if answer.body else None


@asynccontextmanager
async def opened(path: Path, secrets: Path) -> AsyncIterator[Town]:
    """Open the app over a migrated file and settle both sides."""
    logs.configure("error")
    settings = Settings(secrets_file=secrets, webhook_allow_loopback=True)
    async with open_test_ports(f"sqlite:///{path}", FrozenClock(), settings=settings) as made:
        ports = msgspec.structs.replace(made, limiter=Unlimited(), database=made.database.inner)  # type: ignore[attr-defined]
        app = create_app(settings, ports)
        count = [0]
        alpha, bravo = Side(name="Alpha"), Side(name="Bravo")
        for side in (alpha, bravo):
            await _Settling(app, ports, side, count).all()
        watching, kept = sqlite3.connect(path), sqlite3.connect(":memory:")
        watching.backup(kept)
        for side in (alpha, bravo):
            side.inner = _inner_ids(watching, side)
        try:
            yield Town(
                app=app,
                ports=ports,
                path=path,
                alpha=alpha,
                bravo=bravo,
                watching=watching,
                kept=kept,
            )
        finally:
            watching.close()
            kept.close()


def _inner_ids(watching: sqlite3.Connection, side: Side) -> set[int]:
    public = {*side.ids.values(), *side.mirrored.values(), side.staff_id, side.holder_id}
    raw = {bytes.fromhex(each[-32:]) for each in public if re.search("_[0-9a-f]{32}$", each)}
    return {
        int(inner)
        for kind in ("user", "merchant", "program", "card")
        for known, inner in watching.execute(f"SELECT public_id, {kind}_id FROM {kind}_by_public")
        if known in raw
    }


class _Settling:
    """Makes a side step by step, over HTTP wherever there is a route."""

    def __init__(self, app: Any, ports: Ports, side: Side, count: list[int]) -> None:
        self.app, self.ports, self.side, self.count = app, ports, side, count

    def asks(self, token: str | None) -> Made:
        return Made(self.app, token, self.count)

    async def all(self) -> None:
        await self.people()
        await self.shop()
        await self.cards()
        await self.sharing()
        await self.sales()
        await self.told()
        await self.revoked()

    async def signed_in(self, email: str) -> str:
        """Sign somebody in by the code mailed to him."""
        await self.asks(None)("POST", "/v1/sign-in/codes", {"email": email})
        mails = await self.ports.database.read(lambda tx: mail_queries.due_mails(tx, 2**62, 1000))
        code = re.findall(r"\b\d{8}\b", mails[-1].body)[0]
        answer = await self.asks(None)("POST", "/v1/sign-in", {"email": email, "code": code})
        return str(answer["token"])

    async def people(self) -> None:
        name, tokens = self.side.name.lower(), self.side.tokens
        for role in ("user", "owner", "staff", "viewer", "former staff"):
            tokens[role] = await self.signed_in(f"{role.replace(' ', '.')}@{name}.example")
            await self.asks(tokens[role])("PATCH", "/v1/me", {"display_name": self.side.name})
        for role in ("guest", "reader", "sharer", "former holder"):
            tokens[role] = (await self.asks(None)("POST", "/v1/guests"))["token"]

    async def internal_id(self, role: str) -> int:
        """Return the user id within the database."""
        public = (await self.asks(self.side.tokens[role])("GET", "/v1/me"))["id"]
        sql = "SELECT user_id FROM user_by_public WHERE public_id = ?"
        raw = bytes.fromhex(public.removeprefix("user_"))
        return int(await self.ports.database.read(lambda tx: tx.value(sql, raw)))  # type: ignore[arg-type]

    async def shop(self) -> None:
        ports, side, now = self.ports, self.side, self.ports.clock.wall()
        ids = {
            role: await self.internal_id(role)
            for role in ("owner", "staff", "viewer", "former staff")
        }
        merchant_id, public = ports.ids.next(now), ports.ids.public()

        def work(tx: Any) -> None:
            merchants.add_merchant(
                tx, merchant_id=merchant_id, public=public, name=side.name,
                owner_id=ids["owner"], now=now,
            )  # fmt: skip
            for role, user_id in ids.items():
                users.add_workplace(tx, user_id, merchant_id)
                if role in {"staff", "viewer"}:
                    merchant_queries.insert_staff(tx, StaffRow(merchant_id, user_id, role, now))

        await ports.database.write(work)
        side.ids["merchant_id"] = f"mer_{public.hex()}"
        side.staff_id = (await self.asks(side.tokens["staff"])("GET", "/v1/me"))["id"]
        owner = self.asks(side.tokens["owner"])
        for name, scopes in {
            "reading key": ["read"],
            "writing key": ["read", "write"],
            "key": ["read", "write", "admin"],
            "revoked key": ["read", "write", "admin"],
            "rolled key": ["read", "write", "admin"],
        }.items():
            key = await owner("POST", "/v1/partner/keys", {"name": name, "scopes": scopes})
            side.tokens[name] = key["token"]
            side.ids["key_id" if name == "reading key" else name] = key["id"]
        places = [{"id": "paris", "name": side.name, "latitude": 48.85, "longitude": 2.35}]
        changes = {
            "name": side.name,
            "locations": places,
            "settings": {"open_numbers": True, "till_search": True, "enrolment": ENROLMENT},
        }
        more = {"burn": [CONVERT], "vouchers": [VOUCHER]}
        rules = HOSTED["rules"] | {name: [*HOSTED["rules"][name], *more[name]] for name in more}
        hosted = await owner("POST", "/v1/partner/programs", HOSTED | changes | {"rules": rules})
        mirrored = EXAMPLES["post /v1/partner/programs"] | changes
        side.ids["program_id"] = side.ids["named"] = hosted["id"]
        side.mirrored["program_id"] = (await owner("POST", "/v1/partner/programs", mirrored))["id"]
        for name in ("till", "revoked till"):
            body = {"name": f"{side.name} {name}", "location_id": "paris"}
            till = await owner("POST", "/v1/partner/tills", body)
            paired = await self.asks(None)("POST", "/v1/checkout/pair", {"code": till["code"]})
            side.tokens[name] = paired["token"]
            side.ids["till_id" if name == "till" else name] = till["id"]

    async def cards(self) -> None:
        side = self.side
        user, key = self.asks(side.tokens["user"]), self.asks(side.tokens["key"])
        for ids, number in zip((side.ids, side.mirrored), _NUMBERS[side.name], strict=True):
            card = await user(
                "POST", "/v1/cards", {"program_id": ids["program_id"], "number": number}
            )
            ids["number"], ids["card_id"] = number, card["id"]
        path = f"/v1/partner/programs/{side.ids['program_id']}"
        claimed = await key("POST", f"{path}/cards", {"display_name": side.name})
        side.tokens["claim"], side.claim_card = claimed["link_token"], claimed["id"]
        used = await key("POST", f"{path}/cards", {"display_name": side.name})
        side.tokens["used claim"] = used["link_token"]
        await self.asks(side.tokens["sharer"])(
            "POST", "/v1/claims", {"claim_token": used["link_token"]}
        )
        opening = {"id": f"open-{side.name}", "type": "opening", "card_number": side.ids["number"],
                   "occurred_at": f"{self.today()[:4]}-01-01T00:00:00Z",
                   "lots": [{"unit": "pts", "units": 5000}]}  # fmt: skip
        await key("POST", f"{path}/events", opening)

    async def sharing(self) -> None:
        side = self.side
        user, path = self.asks(side.tokens["user"]), f"/v1/cards/{side.ids['card_id']}"
        for role, access in {"reader": "read", "sharer": "full", "former holder": "full"}.items():
            share = await user("POST", f"{path}/shares", {"access": access})
            token = share["url"].rpartition("#")[2]
            await self.asks(side.tokens[role])("POST", f"/v1/shares/{token}")
        side.holder_id = (await self.asks(side.tokens["sharer"])("GET", "/v1/me"))["id"]
        former = (await self.asks(side.tokens["former holder"])("GET", "/v1/me"))["id"]
        await user("DELETE", f"{path}/holders/{former}")
        side.ids["share_id"] = (await user("POST", f"{path}/shares", {"access": "read"}))["id"]
        side.gone["share_id"] = (await user("POST", f"{path}/shares", {"access": "read"}))["id"]
        await user("DELETE", f"{path}/shares/{side.gone['share_id']}")
        email = f"user@{side.name.lower()}.example"
        for name in ("session_id", "revoked session"):
            side.tokens[name] = await self.signed_in(email)
            current = await self.asks(side.tokens[name])("GET", "/v1/sessions")
            side.ids[name] = next(each["id"] for each in current["items"] if each["is_current"])
        await self.passkey()

    async def passkey(self) -> None:
        user_id, public = await self.internal_id("user"), self.ports.ids.public()
        passkey_id, credential = self.ports.ids.next(1), self.ports.ids.public()

        def work(tx: Any) -> None:
            tx.run(
                "INSERT INTO passkey (user_id, passkey_id, public_id, credential_id, public_key,"
                " sign_count, name, created_at, last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(user_id, passkey_id, public, credential, b"", 0, self.side.name, 1, 1),
            )

        await self.ports.database.write(work)
        self.side.ids["passkey_id"] = f"pkey_{public.hex()}"

    async def sales(self) -> None:
        side = self.side
        till, card = self.asks(side.tokens["till"]), side.ids["card_id"]
        side.ids["ticket_id"] = f"T-{side.name}"
        basket = {"lines": [{"unit_minor": 2995, "qty": 1}]}
        sale = {"id": side.ids["ticket_id"], "card_id": card, "occurred_at": self.today(), **basket}
        await till("POST", "/v1/checkout/tickets", sale)
        burn = {"card_id": card, "burn": {"rule": "pay", "units": 100}}
        side.ids["hold_id"] = (await till("POST", "/v1/checkout/holds", burn))["id"]
        side.ids["receipt_id"] = f"R-{side.name}"
        receipt = {"id": side.ids["receipt_id"], "occurred_at": self.today(), **basket}
        await till("POST", "/v1/checkout/receipt-codes", receipt)

    async def told(self) -> None:
        side = self.side
        user, owner = self.asks(side.tokens["user"]), self.asks(side.tokens["owner"])
        missing = {"receipt": f"{side.name}-1", "amount_minor": 2995}
        path = f"/v1/cards/{side.ids['card_id']}/missing-points"
        side.ids["request_id"] = (await user("POST", path, missing))["id"]
        hook = {"url": f"https://{side.name.lower()}.example/hooks"}
        side.ids["webhook_id"] = (await owner("POST", "/v1/partner/webhooks", hook))["id"]
        side.ids["delivery_id"] = await self.delivery()

    async def delivery(self) -> str:
        """Note a delivery, as the worker does."""
        public, event, now = (
            self.ports.ids.public(),
            self.ports.ids.public(),
            self.ports.clock.wall(),
        )
        hook = bytes.fromhex(self.side.ids["webhook_id"].removeprefix("whk_"))
        card = bytes.fromhex(self.side.ids["card_id"].removeprefix("card_"))

        def work(tx: Any) -> None:
            merchant_id, webhook_id = tx.one(
                lambda *row: row,
                "SELECT merchant_id, webhook_id FROM webhook_by_public WHERE public_id = ?",
                hook,
            )
            card_id = tx.value("SELECT card_id FROM card_by_public WHERE public_id = ?", card)
            tx.run(
                "INSERT INTO webhook_delivery VALUES (?, ?, 1, ?, ?, ?, ?, ?, 1, 1, NULL, ?)",
                *(
                    card_id,
                    webhook_id,
                    public,
                    merchant_id,
                    event,
                    "balance.updated",
                    "failed",
                    now,
                ),
            )
            tx.run(
                "INSERT INTO webhook_delivery_by_public VALUES (?, ?, ?, 1)",
                *(public, card_id, webhook_id),
            )
            tx.run(
                "INSERT INTO webhook_body VALUES (?, 1, ?)", card_id, f'{{"a": "{self.side.name}"}}'
            )

        await self.ports.database.write(work)
        return f"dlv_{public.hex()}"

    def today(self) -> str:
        """Write the frozen moment."""
        return rfc3339(self.ports.clock.wall())

    async def revoked(self) -> None:
        side = self.side
        owner = self.asks(side.tokens["owner"])
        side.gone["key_id"], side.gone["till_id"] = (
            side.ids.pop("revoked key"),
            side.ids.pop("revoked till"),
        )
        side.gone["session_id"] = side.ids.pop("revoked session")
        await owner("DELETE", f"/v1/partner/keys/{side.gone['key_id']}")
        await owner("DELETE", f"/v1/partner/tills/{side.gone['till_id']}")
        rolled = side.ids.pop("rolled key")
        await owner("POST", f"/v1/partner/keys/{rolled}/roll", {"overlap_seconds": 0})
        await self.asks(side.tokens["user"])("DELETE", f"/v1/sessions/{side.gone['session_id']}")
        side.ids.pop("key", None)
        side.ids.pop("writing key", None)
        for token in side.tokens.values():  # a credential's first use is noted once
            headers = [JSON, ("Authorization", f"Bearer {token}")]
            await call(self.app, "GET", "/v1/me", headers=headers)
            await call(self.app, "GET", "/v1/partner/programs", headers=headers)
            await call(self.app, "POST", "/v1/checkout/scans", headers=headers, body=b"{}")
        side.tokens["live key"] = side.tokens["key"].replace("_test_", "_live_")
        side.tokens["live user"] = side.tokens["user"].replace("_test_", "_live_")
        side.tokens["live till"] = side.tokens["till"].replace("_test_", "_live_")

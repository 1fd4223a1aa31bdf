"""What the running server does for commands on this machine; see operator.py."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency

from app.commands.doing import added_merchant, imported
from app.commands.operator import PASSWORD_HEADER, require_operator
from app.commands.webhook_routes import webhook_routes
from app.http.media import decode_json
from app.http.ports import Ports
from app.imports.files import FILE_MAX
from app.imports.schemas import ImportedOut

_BYTES = ("application/octet-stream",)


class MerchantOrder(msgspec.Struct, frozen=True):
    """A merchant to make."""

    name: str
    owner: str


class MerchantMade(msgspec.Struct, frozen=True):
    """Its first key."""

    token: str


def routes(token: str) -> list[Any]:
    """Make the routes that take this run's token."""

    @post("/operator/merchants", opt={"content_types": _BYTES}, status_code=200)
    async def merchants(
        request: Request[Any, Any, Any], ports: NamedDependency[Ports]
    ) -> MerchantMade:
        """Make a merchant."""
        require_operator(request, token)
        order = decode_json(await request.body(), MerchantOrder)
        return MerchantMade(await added_merchant(ports, order.name, order.owner))

    @post(
        "/operator/imports",
        opt={"content_types": _BYTES},
        status_code=200,
        request_max_body_size=FILE_MAX,
    )
    async def imports(
        request: Request[Any, Any, Any], ports: NamedDependency[Ports], user: str
    ) -> ImportedOut:
        """Import a file into a user's wallet; its password, in base64, is no part of any URL."""
        require_operator(request, token)
        password = b64decode(request.headers.get(PASSWORD_HEADER, "")).decode()
        return await imported(ports, user, await request.body(), password=password or None)

    return [merchants, imports, *webhook_routes(token)]

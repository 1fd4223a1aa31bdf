"""An empty Litestar route on granian, served as the product is: what `updates.py` compares with."""

from __future__ import annotations

import sys

import msgspec
from granian.constants import Interfaces, Loops
from granian.server import Server
from litestar import Litestar, put


class Statement(msgspec.Struct):
    """A statement, as sent."""

    sequence: int
    as_of: str
    balance: int


class Taken(msgspec.Struct):
    """Its answer."""

    card_number: str
    sequence: int
    changed: bool


@put("/v1/{number:str}/statement")
async def empty(number: str, data: Statement) -> Taken:
    """Answer without doing anything."""
    return Taken(number, data.sequence, True)


app = Litestar([empty], openapi_config=None)

if __name__ == "__main__":
    Server(
        "bench.empty_route:app",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        log_enabled=False,
    ).serve()

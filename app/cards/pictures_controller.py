"""HTTP in and out of a holder's pictures of a card."""

from __future__ import annotations

from typing import Any, cast, get_args

import msgspec
from litestar import MediaType, Request, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath

from app.cards import picture_queries, pictures, service
from app.cards.picture_queries import PictureRow
from app.cards.pictures import Side
from app.errors import NotFound
from app.http.callers import user_of
from app.http.ports import Ports
from app.ids import parse_public_id
from app.pictures.sizes import BYTES_MAX
from app.storage.database import Transaction

_PATH = "/v1/cards/{card_id:str}/pictures/{side:str}"
_HOLDER: dict[str, Any] = {"callers": ("user",), "tags": ["Cards"]}
_PRIVATE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"}


class PictureOut(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that was taken in, and how many bytes are left of it."""

    side: str
    bytes: int


@put(
    _PATH,
    summary="Keep a picture of a card",
    content_types=("image/*",),
    request_max_body_size=BYTES_MAX,
    **_HOLDER,
)
async def put_picture(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    side: FromPath[str],
    ports: NamedDependency[Ports],
) -> PictureOut:
    """Take a PNG, JPEG or WebP of at most 4 megapixels; only its pixels are kept, scaled down.

    Each holder has his own; nobody else sees it.
    """
    user_id, wanted = user_of(request).user_id, _side(side)
    held_id = await ports.database.read_point(lambda tx: _card_id(tx, user_id, card_id))
    png = await pictures.reencoded(ports, wanted, await request.body())
    row = PictureRow(held_id, wanted, png)
    await ports.database.write(lambda tx: pictures.keep(tx, user_id, row))
    return PictureOut(side=wanted, bytes=len(png))


@get(_PATH, summary="A picture of a card", media_type=MediaType.TEXT, **_HOLDER)
async def get_picture(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    side: FromPath[str],
    ports: NamedDependency[Ports],
) -> Response[bytes]:
    """Answer the caller's own picture as PNG."""
    user_id = user_of(request).user_id

    def work(tx: Transaction) -> bytes | None:
        return picture_queries.picture(tx, user_id, _card_id(tx, user_id, card_id), _side(side))

    png = await ports.database.read_point(work)
    if png is None:
        raise NotFound
    return Response(png, media_type="image/png", headers=_PRIVATE)


@delete(_PATH, summary="Delete a picture of a card", **_HOLDER)
async def delete_picture(
    request: Request[Any, Any, Any],
    card_id: FromPath[str],
    side: FromPath[str],
    ports: NamedDependency[Ports],
) -> None:
    """Delete the caller's own picture."""
    user_id = user_of(request).user_id
    held_id = await ports.database.read_point(lambda tx: _card_id(tx, user_id, card_id))
    await ports.database.write(lambda tx: pictures.drop(tx, user_id, held_id, _side(side)))


def _card_id(tx: Transaction, user_id: int, text: str) -> int:
    """Return the card that a path names. Raises NotFound when the user does not hold it."""
    raw = parse_public_id("card", text)
    if raw is None:
        raise NotFound
    return service.card_of_user(tx, user_id, raw).card_id


def _side(text: str) -> Side:
    """Return the side that a path names. Raises NotFound for any other word."""
    if text not in get_args(Side):
        raise NotFound
    return cast(Side, text)


ROUTES: list[Any] = [put_picture, get_picture, delete_picture]

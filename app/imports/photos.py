"""Pictures: a photo whose code becomes a card, and the pictures that a file has of its cards.

All are decoded in processes of their own (app/pictures); nothing but plain pixels comes back.
"""

from __future__ import annotations

import msgspec

from app.errors import InvalidPicture, TooBig, Unavailable
from app.http.ports import Ports
from app.imports.files import unreadable
from app.imports.found import FoundCard, FoundFile, Given, Picture, Remark
from app.imports.judging import Said, take

_TRIES = 20  # while the processes are busy with others' pictures
_PAUSE_SECONDS = 0.2
_ROW = 1
_NAMELESS = {"fr": "Carte"}


async def read_photo(ports: Ports, content: bytes, given: Given) -> FoundFile:
    """Make a card of the best code in a picture. Raises UnreadableFile, TooBig."""
    try:
        codes = [code for code in await ports.pictures.codes(content) if code.format != "none"]
    except InvalidPicture:
        codes = []
    if not codes:
        text = "No barcode was found in the picture: take it closer and straight, or type."
        raise unreadable("no-barcode-found", text)
    best, said = codes[0], Said()
    if given.shop_name is None:
        said.warn(_ROW, "unknown-shop", "file")
    nameless = _NAMELESS.get(given.language.partition("-")[0], "Card")
    card = FoundCard(
        row=_ROW,
        shop_name=given.shop_name or nameless,
        number=best.value,
        barcode_value=best.value,
        barcode_format=best.format,
    )
    take(said, card, {}, given)
    return said.file()


async def redrawn(ports: Ports, card: FoundCard, left: int) -> tuple[FoundCard, list[Remark]]:
    """Re-encode a card's pictures; what is broken, or takes more than is left, is dropped."""
    warned: list[Remark] = []
    kept: list[Picture] = []
    for picture in card.pictures:
        png = await _redrawn(ports, picture) if left > 0 else None
        left -= len(png or b"")
        if png is None or left < 0:
            warned.append(Remark(picture.row, "bad-picture", picture.side))
        else:
            kept.append(msgspec.structs.replace(picture, content=png))
    return msgspec.structs.replace(card, pictures=tuple(kept)), warned


async def _redrawn(ports: Ports, picture: Picture) -> bytes | None:
    redraw = ports.pictures.icon if picture.side == "icon" else ports.pictures.photo
    for _ in range(_TRIES):
        try:
            return await redraw(picture.content)
        except (TooBig, InvalidPicture):
            return None
        except Unavailable:
            await ports.clock.sleep(_PAUSE_SECONDS)
    return None

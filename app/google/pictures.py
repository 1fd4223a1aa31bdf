"""A class's pictures: drawn or fitted in threads, public under the hash of their bytes."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping

from app.google.documents import Looks, Pictures
from app.http.ports import Ports
from app.programs import queries
from app.storage.database import Transaction
from passes.content import ProgramContent
from passes.templates.artwork import google_logo
from passes.templates.fitting import google_hero_of, google_logo_of

KEPT = 1_024  # classes whose pictures' addresses are remembered
LOGO, HERO = "logo", "hero"
_OWN = ("logo", "hero", "strip")  # what a class shows of what a merchant uploads

Key = tuple[str | bytes | None, ...]


class ClassPictures:
    """Says where Google fetches the pictures of a class; each is drawn once and kept for ever."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._known: OrderedDict[Key, Pictures] = OrderedDict()

    async def of(self, looks: Looks) -> Pictures:
        """Return the addresses, after what they lead to is there."""
        key = _key(looks)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
            return found
        own = await self._ports.database.read(lambda tx: own_pictures(tx, looks))
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._ports.threads, drawn, looks.program, own)

        def keep(tx: Transaction) -> None:
            for png in made.values():
                queries.keep_image(tx, _hash(png), png)

        await self._ports.database.write(keep)
        found = self._known[key] = addresses(made, self._ports.settings.public_url)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)
        return found


def own_pictures(tx: Transaction, looks: Looks) -> dict[str, bytes]:
    """Read what the merchant uploaded for a class's pictures."""
    found = {}
    for role in _OWN:
        png = queries.image(tx, looks.images[role]) if role in looks.images else None
        if png is not None:
            found[role] = png
    return found


def drawn(program: ProgramContent, own: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return logo and, where there is one, hero as PNG. Some ten milliseconds; no input and output.

    `own`: the merchant's PNG by role. Without a logo, initials stand on the program's colours.
    """
    background = program.background_color
    if LOGO in own:
        found = {LOGO: google_logo_of(own[LOGO], background)}
    else:
        found = {LOGO: google_logo(program.name, background, program.foreground_color)}
    wide = own.get(HERO) or own.get("strip")
    if wide is not None:
        found[HERO] = google_hero_of(wide)
    return found


def addresses(made: Mapping[str, bytes], public_url: str) -> Pictures:
    """Return where pictures are public: a new picture has a new address."""
    urls = {role: f"{public_url}/images/{_hash(png).hex()}.png" for role, png in made.items()}
    return Pictures(logo_url=urls[LOGO], hero_url=urls.get(HERO))


def _key(looks: Looks) -> Key:
    program = looks.program
    colors = (program.name, program.background_color, program.foreground_color)
    return (*colors, *(looks.images.get(role) for role in _OWN))


def _hash(png: bytes) -> bytes:
    return hashlib.sha256(png).digest()

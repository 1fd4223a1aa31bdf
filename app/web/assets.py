"""Scripts, styles and pictures of the pages: read once, named by what they hold, kept by browsers.

Their addresses carry a hash over all of them, `/static/<hash>/js/wallet.js`, so that a script's
relative imports stay within one version and a browser may keep each for ever.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec

_KINDS = {
    "js": "text/javascript",
    "css": "text/css",
    "svg": "image/svg+xml",
    "png": "image/png",
    "webmanifest": "application/manifest+json",
}
_PACKED = {"js", "css", "svg", "webmanifest"}
_DOCS = {"docs.js", "docs.css"}  # served by the documentation itself
_HASH_CHARACTERS = 10


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the pages; `packed` is its gzip form where that is smaller by much."""

    kind: str
    body: bytes
    packed: bytes | None = None


class Assets(msgspec.Struct, frozen=True, kw_only=True):
    """All files by name, such as `js/wallet.js`, and the hash that their addresses carry."""

    version: str
    by_name: dict[str, Asset]

    def url(self, name: str) -> str:
        """Return a file's address. Raises KeyError for a name that is none."""
        self.by_name[name]
        return f"/static/{self.version}/{name}"


@lru_cache(1)
def assets() -> Assets:
    """Read them all, once."""
    found: dict[str, Asset] = {}
    _read(files("app.web") / "static", "", found)
    known = hashlib.sha256()
    for name in sorted(found):
        known.update(name.encode() + b"\0" + found[name].body + b"\0")
    return Assets(version=known.hexdigest()[:_HASH_CHARACTERS], by_name=found)


def _read(folder: Traversable, prefix: str, found: dict[str, Asset]) -> None:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            _read(entry, f"{name}/", found)
            continue
        ending = name.rpartition(".")[2]
        if ending not in _KINDS or name in _DOCS:
            continue
        body = entry.read_bytes()
        packed = gzip.compress(body, 9, mtime=0) if ending in _PACKED else None
        found[name] = Asset(kind=_KINDS[ending], body=body, packed=packed)

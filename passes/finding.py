"""One broken rule of a wallet's, as the linters tell it."""

from __future__ import annotations

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Where, as a path into the document, and which rule."""

    path: str
    text: str

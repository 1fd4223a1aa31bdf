"""A way to tell the outside of cards; the worker repeats its turns and knows no wallet by name."""

from __future__ import annotations

from collections import Counter
from typing import Protocol, runtime_checkable

import msgspec


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some cards of a program that changed, in order of id. `is_first`: of this change."""

    program_id: int
    card_ids: tuple[int, ...]
    is_first: bool


@runtime_checkable
class Channel(Protocol):
    """Takes its own work from the outbox. Several workers may run the same one on one database."""

    @property
    def counts(self) -> Counter[str]:
        """Answers of the outside, for figures."""

    @property
    def has_room(self) -> bool:
        """Whether the next page of a changed program may come now."""

    async def turn(self) -> int:
        """Begin what is due now; return how much was begun, 0 when there is nothing to do."""

    async def tell_page(self, page: Page) -> None:
        """Have those of a changed program's cards told that look different now.

        May be called again for a page that was told; never writes a row per card.
        """

    async def wait(self) -> None:
        """Wait until what was begun is answered and written down."""

    async def stop(self) -> None:
        """Begin nothing more, wait for what was begun, close the connections."""

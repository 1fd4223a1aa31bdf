"""Lists: `?limit=` and `?after=` in, `{"items": […], "next": …}` out (specs: api §1)."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

import msgspec
from litestar.params import Parameter

from app.errors import invalid
from app.http.secrets import Secrets

LIMIT_DEFAULT = 20
LIMIT_MAX = 100
CURSOR_MAX = 200
# Litestar ignores msgspec.Meta on query parameters, so the bounds stand here.
Limit = Annotated[int, Parameter(ge=1, le=LIMIT_MAX, description="How many items at most.")]
After = Annotated[
    str | None,
    Parameter(max_length=CURSOR_MAX, description="`next` of the page before."),
]
_PURPOSE = "cursor"
_TAG_BYTES = 8
T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page; `next` is None on the last one."""

    items: list[T]
    next: str | None = None


def cursor(secrets: Secrets, *position: int) -> str:
    """Write where a page ended, signed, so that only our own cursors come back."""
    raw = b"".join(number.to_bytes(8, "big", signed=True) for number in position)
    tag = secrets.tag(_PURPOSE, raw)[:_TAG_BYTES]
    return base64.urlsafe_b64encode(raw + tag).rstrip(b"=").decode()


def position(secrets: Secrets, after: str | None, *, count: int = 1) -> tuple[int, ...] | None:
    """Read a cursor of `count` numbers back; None without one. Raises InvalidInput."""
    if after is None:
        return None
    try:
        data = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise invalid("after", "not a cursor of ours") from None
    raw, tag = data[:-_TAG_BYTES], data[-_TAG_BYTES:]
    if len(raw) != 8 * count or not hmac.compare_digest(
        secrets.tag(_PURPOSE, raw)[:_TAG_BYTES], tag
    ):
        raise invalid("after", "not a cursor of ours")
    return tuple(
        int.from_bytes(raw[start : start + 8], "big", signed=True)
        for start in range(0, len(raw), 8)
    )


def page(secrets: Secrets, found: Sequence[tuple[tuple[int, ...], T]], *, limit: int) -> Page[T]:
    """Make a page of up to limit + 1 found (position, item) pairs: the last tells of a next one."""
    shown = found[:limit]
    more = len(found) > limit
    return Page(
        items=[item for _, item in shown],
        next=cursor(secrets, *shown[-1][0]) if more and shown else None,
    )

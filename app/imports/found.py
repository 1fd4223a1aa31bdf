"""What a file holds, whatever its format: cards, and remarks about rows."""

from __future__ import annotations

import msgspec

from app.imports.reasons import Reason

TEXT_MAX = 4_096  # characters of a text field (specs: imports.md §1)
NUMBER_MAX = 512  # characters of a number or barcode value
CARDS_MAX = 5_000  # cards of a file


class OwnBalance(msgspec.Struct, frozen=True):
    """The user's own note of a balance; currency None: points."""

    value: str
    currency: str | None


class Picture(msgspec.Struct, frozen=True):
    """A picture as the file holds it; `side`: front, back or icon. `row`: where it stands."""

    side: str
    content: bytes
    row: int | str


class FoundCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card as the file gives it. Moments: Unix microseconds; no `barcode_value`: the number."""

    row: int | str
    shop_name: str
    number: str
    barcode_value: str | None = None
    barcode_format: str = "none"
    note: str | None = None
    groups: tuple[str, ...] = ()
    color: str | None = None
    is_favorite: bool = False
    is_archived: bool = False
    last_used_at: int | None = None
    valid_from: int | None = None
    expires_at: int | None = None
    own_balance: OwnBalance | None = None
    label: str | None = None
    file_id: int | None = None  # the file's own, by which it names pictures
    pictures: tuple[Picture, ...] = ()


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """What is known beside a file. `usual`: formats by folded shop name; `now`: microseconds."""

    password: str | None = None
    language: str = "en"
    usual: dict[str, str] = {}
    now: int = 0
    shop_name: str | None = None  # of a photo, which does not say
    hosts: tuple[str, ...] = ()  # of share links, besides Catima's


class Remark(msgspec.Struct, frozen=True):
    """What is to be said about a row; `field` as the file calls it, empty for the whole row."""

    row: int | str
    reason: Reason
    field: str = ""


class FoundFile(msgspec.Struct, frozen=True):
    """All that was read. A failed row has no card; a warning's card is kept with a loss."""

    cards: tuple[FoundCard, ...]
    failed: tuple[Remark, ...] = ()
    skipped: tuple[Remark, ...] = ()
    warnings: tuple[Remark, ...] = ()

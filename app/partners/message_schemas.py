"""What merchants send and get of their messages (specs: api.md §5)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from app.http.fields import Key, LocalText
from app.programs.schemas import RuleKey

INACTIVE_DAYS_MAX = 3_650


class Segment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cards are meant: those that are all of it. Nothing named: all cards.

    `tier`: those that stand on it. `inactive_days`: those to which for so many days nothing has
    happened. `location`: those whose last ticket at a till was taken there.
    """

    tier: RuleKey | None = None
    inactive_days: Annotated[int, Meta(ge=1, le=INACTIVE_DAYS_MAX)] | None = None
    location: Key | None = None


class NewMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A promotional message: one text, or one per language of the program."""

    text: LocalText
    segment: Segment | None = None
    dry_run: bool = False


class MessageOut(msgspec.Struct, frozen=True, kw_only=True):
    """A message: `reaches` persons of `reaches + capped` get it, `sent` have got it.

    `id` is null and nothing was sent on a dry run. The answer to sending also says how many
    `cards` are meant, how many of them have refused promotions (`refused`), and how many have
    nobody who would see it (`nobody`): no holder, and no pass in any wallet.
    """

    id: str | None
    text: str | dict[str, str]
    segment: Segment
    reaches: int
    capped: int
    sent: int
    created_at: str
    done_at: str | None = None
    cards: int | None = None
    refused: int | None = None
    nobody: int | None = None

"""What a preview is asked by and answered with."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from app.programs.schemas import NewProgram
from app.web.preview_example import Member

PICTURE_CHARACTERS_MAX = 1_400_000  # base64 of a mebibyte, and a little
KNOWN_MAX = 64
Role = Literal["logo", "strip", "icon", "hero"]
PictureText = Annotated[str, Meta(max_length=PICTURE_CHARACTERS_MAX)]
PictureName = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}(?![\s\S])")]


class NewPreview(NewProgram, frozen=True, kw_only=True):
    """A program as it would be sent to publish it, and what the preview alone needs.

    `of`: the program it would replace (`prog_…` or slug), whose pictures it keeps; `images`: PNG in
    base64 instead of those. `member`: somebody new, or a regular. `known`: names of pictures that
    need not be sent again.
    """

    of: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    images: dict[Role, PictureText] = {}
    member: Member = "regular"
    known: Annotated[tuple[PictureName, ...], Meta(max_length=KNOWN_MAX)] = ()

    def program(self) -> NewProgram:
        """Return the program alone."""
        return NewProgram(**{it: getattr(self, it) for it in NewProgram.__struct_fields__})


class WarningOut(msgspec.Struct, frozen=True, kw_only=True):
    """What phones would show badly: a stable code, the field, and a sentence.

    The sentence is in the language that `Accept-Language` asks for, but those of `code` `rules` and
    `google`, which are English.
    """

    code: str
    path: str
    text: str


class PreviewOut(msgspec.Struct, frozen=True, kw_only=True):
    """What phones show of a draft.

    `html`: a fragment with a card for each system and language, its pictures named by
    `data-picture`; `pictures`: name → `data:` address. `pass_json`, `google_class` and
    `google_object` are what they were drawn from.
    """

    html: str
    pictures: dict[str, str]
    warnings: list[WarningOut]
    pass_json: Any
    google_class: Any
    google_object: Any

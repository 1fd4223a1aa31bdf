"""Files as a whole: which format they are, and the refusals that concern all of it."""

from __future__ import annotations

import codecs

from app.errors import AppError, TooBig, UnreadableFile

FILE_MAX = 20 * 1024 * 1024  # bytes of an upload (specs: imports.md §1)
READ_FORMATS = "Catima's CSV export, versions 1 and 2"


def unreadable(code: str, detail: str) -> AppError:
    """Make the refusal of a file: 422 with one of the codes of specs/imports.md §9, or 413."""
    if code == "too-big":
        return TooBig(detail)
    return UnreadableFile(detail, code=code, type=f"/docs/errors#{code}")


def text_of(content: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark. Raises UnreadableFile, `bad-encoding`.

    A file cut in the middle of its last character only loses that character.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        return decoder.decode(content)
    except UnicodeDecodeError:
        raise unreadable("bad-encoding", "The file's text is not UTF-8.") from None

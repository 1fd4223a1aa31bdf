"""Files as a whole: how big they may be, their text, and the refusals that concern all of it."""

from __future__ import annotations

import codecs

from app.errors import AppError, TooBig, UnreadableFile

FILE_MAX = 20 * 1024 * 1024  # bytes of an upload (specs: imports.md §1)
READ_FORMATS = (
    "exports of Catima (zip, CSV, share link), FidMe, Stocard, Voucher Vault and Cardabase, "
    "Apple's .pkpass and .pkpasses, portecarte.json, and a picture (PNG, JPEG, WebP) of a barcode"
)
# What a file as a whole is refused with, beside `too-big` (413); specs: imports.md §9.
FILE_CODES = (
    *("unknown-file", "unsupported-version", "bad-encoding", "bad-zip", "too-many-entries"),
    *("unsafe-entry", "password-needed", "password-wrong", "no-barcode-found"),
)


def unreadable(code: str, detail: str) -> AppError:
    """Make the refusal of a file: 422 with one of the codes of specs/imports.md §9, or 413."""
    if code == "too-big":
        return TooBig(detail)
    refusal = UnreadableFile(detail)
    refusal.code = code  # type: ignore[misc]  # one class for a closed list of codes
    return refusal


def unknown(hint: str = "") -> AppError:
    """Make the refusal of a file that nothing here reads, naming what is read."""
    return unreadable(
        "unknown-file", f"This file is not known. {hint}What is read: {READ_FORMATS}."
    )


def text_of(content: bytes) -> str:
    """Decode UTF-8, with or without a byte order mark. Raises UnreadableFile, `bad-encoding`.

    A file cut in the middle of its last character only loses that character.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        return decoder.decode(content)
    except UnicodeDecodeError:
        raise unreadable("bad-encoding", "The file's text is not UTF-8.") from None

"""The page /docs/errors: one section for each code, taken from the error classes themselves."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from app.errors import AppError, Refused, UnreadableFile
from app.loyalty.refusal_codes import REFUSALS

# Codes that one error carries by what is wrong with an import file.
_FILE_CODES = {
    "unknown-file": "The file is not of a kind that is read.",
    "unsupported-version": "The file is of a version that is not read yet.",
    "bad-encoding": "The file's text is not UTF-8.",
    "bad-zip": "The zip is damaged or cut off.",
    "too-many-entries": "The zip holds more entries than a file of its kind may.",
    "unsafe-entry": "An entry has an absolute path, leads outside, is a link, or is there twice.",
    "password-needed": "The file is encrypted: send its password too.",
    "password-wrong": "This is not the password of the file.",
    "no-barcode-found": "The picture shows no code that can be read.",
}


class ErrorText(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of one code."""

    status: int
    code: str
    title: str
    text: str


def error_texts() -> list[ErrorText]:
    """List every code once, by status and name."""
    found = {
        kind.code: ErrorText(
            status=kind.status,
            code=kind.code,
            title=kind.title,
            text=" ".join((kind.__doc__ or "").split()),
        )
        for kind in _kinds(AppError)
        if kind is not Refused
    }
    for code, text in REFUSALS.items():
        found[code] = ErrorText(status=Refused.status, code=code, title=Refused.title, text=text)
    for code, text in _FILE_CODES.items():
        kind = UnreadableFile
        found[code] = ErrorText(status=kind.status, code=code, title=kind.title, text=text)
    return sorted(found.values(), key=lambda text: (text.status, text.code))


def _kinds(kind: type[AppError]) -> Iterator[type[AppError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _kinds(child)


def sections() -> list[ErrorText]:
    """List what the page shows, a section each: `text` in words for callers."""
    said = "Our fault: nothing was changed; tell us the request_id."
    return [
        msgspec.structs.replace(each, text=said) if each.status == 500 else each
        for each in error_texts()
    ]

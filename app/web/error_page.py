"""The page /docs/errors: one section for each code, taken from the error classes themselves."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import msgspec

from app.errors import REFUSALS, AppError, Refused, UnreadableFile

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


def error_page(template: str) -> str:
    """Fill the sections into the page."""
    sections = "\n".join(_section(text) for text in error_texts())
    contents = "\n".join(
        f'<li><a href="#{escape(text.code)}">{text.status} {escape(text.code)}</a></li>'
        for text in error_texts()
    )
    return template.replace("<!-- contents -->", contents).replace("<!-- sections -->", sections)


def _section(text: ErrorText) -> str:
    said = "Our fault: nothing was changed; tell us the request_id."
    return (
        f'<section id="{escape(text.code)}"><h2>{escape(text.code)}</h2>'
        f'<p class="status">{text.status} · {escape(text.title)}</p>'
        f"<p>{_with_code(said if text.status == 500 else text.text)}</p></section>"
    )


def _with_code(text: str) -> str:
    """Show what stands between backticks as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))

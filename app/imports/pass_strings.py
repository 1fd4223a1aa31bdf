"""A pass's `pass.strings`: `"key" = "text";` in any encoding that real passes use."""

from __future__ import annotations

import codecs
import re

from app.imports.archive import Archive

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*+)"\s*=\s*"((?:[^"\\]|\\.)*+)"\s*;', re.DOTALL)
_FILE = re.compile(r"([^/]+)\.lproj/pass\.strings")
_ESCAPE = re.compile(r"\\(?:U([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}


def strings_of(archive: Archive, language: str) -> dict[str, str]:
    """Read the texts in the user's language, else English, else the first there are."""
    files = {found[1].lower(): name for name in archive.names if (found := _FILE.fullmatch(name))}
    wanted = (language.lower(), language.partition("-")[0].lower(), "en", *files)
    name = next((files[it] for it in wanted if it in files), None)
    return {} if name is None else read_strings(archive.read(name).content)


def read_strings(content: bytes) -> dict[str, str]:
    """Read the pairs; what is broken is left out."""
    text = _text(content)
    return {_plain(found[1]): _plain(found[2]) for found in _PAIR.finditer(text)}


def _text(content: bytes) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_BE, "utf-16"),
        (codecs.BOM_UTF16_LE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    if content[:1] == b"\0" or content[1:2] == b"\0":  # UTF-16 that forgot its mark
        order = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
        return content.decode(order, "replace")
    return content.decode("utf-8", "replace")


def _plain(text: str) -> str:
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return _LETTERS.get(found[2], found[2])

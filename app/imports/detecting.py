"""Tells a file's format by what is in it, never by its name or type, and reads it."""

from __future__ import annotations

import codecs
from typing import Any

from app.imports import cardabase, catima_zip, fidme, pkpass, portecarte, stocard, voucher_vault
from app.imports.archive import PASS_LIMITS, Archive
from app.imports.catima import looks_like_catima, read_catima
from app.imports.documents import items_of
from app.imports.files import text_of, unknown
from app.imports.found import FoundFile, Given
from app.imports.share_link import looks_like_link, read_link
from app.pictures.sizes import is_picture

# The last two: what Info-ZIP writes before a zip that was meant for several disks.
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08PK", b"PK00PK")
# JSON, and UTF-16, which is text in another encoding than is read.
_TEXT = (b"{", b"[", codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BINARY_WITHIN = 4_096  # a NUL in the first bytes: no text
_OTHERS = "The self-hosted VoucherVault has no export. "


def is_photo(content: bytes) -> bool:
    """Tell whether the file is a picture, which is read elsewhere: in a process of its own."""
    return is_picture(content)


def read_file(content: bytes, given: Given | None = None) -> FoundFile:
    """Read any file but a picture. Raises UnreadableFile, TooBig."""
    given = given or Given()
    if content.startswith(_ZIP):
        return _read_zip(content, given)
    if content.lstrip()[:5] == b"%PDF-":
        raise unknown("A PDF is not read: send a screenshot of its barcode. ")
    is_binary = b"\x00" in content[:_BINARY_WITHIN] and not content.startswith(_TEXT)
    if is_binary and not _has_catima_table(content):
        raise unknown()
    return _read_text(text_of(content), given)


def _read_zip(content: bytes, given: Given) -> FoundFile:
    archive = Archive(content)
    names = archive.names
    if pkpass.PASS in names and not {catima_zip.TABLE, fidme.CARDS, cardabase.CARDS} & {*names}:
        archive = Archive(content, limits=PASS_LIMITS)
    is_read = (
        catima_zip.TABLE in names
        or fidme.CARDS in names
        or stocard.is_stocard(archive)
        or cardabase.CARDS in names
        or pkpass.PASS in names
        or _are_passes(names)
    )
    if not is_read:
        raise unknown()
    archive.unlock(given.password)
    if catima_zip.TABLE in names:
        return catima_zip.read_catima_zip(archive)
    if fidme.CARDS in names:
        return fidme.read_fidme(archive, given)
    if stocard.is_stocard(archive):
        return stocard.read_stocard(archive, given)
    if cardabase.CARDS in names:
        return cardabase.read_cardabase(archive, given)
    read = pkpass.read_pass if pkpass.PASS in names else pkpass.read_passes
    return read(archive, given)


def _are_passes(names: tuple[str, ...]) -> bool:
    wanted = [name for name in names if not name.startswith("__MACOSX/")]
    return bool(wanted) and all(pkpass.is_pass_name(name) for name in wanted)


def _has_catima_table(content: bytes) -> bool:
    """Tell whether a NUL stands in the text of one card only."""
    return looks_like_catima(content[:_BINARY_WITHIN].decode("utf-8", "replace"))


def _read_text(text: str, given: Given) -> FoundFile:
    if looks_like_link(text):
        return read_link(text, given)
    start = text.lstrip()[:1]
    if start == "{" and portecarte.names_format(text):
        return portecarte.read_portecarte(text, given)
    if start == "[" and (file := _read_list(text, given)) is not None:
        return file
    if cardabase.looks_like_lines(text):
        return cardabase.read_text(text, given)
    if looks_like_catima(text):
        return read_catima(text)
    raise unknown(_OTHERS if start in {"{", "["} else "")


def _read_list(text: str, given: Given) -> FoundFile | None:
    """Read a list as the app's whose object comes first; None when none is any app's."""

    def is_any(item: dict[str, Any]) -> bool:
        return voucher_vault.is_voucher(item) or cardabase.is_cardabase(item)

    items = list(items_of(text, is_any))
    for _, item in items:
        if item is not None and voucher_vault.is_voucher(item):
            return voucher_vault.read_items(items, given)
        if item is not None and cardabase.is_cardabase(item):
            return cardabase.read_items(items, given)
    return None

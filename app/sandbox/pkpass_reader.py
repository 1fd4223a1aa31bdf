"""Opens a .pkpass as strictly as an iPhone: archive, manifest, signature, required parts."""

from __future__ import annotations

import hashlib
import re
import zlib
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

import msgspec
from cryptography import x509

from app.sandbox.cms import Refused, Signature, verify

__all__ = ["OpenedPass", "Refused", "look_into", "open_pass"]

FILES_MAX = 64
BYTES_MAX = 5 * 1024 * 1024
WORDS_KEPT = 64  # most passes of a program bring the same translations
_NEEDED = (
    *("description", "organizationName", "passTypeIdentifier"),
    *("serialNumber", "teamIdentifier"),
)
_ZONES = ("headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields")
_STYLES = ("storeCard", "generic", "coupon", "eventTicket", "boardingPass")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=\s*"((?:[^"\\]|\\.)*)"\s*;')
_OLD_FORMATS = ("QR", "PDF417", "Aztec", "Code128")
_NEW_FORMATS = ("EAN13", "Code39", "Codabar", "I2of5")
_WATCH_FORMATS = ("QR", "PDF417", "Aztec")  # Apple: Code 128 is not available for watchOS


class OpenedPass(msgspec.Struct, frozen=True):
    """A pass the phone shows. `words`: translations by language."""

    document: dict[str, Any]
    files: dict[str, bytes]
    words: dict[str, dict[str, str]]
    signature: Signature

    @property
    def serial(self) -> str:
        """The serial number."""
        return str(self.document["serialNumber"])

    @property
    def pass_type(self) -> str:
        """The pass type identifier."""
        return str(self.document["passTypeIdentifier"])

    @property
    def token(self) -> str:
        """The authentication token."""
        return str(self.document["authenticationToken"])

    def fields(self) -> dict[str, dict[str, Any]]:
        """Return the fields of the style by their keys."""
        style = next(self.document[name] for name in _STYLES if name in self.document)
        return {field["key"]: field for zone in _ZONES for field in style.get(zone, ())}

    def said(self, text: str, language: str) -> str:
        """Return a text in the phone's language."""
        return self.words.get(language, {}).get(text, text)

    def barcode(self, *, ios: int) -> dict[str, str] | None:
        """Return the first code that an iPhone of that version draws."""
        return self._first_of(_OLD_FORMATS + (_NEW_FORMATS if ios >= 27 else ()))

    def watch_barcode(self) -> dict[str, str] | None:
        """Return the first code that an Apple Watch draws."""
        return self._first_of(_WATCH_FORMATS)

    def _first_of(self, drawable: tuple[str, ...]) -> dict[str, str] | None:
        names = {f"PKBarcodeFormat{name}" for name in drawable}
        codes: list[dict[str, str]] = self.document.get("barcodes", [])
        return next((code for code in codes if code["format"] in names), None)


def open_pass(packed: bytes, root: x509.Certificate) -> OpenedPass:
    """Judge and read a pass. Raises Refused with the reason."""
    files = _unzipped(packed)
    for name in ("pass.json", "manifest.json", "signature", "icon.png"):
        _require(name in files, f"{name} is missing")
    _check_manifest(files)
    signature = verify(files["signature"], files["manifest.json"], root)
    document = _decoded(files["pass.json"])
    for key in _NEEDED:
        _require(isinstance(document.get(key), str) and document[key], f"{key} is missing")
    _require(document.get("formatVersion") == 1, "formatVersion is not 1")
    _require(document["passTypeIdentifier"] == signature.pass_type, "another pass type signed it")
    _require(document["teamIdentifier"] == signature.team, "another team signed it")
    _require(any(name in document for name in _STYLES), "there is no style")
    return OpenedPass(document, files, _translations(files), signature)


def look_into(packed: bytes) -> OpenedPass:
    """Read a pass that this server has just signed: to draw it, without judging who signed it."""
    files = _unzipped(packed)
    document = _decoded(files["pass.json"])
    made_by = Signature(
        document["passTypeIdentifier"], document["teamIdentifier"], datetime.fromtimestamp(0, UTC)
    )
    return OpenedPass(document, files, _translations(files), made_by)


def _unzipped(packed: bytes) -> dict[str, bytes]:
    try:
        with ZipFile(BytesIO(packed)) as opened:
            entries = opened.infolist()
            names = [entry.filename for entry in entries]
            _require(len(names) == len(set(names)), "a name stands twice")
            _require(len(names) <= FILES_MAX, "too many files")
            _require(not any(name.endswith("/") for name in names), "it has folder entries")
            _require(sum(e.file_size for e in entries) <= BYTES_MAX, "it is too big")
            return {name: opened.read(name) for name in names}
    except (BadZipFile, OSError, EOFError, ValueError, RuntimeError, zlib.error) as error:
        if isinstance(error, Refused):
            raise
        raise Refused("it is no zip archive") from error


def _translations(files: dict[str, bytes]) -> dict[str, dict[str, str]]:
    return {
        name.partition(".lproj/")[0]: _words(data)
        for name, data in files.items()
        if name.endswith(".lproj/pass.strings")
    }


def _check_manifest(files: dict[str, bytes]) -> None:
    manifest = _decoded(files["manifest.json"])
    listed = set(files) - {"manifest.json", "signature"}
    _require(set(manifest) == listed, "the manifest does not list exactly the files")
    for name in listed:
        found = hashlib.sha1(files[name], usedforsecurity=False).hexdigest()
        _require(manifest[name] == found, f"{name} was changed")


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise Refused("its JSON cannot be read") from error


@lru_cache(WORDS_KEPT)
def _words(data: bytes) -> dict[str, str]:
    encoding = "utf-8" if data.startswith(b'"') else "utf-16-be"
    text = data.decode(encoding, errors="replace")
    return {_plain(word): _plain(said) for word, said in _WORD.findall(text)}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r", "t": "\t"}.get(m[1], m[1]), text)


def _require(is_so: object, reason: str) -> None:
    if not is_so:
        raise Refused(reason)

"""Judges from outside: the openssl command, Python's zipfile, and a reader of DER."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import msgspec

from tests.passes.apple.chain import Chain


class Value(msgspec.Struct, frozen=True):
    """One value of DER: its tag, its content, and how it was written."""

    tag: int
    content: bytes
    whole: bytes

    def parts(self) -> list[Value]:
        """Take a constructed value apart."""
        return list(der_values(self.content))


def der_values(data: bytes) -> Iterator[Value]:
    """Yield the values that stand one after the other; a length not in DER is an error."""
    at = 0
    while at < len(data):
        tag, length, begin = data[at], data[at + 1], at + 2
        if length > 0x7F:
            begin += length - 0x80
            written = data[at + 2 : begin]
            length = int.from_bytes(written, "big")
            assert written[0] != 0, "a length is written without leading zeros"
            assert length > 0x7F, "a short length is written in one byte"
        assert begin + length <= len(data), "a value ends where its parent ends"
        yield Value(tag, data[begin : begin + length], data[at : begin + length])
        at = begin + length


def unzipped(packed: bytes) -> dict[str, bytes]:
    """Read a zip: names once, no folders, checksums right."""
    with ZipFile(BytesIO(packed)) as opened:
        names = opened.namelist()
        assert len(names) == len(set(names))
        assert not any(name.endswith("/") for name in names)
        assert opened.testzip() is None
        return {name: opened.read(name) for name in names}


def openssl_accepts(
    command: str, chain: Chain, manifest: bytes, signature: bytes, folder: Path
) -> bool:
    """Ask `openssl cms` or `openssl smime` whether the signature is the manifest's, to the root."""
    files = {"manifest": manifest, "signature": signature, "root": chain.root}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    answer = subprocess.run(
        [
            *("openssl", command, "-verify", "-binary", "-inform", "DER"),
            *("-in", folder / "signature", "-content", folder / "manifest"),
            *("-CAfile", folder / "root", "-purpose", "any", "-out", "/dev/null"),
            *("-attime", "1795291200"),
        ],
        capture_output=True,
        check=False,
    )
    return answer.returncode == 0

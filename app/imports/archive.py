"""Zips that others send: read in memory, never extracted, every byte counted while it is read.

A damaged entry is read as far as it goes, so that one bad byte costs its own rows only.
"""

from __future__ import annotations

import io
import stat
import struct
import zlib
from collections.abc import Iterator

import msgspec
import pyzipper  # type: ignore[import-untyped]  # reads AES and ZipCrypto; the standard library: not AES

from app.imports.files import unreadable

ENTRIES_MAX = 16_000
UNPACKED_MAX = 64 * 1024 * 1024  # bytes of all entries together
TABLE_MAX = 16 * 1024 * 1024  # bytes of one entry: no table of 5,000 cards comes near
PICTURE_MAX = 5 * 1024 * 1024
# Packed bytes of a file that are decrypted the old way, about a second each MiB; AES is quick.
# Pictures beyond are dropped like those that are too big.
ZIP_CRYPTO_MAX = 6 * 1024 * 1024
PASS_ENTRIES_MAX = 64  # of one pkpass
PASS_BYTES_MAX = 5 * 1024 * 1024

_STORED, _DEFLATED = 0, 8
_PIECE = 4_096  # packed bytes between two saved states of a decoder
_CHUNK = 64 * 1024  # unpacked bytes asked for at once
_PROBES = 3  # encrypted entries tried with a password: a damaged one does not make it wrong
_CENTRAL = b"PK\x01\x02"
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
# Whatever a damaged or hostile directory makes the library stumble over.
_STUMBLES = (
    *(pyzipper.BadZipFile, pyzipper.LargeZipFile, NotImplementedError, RuntimeError, ValueError),
    *(struct.error, zlib.error, EOFError, OSError, LookupError, OverflowError, TypeError),
    *(AttributeError, AssertionError, MemoryError),
)


class Limits(msgspec.Struct, frozen=True):
    """What a zip may hold."""

    entries: int = ENTRIES_MAX
    unpacked: int = UNPACKED_MAX


PASS_LIMITS = Limits(PASS_ENTRIES_MAX, PASS_BYTES_MAX)


class Budget:
    """Counts the bytes that were unpacked; a zip inside another counts for both."""

    def __init__(self, limit: int, outer: Budget | None = None) -> None:
        self._left = limit
        self._limit = limit
        self._outer = outer

    @property
    def is_spent(self) -> bool:
        """Whether there is nothing left."""
        return self._left < 0

    def spend(self, count: int) -> None:
        """Count some more. Raises TooBig."""
        self._left -= count
        if self._outer is not None:
            self._outer.spend(count)
        if self._left < 0:
            raise unreadable("too-big", f"Unpacked, the file has more than {self._limit:,} bytes.")


class Sink:
    """Takes what is unpacked; of what is longer than `keep` nothing is held, but all is counted."""

    def __init__(self, budget: Budget, keep: int) -> None:
        self._budget, self._keep = budget, keep
        self._size = 0
        self.held = bytearray()

    @property
    def is_over(self) -> bool:
        """Whether there was more than is kept."""
        return self._size > self._keep

    def add(self, part: bytes) -> None:
        """Take some more. Raises TooBig."""
        self._budget.spend(len(part))
        self._size += len(part)
        if self.is_over:
            self.held = bytearray()
        else:
            self.held += part


class Entry(msgspec.Struct, frozen=True):
    """What an entry holds; damaged: not all of it, or not what was packed."""

    content: bytes
    is_damaged: bool = False


class Archive:
    """An opened zip. Raises UnreadableFile: bad-zip, too-many-entries, unsafe-entry."""

    def __init__(
        self, content: bytes, *, limits: Limits | None = None, outer: Budget | None = None
    ) -> None:
        limits = limits or Limits()
        self.budget = Budget(limits.unpacked, outer)
        self._content = content
        self._password = b""
        self._slow_left = ZIP_CRYPTO_MAX
        for number, _ in enumerate(_directory(content), 1):
            if number > limits.entries:
                text = f"A file of this kind holds at most {limits.entries:,} entries."
                raise unreadable("too-many-entries", text)
        try:
            self._zip = pyzipper.AESZipFile(io.BytesIO(content))
            infos = self._zip.infolist()
        except _STUMBLES:
            raise unreadable("bad-zip", "The zip is damaged or cut off.") from None
        _refuse_unsafe(infos)
        self._infos = {info.filename: info for info in infos}
        self.names = tuple(name for name in self._infos if not name.endswith("/"))
        self.folders = tuple(name for name in self._infos if name.endswith("/"))

    @property
    def is_encrypted(self) -> bool:
        """Whether any entry needs a password."""
        return any(self._infos[name].flag_bits & 1 for name in self.names)

    def unlock(self, password: str | None) -> None:
        """Try a password on the smallest entries. Raises password-needed, password-wrong."""
        locked = [self._infos[name] for name in self.names if self._infos[name].flag_bits & 1]
        if not locked:
            return
        if not password:
            raise unreadable("password-needed", "The file is encrypted: send its password too.")
        self._password = password.encode("utf-8", "surrogatepass")
        locked.sort(key=lambda info: info.compress_size)
        probes = (self._decrypt(info, Sink(self.budget, 0)) for info in locked[:_PROBES])
        if not any(probes):
            raise unreadable("password-wrong", "This is not the password of the file.")

    def read(self, name: str) -> Entry:
        """Read an entry as far as it goes; one that is not there is empty and damaged.

        Raises: TooBig.
        """
        sink = Sink(self.budget, TABLE_MAX)
        is_whole = self._unpack(name, sink)
        if sink.is_over:
            raise unreadable("too-big", f"An entry has more than {TABLE_MAX:,} bytes.")
        return Entry(bytes(sink.held), not is_whole)

    def picture(self, name: str) -> bytes:
        """Read a picture, empty when it is bigger than any that is decoded. Raises TooBig."""
        sink = Sink(self.budget, PICTURE_MAX)
        self._unpack(name, sink)
        return bytes(sink.held)

    def _unpack(self, name: str, sink: Sink) -> bool:
        """Unpack an entry; return whether it is whole."""
        info = self._infos.get(name)
        if info is None or info.compress_type not in {_STORED, _DEFLATED}:
            return False
        if info.flag_bits & 1:
            return self._decrypt(info, sink)
        return self._unpack_plain(info, sink)

    def _unpack_plain(self, info: pyzipper.ZipInfo, sink: Sink) -> bool:
        """Read past the local header, which is not believed."""
        at = info.header_offset
        head = self._content[at : at + 30] if at >= 0 else b""
        if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
            return False
        begin = at + 30 + sum(struct.unpack_from("<HH", head, 26))
        packed = self._content[begin : begin + info.compress_size]
        if info.compress_type == _STORED:
            sink.add(packed)
            is_whole = True
        else:
            is_whole = _inflate(packed, sink)
        return is_whole and zlib.crc32(sink.held) == info.CRC

    def _decrypt(self, info: pyzipper.ZipInfo, sink: Sink) -> bool:
        if info.wz_aes_version is None:
            self._slow_left -= info.compress_size
        if self._slow_left < 0:
            self._slow_left += info.compress_size  # a smaller one may still have room
            return False
        try:
            with self._zip.open(info, pwd=self._password) as file:
                while part := file.read(_CHUNK):
                    sink.add(part)
        except _STUMBLES:
            return False
        return True


def _inflate(packed: bytes, sink: Sink) -> bool:
    """Unpack up to the end or the first byte that is wrong; return whether there was none."""
    decoder = zlib.decompressobj(-15)
    for begin in range(0, len(packed), _PIECE):
        piece, saved, added = packed[begin : begin + _PIECE], decoder.copy(), 0
        try:
            for part in _parts(decoder, piece):
                sink.add(part)
                added += len(part)
        except zlib.error:
            _inflate_bytes(saved, piece, sink, skip=added)
            return False
        if decoder.eof:
            break
    return decoder.eof


def _inflate_bytes(decoder: zlib._Decompress, piece: bytes, sink: Sink, *, skip: int) -> None:
    """Unpack byte by byte, so that nothing before the wrong one is lost; `skip`: taken already."""
    try:
        for at in range(len(piece)):
            for part in _parts(decoder, piece[at : at + 1]):
                sink.add(part[skip:])
                skip = max(0, skip - len(part))
    except zlib.error:
        return


def _parts(decoder: zlib._Decompress, piece: bytes) -> Iterator[bytes]:
    part = b" "
    while (piece or part) and not decoder.eof:
        part = decoder.decompress(piece, _CHUNK)
        piece = decoder.unconsumed_tail
        yield part


def _directory(content: bytes) -> Iterator[int]:
    """Walk the central directory without believing any count or size in it."""
    end = content.rfind(_END)
    if end < 0:
        return
    size = int.from_bytes(content[end + 12 : end + 16], "little")
    if content[end - 20 : end].startswith(_END_64):  # the true size stands in the record before
        end -= 76
        size = int.from_bytes(content[end + 40 : end + 48], "little")
    at = max(0, end - size)
    while content.startswith(_CENTRAL, at) and at + 46 <= len(content):
        yield at
        at += 46 + sum(struct.unpack_from("<HHH", content, at + 28))


def _refuse_unsafe(infos: list[pyzipper.ZipInfo]) -> None:
    """Nothing is extracted here, but who sends such a zip means harm or sends a broken one."""
    seen: set[str] = set()
    for info in infos:
        name = info.orig_filename.replace("\\", "/")
        kind = stat.S_IFMT(info.external_attr >> 16)
        is_odd = kind not in {0, stat.S_IFREG, stat.S_IFDIR}
        is_outside = name.startswith("/") or name[1:2] == ":" or ".." in name.split("/")
        if is_odd or is_outside or "\0" in name or not name or name in seen:
            text = "An entry of the zip has an absolute path, leads outside, is a link, or is there"
            raise unreadable("unsafe-entry", f"{text} twice.")
        seen.add(name)

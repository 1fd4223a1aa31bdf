"""Encrypts a zip the old way (APPNOTE 6.1), which no library at hand writes."""

from __future__ import annotations

import struct
import zlib

TABLE = [zlib.crc32(bytes([n]), 0xFFFFFFFF) ^ 0xFFFFFFFF ^ 0xFF000000 for n in range(256)]


class _Keys:
    """The three keys, moved by each byte of the plain text."""

    def __init__(self, password: bytes) -> None:
        self.one, self.two, self.three = 0x12345678, 0x23456789, 0x34567890
        for byte in password:
            self._move(byte)

    def _move(self, byte: int) -> None:
        self.one = _crc(self.one, byte)
        self.two = ((self.two + (self.one & 0xFF)) * 134_775_813 + 1) & 0xFFFFFFFF
        self.three = _crc(self.three, self.two >> 24)

    def encrypt(self, plain: bytes) -> bytes:
        """Encrypt and move on."""
        out = bytearray()
        for byte in plain:
            mixed = self.three | 2
            out.append(byte ^ ((mixed * (mixed ^ 1)) >> 8 & 0xFF))
            self._move(byte)
        return bytes(out)


def _crc(value: int, byte: int) -> int:
    return zlib.crc32(bytes([byte]), value ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def zip_crypto(files: dict[str, bytes | str], password: str) -> bytes:
    """Pack a zip whose entries are all encrypted."""
    out, directory = bytearray(), bytearray()
    for name, given in files.items():
        content = given.encode() if isinstance(given, str) else given
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(content) + packer.flush()
        check = zlib.crc32(content)
        head = b"elevenbytes" + bytes([check >> 24])
        body = _Keys(password.encode()).encrypt(head + packed)
        raw = name.encode()
        fields = struct.pack("<HHHHHIII", 20, 1, 8, 0, 33, check, len(body), len(content))
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + fields
        directory += struct.pack("<HHHHHII", len(raw), 0, 0, 0, 0, 0, len(out)) + raw
        out += b"PK\x03\x04" + fields + struct.pack("<HH", len(raw), 0) + raw + body
    end = struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(directory), len(out), 0)
    return bytes(out + directory + b"PK\x05\x06" + end)

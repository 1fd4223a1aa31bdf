"""A push's header block: what never changes is sent once and is then one byte each (RFC 7541)."""

from __future__ import annotations

import hpack
import msgspec
from hpack.hpack import encode_integer

TABLE_BYTES_MAX = 4096  # what we use of the peer's header table, whatever it offers
_DAY_SECONDS = 86_400
_POST_HTTPS_PATH = b"\x83\x87\x04"  # static entries 3 and 7; a literal under the name of entry 4
_INDEXED = 0x80


class Constants(msgspec.Struct, frozen=True, kw_only=True):
    """What all pushes of one moment share."""

    expiration: int  # Unix seconds
    authorization: str | None = None  # `bearer …`; None where the certificate speaks


def expiration(now_seconds: int) -> int:
    """Say until when APNs may keep a push: one to two days on, the same all day long."""
    return (now_seconds // _DAY_SECONDS + 2) * _DAY_SECONDS


def path_field(token: str) -> bytes:
    """Write `POST`, `https` and the path of a device as header fields."""
    path = b"/3/device/" + token.encode("ascii", "replace")
    return _POST_HTTPS_PATH + bytes(encode_integer(len(path), 7)) + path


class PushHeaders:
    """The encoder of one connection; its state is what the peer's header table holds."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._encoder = hpack.Encoder()
        self._constants: Constants | None = None
        self._indexed: dict[str, bytes] = {}  # topic → a block of table indexes only

    def resize(self, size: int) -> None:
        """Obey the peer's HEADER_TABLE_SIZE; the next block begins by saying so."""
        self._encoder.header_table_size = min(size, TABLE_BYTES_MAX)
        self._indexed.clear()

    def block(self, path: bytes, topic: str, constants: Constants) -> bytes:
        """Write the whole block; blocks must be sent in the order they are written."""
        if constants is not self._constants:
            self._constants = constants
            self._indexed.clear()
        known = self._indexed.get(topic)
        if known is not None:
            return path + known
        return self._learn(path, topic, constants)

    def _learn(self, path: bytes, topic: str, constants: Constants) -> bytes:
        resized = self._encoder.encode([])  # a change of the table's size comes first
        fields = self._fields(topic, constants)
        rest = self._encoder.encode(fields)
        if len(rest) == len(fields) and all(byte & _INDEXED for byte in rest):
            self._indexed[topic] = rest
        else:
            self._indexed.clear()  # something new entered the table: all indexes moved
        return resized + path + rest

    def _fields(self, topic: str, constants: Constants) -> list[tuple[str, str]]:
        fields = [
            (":authority", self._authority),
            ("apns-topic", topic),
            ("apns-push-type", "background"),
            ("apns-priority", "5"),
            ("apns-expiration", str(constants.expiration)),
        ]
        if constants.authorization is not None:
            fields.append(("authorization", constants.authorization))
        return fields

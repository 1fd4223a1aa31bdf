"""What a body may be: JSON in UTF-8, decoded strictly into the route's own struct (api.md §1)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request
from litestar.types import Empty

from app.errors import UnsupportedType, invalid
from app.http.problems import field_error

JSON = "application/json"
BODY_MAX = 64 * 1024  # a route that takes more sets its own `request_max_body_size`
# Escapes of control characters but tab, line feed, return, and GS, which parts GS1's elements.
_CONTROL = re.compile(rb"\\u00(?:0[0-8bceBCEfF]|1[0-9a-ceA-CEfF]|7[fF])|\\[bf]")
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1c\x1e\x1f\x7f]")
_WITH_BODY = {"POST", "PUT", "PATCH"}


class JsonRequest(Request[Any, Any, Any]):
    """A request whose `json()` is decoded by the type of the handler's `data`.

    The framework's own way decodes to plain objects and converts them loosely: "12" for 12 would
    be taken, and bad UTF-8 or deep nesting leave it as a 500.
    """

    async def json(self) -> Any:
        """Return the body as the struct the handler asks for. Raises InvalidInput."""
        if self._json is Empty:
            field = self.route_handler.parsed_data_field
            self._json = decode_json(await self.body(), field.annotation if field else Any)
        return self._json


def decode_json(body: bytes, kind: Any) -> Any:
    """Decode JSON strictly. Raises InvalidInput that names the field."""
    try:
        found = _decoder(kind).decode(body)
    except msgspec.ValidationError as error:
        raise field_error(str(error)) from None
    except RecursionError:
        raise invalid("body", "nested too deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise invalid("body", "not readable as JSON in UTF-8") from None
    if b"\x7f" in body or _CONTROL.search(body):
        _refuse_control_characters(msgspec.json.decode(body), "")
    return found


@lru_cache(512)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _refuse_control_characters(found: Any, path: str) -> None:
    if isinstance(found, str):
        if _CONTROL_CHARACTER.search(found):
            raise invalid(path or "body", "control characters are not taken")
    elif isinstance(found, list):
        for index, item in enumerate(found):
            _refuse_control_characters(item, f"{path}[{index}]")
    elif isinstance(found, dict):
        for key, item in found.items():
            _refuse_control_characters(key, f"{path}[...]")
            _refuse_control_characters(item, f"{path}.{key}" if path else key)


async def check_type(request: Request[Any, Any, Any]) -> None:
    """Refuse a body of another type than the route's, before anything is parsed.

    A POST that takes no data may come without a body and a type. Raises UnsupportedType.
    """
    if request.method not in _WITH_BODY:
        return
    handler = request.route_handler
    if handler.opt.get("apple"):
        return
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    taken = handler.opt.get("content_types", (JSON,))
    if any(_fits(kind, one) for one in taken):
        return
    if not kind and not _has_body(request) and handler.parsed_data_field is None:
        return
    raise UnsupportedType(f"send {' or '.join(taken)}")


def _fits(kind: str, taken: str) -> bool:
    if taken.endswith("/*"):
        return kind.startswith(taken[:-1])
    return kind == taken


def _has_body(request: Request[Any, Any, Any]) -> bool:
    if "transfer-encoding" in request.headers:
        return True
    return request.headers.get("content-length", "0") != "0"

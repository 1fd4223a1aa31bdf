"""Takes the file out of a multipart body, in memory: nothing of it is written to the disk."""

from __future__ import annotations

from multipart import (  # type: ignore[import-untyped]  # what the framework itself reads with
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from app.errors import invalid

PARTS_MAX = 16
BOUNDARY_MAX = 70  # RFC 2046 §5.1.1


def parts_of(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the contents of the parts by name. Raises InvalidInput."""
    _, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if not boundary or not boundary.isascii() or len(boundary) > BOUNDARY_MAX:
        raise invalid("Content-Type", "multipart/form-data with a boundary expected")
    try:
        return _parts(boundary, body)
    except (MultipartError, ValueError):
        raise invalid("body", "not readable as multipart/form-data") from None


def file_of(content_type: str, body: bytes) -> bytes:
    """Return the content of the part named `file`. Raises InvalidInput."""
    parts = parts_of(content_type, body)
    if "file" not in parts:
        raise invalid("file", "a part named file is expected")
    return parts["file"]


def text_part(parts: dict[str, bytes], name: str, limit: int) -> str | None:
    """Return a short text of a form; None where it is not there, or empty. Raises InvalidInput."""
    content = parts.get(name, b"")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid(name, "text in UTF-8 expected") from None
    if len(text) > limit:
        raise invalid(name, f"at most {limit} characters expected")
    return text or None


def _parts(boundary: str, body: bytes) -> dict[str, bytes]:
    parts: dict[str, bytearray] = {}
    current = bytearray()
    with PushMultipartParser(
        boundary, content_length=len(body), max_segment_count=PARTS_MAX
    ) as parser:
        for chunk in (body, b""):
            if parser.closed:
                break
            for found in parser.parse(chunk):
                if isinstance(found, MultipartSegment):
                    current = parts.setdefault(found.name, bytearray())
                elif found:
                    current += found
    return {name: bytes(content) for name, content in parts.items()}

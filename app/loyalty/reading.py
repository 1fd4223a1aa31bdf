"""Read a program file: its types first, then what types cannot say."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app.loyalty.checking import check
from app.loyalty.faults import Fault
from app.loyalty.program import Program

_PLACE = re.compile(r" - at (?:`key` in )?`\$\.?(.*)`\Z", re.DOTALL)
_FIELD = re.compile(r"Object (?:contains unknown|missing required) field `(.*)`\Z", re.DOTALL)


def read_program(document: bytes | Any) -> Program | list[Fault]:
    """Read a program from JSON text, or from what was read of it; its faults when it has any."""
    try:
        if isinstance(document, bytes):
            program = msgspec.json.decode(document, type=Program)
        else:
            program = msgspec.convert(document, Program)
    except msgspec.ValidationError as error:
        return [fault_of(str(error))]
    except RecursionError:
        return [Fault("", "conditions stand too deep inside each other")]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return [Fault("", "not readable as JSON in UTF-8")]
    return check(program) or program


def fault_of(text: str) -> Fault:
    """Turn what the decoder says into a path and a sentence."""
    place = _PLACE.search(text)
    message, path = (text[: place.start()], place[1]) if place else (text, "")
    field = _FIELD.search(message)
    if field:
        path = f"{path}.{field[1]}" if path else field[1]
    return Fault(path, message)


def program_schema() -> dict[str, Any]:
    """Write the JSON Schema of a program file."""
    schema = msgspec.json.decode(msgspec.json.encode(msgspec.json.schema(Program)))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

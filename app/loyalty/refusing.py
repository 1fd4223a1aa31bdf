"""How the engine's parts say no: raised inside a decision, handed out as a value."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """The step is refused, with a code of specs/loyalty.md §1 and the facts of it."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

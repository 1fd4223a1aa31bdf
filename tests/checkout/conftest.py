"""The whole app over HTTP, for the tests of tills."""

from __future__ import annotations

from tests.flows.conftest import extras, settings, world

__all__ = ["extras", "settings", "world"]

"""Programs over real HTTP: the whole app, as the flows have it."""

from __future__ import annotations

from tests.flows.conftest import extras, settings, world

__all__ = ["extras", "settings", "world"]

"""Imports over real HTTP, on both engines."""

from __future__ import annotations

from tests.flows.conftest import extras, settings, world

__all__ = ["extras", "settings", "world"]

"""The whole app with signers, and a worker moved by hand, for the tests of delivery."""

from __future__ import annotations

from tests.apple.conftest import certificates, extras, house, settings, world

__all__ = ["certificates", "extras", "house", "settings", "world"]

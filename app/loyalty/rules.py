"""The versions of one program: which one is in force at a moment."""

from __future__ import annotations

import msgspec

from app.loyalty.program import Program


class Version(msgspec.Struct, frozen=True):
    """One immutable program file, in force from a moment (Unix microseconds)."""

    number: int
    effective_from: int
    program: Program


class Rules(msgspec.Struct, frozen=True):
    """All versions of a program, oldest first; there is at least one."""

    versions: tuple[Version, ...]

    def at(self, at: int) -> Version:
        """Return the version in force at a moment; before the first, the first."""
        for version in reversed(self.versions):
            if version.effective_from <= at:
                return version
        return self.versions[0]

    def numbered(self, number: int) -> Version:
        """Return a version by its number."""
        return next(version for version in self.versions if version.number == number)

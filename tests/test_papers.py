"""What README and docs claim: tests they name exist, files they point to are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAPERS = [ROOT / "README.md", ROOT / "certs" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_test_that_a_paper_names_exists() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)", sources))
    for paper in PAPERS:
        for name in re.findall(r"`(test_[a-z0-9_]+)`", paper.read_text()):
            assert name in known, f"{paper.name} names {name}"


def test_every_file_that_a_paper_points_to_is_there() -> None:
    for paper in PAPERS:
        text = paper.read_text()
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
            assert (paper.parent / link).exists(), f"{paper.name} points to {link}"
        for command in re.findall(r"python (bench/\w+\.py)", text):
            assert (ROOT / command).exists(), command


def test_the_changelog_says_what_is_unreleased() -> None:
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()

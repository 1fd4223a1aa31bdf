"""Reasons and codes: exactly those of the specification, each with its sentences and documented."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from app.imports.files import FILE_CODES
from app.imports.reasons import FailedReason, SkippedReason, WarningReason, sentence

PAGE = (Path(__file__).parents[2] / "docs" / "imports.md").read_text()
REASONS = (*get_args(FailedReason), *get_args(SkippedReason), *get_args(WarningReason))


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_is_documented_and_has_a_sentence_in_both_languages(reason: str) -> None:
    assert f"`{reason}`" in PAGE
    english, french = (sentence(reason, "here", it) for it in ("en", "fr-CA"))  # type: ignore[arg-type]
    assert english != french
    assert english.endswith(".")
    assert french.endswith(".")


@pytest.mark.parametrize("code", FILE_CODES)
def test_every_code_of_a_file_is_documented(code: str) -> None:
    assert f"`{code}`" in PAGE
    assert f"`{code}`" in (Path(__file__).parents[2] / "docs" / "errors.md").read_text()

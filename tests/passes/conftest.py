"""How properties are tried: no clock judges them, nothing is kept between runs."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("passes", deadline=None, database=None)
if settings.get_current_profile_name() != "nightly":
    settings.load_profile("passes")

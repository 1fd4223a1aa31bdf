"""Which wallet a visitor's device most likely has: what a page offers first, never the only."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Request

Device = Literal["apple", "android", "desktop"]


def device_of(request: Request[Any, Any, Any]) -> Device:
    """Judge by client hints, then by the user agent."""
    platform = request.headers.get("sec-ch-ua-platform", "").strip('"').lower()
    agent = request.headers.get("user-agent", "")[:500]
    if platform == "android" or "Android" in agent:
        return "android"
    if platform == "ios" or any(name in agent for name in ("iPhone", "iPad", "iPod")):
        return "apple"
    return "desktop"

"""What a stranger can call, set or meet is named in README or docs: routes, settings, errors."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from litestar import Litestar
from litestar.di import Provide

from app.commands.group import portecarte
from app.main import ROUTES
from app.settings import PREFIX, Settings
from app.web.error_page import error_texts
from app.web.openapi import handlers

ROOT = Path(__file__).parent.parent
TEXT = "\n".join(
    path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
)


def routes() -> Litestar:
    """Build the routes over nothing: they are only listed."""
    nothing = Provide(lambda: None, sync_to_thread=False)
    return Litestar(
        list(ROUTES), dependencies={"ports": nothing}, openapi_config=None, logging_config=None
    )


def test_every_route_is_documented() -> None:
    missing = [
        f"{method.upper()} {path}"
        for path, method, _ in handlers(routes())
        if f"{method.upper()} {path}`" not in TEXT
    ]
    assert not missing, f"name in docs/routes.md: {missing}"


def test_no_documented_route_is_gone() -> None:
    served = {f"{method.upper()} {path}" for path, method, _ in handlers(routes())}
    listed = {
        line.split("`")[1]
        for line in (ROOT / "docs" / "routes.md").read_text().splitlines()
        if line.startswith("| `") and " /sandbox" not in line
    }
    assert listed <= served, f"take out of docs/routes.md: {listed - served}"


def test_every_setting_is_documented() -> None:
    for field in msgspec.structs.fields(Settings):
        name = PREFIX + field.name.upper()
        assert f"`{name}`" in TEXT, f"name {name} in docs/settings.md"


def test_every_error_code_is_documented() -> None:
    for text in error_texts():
        assert f"`{text.code}`" in TEXT, f"name {text.code} in docs/errors.md"


def test_every_command_is_documented() -> None:
    assert isinstance(portecarte, click.Group)
    for name in portecarte.commands:
        assert f"portecarte {name}" in TEXT, f"name `portecarte {name}` in README or docs"

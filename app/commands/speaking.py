"""What commands share: settings read once, errors told as one sentence, JSON on stdout."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec

from app.errors import AppError
from app.settings import Settings, WrongSetting, read_settings
from app.storage.database import DatabaseRefused

T = TypeVar("T")


class Sentence(click.ClickException):
    """Ends a command with exit status 1 and a sentence for the operator."""


@contextmanager
def in_sentences() -> Iterator[None]:
    """Turn what an operator can cure into a sentence; anything else is our fault and is shown."""
    try:
        yield
    except (WrongSetting, DatabaseRefused, ValueError) as error:
        raise Sentence(str(error)) from error
    except AppError as error:
        raise Sentence(error.detail or error.title) from error
    except (OSError, sqlite3.Error) as error:
        raise Sentence(f"{type(error).__name__}: {error}") from error


def settings_now() -> Settings:
    """Read the settings from the environment. Raises WrongSetting."""
    return read_settings(os.environ)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's coroutine to its end, errors as sentences."""
    with in_sentences():
        return asyncio.run(work)


def print_json(value: Any) -> None:
    """Print a value as indented JSON and nothing else."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")

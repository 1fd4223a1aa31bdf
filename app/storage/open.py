"""Opens the database that an address names."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from app.clock import Clock
from app.storage.database import Database
from app.storage.sqlite import open_sqlite


async def open_database(
    url: str,
    *,
    clock: Clock,
    executor: Executor | None = None,
    read_only: bool = False,
    upgrade: bool = True,
) -> Database:
    """Open `sqlite:///relative`, `sqlite:////absolute` or `postgresql://…`, upgraded first.

    `upgrade=False` only checks the schema's version; `read_only` never changes anything.
    Raises: `ValueError` for another address, `DatabaseRefused` with a sentence for the operator.
    """
    path = sqlite_path(url)
    if path is not None:
        return await open_sqlite(
            path, clock=clock, executor=executor, read_only=read_only, upgrade=upgrade
        )
    # Here, because psycopg is memory that a server on SQLite never needs.
    from app.storage import postgres  # noqa: PLC0415

    return await postgres.open_postgres(
        url, clock=clock, executor=executor, read_only=read_only, upgrade=upgrade
    )


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite address, None for a PostgreSQL one.

    Raises: `ValueError` for another address, without repeating it: it may hold a password.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return None
    scheme, _, file = url.partition(":///")
    if scheme != "sqlite" or not file.strip("/") or "?" in file or "\x00" in file:
        raise ValueError(
            "DATABASE_URL is sqlite:///file (relative), sqlite:////file (absolute) "
            "or postgresql://user@host/name"
        )
    return Path(file)

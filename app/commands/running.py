"""Commands that write: by themselves, or through the server that writes the SQLite file."""

from __future__ import annotations

from pathlib import Path

import msgspec

from app.clock import SystemClock, rfc3339
from app.commands import operator
from app.commands.doing import added_merchant, imported
from app.commands.operator_routes import MerchantMade, MerchantOrder
from app.commands.speaking import Sentence
from app.imports.files import FILE_MAX
from app.imports.schemas import ImportedOut
from app.main import open_ports
from app.settings import Settings
from app.storage import backup as backups
from app.storage.database import DatabaseRefused
from app.storage.open import open_database, sqlite_path


async def add_merchant(settings: Settings, name: str, owner: str) -> str:
    """Make a merchant and return its admin key."""
    if operator.is_served(settings):
        order = msgspec.json.encode(MerchantOrder(name, owner))
        return operator.ask(settings, "merchants", order, MerchantMade).token
    async with open_ports(settings) as ports:
        return await added_merchant(ports, name, owner)


async def import_file(
    settings: Settings, file: Path, email: str, *, password_file: Path | None = None
) -> ImportedOut:
    """Import a file into a user's wallet; `password_file`: the file's password on its first line.

    Raises: Sentence where the file is bigger than any that is read.
    """
    if file.stat().st_size > FILE_MAX:  # noqa: ASYNC240  # nothing else runs here
        raise Sentence(f"{file} has more than {FILE_MAX:,} bytes.")
    content, password = file.read_bytes(), first_line(password_file)  # noqa: ASYNC240
    if operator.is_served(settings):
        return operator.ask(
            settings, "imports", content, ImportedOut, user=email, password=password
        )
    async with open_ports(settings) as ports:
        return await imported(ports, email, content, password=password)


def first_line(file: Path | None) -> str | None:
    """Read a password; never an argument, which every user of the machine may read."""
    if file is None:
        return None
    try:
        return file.read_text("utf-8").partition("\n")[0].rstrip("\r") or None
    except UnicodeDecodeError:
        raise Sentence(f"{file} is not UTF-8.") from None


async def migrate(settings: Settings) -> str:
    """Upgrade the database, after a backup beside it where there is something to lose."""
    clock = SystemClock()
    path = sqlite_path(settings.database_url)
    try:
        database = await open_database(settings.database_url, clock=clock, read_only=True)
        await database.close()
        return "The database has this release's schema already; nothing was changed."
    except DatabaseRefused:
        pass  # older, or not there yet; a newer one is refused again below
    kept = ""
    if path is None or path.exists():
        stamp = rfc3339(clock.wall()).replace(":", "").partition(".")[0]
        folder = Path("data") if path is None else path.parent
        file = folder / f"before-migration-{stamp}.backup"
        summary = await backups.back_up(settings.database_url, file)
        kept = f"{file} holds what stood there ({summary.cards} cards, {summary.users} users). "
    database = await open_database(settings.database_url, clock=clock)
    await database.close()
    return f"{kept}The database has this release's schema now."


async def backup(settings: Settings, file: Path) -> str:
    """Write a backup while the server runs or not, and say what it holds."""
    found = await backups.back_up(settings.database_url, file)
    secrets = settings.secrets_file
    return (
        f"{file}: {found.cards} cards, {found.users} users, schema {found.version}. "
        f"Keep {secrets} too, elsewhere: without it no pass can be updated."
    )


async def restore(settings: Settings, file: Path) -> str:
    """Fill an empty database from a backup, and say what came back."""
    found = await backups.restore(settings.database_url, file, clock=SystemClock())
    back = f"{found.cards} cards and {found.users} users are back. "
    if not settings.secrets_file.exists():
        return back + "Who was erased since the backup is erased again when the server starts."
    async with open_ports(settings):  # which erases again
        pass
    if settings.erased_list.exists():
        return back + "Who was erased since the backup was erased again."
    return (
        back + f"{settings.erased_list} is not there: if somebody was erased since the backup, put "
        "that file back and restore once more, into an empty place."
    )

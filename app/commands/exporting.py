"""`portecarte export`: a user's cards as a file, read beside a running server; writes no row."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from app.clock import SystemClock
from app.commands.running import first_line
from app.errors import invalid
from app.imports.exporting import Format, wallet_of, written
from app.imports.leaving import LeavingWallet
from app.sandbox.private_files import write_private
from app.settings import Settings
from app.storage.database import Transaction
from app.storage.open import open_database
from app.users import service as users
from app.users.addresses import normalized


async def export_file(
    settings: Settings,
    file: Path,
    email: str,
    *,
    form: Format | None,
    password_file: Path | None = None,
) -> str:
    """Write a user's cards into a file (0600) and say how many.

    Without a form the file's name decides: `.json` is our own, anything else Catima's zip.
    Raises: InvalidInput when nobody has the address, or our own file is to have a password.
    """
    chosen: Format = form or ("portecarte" if file.suffix.lower() == ".json" else "catima")
    password = first_line(password_file)
    if password is not None and chosen != "catima":
        raise invalid("password-file", "only Catima's zip can be encrypted")
    address = normalized(email, is_live=settings.is_live, path="user")
    clock = SystemClock()
    database = await open_database(settings.database_url, clock=clock, read_only=True)
    try:
        wallet = await database.read(partial(_wallet, address=address, now=clock.wall()))
    finally:
        await database.close()
    write_private(file, written(wallet, chosen, password))
    pictures = sum(len(card.pictures) for card in wallet.cards)
    return f"{file}: {len(wallet.cards)} cards, {pictures} pictures."


def _wallet(tx: Transaction, *, address: str, now: int) -> LeavingWallet:
    user = users.user_by_email(tx, address)
    if user is None:
        raise invalid("user", "nobody has signed in with this address")
    return wallet_of(tx, user_id=user.user_id, now=now)

"""Work by hand that a command does itself, or asks of the server that writes the file."""

from __future__ import annotations

from app.errors import invalid
from app.http.ports import Ports
from app.imports.schemas import ImportedOut
from app.imports.service import Order, import_file
from app.partners.starting import first_key, start_merchant
from app.users import service as users
from app.users.addresses import normalized

NAME_MAX = 80  # characters of a merchant's name


async def added_merchant(ports: Ports, name: str, owner: str) -> str:
    """Make a merchant with its owner and return an admin key, shown this once."""
    name = name.strip()
    if not name or len(name) > NAME_MAX or not name.isprintable():
        raise invalid("name", f"1 to {NAME_MAX} characters expected")
    merchant_id = await start_merchant(ports, name, owner)
    return await first_key(ports, merchant_id, "First key")


async def imported(
    ports: Ports, email: str, content: bytes, *, password: str | None = None
) -> ImportedOut:
    """Import a file into the wallet of the user who has an address. Raises InvalidInput."""
    address = normalized(email, is_live=ports.settings.is_live, path="user")
    user = await ports.database.read_point(lambda tx: users.user_by_email(tx, address))
    if user is None:
        raise invalid("user", "nobody has signed in with this address")
    order = Order(content=content, password=password, language=user.language)
    return await import_file(ports, user.user_id, order)

"""Two accounts become one: a row says so first, then each step may be repeated until it is done."""

from __future__ import annotations

from typing import Any

from litestar import Request

from app.http.ports import Ports
from app.storage.database import Transaction
from app.users import email_queries, emails, passkeys, queries, service
from app.users.email_queries import MergeRow


async def finish(
    request: Request[Any, Any, Any], ports: Ports, user_id: int, *, above: tuple[int, ...] = ()
) -> None:
    """Bring home every account that goes into a user's: also those that a crash left half way.

    `above`: users whose merges wait for this one; of two that go into each other one does.
    """
    for merge in await ports.database.read_point(lambda tx: merges_of(tx, user_id)):
        if merge.from_user not in (user_id, *above):
            # What was going into that account goes along.
            await finish(request, ports, merge.from_user, above=(user_id, *above))
            await ports.database.write(lambda tx, merge=merge: _close(tx, merge))  # type: ignore[misc]
            await _move(request, ports, merge)
        await _complete(ports, merge)


async def move_cards(
    request: Request[Any, Any, Any], ports: Ports, *, from_user: int, to_user: int
) -> None:
    """Have the room of cards, which main handed in, move them all."""
    move = request.app.state.get("move_cards")
    if move is not None:
        await move(ports, from_user, to_user)


def merges_of(tx: Transaction, user_id: int) -> list[MergeRow]:
    """List the accounts that go into a user's and have not arrived whole."""
    return email_queries.merges_of(tx, user_id)


def end_access(tx: Transaction, user_id: int) -> None:
    """Let nobody in as this user any more: his sessions and passkeys end."""
    passkeys.remove_all(tx, user_id)
    service.end_sessions(tx, user_id)
    email_queries.delete_change(tx, user_id)


def _close(tx: Transaction, merge: MergeRow) -> None:
    """Let nobody in as the one who goes, and give his address away; his family only."""
    row = queries.lock_user(tx, merge.from_user)
    if row is None:
        return
    end_access(tx, row.user_id)
    email_queries.hand_email(tx, merge.email, from_user=row.user_id, to_user=merge.user_id)
    if row.email not in {None, merge.email}:
        email_queries.release_email(tx, str(row.email), row.user_id)
    email_queries.clear_person(tx, row.user_id)


async def _move(request: Request[Any, Any, Any], ports: Ports, merge: MergeRow) -> None:
    """Move what he works for and what he holds."""
    from_user, to_user = merge.from_user, merge.user_id
    move_staff = request.app.state.get("move_staff")
    for merchant_id in await ports.database.read(lambda tx: queries.workplaces(tx, from_user)):
        await ports.database.write(
            lambda tx, merchant_id=merchant_id: queries.add_workplace(tx, to_user, merchant_id)  # type: ignore[misc]
        )
        if move_staff is not None:
            await ports.database.write(
                lambda tx, merchant_id=merchant_id: move_staff(  # type: ignore[misc]
                    tx, merchant_id, from_user=from_user, to_user=to_user
                )
            )
        await ports.database.write(
            lambda tx, merchant_id=merchant_id: email_queries.delete_workplace(  # type: ignore[misc]
                tx, from_user, merchant_id
            )
        )
    await move_cards(request, ports, from_user=from_user, to_user=to_user)


async def _complete(ports: Ports, merge: MergeRow) -> None:
    """Write the address that came along; the one before is freed and told."""
    now, secrets = ports.clock.wall(), ports.secrets
    mail_id = ports.ids.next(now)

    def work(tx: Transaction) -> None:
        user = queries.lock_user(tx, merge.user_id)
        is_first = email_queries.delete_merge(tx, merge.user_id, merge.from_user)
        if user is None or not is_first:
            return
        if queries.id_by_email(tx, merge.email) == user.user_id:
            emails.set_email(tx, user, merge.email, mail_id=mail_id, secrets=secrets, now=now)

    await ports.database.write(work)

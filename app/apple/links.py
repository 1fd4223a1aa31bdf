"""Links to a pass: signed, short, for one client (specs: api §4, security §1)."""

from __future__ import annotations

import base64
import binascii
import hmac

import msgspec

from app.apple import queries
from app.clock import MINUTE, SECOND
from app.errors import LinkExpired, NotFound
from app.http.secrets import Secrets
from app.storage.database import Transaction

LASTS = 15 * MINUTE
ONE_USE = 60 * SECOND  # phones ask twice: the same client may, this long from its first GET
NONCE_BYTES = 16
_PURPOSE, _CLIENT = "pass-link", "pass-link-client"
_TAG_BYTES = 16
_BODY_BYTES = 8 + 8 + 8 + NONCE_BYTES


class PassLink(msgspec.Struct, frozen=True):
    """Whose pass of which card a link opens, and until when. `user_id` 0: of the claim token."""

    card_id: int
    user_id: int
    expires_at: int
    nonce: bytes


def write_link(link: PassLink, secrets: Secrets) -> str:
    """Write the token that stands in the link's path."""
    body = b"".join(n.to_bytes(8, "big") for n in (link.card_id, link.user_id, link.expires_at))
    body += link.nonce
    tag = secrets.tag(_PURPOSE, body)[:_TAG_BYTES]
    return base64.urlsafe_b64encode(body + tag).rstrip(b"=").decode()


def read_link(token: str, secrets: Secrets, *, now: int) -> PassLink:
    """Read a token back. Raises NotFound for one that is not ours, LinkExpired for an old one."""
    try:
        data = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound from None
    body, tag = data[:_BODY_BYTES], data[_BODY_BYTES:]
    if len(body) != _BODY_BYTES:
        raise NotFound
    if not hmac.compare_digest(secrets.tag(_PURPOSE, body)[:_TAG_BYTES], tag):
        raise NotFound
    numbers = [int.from_bytes(body[at : at + 8], "big") for at in (0, 8, 16)]
    link = PassLink(numbers[0], numbers[1], numbers[2], body[24:])
    if link.expires_at < now:
        raise LinkExpired
    return link


def use_link(tx: Transaction, link: PassLink, client: str, secrets: Secrets, *, now: int) -> None:
    """Let the first client in, and the same one again for a minute. Raises LinkExpired."""
    client_hash = secrets.tag(_CLIENT, link.nonce, client)
    queries.prune_links(tx, link.card_id, now)
    queries.insert_link_use(
        tx, link.card_id, link.nonce, client_hash, now=now, expires_at=link.expires_at
    )
    use = queries.link_use(tx, link.card_id, link.nonce)
    assert use is not None, "it was written just now, by us or by a twin"
    if use.first_at + ONE_USE < now or not hmac.compare_digest(use.client_hash, client_hash):
        raise LinkExpired

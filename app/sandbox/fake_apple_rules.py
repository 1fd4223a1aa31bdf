"""Judges a push request as strictly as APNs does (Apple: Sending notification requests to APNs)."""

from __future__ import annotations

import re
from collections import Counter

import msgspec

from app.clock import SECOND
from app.sandbox.fake_apple_orders import Answer

PAYLOAD_BYTES_MAX = 4096
EXPIRATION_SECONDS_MAX = 31 * 86_400
_PATH = re.compile(r"/3/device/([^/]+)")
_TOKEN = re.compile(r"(?:[0-9A-Fa-f]{2}){1,100}")  # 32 bytes in practice, not promised
_REQUIRED = {"apns-push-type": "background", "apns-priority": "5"}  # what an empty push needs
_REFUSALS = {"apns-push-type": "InvalidPushType", "apns-priority": "BadPriority"}


class PushRequest(msgspec.Struct, frozen=True):
    """A request as it came: headers in order, names in lower case."""

    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return a header's value."""
        return next((value for key, value in self.headers if key == name), None)


def judge(request: PushRequest, *, now: int) -> Answer | None:
    """Return the refusal that a request earns whoever sends it. `now` in microseconds."""
    if request.header(":method") != "POST":
        return Answer(405, "MethodNotAllowed")
    path = _PATH.fullmatch(request.header(":path") or "")
    if path is None:
        return Answer(404, "BadPath")
    if len(request.body) > PAYLOAD_BYTES_MAX:
        return Answer(413, "PayloadTooLarge")
    if any(count > 1 for count in Counter(name for name, _ in request.headers).values()):
        return Answer(400, "DuplicateHeaders")
    if not _TOKEN.fullmatch(path[1]):
        return Answer(400, "BadDeviceToken")
    for name, value in _REQUIRED.items():
        if request.header(name) != value:
            return Answer(400, _REFUSALS[name])
    return _judge_expiration(request, now) or _judge_body(request.body)


def judge_topic(
    topic: str | None, *, certificate_topic: str | None, team_topics: set[str]
) -> Answer | None:
    """Compare the topic with what the certificate or the token's team may push."""
    if not topic:
        return Answer(400, "MissingTopic")
    if certificate_topic is not None:
        return None if topic == certificate_topic else Answer(400, "TopicDisallowed")
    return None if topic in team_topics else Answer(400, "TopicDisallowed")


def token_of(request: PushRequest) -> str:
    """Return the push token of the path; "" when it has none."""
    path = _PATH.fullmatch(request.header(":path") or "")
    return path[1] if path else ""


def _judge_expiration(request: PushRequest, now: int) -> Answer | None:
    text = request.header("apns-expiration") or ""
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        return Answer(400, "BadExpirationDate")
    ahead = int(text) - now // SECOND
    return None if 0 < ahead <= EXPIRATION_SECONDS_MAX else Answer(400, "BadExpirationDate")


def _judge_body(body: bytes) -> Answer | None:
    if not body:
        return Answer(400, "PayloadEmpty")
    try:
        content = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return Answer(400, "BadPayload")
    return None if content == {} else Answer(400, "BadPayload")

"""Decides which changes make phones speak, within Google's budgets, and keeps what they said."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from app.clock import Clock
from app.sandbox.fake_google_answers import Refused
from app.sandbox.fake_google_rates import Budgets
from app.sandbox.fake_google_texts import BALANCES, Push, message_push, update_push

MEMORY = 200_000  # pushes kept, the newest
NOTIFY = "NOTIFY_ON_UPDATE"
SPOKEN = "TEXT_AND_NOTIFY"
CLASS_FIELDS = (
    *("programName", "localizedProgramName", "rewardsTier", "localizedRewardsTier"),
    *("secondaryRewardsTier", "localizedSecondaryRewardsTier"),
)
_SILENT_STATES = {"EXPIRED", "INACTIVE"}  # such cards lie among "Expired passes"

Document = Mapping[str, Any]


class Pushes:
    """`refuses` False: a spent budget of field updates makes them silent instead of refusing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.budgets = Budgets(clock)
        self.shown: deque[Push] = deque(maxlen=MEMORY)
        self.refuses = True
        self.on_push: Callable[[Push], None] | None = None

    def object_changed(
        self, before: Document, after: Document, of_class: Document, *, is_asked: bool
    ) -> Push | None:
        """Word the push of a saved object's change; None: it is silent. Raises Refused 403."""
        changed = [
            name
            for name in BALANCES
            if before.get(name, {}).get("balance") != after.get(name, {}).get("balance")
        ]
        if not is_asked or not changed or after.get("state") in _SILENT_STATES:
            return None
        if not self._may_speak(after["id"], "update", refuses=self.refuses):
            return None
        return update_push(after, of_class, changed, at=self._clock.wall())

    def class_changed(
        self, before: Document, after: Document, holders: Iterable[Document], *, is_asked: bool
    ) -> list[Push]:
        """Word the pushes of a class's saved objects. Raises Refused 403."""
        is_told = any(before.get(name) != after.get(name) for name in CLASS_FIELDS)
        saved = list(holders)
        if not is_asked or not is_told or not saved:
            return []
        if not self._may_speak(after["id"], "update", refuses=self.refuses):
            return []
        return [update_push(each, after, [], at=self._clock.wall()) for each in saved]

    def message_added(
        self,
        resource_id: str,
        message: Document,
        of_class: Document,
        *,
        holders: Sequence[Document],
    ) -> list[Push]:
        """Word the pushes of a message. Raises Refused 403."""
        if message.get("messageType") != SPOKEN or not holders:
            return []
        self._may_speak(resource_id, "message", refuses=True)
        now = self._clock.wall()
        return [message_push(each, of_class, message, at=now) for each in holders]

    def show(self, pushes: Iterable[Push]) -> None:
        """Keep pushes and tell whoever listens."""
        for push in pushes:
            self.shown.append(push)
            if self.on_push is not None:
                self.on_push(push)

    def _may_speak(self, resource_id: str, kind: str, *, refuses: bool) -> bool:
        if self.budgets.spend(resource_id, kind):
            return True
        if refuses:
            text = f"Quota exceeded: notifications of {resource_id} within 24 hours"
            raise Refused(403, "quotaExceeded", text)
        return False

"""What the fake Google knows of classes and objects, with the semantics of its REST calls."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any

import msgspec

from app.sandbox.fake_google_answers import Refused, invalid
from app.sandbox.fake_google_pushes import NOTIFY, Pushes
from app.sandbox.fake_google_rules import Rules, check_sent, issuer_of, merged

MESSAGES_MAX = 10
_NOTIFY = "notifyPreference"
_number_of = attrgetter("number")


class Stored(msgspec.Struct):
    """A class or an object. `holders`: the accounts that saved it."""

    document: dict[str, Any]
    number: int  # in the order of making
    holders: list[str] = msgspec.field(default_factory=list)


class Memory:
    """Every class and object by its id; nothing is ever deleted, as at Google."""

    def __init__(self, pushes: Pushes, rules: Rules) -> None:
        self._pushes = pushes
        self._rules = rules
        self.classes: dict[str, Stored] = {}
        self.objects: dict[str, Stored] = {}
        self._of_class: defaultdict[str, list[Stored]] = defaultdict(list)  # by number
        self._number = 0
        self.on_change: Callable[[], None] | None = None  # hears that something changed

    def changed(self) -> None:
        """Tell whoever listens."""
        if self.on_change is not None:
            self.on_change()

    def restore(self, classes: dict[str, Stored], objects: dict[str, Stored]) -> None:
        """Know these from now on, and nothing else."""
        self.classes.clear()
        self.classes.update(classes)
        self.objects.clear()
        self.objects.update(
            {each: it for each, it in objects.items() if it.document.get("classId") in classes}
        )
        self._of_class.clear()
        for stored in sorted(self.objects.values(), key=_number_of):
            self._of_class[stored.document["classId"]].append(stored)
        every = (*self.classes.values(), *self.objects.values())
        self._number = max((it.number for it in every), default=0)

    def forget_accounts(self, accounts: Collection[str]) -> None:
        """Have these accounts hold nothing: the people who left are the sandbox's too."""
        gone = {account.casefold() for account in accounts}
        for stored in self.objects.values():
            stored.holders[:] = [it for it in stored.holders if it.casefold() not in gone]
        self.changed()

    def insert(self, kind: str, sent: dict[str, Any]) -> Stored:
        """Make a class or an object. Raises Refused 409 when there is one."""
        check_sent(kind, sent)
        self._rules.judge(kind, sent)
        known = self._of(kind)
        if sent["id"] in known:
            raise Refused(409, "existingResource", f"{_NAMES[kind]} {sent['id']} already exists.")
        document = {name: value for name, value in sent.items() if name != _NOTIFY}
        self._settle(kind, document, None)
        self._number += 1
        stored = Stored(document, self._number)
        known[sent["id"]] = stored
        if kind == "object":
            self._of_class[document["classId"]].append(stored)
        self.changed()
        return stored

    def found(self, kind: str, resource_id: str) -> Stored:
        """Return what stands there. Raises Refused 404."""
        stored = self._of(kind).get(resource_id)
        if stored is None:
            reason = "classNotFound" if kind == "class" else "resourceNotFound"
            raise Refused(404, reason, f"{_NAMES[kind]} {resource_id} not found.")
        return stored

    def patch(self, kind: str, resource_id: str, sent: dict[str, Any]) -> Stored:
        """Merge what is sent into what stands there."""
        check_sent(kind, sent)
        stored = self.found(kind, resource_id)
        return self._replace(kind, stored, merged(stored.document, sent))

    def put(self, kind: str, resource_id: str, sent: dict[str, Any]) -> Stored:
        """Replace what stands there."""
        check_sent(kind, sent)
        stored = self.found(kind, resource_id)
        return self._replace(kind, stored, {"id": resource_id, **sent})

    def add_message(self, kind: str, resource_id: str, sent: dict[str, Any]) -> Stored:
        """Add a message; one of the same id is replaced."""
        self._rules.judge_message(sent)
        message = sent["message"]
        stored = self.found(kind, resource_id)
        others = [
            each
            for each in stored.document.get("messages", [])
            if "id" not in message or each.get("id") != message["id"]
        ]
        if len(others) >= MESSAGES_MAX:
            raise invalid(f"messages: at most {MESSAGES_MAX}.")
        holders = [
            each.document
            for each in (self.of_class(resource_id) if kind == "class" else [stored])
            if each.holders
        ]
        pushes = self._pushes.message_added(
            resource_id, message, self.class_of(stored, kind), holders=holders
        )
        stored.document = {**stored.document, "messages": [*others, message]}
        self.changed()
        self._pushes.show(pushes)
        return stored

    def of_class(self, class_id: str, *, after: int = 0) -> list[Stored]:
        """Return the objects of a class beyond a number, in the order of making."""
        listed = self._of_class.get(class_id, [])
        return listed[bisect_right(listed, after, key=_number_of) :]

    def class_of(self, stored: Stored, kind: str = "object") -> dict[str, Any]:
        """Return the class that stands behind an object; a class itself."""
        if kind == "class":
            return stored.document
        return self.classes[stored.document["classId"]].document

    def view(self, kind: str, stored: Stored) -> dict[str, Any]:
        """Return what a caller reads: with what only Google may say."""
        if kind == "class":
            return {"kind": "walletobjects#loyaltyClass", **stored.document}
        return {
            "kind": "walletobjects#loyaltyObject",
            **stored.document,
            "hasUsers": bool(stored.holders),
            "classReference": self.view("class", self.classes[stored.document["classId"]]),
        }

    def _of(self, kind: str) -> dict[str, Stored]:
        return self.classes if kind == "class" else self.objects

    def _replace(self, kind: str, stored: Stored, result: dict[str, Any]) -> Stored:
        """Judge a result and let it stand; phones speak when that was asked and is allowed."""
        before = stored.document
        if result.get("id") != before["id"]:
            raise invalid(f"id: {result.get('id')} does not match the path.")
        is_asked = result.pop(_NOTIFY, None) == NOTIFY
        self._rules.judge(kind, _as_sent(kind, before, result))
        self._settle(kind, result, before)
        if kind == "class":
            saved = (it.document for it in self.of_class(before["id"]) if it.holders)
            pushes = self._pushes.class_changed(before, result, saved, is_asked=is_asked)
        else:
            of_class = self.classes[result["classId"]].document
            push = self._pushes.object_changed(
                before, result, of_class, is_asked=is_asked and bool(stored.holders)
            )
            pushes = [push] if push else []
        stored.document = result
        if kind == "object" and result["classId"] != before["classId"]:
            self._of_class[before["classId"]].remove(stored)
            insort(self._of_class[result["classId"]], stored, key=_number_of)
        self.changed()
        self._pushes.show(pushes)
        return stored

    def _settle(self, kind: str, document: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Apply what depends on other resources: review states, an object's class."""
        if kind == "class":
            _review(document, before)
            return
        if issuer_of(document["classId"]) != issuer_of(document["id"]):
            raise invalid("classId: the class of another issuer.")
        of_class = self.found("class", document["classId"]).document
        if of_class.get("reviewStatus") != "APPROVED":
            raise invalid(f"Wallet Object Class {of_class['id']} is not approved.")


_NAMES = {"class": "Wallet Object Class", "object": "Wallet Object"}


def _as_sent(kind: str, before: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    """Return the result as a caller could have sent it whole: APPROVED is Google's word."""
    if kind == "class" and result.get("reviewStatus") == before.get("reviewStatus") == "APPROVED":
        # So says Google to whoever changes an approved class without sending UNDER_REVIEW.
        raise Refused(400, "badRequest", "Invalid review status Optional[APPROVED]")
    return result


def _review(document: dict[str, Any], before: dict[str, Any] | None) -> None:
    """Approve what is under review at once; nothing goes back to draft."""
    match document.get("reviewStatus"):
        case "UNDER_REVIEW":
            document["reviewStatus"] = "APPROVED"
        case "DRAFT":
            if before is not None and before.get("reviewStatus") != "DRAFT":
                raise invalid("reviewStatus: a class never goes back to draft.")
        case status:
            raise Refused(400, "badRequest", f"Invalid review status Optional[{status}]")

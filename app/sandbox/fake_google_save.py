"""Saving and removing: what Google's save page does with a link, and the JWT calls of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from app.ids import Randomness
from app.sandbox.fake_google_answers import Refused, denied, invalid
from app.sandbox.fake_google_callbacks import Callbacks
from app.sandbox.fake_google_links import JWT_MAX, Contents, read_jwt, read_plain
from app.sandbox.fake_google_memory import Memory, Stored
from app.sandbox.fake_google_rules import Rules, check_sent, issuer_of
from app.sandbox.fake_google_schema import check
from app.sandbox.fake_google_tokens import GoogleAccount

_SKINNY = {"id", "classId"}
_ONE_USER = {"ONE_USER_ALL_DEVICES", "ONE_USER_ONE_DEVICE"}


class Saved(msgspec.Struct, frozen=True):
    """An object that a link shows, and its class."""

    document: Mapping[str, Any]
    of_class: Mapping[str, Any]


class SaveDesk:
    """Creates what is absent and never updates; `may`: whether an issuer invited an account."""

    def __init__(
        self,
        memory: Memory,
        rules: Rules,
        callbacks: Callbacks,
        *,
        accounts: Mapping[str, GoogleAccount],
        may: Callable[[str, str], bool],
        randomness: Randomness,
        page_url: Callable[[], str],
    ) -> None:
        """`page_url`: what a save link begins with."""
        self._page_url = page_url
        self._memory = memory
        self._rules = rules
        self._callbacks = callbacks
        self._accounts = accounts
        self._may = may
        self._randomness = randomness
        self._handles: dict[str, Contents] = {}  # of save links that Google made

    def show(self, link: str) -> list[Saved]:
        """Return what a link would save. Raises Refused."""
        contents = self._of_link(link)
        classes = {it["id"]: it for it in contents.classes} | {
            class_id: stored.document for class_id, stored in self._memory.classes.items()
        }
        return [
            Saved(
                known.document if known else it,
                classes[(known.document if known else it)["classId"]],
            )
            for it in contents.objects
            for known in [self._memory.objects.get(it["id"])]
        ]

    def save(self, link: str, account: str) -> list[str]:
        """Put a link's objects into a person's wallet; return their ids. Raises Refused."""
        contents = self._of_link(link)
        for sent in contents.objects:
            self._check_holder(sent, account)
        self.create(contents)
        for sent in contents.objects:
            stored = self._memory.objects[sent["id"]]
            if account not in stored.holders:
                stored.holders.append(account)
                self._memory.changed()
            self._callbacks.tell(self._memory.class_of(stored), sent["id"], "save")
        return [sent["id"] for sent in contents.objects]

    def remove(self, object_id: str, account: str) -> None:
        """Take an object out of a person's wallet. Raises Refused 404."""
        stored = self._memory.found("object", object_id)
        if account not in stored.holders:
            raise Refused(404, "resourceNotFound", f"{account} does not hold {object_id}")
        stored.holders.remove(account)
        self._memory.changed()
        self._callbacks.tell(self._memory.class_of(stored), object_id, "del")

    def insert(self, sent: dict[str, Any], account: str) -> dict[str, Any]:
        """Answer `POST …/jwt`: as a link, but longer ones too, and what it makes is told."""
        check(sent, "JwtResource")
        contents = self._judged(read_jwt(sent.get("jwt", ""), self._accounts))
        if contents.account != account:
            raise denied()
        self.create(contents)
        handle = "g" + self._randomness.bytes(16).hex()
        skinny = [{"id": it["id"], "classId": it["classId"]} for it in contents.objects]
        self._handles[handle] = Contents(contents.account, [], skinny)
        found: dict[str, list[Any]] = {
            "loyaltyClasses": [
                self._memory.view("class", self._memory.classes[it["id"]])
                for it in contents.classes
            ],
            "loyaltyObjects": [
                self._memory.view("object", self._memory.objects[it["id"]])
                for it in contents.objects
            ],
        }
        resources = {name: listed for name, listed in found.items() if listed}
        return {"saveUri": self._page_url() + handle, "resources": resources}

    def validate(self, sent: dict[str, Any], account: str) -> None:
        """Answer `POST …/jwt/validate`: nothing stands in the way. Raises Refused."""
        check(sent, "JwtValidateRequest")
        if len(sent) != 1:
            raise invalid("exactly one of jwtResource and jsonResource is needed.")
        if "jwtResource" in sent:
            contents = read_jwt(sent["jwtResource"].get("jwt", ""), self._accounts)
        else:
            contents = msgspec.structs.replace(
                read_plain(sent["jsonResource"].get("json", "")), account=account
            )
        self._judged(contents)

    def create(self, contents: Contents) -> None:
        """Make what is absent, now that all of it was judged."""
        for kind, listed in (("class", contents.classes), ("object", contents.objects)):
            known = self._memory.classes if kind == "class" else self._memory.objects
            for sent in listed:
                if sent["id"] not in known:
                    self._memory.insert(kind, sent)

    def _of_link(self, link: str) -> Contents:
        if link in self._handles:
            return self._handles[link]
        if len(link) > JWT_MAX:
            raise invalid(f"the link is too long: {len(link)} characters, at most {JWT_MAX}.")
        return self._judged(read_jwt(link, self._accounts))

    def _judged(self, contents: Contents) -> Contents:
        """Judge everything before anything is made. Raises Refused."""
        for sent in (*contents.classes, *contents.objects):
            if not self._may(contents.account, issuer_of(sent.get("id"))):
                raise denied()
        for sent in contents.classes:
            check_sent("class", sent)
            self._rules.judge("class", sent)
        for sent in contents.objects:
            self._judge_object(sent, contents)
        return contents

    def _judge_object(self, sent: dict[str, Any], contents: Contents) -> None:
        known = self._memory.objects.get(sent["id"])
        if known is not None and sent.keys() <= _SKINNY:
            if sent.get("classId", known.document["classId"]) != known.document["classId"]:
                raise invalid("classId: the object is of another class.")
            return
        if sent.keys() <= _SKINNY:
            self._memory.found("object", sent["id"])
        check_sent("object", sent)
        self._rules.judge("object", sent)
        class_id = sent["classId"]
        of_class = next((it for it in contents.classes if it["id"] == class_id), None)
        if class_id in self._memory.classes or of_class is None:
            of_class = self._memory.found("class", class_id).document
        if of_class["reviewStatus"] == "DRAFT":
            raise invalid(f"Wallet Object Class {class_id} is not approved.")

    def _check_holder(self, sent: dict[str, Any], account: str) -> None:
        """Refuse a second person where only the first saver may hold it."""
        known: Stored | None = self._memory.objects.get(sent["id"])
        if known is None or not known.holders or account in known.holders:
            return
        status = self._memory.class_of(known).get("multipleDevicesAndHoldersAllowedStatus")
        if status in _ONE_USER:
            raise Refused(403, "permissionDenied", "This pass is in another person's wallet.")

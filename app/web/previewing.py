"""Draws a program that is not published yet as phones would: from a pass that is really signed,
and from the very class and object that Google would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from app.apple.signers import LoadedSigner
from app.errors import Unavailable
from app.google.documents import Looks, class_document
from app.google.pictures import addresses, drawn
from app.google.service import CALLBACKS
from app.programs.service import Program
from app.sandbox.android_faces import object_face
from app.sandbox.faces import Drawing, Face, drawing_of
from app.sandbox.iphone_faces import pass_face, watch_face
from app.sandbox.pkpass_reader import OpenedPass, look_into
from app.settings import Settings
from passes.apple.document import Issue, Issuer, pass_json
from passes.apple.lint import BadPass
from passes.apple.package import package, prepare
from passes.apple.schema import TOKEN_MIN
from passes.content import PassContent
from passes.finding import Finding
from passes.google.lint import lint_class, lint_object
from passes.google.loyalty_object import ObjectIssue, loyalty_object
from passes.templates.artwork import artwork, fit

OLD_IOS, NEW_IOS = 26, 27
_SERIAL = "0" * 32  # of a pass that no phone holds
System = Literal["ios-27", "ios-26", "watch", "android"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """All that a preview is drawn from.

    `pictures`: the merchant's PNG by role; `sizes`: of those that are stored, by file name.
    `issuer`: Google's number; `suffix`: of the class's id.
    """

    program: Program
    content: PassContent
    pictures: Mapping[str, bytes]
    sizes: Mapping[str, bytes]
    signer: LoadedSigner
    issuer: str
    suffix: str
    issuer_name: str
    settings: Settings
    now: int


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A card on one kind of phone, in one language."""

    system: System
    language: str
    face: Face


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What phones show, and the documents that they were drawn from."""

    shown: list[Shown]
    pictures: dict[str, bytes]
    opened: OpenedPass
    google_class: dict[str, Any]
    google_object: dict[str, Any]
    findings: list[Finding]


def preview_of(draft: Draft) -> Preview:
    """Sign, write and draw; some hundred milliseconds, to be called in a thread.

    Raises Unavailable where Apple would refuse the pass of an example that is not judged before.
    """
    opened = look_into(signed_pass(draft))
    of_class, of_object, found = google_documents(draft)
    pictures: dict[str, bytes] = {}
    shown = []
    for language in draft.program.document.languages:
        for system, face in _apple(opened, language, pictures):
            shown.append(Shown(system=system, language=language, face=face))
        face = object_face(of_object, of_class, language, now=draft.now)
        face = _with_pictures(face, logo=found.get("logo"), strip=found.get("hero"), kept=pictures)
        shown.append(Shown(system="android", language=language, face=face))
    return Preview(
        shown=shown,
        pictures=pictures,
        opened=opened,
        google_class=of_class,
        google_object=of_object,
        findings=_findings(draft, of_class, of_object),
    )


def signed_pass(draft: Draft) -> bytes:
    """Sign the pass of the example, by the steps that every pass takes."""
    content, signer, settings = draft.content, draft.signer, draft.settings
    issuer = Issuer(
        pass_type=signer.pass_type, team=signer.team, web_service_url=f"{settings.pass_url}/apple"
    )
    program = content.program
    files = artwork(program.name, program.background_color, program.foreground_color)
    files |= dict(draft.sizes)
    issue = Issue(serial_number=_SERIAL, authentication_token="0" * TOKEN_MIN)
    try:
        template = prepare(program, issuer, files, allow_loopback=not settings.is_live)
        document = pass_json(template.skeleton, content, issue)
        return package(template, document, signer=signer.signer, at=draft.now)
    except BadPass as refused:
        raise Unavailable("the example's pass cannot be made") from refused


def google_documents(draft: Draft) -> tuple[dict[str, Any], dict[str, Any], dict[str, bytes]]:
    """Write class and object of the example, and draw the pictures that the class names."""
    content, settings = draft.content, draft.settings
    made = drawn(content.program, draft.pictures)
    looks = Looks(program=content.program, issuer_name=draft.issuer_name, images={})
    of_class = class_document(
        looks,
        draft.suffix,
        issuer=draft.issuer,
        pictures=addresses(made, settings.public_url),
        callback_url=settings.public_url + CALLBACKS,
    )
    of_object = loyalty_object(
        content,
        ObjectIssue(
            object_id=f"{draft.issuer}.{_SERIAL}",
            class_id=f"{draft.issuer}.{draft.suffix}",
            card_ref=_SERIAL,
            secret=bytes(20) if content.program.rotates_code else None,
        ),
    )
    return of_class, of_object, made


def sizes_of(pictures: Mapping[str, bytes], stored: Mapping[str, bytes]) -> dict[str, bytes]:
    """Fit pictures of a draft to a pass, over the sizes stored; a strip is preferred to a hero."""
    found = dict(stored)
    for role in ("icon", "logo", "hero", "strip"):
        if role not in pictures or (role == "hero" and "strip.png" in found):
            continue
        found |= fit(role, pictures[role])
    return found


def _apple(
    opened: OpenedPass, language: str, pictures: dict[str, bytes]
) -> list[tuple[System, Face]]:
    faces: list[tuple[System, Face]] = [
        ("ios-27", pass_face(opened, language, ios=NEW_IOS)),
        ("ios-26", pass_face(opened, language, ios=OLD_IOS)),
        ("watch", watch_face(opened, language)),
    ]
    logo, strip = (_largest(opened, name) for name in ("logo", "strip"))
    return [
        (
            system,
            _with_pictures(
                face, logo=logo, strip=None if system == "watch" else strip, kept=pictures
            ),
        )
        for system, face in faces
    ]


def _largest(opened: OpenedPass, name: str) -> bytes | None:
    return opened.files.get(f"{name}@2x.png")


def _with_pictures(
    face: Face, *, logo: bytes | None, strip: bytes | None, kept: dict[str, bytes]
) -> Face:
    """Name a face's pictures by what they hold; the page finds them beside the faces."""
    named = {}
    for role, png in (("logo", logo), ("strip", strip)):
        drawing: Drawing | None = None if png is None else drawing_of(png)
        named[role] = "" if drawing is None else drawing.name
        if drawing is not None:
            kept[drawing.name] = drawing.png
    return msgspec.structs.replace(face, **named)


def _findings(draft: Draft, of_class: dict[str, Any], of_object: dict[str, Any]) -> list[Finding]:
    may_be_local = not draft.settings.is_live
    judged = (
        lint_class(msgspec.json.encode(of_class), issuer=draft.issuer, allow_loopback=may_be_local),
        lint_object(
            msgspec.json.encode(of_object), issuer=draft.issuer, allow_loopback=may_be_local
        ),
    )
    return [each for found in judged for each in found]

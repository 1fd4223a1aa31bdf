"""The `.pkpass`: what all passes of a program share, made once, and each card's own three files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from passes.apple.archive import NOTHING, Records, archive, records
from passes.apple.artwork import lint_files
from passes.apple.document import Issue, Issuer, Skeleton, pass_json, skeleton
from passes.apple.lint import BadPass, lint, lint_card
from passes.apple.samples import samples
from passes.apple.schema import TOKEN_MIN
from passes.apple.signing import Signer
from passes.apple.strings import strings_files
from passes.content import ProgramContent
from passes.finding import Finding

MIME = "application/vnd.apple.pkpass"
BUNDLE_MIME = "application/vnd.apple.pkpasses"
BUNDLE_PASSES_MAX = 10  # Apple: Distributing and updating a pass
BUNDLE_BYTES_MAX = 150 * 1024 * 1024


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """What all passes of a program version, an issuer and their pictures share."""

    skeleton: Skeleton
    manifest_head: bytes
    records: Records
    has_web_service: bool
    only_new_codes: bool
    allow_loopback: bool


def prepare(
    program: ProgramContent,
    issuer: Issuer,
    images: Mapping[str, bytes],
    *,
    allow_loopback: bool = False,
) -> Template:
    """Hash, deflate and lay out what no card changes; `images` by name, `icon@2x.png`.

    `allow_loopback`: phones may ask this machine by plain http, in the sandbox.
    Raises BadPass when passes of the program would break Apple's rules.
    """
    files = dict(sorted((dict(images) | strings_files(program)).items()))
    template = Template(
        skeleton=skeleton(program, issuer),
        manifest_head=_manifest_head(files),
        records=records(files.items()),
        has_web_service=issuer.web_service_url is not None,
        # A code of iOS 27 may be the last one only where the tills read no older one.
        only_new_codes=program.accepts is not None and "QR_CODE" not in program.accepts,
        allow_loopback=allow_loopback,
    )
    issue = Issue(
        serial_number="0",
        authentication_token="0" * TOKEN_MIN if issuer.web_service_url else None,
    )
    found = lint_files(files, has_poster=program.has_poster)
    for content in samples(program):
        document = pass_json(template.skeleton, content, issue)
        found += _lint(template, document)
    if found:
        raise BadPass(list(dict.fromkeys(found)))
    return template


def package(template: Template, document: bytes, *, signer: Signer, at: int) -> bytes:
    """Sign pass.json and pack it with its program's files; `at` is the signing time.

    The same but for the signature each time. Raises BadPass when the card breaks Apple's rules.
    """
    found = _findings(template, document)
    if found:
        raise BadPass(found)
    manifest = manifest_of(template, document)
    files = (
        (b"pass.json", document),
        (b"manifest.json", manifest),
        (b"signature", signer.sign(manifest, at)),
    )
    return archive(template.records, files)


def manifest_of(template: Template, document: bytes) -> bytes:
    """Write manifest.json: the SHA-1 of every file but itself and the signature."""
    hashed = hashlib.sha1(document, usedforsecurity=False).hexdigest()
    return b'%b%b"}' % (template.manifest_head, hashed.encode())


def bundle(passes: Sequence[bytes]) -> bytes:
    """Pack several `.pkpass` into a `.pkpasses`. Raises ValueError beyond Apple's limits."""
    if not 1 <= len(passes) <= BUNDLE_PASSES_MAX:
        raise ValueError(f"a bundle holds 1 to {BUNDLE_PASSES_MAX} passes, not {len(passes)}")
    files = [(b"%d.pkpass" % place, packed) for place, packed in enumerate(passes, start=1)]
    bundled = archive(NOTHING, files)
    if len(bundled) > BUNDLE_BYTES_MAX:
        raise ValueError(f"a bundle holds {BUNDLE_BYTES_MAX} bytes, not {len(bundled)}")
    return bundled


def _findings(template: Template, document: bytes) -> list[Finding]:
    head = template.skeleton.head
    if document.startswith(head):  # judged with the program
        part = b"{" + document[len(head) + 1 :]
        return lint_card(
            part,
            has_web_service=template.has_web_service,
            only_new_codes=template.only_new_codes,
        )
    return _lint(template, document)


def _lint(template: Template, document: bytes) -> list[Finding]:
    return lint(
        document,
        only_new_codes=template.only_new_codes,
        allow_loopback=template.allow_loopback,
    )


def _manifest_head(files: Mapping[str, bytes]) -> bytes:
    hashes = {
        name: hashlib.sha1(data, usedforsecurity=False).hexdigest() for name, data in files.items()
    }
    return msgspec.json.encode(hashes | {"pass.json": ""}).removesuffix(b'"}')

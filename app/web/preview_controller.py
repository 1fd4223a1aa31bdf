"""The route that shows a draft on both phones: nothing of it is stored."""

from __future__ import annotations

import asyncio
import base64
import binascii
from functools import lru_cache
from typing import Any

import msgspec
from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from app.clock import MINUTE
from app.errors import InvalidPicture, Unavailable, invalid
from app.google.documents import class_of_program
from app.http.callers import merchant_of
from app.http.ports import Ports
from app.pictures.merchant import reencode_png
from app.programs import merchant_queries, publishing, queries, ruling, service
from app.programs.schemas import ProgramDocument
from app.programs.service import FIRST_SIGNER, Program
from app.storage.database import Transaction
from app.web.pages import draw_part, words_of
from app.web.preview_example import example_of
from app.web.preview_schemas import NewPreview, PreviewOut, WarningOut
from app.web.preview_warnings import warnings_of
from app.web.previewing import Draft, Preview, preview_of, sizes_of
from app.web.texts import Catalogue

BODY_MAX = 6 * 1024 * 1024  # four pictures in base64, and the program
PICTURES_KEPT = 8  # of at most some megabytes each: a page sends the same with every letter typed
PER_MINUTE = 240  # of a merchant: some people who type, each preview a tenth of a second of work
_NO_ISSUER = "3388000000000000000"  # stands in ids where this server has no account with Google
_DRAFT_SUFFIX = "draft"


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """What the database adds: the program that a draft replaces, its pictures, the merchant."""

    former: Program | None
    sizes: dict[str, bytes]
    pictures: dict[str, bytes]
    merchant_name: str


@post(
    "/v1/partner/previews",
    status_code=200,
    tags=["Programs"],
    summary="See a draft on both phones",
    opt={"callers": ("merchant",)},
    request_max_body_size=BODY_MAX,
)
async def preview(
    request: Request[Any, Any, Any], ports: NamedDependency[Ports], data: JSONBody[NewPreview]
) -> PreviewOut:
    """Judge a draft as publishing would, and draw it with an example member."""
    merchant_id, words = merchant_of(request).merchant_id, words_of(request)
    now = ports.clock.wall()
    ports.limiter.check("previews", str(merchant_id), per_hour=PER_MINUTE, now=now, window=MINUTE)
    stored = await ports.database.read(lambda tx: _stored(tx, merchant_id, data.of))
    loop, threads = asyncio.get_running_loop(), ports.threads
    sent = {role: _decoded(role, text) for role, text in data.images.items()}
    pictures: dict[str, bytes] = {
        role: await loop.run_in_executor(threads, _plain, role, png) for role, png in sent.items()
    }
    last = None if stored.former is None else stored.former.document
    told, program = await loop.run_in_executor(threads, _judged, data, last)
    draft = Draft(
        program=program,
        content=example_of(program, data.member, now=now, public_url=ports.settings.public_url),
        pictures=stored.pictures | pictures,
        sizes=await loop.run_in_executor(threads, sizes_of, pictures, stored.sizes),
        signer=await _signer(request, stored.former),
        issuer=await _issuer(request, stored.former),
        suffix=_DRAFT_SUFFIX if stored.former is None else class_of_program(stored.former)[1],
        issuer_name=stored.merchant_name,
        settings=ports.settings,
        now=now,
    )
    found = await loop.run_in_executor(threads, preview_of, draft)
    return PreviewOut(
        html=draw_part("preview.html", words, shown=found.shown),
        pictures={
            name: "data:image/png;base64," + base64.b64encode(png).decode()
            for name, png in found.pictures.items()
            if name not in data.known
        },
        warnings=_warnings(draft, found, told, words),
        pass_json=found.opened.document,
        google_class=found.google_class,
        google_object=found.google_object,
    )


def _stored(tx: Transaction, merchant_id: int, of: str | None) -> Stored:
    """Read what a draft keeps of the program it replaces. Raises NotFound for others' programs."""
    merchant = merchant_queries.merchant(tx, merchant_id)
    name = "" if merchant is None else merchant.name
    if of is None:
        return Stored(former=None, sizes={}, pictures={}, merchant_name=name)
    former = service.own_program(tx, merchant_id, of)
    images = queries.images_of(tx, former.program_id)
    found = {role: queries.image(tx, sha256) for role, sha256 in images.items()}
    return Stored(
        former=former,
        sizes=queries.artwork_of(tx, former.program_id),
        pictures={role: png for role, png in found.items() if png is not None},
        merchant_name=name,
    )


def _judged(data: NewPreview, last: ProgramDocument | None) -> tuple[list[str], Program]:
    """Refuse what could not be published; return what its rules should be warned of."""
    sent = data.program()
    sent = msgspec.structs.replace(sent, vectors=msgspec.UNSET)  # they are tried when publishing
    told = publishing.judge(sent, last)
    kept = sent if last is None else ruling.keeping(sent, last)
    return told, publishing.draft(kept)


def _warnings(draft: Draft, found: Preview, told: list[str], words: Catalogue) -> list[WarningOut]:
    listed = [
        WarningOut(
            code=each.code,
            path=each.path,
            text=words.text(f"preview.warning.{each.code}", **each.values),
        )
        for each in warnings_of(draft.program, draft.pictures, found.opened, found.google_object)
    ]
    listed += [WarningOut(code="google", path=it.path, text=it.text) for it in found.findings]
    # The code of the barcode is warned of above, in the reader's language.
    rules = [text for text in told if "iPhone" not in text and "iOS" not in text]
    return listed + [WarningOut(code="rules", path="rules", text=text) for text in rules]


async def _signer(request: Request[Any, Any, Any], former: Program | None) -> Any:
    signer_id = FIRST_SIGNER if former is None else former.signer_id
    return await request.app.state.signers.get(signer_id)


async def _issuer(request: Request[Any, Any, Any], former: Program | None) -> str:
    """Return Google's number of the issuer that the program's class would be of."""
    issuer_id = None if former is None else former.issuer_id
    try:
        loaded = await request.app.state.google.issuers.get(issuer_id)
    except (Unavailable, ValueError):
        return _NO_ISSUER
    return str(loaded.google_issuer)


def _decoded(role: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"images.{role}", "a PNG in base64 expected") from None


def _plain(role: str, png: bytes) -> bytes:
    try:
        return _reencoded(png)
    except InvalidPicture as refused:
        raise invalid(f"images.{role}", refused.detail) from None


@lru_cache(PICTURES_KEPT)
def _reencoded(png: bytes) -> bytes:
    return reencode_png(png)


ROUTES: list[Any] = [preview]

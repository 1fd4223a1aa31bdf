"""The fake Google's save page, plain HTML of our own, and what its button does."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import parse_qs

from app.sandbox.fake_google_answers import Refused, Reply, answered, page
from app.sandbox.fake_google_http import Request
from app.sandbox.fake_google_save import Saved, SaveDesk
from app.sandbox.fake_google_texts import BALANCES, balance_text, said

ACCOUNT = "demo@example.org"  # who is signed in at the page unless the form says otherwise
PAGES = ("/save/", "/gp/v/save/")  # ours, and Google's own
_LANGUAGE = "en"
_ADDED = "Added to the wallet"


def answer_page(desk: SaveDesk, request: Request) -> Reply:
    """Show a link (GET), save it (POST), or remove a card (POST /remove). Raises no Refused."""
    try:
        form = parse_qs(request.body.decode("utf-8", "replace"))
        account = form.get("account", [ACCOUNT])[0]
        if request.path == "/remove":
            desk.remove(form.get("object_id", [""])[0], account)
            return answered({})
        link = request.path.rpartition("/")[2]
        if request.method == "GET":
            return page("Google Wallet (sandbox)", _offer(desk.show(link)))
        ids = desk.save(link, account)
        if _wants_json(request):
            return answered({"objectIds": ids})
        return page(_ADDED, "".join(_card(each) for each in desk.show(link)))
    except Refused as refused:
        if _wants_json(request):
            return refused.reply()
        text = f"<p>{escape(refused.message)}</p>"
        return page("Something went wrong", text, refused.status)


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _offer(cards: list[Saved]) -> str:
    return (
        "".join(_card(each) for each in cards)
        + '<form method="post"><p><label>Account <input name="account" '
        f'value="{escape(ACCOUNT)}"></label></p><button>Add</button></form>'
    )


def _card(saved: Saved) -> str:
    of_class, document = saved.of_class, saved.document
    rows = [(_label(document, name), balance_text(document[name])) for name in _shown(saved)]
    if "accountId" in document:
        rows.append(
            (said(of_class, "accountIdLabel", _LANGUAGE) or "Number", document["accountId"])
        )
    fields = "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in rows)
    name = escape(said(of_class, "programName", _LANGUAGE))
    issuer = escape(said(of_class, "issuerName", _LANGUAGE))
    return f'<div class="pass"><h3>{name}</h3><p>{issuer}</p><dl>{fields}</dl></div>'


def _shown(saved: Saved) -> list[str]:
    return [name for name in BALANCES if name in saved.document]


def _label(document: Mapping[str, Any], name: str) -> str:
    return said(document[name], "label", _LANGUAGE) or "Balance"

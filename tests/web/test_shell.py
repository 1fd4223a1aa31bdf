"""What all pages share: language, theme, files kept by browsers, texts in both languages."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files
from pathlib import Path

from app.web.assets import assets
from app.web.texts import LANGUAGES, catalogue
from tests.flows.conftest import World

ROOT = Path(__file__).parent.parent.parent / "app" / "web"


def test_both_catalogues_have_the_same_texts_with_the_same_values() -> None:
    french, english = (catalogue(language).texts for language in LANGUAGES)
    assert french.keys() == english.keys()
    for name, text in french.items():
        other = english[name]
        assert type(text) is type(other), name
        assert text and other and all(text) and all(other), name
        for one, two in zip(forms(text), forms(other), strict=True):
            assert set(re.findall(r"\{\w+\}", one)) == set(re.findall(r"\{\w+\}", two)), name


def forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text


def test_every_text_that_a_template_or_script_names_is_there() -> None:
    known = catalogue("fr").texts
    for path in sorted((ROOT / "templates").rglob("*.html")) + sorted(
        (ROOT / "static").rglob("*.js")
    ):
        for name in re.findall(r"""\bt\(\s*["']([\w.-]+)["']\s*[,)]""", path.read_text()):
            assert name in known, f"{path.name} says {name}"


def test_templates_hold_no_inline_script_or_style() -> None:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        text = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), path.name
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert "| safe" not in text and "|safe" not in text, path.name
        assert not re.search(r"(src|href)=\"(https?:)?//", text), path.name


async def test_a_page_speaks_the_browsers_language_until_another_is_chosen(world: World) -> None:
    french = await world.client.get("/", headers={"Accept-Language": "fr-FR,en;q=0.5"})
    english = await world.client.get("/", headers={"Accept-Language": "en-GB"})
    assert '<html lang="fr"' in french.text and '<html lang="en"' in english.text
    chosen = await world.client.get("/?lang=en", headers={"Accept-Language": "fr"})
    assert '<html lang="en"' in chosen.text and "lang=en" in chosen.headers["set-cookie"]
    world.client.cookies.clear()
    kept = await world.client.get("/", headers={"Accept-Language": "fr", "Cookie": "lang=en"})
    assert '<html lang="en"' in kept.text
    odd = await world.client.get("/?lang=xx", headers={"Cookie": 'lang="><script>'})
    assert '<html lang="fr"' in odd.text and "set-cookie" not in odd.headers


async def test_a_theme_is_kept_and_others_are_not_taken(world: World) -> None:
    dark = await world.client.get("/", headers={"Cookie": "theme=dark"})
    assert 'data-theme="dark"' in dark.text
    odd = await world.client.get("/", headers={"Cookie": "theme=x%22onload"})
    assert "data-theme=" not in odd.text.split("<head>")[0]


async def test_files_are_kept_for_ever_under_their_hash_and_packed_when_asked(
    world: World,
) -> None:
    url = assets().url("base.css")
    answer = await world.client.get(url)
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    whole = (files("app.web") / "static" / "base.css").read_bytes()
    assert answer.content == whole and len(gzip.compress(whole)) < len(whole) / 2
    former = await world.client.get("/static/0000000000/base.css")
    assert former.status_code == 200 and former.headers["cache-control"] == "no-cache"
    for name in ("nothing.css", "../texts.py", "docs.html", "js", "%2e%2e/pages.py"):
        assert (await world.client.get(f"/static/{assets().version}/{name}")).status_code == 404


async def test_a_page_brings_a_strict_policy_and_names_no_other_host(world: World) -> None:
    answer = await world.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy and "default-src 'none'" in policy
    assert not re.search(r"(src|href)=\"(https?:)?//", answer.text)


async def test_the_wallet_can_be_installed(world: World) -> None:
    manifest = (await world.client.get("/manifest.webmanifest")).json()
    assert manifest["display"] == "standalone" and manifest["start_url"] == "/"
    for icon in manifest["icons"]:
        found = await world.client.get(icon["src"])
        assert found.status_code == 200 and found.headers["content-type"] == icon["type"]
    icon = await world.client.get("/favicon.ico")
    assert icon.content.startswith(b"\x89PNG")
    worker = await world.client.get("/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["cache-control"] == "no-cache"

"""The files of golden/: `python -m tests.passes.apple.golden` renews them; read the difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from passes.apple.document import pass_json
from passes.apple.package import manifest_of, prepare
from passes.apple.strings import strings_files
from tests.passes.apple.cards import CARDS, IMAGES, ISSUE, ISSUER, PROGRAMS

FOLDER = Path(__file__).parent / "golden"


def files() -> Iterator[tuple[str, bytes]]:
    """Yield name and content: pass.json, manifest and strings of each authority in fr and en."""
    for authority, card_of in CARDS.items():
        for languages in (("fr", "en"), ("en", "fr")):
            program = PROGRAMS[authority](*languages)
            template = prepare(program, ISSUER, IMAGES)
            document = pass_json(template.skeleton, card_of(program), ISSUE)
            name = f"{authority}.{languages[0]}"
            yield f"{name}.pass.json", msgspec.json.format(document, indent=1) + b"\n"
            manifest = manifest_of(template, document)
            yield f"{name}.manifest.json", msgspec.json.format(manifest, indent=1) + b"\n"
            for path, strings in strings_files(program).items():
                yield f"{name}.{path.replace('/', '.')}", strings


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in files():
        (FOLDER / name).write_bytes(content)

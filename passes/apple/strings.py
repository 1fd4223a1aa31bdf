"""`pass.strings` of each language: what the phone puts in place of the default language's words."""

from __future__ import annotations

from passes.apple.fields import designs
from passes.content import ProgramContent, Text, in_language

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def strings_files(program: ProgramContent) -> dict[str, bytes]:
    """Return the files by name, one per language; none for a program of one language.

    The default language has one too: without it a French phone would take the English words.
    A word that has two translations keeps the first: our labels, units and tiers before texts.
    """
    default = program.languages[0]
    words: dict[str, Text] = {}
    for text in _texts(program):
        said = {name: in_language(text, name, default=default) for name in program.languages}
        if len(set(said.values())) > 1:
            words.setdefault(said[default], said)
    if not words:
        return {}
    return {
        f"{language}.lproj/pass.strings": "".join(
            f'"{_escaped(word)}" = "{_escaped(said[language])}";\n' for word, said in words.items()
        ).encode()
        for language in program.languages
    }


def _texts(program: ProgramContent) -> list[Text]:
    labels = [text for design in designs(program).values() for text in design.texts()]
    return [*labels, program.description]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)

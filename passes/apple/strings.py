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
    if len(program.languages) < 2:
        return {}
    default = program.languages[0]
    files = {}
    for language in program.languages:
        words: dict[str, str] = {}
        for text in _texts(program):
            said = in_language(text, default, default=default)
            words.setdefault(said, in_language(text, language, default=default))
        lines = [f'"{_escaped(word)}" = "{_escaped(said)}";\n' for word, said in words.items()]
        files[f"{language}.lproj/pass.strings"] = "".join(lines).encode()
    return files


def _texts(program: ProgramContent) -> list[Text]:
    labels = [text for design in designs(program).values() for text in design.texts()]
    return [*labels, program.description]


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)

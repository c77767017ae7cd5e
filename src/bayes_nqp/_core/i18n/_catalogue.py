"""Translation catalogues: one folder per language, read at first use."""

from __future__ import annotations

from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
"""The language of the source, which needs no catalogue."""
FOLDER: Final = Path(__file__).parent / "locale"
_FILE: Final = "LC_MESSAGES/bayes_nqp.po"


def languages() -> tuple[str, ...]:
    """Return the available languages: English and those with a catalogue."""
    folders = sorted(path.parents[1].name for path in FOLDER.glob(f"*/{_FILE}"))
    return (ENGLISH, *folders)


@cache
def catalogue_of(language: str) -> NullTranslations:
    """Read the catalogue of a language.

    Parameters
    ----------
    language : str
        One of `languages`; for English and unknown languages the messages are not translated.
    """
    if language == ENGLISH or language not in languages():
        return NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = BytesIO()
    with (FOLDER / language / _FILE).open("rb") as text:
        catalogue = read_po(text, locale=language)
    for entry in list(catalogue):
        if entry.id and not all(entry.string or ()):  # plurals that lack a form
            catalogue.delete(entry.id, entry.context)
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)

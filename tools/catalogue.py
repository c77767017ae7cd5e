"""Bring the catalogues of all languages up to date with what the sources say.

    python -m tools.catalogue           (or: make update)

New messages are added without a translation, those that nothing says any more are left out. A new
language is a new folder with a catalogue whose entries wait for a translation; one that is there
keeps its own:

    python -m tools.catalogue fr
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "bayes_nqp"
LOCALES = PACKAGE / "_core" / "i18n" / "locale"
CALLS = {"Message", "message", "translate", "note", "asks"}
"""Calls whose first argument is a message, whatever object they are looked up on; the second one of
`asks` is the title of a check."""

ERRORS = {"IdentificationError", "PanelError", "StudyError"}
"""Calls whose own words are messages: what, where, and what to try."""
REFUSING = ("_core/exceptions.py", "_core/hints.py", "_core/io/", "_core/limits.py",
            "data/column_inference/", "data/datasets/", "data/index/", "data/panel/",
            "data/reading/", "inference/model_frame/", "space/studies/", "studies/")  # fmt: skip
"""Rooms whose errors meet whoever brings a file or a study, and are said in its language."""

_WORDS = re.compile(r"\w|[;:,.()]")
"""What a language may put otherwise, beside places for parts."""

type Entry = tuple[str, str, str]
"""Context, English, English plural."""


def entries(tree: ast.AST, *, refused: bool = False) -> Iterator[Entry]:
    """Find the messages of a module: literals, or either branch of a choice between them.

    Parameters
    ----------
    refused : bool, default False
        Whether the words of its errors are messages too.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name == "counted" and len(node.args) == 2:
            yield from (("", f"{{n:,}} {x}", f"{{n:,}} {x}s") for x in _texts(node.args[1]))
        if refused and name in ERRORS:
            hints = [k.value for k in node.keywords if k.arg in ("where", "hint")]
            texts = (text for part in (*node.args[:1], *hints) for text in _texts(part))
            yield from (("", text, "") for text in texts if _WORDS.search(text))
        if name in CALLS:
            named = {k.arg: k.value for k in node.keywords}
            context, plural = (next(_texts(named.get(x)), "") for x in ("context", "plural"))
            if name == "asks":
                titles = (text for title in node.args[1:2] for text in _texts(title))
                yield from (("check", title, "") for title in titles)
            for text in _texts(node.args[0]):
                if context or _WORDS.search(re.sub(r"\{[^}]*\}", "", text)):
                    yield context, text, plural


def _texts(node: ast.AST | None) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def extracted(package: Path = PACKAGE) -> dict[Entry, list[str]]:
    """List the messages of the package, and the files that say them."""
    places: dict[Entry, list[str]] = {}
    for path in sorted(package.rglob("*.py")):
        place = path.relative_to(package)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for entry in entries(tree, refused=place.as_posix().startswith(REFUSING)):
            if entry[1]:
                places.setdefault(entry, []).append(place.as_posix())
    return places


def read(path: Path) -> Catalog:
    """Read a catalogue."""
    with path.open("rb") as text:
        return read_po(text, locale=path.parents[1].name)


def updated(old: Catalog, places: dict[Entry, list[str]]) -> Catalog:
    """Return a catalogue of what the sources say now, with the translations that it has."""
    new = Catalog(
        locale=old.locale, project="bayes_nqp", version="", charset="utf-8", fuzzy=False,
        header_comment="# Messages of bayes_nqp.",
        creation_date=old.creation_date, revision_date=old.revision_date,
    )  # fmt: skip
    for (context, text, plural), files in sorted(places.items(), key=lambda x: (x[1][0], x[0])):
        key = (text, plural) if plural else text
        known = old.get(text, context or None)
        translation = known.string if known is not None and known.id == key else ""
        where = [(file, None) for file in sorted(set(files))]
        new.add(key, translation or "", where, context=context or None,
                flags=known.flags if known else (),
                user_comments=known.user_comments if known else ())  # fmt: skip
    return new


def strings(value: object) -> tuple[str, ...]:
    """List the forms of an entry: the one that there is, or its plurals."""
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value or ""),)


def slots(template: str) -> set[tuple[str, str | None]]:
    """Places that a template holds, with their formats; `.0` leaves out what is in a place.

    Raises
    ------
    ValueError
        If some have a number and others have none, which nothing fills.
    """
    fields = [part for part in Formatter().parse(template) if part[1] is not None]
    if len({name == "" for _, name, *_ in fields if not (name or "0")[0].isalpha()}) > 1:
        raise ValueError(f"places with and without a number: {template!r}")
    unnamed = iter(range(len(fields)))
    return {
        (name or str(next(unnamed)), "" if form == ".0" else form) for _, name, form, _ in fields
    }


def misplaced(entry: Message) -> bool:
    """Whether a translation holds other places than the English does."""
    try:
        held = [slots(text) for text in strings(entry.string) if text]
        return any(slots(text) != other for text in strings(entry.id) for other in held)
    except ValueError:
        return True


def refuse_unknown(language: str) -> None:
    """Stop where there is no such language, or it is that of the sources."""
    try:
        good = str(Locale.parse(language)) == language != "en"
    except (UnknownLocaleError, ValueError):
        good = False
    if not good:
        raise SystemExit(f"{language!r} is no language to translate into: a code such as fr, pt_BR")


def write(catalogue: Catalog, path: Path) -> None:
    """Write a catalogue beside the old one, and put it in its place when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    with beside.open("wb") as file:
        write_po(file, catalogue, width=100, include_lineno=False)
    beside.replace(path)


def main(languages: list[str]) -> None:
    """Write all catalogues, and those of new languages."""
    for language in languages:
        refuse_unknown(language)
    places = extracted()
    for language in languages:
        path = LOCALES / language / "LC_MESSAGES" / "bayes_nqp.po"
        day = datetime(2026, 1, 1, tzinfo=UTC)
        if path.exists():
            print(f"{language}: is there, and keeps its translations")
        else:
            write(Catalog(language, creation_date=day, revision_date=day), path)
    for path in sorted(LOCALES.glob("*/LC_MESSAGES/bayes_nqp.po")):
        catalogue = updated(read(path), places)
        write(catalogue, path)
        name, held = path.parents[1].name, [entry for entry in catalogue if entry.id]
        lacking = sum(not all(strings(entry.string)) for entry in held)
        print(f"{name}: {len(catalogue)} messages, {lacking} without a translation")
        for entry in filter(misplaced, held):
            print(f"{name}: other places than the English has: {strings(entry.string)}")


if __name__ == "__main__":
    main(sys.argv[1:])

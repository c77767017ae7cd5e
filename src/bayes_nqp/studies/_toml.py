"""A study to plain data, and what studies in a folder are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError, cut, nearest
from bayes_nqp._core.i18n import ENGLISH, Message, languages
from bayes_nqp._core.io import is_folder, no_file, read_toml, text_path
from bayes_nqp._core.texts import one_line
from bayes_nqp._core.validation import door


def read(path: Path) -> dict[str, Any]:
    """Read a study file as plain data.

    Raises
    ------
    StudyError
        If it is not there, or is no TOML; it names the line.
    """
    text_path(path, "the study")
    if wrong := no_file(path):
        folder = path.parent
        names = sorted(p.name for p in folder.glob("*.toml")) if is_folder(folder) else []
        raise StudyError(
            Message("the study {!r} {}", str(path), wrong),
            hint=nearest(path.name, names) if names else "bayes-nqp list FOLDER shows what is",
        )
    if path.suffix.lower() != ".toml" and _holds_data(path):
        raise StudyError(
            Message("{} holds data, and a study is a .toml file that names them", path.name),
            hint=Message(
                "bayes-nqp new {} looks at its columns and writes {}; then run that",
                path.name,
                path.with_suffix(".toml").name,
            ),
        )
    return read_toml(path)


def _holds_data(path: Path) -> bool:
    """Whether a file is one of data, by its ending."""
    from bayes_nqp.data.reading import SUFFIXES

    return path.suffix.lower() in SUFFIXES


@door
def language_of(path: str | Path) -> str:
    """Tell the language that a study asks for, also of one that is not valid; English otherwise.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.studies.language_of(nqp.studies.find("castle_doctrine"))
    'en'
    """
    try:
        language = read_toml(Path(path))["report"]["language"]
    except (StudyError, KeyError, TypeError):
        return ENGLISH
    return language if language in languages() else ENGLISH


@door
def titles(folder: str | Path = "models") -> dict[Path, str]:
    """List the studies of a folder.

    Returns
    -------
    dict of Path to str
        The title of each .toml file; of a broken one, what is wrong with it.

    Raises
    ------
    StudyError
        If there is no such folder.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> titles = nqp.studies.titles(nqp.studies.shipped())
    >>> [title for path, title in titles.items() if path.stem == "castle_doctrine"]
    ['Castle-doctrine laws and homicide']
    """
    folder = Path(folder)
    if not is_folder(folder):
        raise StudyError(
            Message("there is no folder {!r}", str(folder)),
            hint="name the folder that holds the studies: bayes-nqp list FOLDER",
        )
    title_of = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            title_of[path] = cut(one_line(str(read(path).get("title", "(no title)"))))
        except StudyError as error:
            title_of[path] = f"({error.what})"
    return title_of

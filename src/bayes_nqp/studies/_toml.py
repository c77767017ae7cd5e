"""Read a study as plain data, and list the titles of the studies in a folder."""

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
        If the file does not exist or is not valid TOML; the message names the line.
    """
    text_path(path, "the study")
    if wrong := no_file(path):
        folder = path.parent
        names = sorted(p.name for p in folder.glob("*.toml")) if is_folder(folder) else []
        raise StudyError(
            Message("the study {!r} {}", str(path), wrong),
            hint=nearest(path.name, names)
            if names
            else "list the available studies with bayes-nqp list FOLDER",
        )
    if path.suffix.lower() != ".toml" and _holds_data(path):
        raise StudyError(
            Message(
                "{} is a data file; a study is a .toml file that names the data file", path.name
            ),
            hint=Message(
                "write a study with bayes-nqp new {}, which creates {}; then run that file",
                path.name,
                path.with_suffix(".toml").name,
            ),
        )
    return read_toml(path)


def _holds_data(path: Path) -> bool:
    """Return True if the ending is that of a data file."""
    from bayes_nqp.data.reading import SUFFIXES

    return path.suffix.lower() in SUFFIXES


@door
def language_of(path: str | Path) -> str:
    """Return the language of a study, even if the study is invalid; English by default.

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
        The title of each .toml file; the problem if the file is invalid.

    Raises
    ------
    StudyError
        If the folder does not exist.

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
            Message("the folder {!r} does not exist", str(folder)),
            hint="name the folder of the studies: bayes-nqp list FOLDER",
        )
    title_of = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            title_of[path] = cut(one_line(str(read(path).get("title", "(no title)"))))
        except StudyError as error:
            title_of[path] = f"({error.what})"
    return title_of

"""The studies that come with the library, and finding one by its name."""

from __future__ import annotations

from pathlib import Path

import bayes_nqp
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_there
from bayes_nqp._core.validation import door


@door
def shipped() -> Path:
    """Find the folder of the library's own studies.

    Returns
    -------
    Path
        In an installed package a folder of it; in a checkout, ``models``.

    Raises
    ------
    StudyError
        If they are not there.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> (nqp.studies.shipped() / "castle_doctrine.toml").is_file()
    True
    """
    home = Path(str(bayes_nqp.__file__)).resolve().parent
    for folder in (home / "models", home.parents[1] / "models"):
        if any(folder.glob("*.toml")):
            return folder
    raise StudyError("the library's own studies are not there", hint="install the package again")


@door
def find(study: str | Path) -> Path:
    """Find a study: a file, or the name of one of the library's own.

    Returns
    -------
    Path
        As it is where it has an ending, or a folder.

    Raises
    ------
    StudyError
        If there is no study of that name.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.studies.find("castle_doctrine").name
    'castle_doctrine.toml'
    """
    path = Path(study)
    if is_there(path) or path.suffix or path.parent != Path():
        return path
    shipped_studies = {study_file.stem: study_file for study_file in shipped().glob("*.toml")}
    if path.name not in shipped_studies:
        raise StudyError(
            Message("the study {!r} is not there", str(study)),
            hint=nearest(path.name, shipped_studies)
            if shipped_studies
            else "bayes-nqp list FOLDER shows what is",
        )
    return shipped_studies[path.name]

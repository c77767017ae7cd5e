"""Studies that are shipped with the package, and their lookup by name."""

from __future__ import annotations

from pathlib import Path

import bayes_nqp
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import is_there
from bayes_nqp._core.validation import door


@door
def shipped() -> Path:
    """Return the folder of the shipped studies.

    Returns
    -------
    Path
        A folder of the installed package; in a checkout, ``models``.

    Raises
    ------
    StudyError
        If the folder is missing.

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
    raise StudyError(
        "the studies shipped with the package are missing", hint="reinstall the package"
    )


@door
def find(study: str | Path) -> Path:
    """Find a study by its file, or a shipped study by its name.

    Returns
    -------
    Path
        The path itself if it has an ending or a folder.

    Raises
    ------
    StudyError
        If no study has that name.

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
            Message("the study {!r} does not exist", str(study)),
            hint=nearest(path.name, shipped_studies)
            if shipped_studies
            else "list the available studies with bayes-nqp list FOLDER",
        )
    return shipped_studies[path.name]

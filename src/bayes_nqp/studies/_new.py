"""Commented study for a user's own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import NOTHING, Message, language_of
from bayes_nqp._core.io import draft, free, is_folder, text_path, write_csv, write_text, writing
from bayes_nqp._core.types import Language
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference import Guess, Look, guess, named, placed
from bayes_nqp.data.column_inference import look as looked
from bayes_nqp.data.reading import Found, first_row
from bayes_nqp.studies._intake_page import READ, IntakePage, intake_page
from bayes_nqp.studies._new_problems import all_problems, doubts_of, few_lost, listed_problems
from bayes_nqp.studies._new_text import Drop, study_text, with_channels
from bayes_nqp.studies._plugins import STUDY_TABLES
from bayes_nqp.studies._proposal import Proposal
from bayes_nqp.studies._study import Study, validate
from bayes_nqp.studies._words import in_toml


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """Study before it is written."""

    page: IntakePage
    guess: Guess
    text: str
    problems: tuple[str, ...]
    doubtful: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Refused:
    """File for which no study can be written."""

    page: IntakePage
    error: NQPError


@door
def new(
    file: str | Path,
    out: str | Path | None = None,
    *,
    roles: Mapping[str, Any] | None = None,
    zones: bool = False,
    language: Language | None = None,
    page: bool = False,
) -> Proposal:
    """Write a commented study for a file, based on its columns.

    Parameters
    ----------
    file : str or Path
        A .csv, .xlsx, .dta, .sav or .parquet file.
    out : str or Path, optional
        New file of the study; by default in the folder of the data, with the ending .toml.
    roles : mapping, optional
        Columns that are known: unit, time, outcome, cohort, treated, treatment, strata.
    zones : bool, default False
        If True, the policy is the cross-border e-commerce pilot zones: they are merged, and rows
        that are not prefectures or identify no effect are excluded. By default, the study contains
        this only as comments.
    language : {"en", "zh"}, optional
        Language of the study and its report; by default that of the outcome's name.
    page : bool, default False
        If True, write a page with the ending .look.html to the folder of the study. It shows how
        the file was read and which problems prevent a run; it is also written if no study can be
        written. An existing page is replaced.

    Raises
    ------
    PanelError
        If the file cannot be read, or no columns can be the unit, the time or the outcome; if
        `zones` is True and no column contains prefectures.
    StudyError
        If no file is named; if the study already exists, or cannot be written.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> nqp.studies.new(f"{folder}/cities.csv").path.name
    'cities.toml'
    """
    file, path = _places(file, out)
    free(path)
    drafted = _drafted(file, path, roles or {}, zones, language)
    shown = path.with_suffix(".look.html")
    if page:
        write_text(shown, drafted.page.html())
    if isinstance(drafted, _Refused):
        if page:
            written = READ.fill(shown)
            drafted.error.add_note(written.in_(drafted.page.language))
        raise drafted.error
    write_text(path, drafted.text, replace=False)
    study = None if drafted.problems else validate(path)
    return Proposal(path, drafted.guess, study, drafted.page, drafted.problems, drafted.doubtful)


@door
def look(
    file: str | Path,
    out: str | Path | None = None,
    *,
    roles: Mapping[str, Any] | None = None,
    zones: bool = False,
    language: Language | None = None,
) -> IntakePage:
    """Inspect a file as `new` does, without writing a study.

    Parameters
    ----------
    file, out, roles, zones, language
        See `new`.

    Returns
    -------
    IntakePage
        Summary of reading the file; if no study could be written, its problems give the reasons.

    Raises
    ------
    StudyError
        If no file is named.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> nqp.studies.look(f"{folder}/cities.csv").language
    'en'
    """
    file, path = _places(file, out)
    return _drafted(file, path, roles or {}, zones, language).page


def _places(file: str | Path, out: str | Path | None) -> tuple[Path, Path]:
    """Return the paths of the data and of the study."""
    file = named(file)
    path = text_path(out, "--out") if out is not None else file.with_suffix(".toml")
    if not is_folder(path.parent):
        raise StudyError(
            Message("the folder {!r} does not exist", str(path.parent)),
            hint="create the folder first",
        )
    return file, path


def _drafted(
    file: Path, path: Path, roles: Mapping[str, Any], zones: bool, language: str | None
) -> _Draft | _Refused:
    """Guess the roles, and try the study that would be written."""
    roles, overview = {key: value for key, value in roles.items() if value}, None
    try:
        with in_toml("data"):
            overview = looked(file, placed=placed(roles))
        overview, proposal = _guessed(file, overview, roles, zones, language or "")
    except NQPError as error:
        spoken = overview.language if overview is not None else language_of(file.stem)
        error.language = language or spoken
        problems = [error.in_(error.language)]
        page = intake_page(file, path, overview, language=error.language, problems=problems)
        return _Refused(page, error)
    text_of = partial(study_text, overview, proposal, file, path)
    drop, study, problem = _with_likelihood(text_of, proposal, path)
    problems = [problem] if problem else []
    if problem:
        tried = partial(_tried_rows, overview=overview, path=path, first=first_row(file))
        problems = all_problems(problem, overview, proposal, tried)
    doubts = doubts_of(study, proposal) if study is not None else []
    problems += doubts
    text = text_of(drop=drop, problem=listed_problems(problems), doubtful=bool(doubts))
    if study is not None and not doubts:
        problem_of = partial(_problem, path=path, language=proposal.translate.language)
        for each in STUDY_TABLES.values():
            text = each.proposed(text, proposal, study.panel, problem_of)
        if proposal.mediators:
            text = with_channels(text, proposal, problem_of)
    page = intake_page(
        file, path, overview, proposal, language=proposal.translate.language, problems=problems,
        doubtful=bool(doubts), panel=study.panel if study is not None else None,
    )  # fmt: skip
    return _Draft(page, proposal, text, tuple(problems), bool(doubts))


def _guessed(
    file: Path, overview: Look, roles: dict[str, Any], zones: bool, language: str
) -> tuple[Look, Guess]:
    """Guess the roles; read again if the unit has missing values (a unit may be called NA)."""
    proposal = guess(overview, roles, zones=zones, language=language)
    unit = overview.columns.get(proposal.roles["unit"])
    if unit is None or unit.numeric or not unit.values.isna().any():
        return overview, proposal
    with in_toml("data"):
        overview = looked(file, (unit.name,), placed(roles))
    return overview, guess(overview, roles, zones=zones, language=language)


def _with_likelihood(
    text_of: Callable[..., str], proposal: Guess, path: Path
) -> tuple[Drop, Study | None, str]:
    """Find a version that runs; only offer a likelihood that prevents it, or excludes mediators."""
    if proposal.likelihood and proposal.stated("mediator"):
        proposal.withheld = proposal.translate("mediators require the Gaussian likelihood")
    found = _proposed(text_of, proposal, path)
    if not proposal.likelihood or proposal.withheld or found[1] is not None:
        return found
    proposal.withheld = found[2].splitlines()[0]
    gaussian = _proposed(text_of, proposal, path)
    if gaussian[1] is not None:
        return gaussian
    proposal.withheld = ""
    return found


def _proposed(
    text_of: Callable[..., str], proposal: Guess, path: Path
) -> tuple[Drop, Study | None, str]:
    """Find a version that runs; exclude unidentified effects if requested or if rows are few."""
    language = proposal.translate.language
    if proposal.problem is not None:
        return "no", None, proposal.problem.in_(language)
    study, problem = _tried(text_of(), path, language)
    if study is not None:
        return "no", study, ""
    without = _tried(text_of(drop="taken"), path, language)[0]
    if without is None:
        return "no", None, problem
    few = few_lost(without)
    if few:
        proposal.notes.append(few)
    return ("taken", without, "") if few or proposal.merges else ("offered", None, problem)


def _tried_rows(
    proposal: Guess, rows: pd.DataFrame, *, overview: Look, path: Path, first: int
) -> str:
    """Return the problem of a proposal with other rows of its file; "" if none."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / ("rows.csv" if first == 2 else "rows.parquet")
        if rows.index.is_unique:  # blank lines preserve the row numbers of the file
            rows = rows.reindex(range(first, int(rows.index.max()) + 1))
        if first == 2:
            write_csv(rows, file)
        else:
            rows.to_parquet(file, index=False)
        dates = [str(x) for x in rows.select_dtypes("datetime")] if first == 2 else []
        steps = {"dates": Found(dates, NOTHING, 0)} if dates else {}
        bare = replace(proposal, steps=steps, parts=proposal.roles["unit"])
        text = study_text(overview, bare, file, Path(folder) / "study.toml")
        return _tried(text, Path(folder) / "study.toml", proposal.translate.language)[1]


def _problem(text: str, path: Path, language: str) -> str:
    """Return the problem of a study; "" if none."""
    return _tried(text, path, language)[1]


def _tried(text: str, path: Path, language: str) -> tuple[Study | None, str]:
    """Validate a study in the folder in which it will be written."""
    with writing(path), draft(path) as beside:
        write_text(beside, text)
        try:
            return validate(beside), ""
        except NQPError as error:
            return None, error.in_(language).replace(beside.name, path.name)

"""State of the studio: a file, the study that is written for it, and its runs."""

from __future__ import annotations

import filecmp
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final

from bayes_nqp import studies
from bayes_nqp._core.exceptions import NQPError, PanelError, speaking
from bayes_nqp._core.i18n import ENGLISH, Message, language_of
from bayes_nqp._core.io import file_name, is_there, write_text
from bayes_nqp.data.column_inference import Guess, look
from bayes_nqp.data.reading import SUFFIXES
from bayes_nqp.studies import IntakePage, Study
from bayes_nqp.studio._edits import Edits, Way, differences, edited, value_of
from bayes_nqp.studio._run import Run, kept_runs
from bayes_nqp.studio._words import on_page

ROLES: Final = ("unit", "time", "outcome", "cohort", "treated", "treatment", "strata")
"""Roles that `new` accepts."""
_COPIES: Final = Path(".studies")
"""Copies of the studies that the studio wrote; a file that differs was changed by the user."""
COVARIATES: Final = ("data", "covariates")
MEDIATORS: Final = ("channels", "mediators")


@dataclass(eq=False)
class Desk:
    """File and its study, in the working directory.

    Parameters
    ----------
    file : Path or None
        File of the data.
    path : Path
        File of the study.
    given : dict
        Roles that the user chose, as arguments of `new`.
    zones : bool
        True if the policy is the pilot zones.
    language : str
        Language of the study and its report; "" for the default of `new`.
    columns, numeric : tuple of str
        Columns of the file; its numeric columns.
    base, text : str
        The study as written by `new`, and the current study.
    guess : Guess or None
        Guessed roles and steps, with reasons.
    study : Study or None
        The validated study; None if it cannot run.
    page : IntakePage or None
        Summary of reading the file, with the problems of the study as written by `new`.
    error : NQPError or None
        Problem that arose later.
    doubtful : bool
        True if the study could run, but the user has to agree first.
    """

    file: Path | None = None
    path: Path = Path()
    given: dict[str, Any] = field(default_factory=dict)
    zones: bool = False
    language: str = ""
    columns: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    base: str = ""
    text: str = ""
    guess: Guess | None = None
    study: Study | None = None
    page: IntakePage | None = None
    error: NQPError | None = None
    doubtful: bool = False
    runs: list[Run] = field(default_factory=list)
    last: str = ""
    """Role that was chosen last; problems that name no role are assigned to it."""

    @property
    def run(self) -> Run | None:
        """The run that was started last."""
        return self.runs[-1] if self.runs else None

    @property
    def state(self) -> tuple[object, ...]:
        """State that the pages show; it differs after every change."""
        return (
            self.file, self.path, self.text, str(self.given), self.zones, self.study, self.error,
            self.doubtful, len(self.runs),
        )  # fmt: skip

    def get(self, *way: str) -> Any:
        """Look up a value of the study."""
        return value_of(self.text, *way)

    @speaking("page")
    def open(self, source: Path, name: str = "", language: str = "") -> None:
        """Open a file in place of the current one, and write its study.

        The study that an earlier studio wrote for the same file is opened again. Files of other
        origin are not overwritten: the data and the study then have a number in their names.

        Parameters
        ----------
        name : str, optional
            Name of the file; by default that of the source.
        language : str, optional
            Language of the study and its report; by default that of the file.

        Raises
        ------
        PanelError
            If files with this ending cannot be read.
        """
        name = name or source.name
        if Path(name).suffix.lower() not in SUFFIXES:
            raise PanelError(
                Message("{!r} has a file format that cannot be read", name),
                hint=Message("save the data in one of these formats: {}", ", ".join(SUFFIXES)),
            )
        self.cancel()
        file, path = _places(source, name)
        if not is_there(file):
            shutil.copyfile(source, file)
        self.file, self.path, self.given, self.last, self.zones = file, path, {}, "", False
        self.runs = self.runs or kept_runs(path.stem)
        self.base, self.text = "", path.read_text(encoding="utf-8") if is_there(path) else ""
        self.guess, self.study, self.page = None, None, None
        self.columns = self.numeric = ()
        spoken = language_of(Path(name).stem)
        try:
            overview = look(file)
            self.columns, spoken = tuple(overview.columns), overview.language
            self.numeric = tuple(x for x, column in overview.columns.items() if column.numeric)
        except NQPError:
            pass  # studies.new reports the error
        self.language = language or (spoken if spoken != ENGLISH else "")
        text = self.text
        self._rewrite({})
        if text and self.base:
            self.retype(text)

    def role(self, key: str, value: Any) -> None:
        """Assign a column to a role; without a column, the role is guessed."""
        if key == "outcome" and self.logged:
            self.take_log(False)
        self.given, self.last = {**self.given, key: value}, key
        self._rewrite({way: x for way, x in self._edits().items() if way[:2] != ("data", key)})

    def take_zones(self, taken: bool) -> None:
        """State if the policy is the pilot zones."""
        self.zones = taken
        self._rewrite(self._edits())

    @property
    def outcome(self) -> str:
        """Column of the outcome, before any transformation."""
        return str(value_of(self.base, "data", "outcome") or "")

    @property
    def logged(self) -> bool:
        """True if the outcome is the logarithm of a column."""
        return bool(self.get("data", "outcome") == self._log_of(self.outcome))

    def chosen(self, way: Way) -> dict[str, bool]:
        """Return the columns in a list, each with True if its logarithm is used."""
        columns = {self._log_of(column): column for column in self.columns}
        return {columns.get(x, x): x in columns for x in self.get(*way) or ()}

    def choose(self, way: Way, names: Iterable[str], logged: Iterable[str] = ()) -> None:
        """Write columns to a list of the study, some of them as logarithms."""
        logs = {*logged}
        listed = [self._log_of(x) if x in logs else x for x in names]
        gone = way[:1] if way == MEDIATORS else way  # [channels] without mediators is invalid
        self.edit({**self._derived(logs, way), **({way: listed} if listed else {gone: None})})

    def take_log(self, taken: bool) -> None:
        """Use the logarithm of the outcome's column, or the column itself."""
        column, way = self.outcome, ("data", "outcome")
        # A logarithm is no count.
        likelihood = None if taken else value_of(self.base, "design", "likelihood")
        self.edit(
            {
                ("design", "likelihood"): likelihood,
                **self._derived({column} if taken else set(), way),
                way: self._log_of(column) if taken else column,
                ("report", "outcome"): f"ln {column}" if taken else column,
                ("report", "outcome_scale"): "log" if taken else None,
            }
        )

    def _log_of(self, column: str) -> str:
        """Return a new column name for a logarithm."""
        return next(
            name for n in count(1)
            if (name := f"ln_{column}" + (f"_{n}" if n > 1 else "")) not in self.columns
        )  # fmt: skip

    def _derived(self, logs: set[str], way: Way) -> Edits:
        """Derive the logarithms of a role; delete those that no role uses."""
        gone = self._logs(way) - logs
        for other in {("data", "outcome"), COVARIATES, MEDIATORS} - {way}:
            gone -= self._logs(other)
        formulas = {x: f"log(col({json.dumps(x, ensure_ascii=False)}))" for x in sorted(logs)}
        return {
            ("data", "derive", self._log_of(x)): formula
            for x, formula in (dict.fromkeys(sorted(gone)) | formulas).items()
        }

    def _logs(self, way: Way) -> set[str]:
        """Return the columns whose logarithms have a role."""
        names = self.get(*way) or ()
        names = {names} if isinstance(names, str) else {*names}
        return {x for x in self.columns if self._log_of(x) in names}

    def edit(self, edits: Mapping[Way, Any]) -> None:
        """Change values of the study."""
        self.retype(edited(self.text, edits))

    def retype(self, text: str) -> None:
        """Replace the text of the study."""
        self.text = text
        self._make_room()
        self._write()
        self._validate()

    def _write(self) -> None:
        """Write the study, and a copy that reveals later changes by other programs."""
        write_text(self.path, self.text)
        _COPIES.mkdir(exist_ok=True)
        write_text(_COPIES / self.path.name, self.text)

    def _make_room(self) -> None:
        """Choose another name if another program has changed the study."""
        assert self.file is not None
        if is_there(self.path) and not _own(self.path):
            self.path = _places(self.file, self.file.name)[1]

    def accept(self) -> None:
        """Accept a study that could run, but should be checked first."""
        self._validate()

    def start(self) -> Run:
        """Run the current study."""
        self.cancel()
        checks = 0 if self.study is None else len(self.study.checks)
        folder = Path("results")
        runs = (
            Run(number, self.text, folder / f"{self.path.stem}-{number}", checks)
            for number in count(len(self.runs) + 1)
        )
        run = next(x for x in runs if not any(map(is_there, (x.folder, x.study, x.early, x.log))))
        write_text(run.study, self.text)
        self.runs.append(run)
        run.start(self.path.absolute())
        return run

    def cancel(self) -> None:
        """Stop the run, if there is one."""
        if self.run is not None:
            self.run.cancel()

    def _edits(self) -> Edits:
        return differences(self.base, self.text) if self.base and self.text else {}

    @speaking("page")
    def _rewrite(self, edits: Edits) -> None:
        """Let `new` write the study again, and repeat the user's edits."""
        assert self.file is not None
        self.doubtful = False
        self._make_room()
        self.path.unlink(missing_ok=True)
        try:
            proposal = studies.new(
                self.file, self.path, roles=self.given, zones=self.zones,
                language=self.language or None,
            )  # fmt: skip
        except NQPError as error:
            self.study, self.error, self.page = None, error, None
            if self.text:
                self._write()
            return
        self.guess, self.base = proposal.guess, self.path.read_text(encoding="utf-8")
        self.study, self.page, self.error = proposal.study, proposal.page, None
        self.doubtful = proposal.doubtful
        self.text = self.base
        self._write()
        if edits:
            self.edit(edits)

    @speaking("page")
    def _validate(self) -> None:
        try:
            self.study, self.error, self.doubtful = studies.validate(self.path), None, False
        except NQPError as error:
            self.study, self.error = None, error

    @speaking("page")
    def page_in(self, language: str) -> IntakePage | None:
        """Return the summary of reading the file in a language; read it again if necessary."""
        if self.file is not None and (self.page is None or self.page.language != language):
            self.page = studies.look(
                self.file, self.path, roles=self.given, zones=self.zones, language=language
            )
        return self.page

    def problems(self, language: str) -> tuple[str, ...]:
        """Return the problems that prevent a run, in the terms of the page."""
        return tuple(on_page(problem, language) for problem in self._problems(language))

    @speaking("page")
    def _problems(self, language: str) -> tuple[str, ...]:
        if self.error is not None:
            return (self.error.in_(language),)
        page = self.page_in(language) if self.study is None else None
        return () if page is None else page.problems

    def fields(self, language: str) -> dict[str, list[str]]:
        """Return the problems by field; problems without a field are under ""."""
        problems: dict[str, list[str]] = {}
        for problem in self._problems(language):
            field = self._field_of(problem)
            problems.setdefault(field, []).append(on_page(problem, language))
        return problems

    def _field_of(self, problem: str) -> str:
        """Find the role that a problem names, by its key or otherwise by its column."""
        named = [(problem.find(f"data.{key}"), key) for key in ROLES]
        named += [
            (m.start(), key) for key in ROLES for m in re.finditer(rf"'{key}'|\b{key}=", problem)
        ]
        if not any(place >= 0 for place, _ in named):
            for key in ROLES:
                names = self.get("data", key)
                for name in names if isinstance(names, list) else [names]:
                    if isinstance(name, str) and name:
                        named += [
                            (m.start(), key) for m in re.finditer(re.escape(repr(name)), problem)
                        ]
        places = [pair for pair in named if pair[0] >= 0]
        return min(places)[1] if places else self.last


def _places(source: Path, name: str) -> tuple[Path, Path]:
    """Find names for data and their study at which no files of other origin exist."""
    stem, suffix, folder = file_name(Path(name).stem), Path(name).suffix, Path.cwd()
    inside = source.absolute().parent.resolve() == folder.resolve()
    for number in count(1):
        numbered = f"{stem}-{number}" if number > 1 else stem
        file, path = Path(source.name if inside else numbered + suffix), Path(f"{numbered}.toml")
        if _same(file, source) and (not is_there(path) or _own(path, file)):
            return file, path
    raise AssertionError  # unreachable: the count is infinite


def _same(file: Path, source: Path) -> bool:
    """Return True if a place for data is empty or contains the same bytes."""
    try:
        return not is_there(file) or filecmp.cmp(file, source, shallow=False)
    except OSError:
        return False


def _own(path: Path, file: Path | None = None) -> bool:
    """Return True if the studio wrote a study; for a given file, if one is named."""
    try:
        text = path.read_text(encoding="utf-8")
        copied = (_COPIES / path.name).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return text == copied and file in (None, Path(str(value_of(text, "data", "file"))))

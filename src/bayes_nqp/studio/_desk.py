"""What lies on the desk: a file, the study that is written for it, and its runs."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from bayes_nqp import studies
from bayes_nqp.errors import NQPError, speaking
from bayes_nqp.files import file_name, write_text
from bayes_nqp.intake import Guess, look
from bayes_nqp.studies import IntakePage, Study
from bayes_nqp.studio._edits import Edits, Way, differences, edited, value_of
from bayes_nqp.studio._run import Run, kept_runs

ROLES: Final = ("unit", "time", "outcome", "cohort", "treated", "strata")
"""What `new` can be told."""


@dataclass(eq=False)
class Desk:
    """A file and its study, in the working directory.

    Parameters
    ----------
    file : Path or None
        The data.
    given : dict
        Roles that somebody said, as `new` takes them.
    zones : bool
        Whether the policy is the pilot zones.
    base, text : str
        The study as `new` writes it, and as it is now.
    guess : Guess or None
        What was guessed, and why.
    study : Study or None
        As it was validated; None where it cannot run.
    page : IntakePage or None
        How the file was read, and what was in the way of the study as `new` writes it.
    error : NQPError or None
        What is in the way since.
    """

    file: Path | None = None
    given: dict[str, Any] = field(default_factory=dict)
    zones: bool = False
    columns: tuple[str, ...] = ()
    base: str = ""
    text: str = ""
    guess: Guess | None = None
    study: Study | None = None
    page: IntakePage | None = None
    error: NQPError | None = None
    runs: list[Run] = field(default_factory=list)
    last: str = ""
    """The role that was said last, to which problems belong that name none."""

    @property
    def path(self) -> Path:
        """The study's file."""
        assert self.file is not None
        return self.file.with_suffix(".toml")

    @property
    def run(self) -> Run | None:
        """The run that began last."""
        return self.runs[-1] if self.runs else None

    def get(self, *way: str) -> Any:
        """Look up a value of the study."""
        return value_of(self.text, *way)

    def open(self, source: Path, name: str = "") -> None:
        """Take a file on the desk, in the place of the one that is there, and write its study.

        Parameters
        ----------
        name : str, optional
            How it is called; as the source by default.
        """
        self.cancel()
        file = Path(file_name(name or source.name))
        if not file.exists() or not file.samefile(source):
            shutil.copyfile(source, file)
        self.file, self.given, self.last, self.zones = file, {}, "", False
        self.runs = self.runs or kept_runs(self.path.stem)
        self.base = self.text = ""
        self.guess, self.study, self.page = None, None, None
        try:
            self.columns = tuple(look(file).columns)
        except NQPError:
            self.columns = ()
        self._rewrite({})

    def role(self, key: str, value: Any) -> None:
        """Say which column plays a part; nothing leaves it to the guess."""
        if key == "outcome" and self.logged:
            self.take_log(False)
        self.given, self.last = {**self.given, key: value}, key
        self._rewrite({way: x for way, x in self._edits().items() if way[:2] != ("data", key)})

    def take_zones(self, taken: bool) -> None:
        """Say whether the policy is the pilot zones."""
        self.zones = taken
        self._rewrite(self._edits())

    @property
    def logged(self) -> bool:
        """Whether the outcome is the logarithm of a column."""
        return bool(self.get("data", "outcome") == f"ln_{self.outcome}")

    @property
    def outcome(self) -> str:
        """The column of the outcome, whatever is made of it."""
        return str(value_of(self.base, "data", "outcome") or "")

    def take_log(self, taken: bool) -> None:
        """Make the outcome the logarithm of its column, or the column again."""
        name = self.outcome
        formula = f"log(col({json.dumps(name, ensure_ascii=False)}))"
        self.edit(
            {
                ("data", "derive", f"ln_{name}"): formula if taken else None,
                ("data", "outcome"): f"ln_{name}" if taken else name,
                ("report", "outcome"): f"ln {name}" if taken else name,
                ("report", "outcome_scale"): "log" if taken else None,
            }
        )

    def edit(self, edits: Mapping[Way, Any]) -> None:
        """Change values of the study."""
        self.retype(edited(self.text, edits))

    def retype(self, text: str) -> None:
        """Take another text for the study."""
        self.text = text
        write_text(self.path, text)
        self._validate()

    def start(self) -> Run:
        """Run the study as it stands."""
        self.cancel()
        number = len(self.runs) + 1
        results = Path("results") / f"{self.path.stem}-{number}"
        while results.exists():
            number += 1
            results = Path("results") / f"{self.path.stem}-{number}"
        checks = 0 if self.study is None else len(self.study.checks)
        run = Run(number, self.text, results, checks)
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

    def _rewrite(self, edits: Edits) -> None:
        """Let `new` write the study, and repeat in it what was edited by hand."""
        assert self.file is not None
        self.path.unlink(missing_ok=True)
        try:
            proposal = studies.new(self.file, self.path, roles=self.given, zones=self.zones)
        except NQPError as error:
            self.study, self.error, self.page = None, error, None
            if self.text:
                write_text(self.path, self.text)
            return
        self.guess, self.base = proposal.guess, self.path.read_text(encoding="utf-8")
        self.study, self.page, self.error = proposal.study, proposal.page, None
        self.text = self.base
        if edits:
            self.edit(edits)

    def _validate(self) -> None:
        try:
            self.study, self.error = studies.validate(self.path), None
        except NQPError as error:
            self.study, self.error = None, error

    def page_in(self, language: str) -> IntakePage | None:
        """Say in a language how the file was read; it is looked at again where need be."""
        if self.file is not None and (self.page is None or self.page.language != language):
            self.page = studies.look(
                self.file, self.path, roles=self.given, zones=self.zones, language=language
            )
        return self.page

    def problems(self, language: str) -> tuple[str, ...]:
        """Say what is in the way of a run."""
        if self.error is not None:
            with speaking("toml"):
                return (self.error.in_(language),)
        page = self.page_in(language) if self.study is None else None
        return () if page is None else page.problems

    def fields(self, language: str) -> dict[str, list[str]]:
        """Sort the problems by the field that caused each; those of none are under ""."""
        problems: dict[str, list[str]] = {}
        for problem in self.problems(language):
            problems.setdefault(self._field_of(problem), []).append(problem)
        return problems

    def _field_of(self, problem: str) -> str:
        """Find the role that a problem names, by its key or else by its column."""
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

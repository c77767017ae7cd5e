"""The proposal of a study from a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bayes_nqp._core.i18n import Translator
from bayes_nqp._core.validation import door
from bayes_nqp.data.column_inference import Guess
from bayes_nqp.studies._intake_page import IntakePage
from bayes_nqp.studies._new_problems import listed_problems
from bayes_nqp.studies._study import Study


@door
@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Study that was written for a file.

    Parameters
    ----------
    path : Path
        File of the study.
    guess : Guess
        Guessed roles and steps, with reasons.
    study : Study or None
        The validated study; None if it cannot run yet, or should be checked first.
    page : IntakePage
        Summary of reading the file and of the guesses, for a browser.
    problems : tuple of str
        Problems that prevent a run.
    doubtful : bool
        True if the study could run, but should be checked first: no unit is untreated, or too many
        rows would be excluded.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> made = nqp.simulation.staggered(units=20, periods=6, cohorts=(4,), seed=1)
    >>> made.panel.frame.to_csv(f"{folder}/cities.csv", index=False)
    >>> proposal = nqp.studies.new(f"{folder}/cities.csv")
    >>> proposal.problems
    ()
    """

    path: Path
    guess: Guess
    study: Study | None
    page: IntakePage
    problems: tuple[str, ...] = ()
    doubtful: bool = False

    @property
    def problem(self) -> str:
        """Return the problems that prevent a run, numbered if there are several; "" if none."""
        return listed_problems(self.problems)

    @property
    def translate(self) -> Translator:
        """Return the translator of the study's language."""
        return self.guess.translate

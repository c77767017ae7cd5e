"""Result of running a study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from bayes_nqp._core.partial_failures import Omission
from bayes_nqp._core.validation import door
from bayes_nqp.checks import CheckResult, check_table
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.studies._study import Study


@door
@dataclass(frozen=True, eq=False, repr=False)
class Outcome:
    """Results of a study, and the folder to which they were written.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables by file name.
    folder : Path
        Folder of all results.
    moved : Path or None
        New place of an earlier folder of that name.
    seconds : float
        Run time in seconds.
    reused : tuple of str
        Checks and fits that were reused from an earlier run.
    fault : str
        Reason why some results could not be stored for later runs; empty if all were stored.
    omissions : tuple of Omission
        Parts that could not be made; everything else is written.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> import tomli_w
    >>> import bayes_nqp as nqp
    >>> folder = Path(mkdtemp())
    >>> roles = {"unit": "state", "time": "year", "cohort": "cohort", "outcome": "l_homicide"}
    >>> text = tomli_w.dumps({
    ...     "title": "Short", "data": {"dataset": "castle_doctrine", **roles},
    ...     "checks": {"run": ["convergence"]}, "figures": {"draw": []},
    ...     "report": {"formats": ["html"]},
    ... })
    >>> size = (folder / "short.toml").write_text(text, encoding="utf-8")
    >>> outcome = nqp.studies.run(folder / "short.toml", folder / "out", progress=False)
    >>> [result.name for result in outcome.checks]
    ['convergence']
    """

    study: Study
    fit: Fit
    checks: tuple[CheckResult, ...]
    tables: Mapping[str, pd.DataFrame]
    folder: Path
    moved: Path | None = None
    seconds: float = 0.0
    reused: tuple[str, ...] = ()
    fault: str = ""
    omissions: tuple[Omission, ...] = ()

    @property
    def failures(self) -> tuple[str, ...]:
        """Return failed convergence diagnostics and all failed checks."""
        gate = () if self.fit.gate.passed else (f"convergence diagnostics {self.fit.gate}",)
        return (
            *gate,
            *(f"check {c.name}: {c.figure}" for c in self.checks if c.verdict == "failed"),
        )

    def __repr__(self) -> str:
        table = check_table(self.checks)[["check", "verdict", "figure"]]
        lines = [
            f"<Outcome of {self.study.settings.title!r}>",
            f"  folder  {self.folder}",
            f"  gate    {self.fit.gate}",
            *(f"  {line}" for line in table.to_string(index=False).splitlines()),
            *(f"  {omission.sentence}" for omission in self.omissions),
        ]
        return "\n".join(lines)

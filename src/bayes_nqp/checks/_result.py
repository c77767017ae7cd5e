"""What a check says, and how a function becomes one."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp.errors import IdentificationError

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = [
    "DOUBT",
    "FAILS",
    "HOLDS",
    "NOT_APPLICABLE",
    "Check",
    "CheckResult",
    "Evidence",
    "Finding",
    "Kind",
    "NotApplicable",
    "Verdict",
    "asks",
]

type Verdict = Literal["holds", "in doubt", "fails", "not applicable"]
type Kind = Literal["none", "table", "event_study", "comparison"]
type Evidence = xr.Dataset | xr.DataArray | pd.DataFrame | None

HOLDS: Final = "holds"
DOUBT: Final = "in doubt"
FAILS: Final = "fails"
NOT_APPLICABLE: Final = "not applicable"


class NotApplicable(Exception):  # noqa: N818 - no error: the frame turns it into a verdict
    """Raised by a check that has nothing to ask of a fit; its text is the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Finding:
    """What a check's function returns.

    Parameters
    ----------
    verdict : {"holds", "in doubt", "fails", "not applicable"}
    figure : str
        The key figure, as text.
    sentence : str
        One plain sentence.
    evidence : Dataset, DataArray, DataFrame or None
    kind : {"none", "table", "event_study", "comparison"}
        How the evidence is to be drawn.
    """

    verdict: Verdict
    figure: str
    sentence: str
    evidence: Evidence = None
    kind: Kind = "none"


@dataclass(frozen=True, eq=False, repr=False)
class CheckResult:
    """A question about a fit, the evidence, and a verdict.

    Parameters
    ----------
    name : str
        Of the check.
    question : str
        What it asks.
    verdict : {"holds", "in doubt", "fails", "not applicable"}
        The answer in short.
    figure : str
        The key figure, as text.
    sentence : str
        The answer as one plain sentence.
    evidence : Dataset, DataArray, DataFrame or None
        What it rests on: "table", a DataFrame; "event_study", a Dataset of draws with the dim
        ``event_time``; "comparison", a Dataset of draws with the dim ``specification``.
    kind : {"none", "table", "event_study", "comparison"}
        How the evidence is to be drawn.
    """

    name: str
    question: str
    verdict: Verdict
    figure: str
    sentence: str
    evidence: Evidence = None
    kind: Kind = "none"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the check says and of its evidence."""
        text = (self.name, self.question, self.verdict, self.figure, self.sentence, self.kind)
        seal = hashlib.sha256(repr(text).encode("utf-8"))
        if isinstance(self.evidence, pd.DataFrame):
            seal.update(self.evidence.to_csv(index=False).encode("utf-8"))
        elif self.evidence is not None:
            named = self.evidence
            parts = named.data_vars if isinstance(named, xr.Dataset) else {"": named}
            for name in sorted(map(str, parts)):
                seal.update(name.encode("utf-8"))
                seal.update(np.ascontiguousarray(parts[name].values))
        return seal.hexdigest()

    def __repr__(self) -> str:
        lines = (
            f"<CheckResult {self.name}: {self.verdict}>",
            f"  question  {self.question}",
            f"  figure    {self.figure or '–'}",
            f"  answer    {self.sentence}",
        )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        colour = {HOLDS: "#1a7f37", DOUBT: "#9a6700", FAILS: "#b42318"}.get(self.verdict, "#57606a")
        return (
            f"<div><strong>{html.escape(self.question)}</strong> "
            f"<span style='color:{colour}'>{html.escape(self.verdict)}</span><br>"
            f"{html.escape(self.sentence)}<br><small>{html.escape(self.figure)}</small></div>"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """A check: a name, a question, and the function that answers it.

    Parameters
    ----------
    name : str
    question : str
    find : callable
        Takes a fit and returns a Finding; may raise `NotApplicable`.
    """

    name: str
    question: str
    find: Callable[[Fit], Finding]

    def __call__(self, fit: Fit) -> CheckResult:
        """Ask the question of a fit.

        Parameters
        ----------
        fit : Fit

        Returns
        -------
        CheckResult
            Not applicable, with the reason, where the data cannot answer.
        """
        try:
            found = self.find(fit)
        except NotApplicable as reason:
            found = Finding(NOT_APPLICABLE, "", str(reason))
        except IdentificationError as error:
            places = error.where.rstrip(".").split("; ")
            where = f" ({places[0]}{'; …' if len(places) > 1 else ''})" if places[0] else ""
            found = Finding(
                NOT_APPLICABLE, "", f"Its fit cannot be made: {error.what.rstrip('.')}{where}."
            )
        return CheckResult(
            self.name,
            self.question,
            found.verdict,
            found.figure,
            found.sentence,
            found.evidence,
            found.kind,
        )


def asks(question: str) -> Callable[[Callable[[Fit], Finding]], Check]:
    """Make a function a check, named as the function is.

    Parameters
    ----------
    question : str
        What the check asks.

    Returns
    -------
    callable
        A decorator.
    """

    def made(find: Callable[[Fit], Finding]) -> Check:
        return Check(find.__name__, question, find)

    return made

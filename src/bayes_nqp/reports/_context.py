"""What every section of a report is made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult, gate_words
from bayes_nqp.effects import cell_effects
from bayes_nqp.fitting import Fit
from bayes_nqp.language import Message, Translator, joined
from bayes_nqp.tables import per_words, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from bayes_nqp.panel import Panel

__all__ = ["Context", "Sketch"]


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A picture that is still to be drawn.

    Parameters
    ----------
    stem : str
        Name of its files.
    make : callable
        Draws it.
    data : callable, optional
        Gives the numbers behind it, as a table.
    """

    stem: str
    caption: str
    make: Callable[[], Figure]
    data: Callable[[], pd.DataFrame] | None = None


@dataclass(frozen=True, eq=False)
class Context:
    """A fit, its checks, and how the report is to speak of them.

    Parameters
    ----------
    prob : float
        Of intervals, equal-tailed.
    by : tuple of str
        Stratum factors by which effects are told apart.
    weights : str
        Of averages, as in ``att``.
    outcome, unit : str
        How the outcome is called, and its unit.
    notice : str
        What a reader must know before anything else.
    command : str
        What was typed, for the record.
    others : mapping of str to Fit
        Further fits, to stand beside this one.
    """

    given: Fit
    checks: Sequence[CheckResult]
    language: str = "en"
    prob: float = 0.95
    by: tuple[str, ...] = ()
    weights: str = "rows"
    outcome: str = ""
    unit: str = ""
    notice: str = ""
    title: str = ""
    question: str = ""
    command: str = ""
    others: Mapping[str, Fit] = field(default_factory=dict)

    @property
    def translate(self) -> Translator:
        """Words of the report's language."""
        return words(self.language, self.given)

    @property
    def names(self) -> dict[str, str]:
        """How the report calls the outcome and its unit, as attrs of effects."""
        named = {"outcome": self.outcome, "outcome_unit": self.unit}
        return {key: text for key, text in named.items() if text}

    @cached_property
    def fit(self) -> Fit:
        """The fit, with the outcome as the report calls it."""
        tree = self.given.tree.copy()
        tree["effects"].attrs.update(self.names)
        return replace(self.given, tree=tree)

    @cached_property
    def effects(self) -> xr.Dataset:
        """The waist."""
        return cell_effects(self.fit)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Of `by`, what the effects know as a stratum factor."""
        known = schema.factors(self.effects)
        return tuple(name for name in self.by if name in known)

    @property
    def panel(self) -> Panel | None:
        """The rows, where the fit has them."""
        return self.fit.panel

    @property
    def channels(self) -> tuple[str, ...]:
        """The mediators, where channels were fitted."""
        paths = (str(path) for path in self.effects[v.PATH].to_numpy())
        return tuple(path for path in paths if path not in (v.TOTAL, v.DIRECT))

    @property
    def staggered(self) -> bool:
        """Whether units adopt at known times, so that there is an event time."""
        event_time = self.effects[v.EVENT_TIME] if v.EVENT_TIME in self.effects.coords else None
        return event_time is not None and bool(event_time.notnull().any())

    @property
    def moved(self) -> dict[str, str]:
        """The exposure and how much of it effects are for; empty where a policy is adopted."""
        attrs = self.effects.attrs
        if not attrs.get("exposure"):
            return {}
        return {"exposure": str(attrs["exposure"]), "per": per_words(attrs, self.translate)}

    @property
    def look(self) -> dict[str, Any]:
        """What every plot is told."""
        return {"prob": self.prob, "language": self.language}

    def of(self, verdict: str) -> list[CheckResult]:
        """Find the checks with one verdict."""
        return [one for one in self.checks if one.verdict == verdict]

    def found(self, name: str) -> CheckResult | None:
        """Find a check by name.

        Returns
        -------
        CheckResult or None
            None if it was not asked.
        """
        return next((one for one in self.checks if one.name == name), None)

    def answer(self, one: CheckResult) -> str:
        """Give a check's answer in the report's language."""
        return one.said(self.language)

    def gate(self, *, reasons: bool = False) -> str:
        """Give the verdict of the fit's convergence gate in the report's language.

        Parameters
        ----------
        reasons : bool, default False
            Only what failed, for a sentence that says already that it did.
        """
        verdict = gate_words(str(self.fit.gate))
        if not reasons and not self.fit.gate.passed:
            verdict = Message("failed: {}", verdict)
        return self.translate.name(verdict)

    def joined(self, sentences: Iterable[str]) -> str:
        """Put sentences one after another, as the language does."""
        return self.translate.name(joined(sentences))

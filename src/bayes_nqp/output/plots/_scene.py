"""Inputs of the figures of one fit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.i18n import Translator
from bayes_nqp._core.texts import cleaned
from bayes_nqp.checks import CheckResult, ReportedPosterior, reported_posterior
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import words
from bayes_nqp.inference.fitting import Fit, renamed

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_DIAGRAMS = 6
"""Groups that one figure of channels holds."""


@dataclass(frozen=True, eq=False)
class Scene:
    """Fit, checks and options of figures.

    Parameters
    ----------
    given : Fit
        Fit without model averaging.
    prob : float
        Probability of equal-tailed intervals.
    by : tuple of str
        Factors of groups.
    weights : str
        Weights of averages, as in ``att``.
    outcome, unit : str
        Name of the outcome and its unit.
    plots : tuple of str, optional
        Names of the plots to draw; all by default.
    maps : mapping
        Other arguments of maps: ``boundaries`` of the user and their ``id``.
    spatial : bool, default False
        If True, spatial output was requested by a table [space] or by named checks.
    """

    given: Fit
    checks: Sequence[CheckResult]
    language: str = "en"
    prob: float = 0.95
    by: tuple[str, ...] = ()
    weights: str = "rows"
    outcome: str = ""
    unit: str = ""
    plots: tuple[str, ...] | None = None
    maps: Mapping[str, Any] = field(default_factory=dict)
    spatial: bool = False

    def __post_init__(self) -> None:
        """Clean the texts of users."""
        for name in ("outcome", "unit"):
            object.__setattr__(self, name, cleaned(getattr(self, name)))

    @property
    def translate(self) -> Translator:
        """Words of the scene's language."""
        return words(self.language, self.given)

    @property
    def effect_unit(self) -> str:
        """The unit of effects: the outcome's, or that of a link's scale."""
        return schema.effect_unit({**self.given.effects.attrs, "outcome_unit": self.unit})

    @property
    def names(self) -> dict[str, str]:
        """Return the names of the outcome and its unit, as attrs of effects."""
        named = {"outcome": self.outcome, "outcome_unit": self.unit}
        return {key: text for key, text in named.items() if text}

    @cached_property
    def fit(self) -> Fit:
        """The fit, with the outcome as the scene calls it."""
        return renamed(self.given, self.names)

    @cached_property
    def posterior(self) -> ReportedPosterior:
        """The posterior that is stated, and the one as fitted."""
        return reported_posterior(self.fit)

    @property
    def effects(self) -> xr.Dataset:
        """Return the reported effects: model average, or the fitted model without one."""
        return self.posterior.effects

    @cached_property
    def fitted(self) -> xr.Dataset:
        """Return the group-time effects of the fitted model."""
        return group_time_effects(self.fit)

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Return the factors of `by` that are stratum factors of the effects."""
        present = schema.factors(self.fitted)
        return tuple(name for name in self.by if name in present)

    @property
    def panel(self) -> Panel | None:
        """The rows, where the fit has them."""
        return self.fit.panel

    @property
    def look(self) -> dict[str, Any]:
        """Return the common options of plots."""
        return {"prob": self.prob, "language": self.language}

    @property
    def weighted(self) -> dict[str, Any]:
        """Return the common options of plots of averages."""
        return {**self.look, "weights": self.weights}

    def groups(self) -> Iterator[tuple[str, str | None]]:
        """Give endings of names and factors: all together, and every factor of few levels."""
        yield "", None
        for factor in self.factors:
            if len(set(self.fitted[factor].to_numpy().tolist())) <= _DIAGRAMS:
                yield f"_{factor}", factor

    def found(self, name: str) -> CheckResult | None:
        """Return a check by name.

        Returns
        -------
        CheckResult or None
            None if the check was not run.
        """
        return next((result for result in self.checks if result.name == name), None)

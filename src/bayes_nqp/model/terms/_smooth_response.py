"""A smooth response of the outcome to a continuous exposure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from annotated_types import Interval

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.predictors import ESTIMATED_FROM, EffectCurve
from bayes_nqp.model.specification import DoseSpec, EquationSpec, Facts, Term, Timing
from bayes_nqp.numerics.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel

_LEAST: Final = 4
"""Fewest knots of a curve: two bends."""
_WORDS: Final = Message(
    "The response to exposure departs from its line by a smooth function: a natural cubic "
    "smoothing spline, whose smoothness is estimated. It is the same in all groups and periods."
)
_QUESTION: Final = Message(
    "Do units with different exposures respond alike, so that the curve describes a change of "
    "exposure within units?"
)


@value("response", "smooth_response")
class SmoothResponse(Term):
    """Smooth response to a continuous exposure.

    The outcome of unit i in period t depends on its exposure by ``beta (D_it - reference) +
    f(D_it)``. f is a natural cubic smoothing spline, linear outside its knots. Half of the knots
    are quantiles of exposed observations; the others lie evenly between the outer ones, where
    quantiles are far apart. Over exposed observations, f is orthogonal to constants and lines:
    beta, which differs by stratum as usual, is the slope of the least-squares line of the response.
    f is common to all strata and periods. `dose_response` returns the response and its derivative.

    Parameters
    ----------
    knots : int, default 20
        Largest number of knots, at least 4.

    Raises
    ------
    StudyError
        If the number of knots is not an integer from 4 to 50.

    Notes
    -----
    Coefficients of f have an estimated scale with the prior ``priors.factor``; they are flat under
    ``NoPooling``.

    References
    ----------
    Green, P. and Silverman, B. (1994). Nonparametric regression and generalized linear models.
    Chapman and Hall: chapter 2.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.ContinuousExposure("trade", response=nqp.SmoothResponse()).response
    SmoothResponse(knots=20)
    """

    knots: Annotated[int, Interval(ge=4, le=50)] = 20

    role = "response"
    with_channels = False
    of_sums = False

    @property
    def question(self) -> Message:
        """The question about units that respond differently."""
        return _QUESTION

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Describe the curve."""
        return _WORDS

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The function of exposure."""
        return "f(D_{it})", {"f": Message("smooth function of exposure, orthogonal to lines")}

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the bends of the curve as columns.

        Raises
        ------
        StudyError
            If the design has no continuous exposure, or if other units are affected.
        IdentificationError
            If exposure has too few values.
        """
        if not isinstance(timing, DoseSpec):
            raise StudyError(
                Message("'response' is {!r}, but the design has no continuous exposure", self),
                hint="nqp.ContinuousExposure(..., response=nqp.SmoothResponse())",
            )
        if facts.reach != "none":
            raise StudyError(
                Message("'response' is {!r}, which 'spillovers' does not allow", self),
                hint="leave out 'response' or 'spillovers'",
            )
        exposed, dose = timing.values != 0.0, timing.values + timing.reference
        knots = self._knots(dose[exposed])
        if knots.size < _LEAST:
            raise IdentificationError(
                Message(
                    "quantiles of the exposure {!r} have {} different values, too few for a "
                    "smooth response",
                    timing.name, knots.size,
                ),
                hint="response=None",
            )  # fmt: skip
        labels = (timing.name, *(f"{timing.name}, bend {k + 1}" for k in range(knots.size - 2)))
        curve = EffectCurve(timing.name, None, None, dose, exposed, knots, labels)
        bends = dict(zip(labels[1:], curve.functions(dose)[:, 1:].T, strict=True))
        scales = dict(equation.scales)
        if not equation.pooling.flat:
            many = len(bends) >= ESTIMATED_FROM
            scale = Scale("response_bends", equation.priors.scale("factor"), estimated=many)
            scales |= dict.fromkeys(bends, scale)
        return replace(
            equation, columns={**equation.columns, **bends}, scales=scales, response=curve
        )

    def _knots(self, dose: Array) -> Array:
        """Return observed values: quantiles, and others evenly where quantiles are far apart."""
        if not dose.size:
            return dose
        half = (self.knots + 1) // 2
        quantiles = np.unique(np.quantile(dose, np.linspace(0.0, 1.0, half), method="nearest"))
        even = np.linspace(quantiles[0], quantiles[-1], self.knots - half + 2)
        seen = np.unique(dose)
        near = seen[np.abs(seen[:, None] - even[1:-1]).argmin(axis=0)]
        apart = np.abs(near[:, None] - quantiles).min(axis=1) > 0.5 * (even[1] - even[0])
        return np.unique(np.concatenate([quantiles, near[apart]]))

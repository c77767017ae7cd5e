"""Check of linearity of the response to a continuous exposure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import Hint, NotApplicable
from bayes_nqp._core.i18n import Message, advised, figures, joined, spanned
from bayes_nqp.checks.shared import (
    DOUBTFUL,
    FAILING,
    Finding,
    Guide,
    Verdict,
    asks,
    beside,
    ladder,
    quantities,
)
from bayes_nqp.checks.trends._leads import tail_of
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import (
    DOSE,
    REFITS,
    ROWS,
    UNIT_DOSES,
    Fit,
    covariate_slopes,
    refit,
    total_fit,
)
from bayes_nqp.model.designs import SmoothResponse

_KNOTS: Final = (0.05, 0.275, 0.5, 0.725, 0.95)
"""Quantiles of exposure at which the curve bends (Harrell 2015, table 2.3)."""
_WIDE: Final = 4.0
"""Width of the interval of the mean derivative, in multiples of the slope, that is too wide."""


@asks(
    "Is the response to exposure linear?",
    "dose response",
    place=44,
    needs=(DOSE, ROWS, UNIT_DOSES, REFITS),
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Joint test of the nonlinear terms of a restricted cubic spline of exposure, and the "
            "mean derivative of this curve over exposed observations next to the linear slope."
        ),
        thresholds=Message(
            "Failed: linearity has a tail probability below {0:.1%}, and the mean derivative "
            "differs from the slope by more than one posterior SD and more than chance explains. "
            "Caution: the tail probability is below {1:.0%}. Inconclusive: the 95 % interval of "
            "the mean derivative is wider than {2:.0f} times the slope. Passed: otherwise.",
            FAILING,
            DOUBTFUL,
            _WIDE,
        ),
        failure=Message(
            "The slope is an average of different marginal effects and does not describe one more "
            "unit of exposure."
        ),
        remedy=Message(
            "estimate the curve with {}, and report its mean derivative; or transform "
            "exposure, for example by its logarithm",
            Hint("response", SmoothResponse()),
        ),
        code='result = nqp.check(fit, "dose_response")\nresult.evidence',
        literature="Harrell (2015); Hausman (1978)",
        limits=Message(
            "The curve is common to all units; responses that differ between units are tested by "
            "exposure_heterogeneity."
        ),
    ),
)
def dose_response(fit: Fit) -> Finding:
    """Refit with a restricted cubic spline of exposure, which is linear beyond its outer knots.

    If the response is not linear, the slope averages derivatives with weights that depend on the
    variation of exposure, and may describe one more unit of exposure for few units only. The curve
    has knots at five quantiles of exposure (fewer if exposure has fewer values) and flat slopes;
    for mediation models it is that of the outcome without mediators. The verdict is *caution* if
    linearity has a tail probability below 2 %, and *failed* below 0.5 % if the mean derivative over
    exposed observations is more than a posterior SD away, and farther than its own uncertainty
    explains (Hausman 1978).

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper, per unit of exposure as in
        the fit: the linear slope; the mean derivative of the curve; and the mean ratio of the
        curve's total effect to exposure.

    References
    ----------
    Harrell, F. (2015). Regression Modeling Strategies, 2nd ed. Springer, section 2.4.5.
    """
    if any(term.role == "response" for term in fit.facts.terms):
        raise NotApplicable(Message("The design estimates a smooth response to exposure."))
    line = total_fit(fit)
    panel, exposure = line.rows, line.model_frame.exposure
    assert exposure is not None
    dose = exposure.values
    curve = Curve.of(dose)
    columns = {f"{exposure.name}, bend {k + 1}": x for k, x in enumerate(curve.at(dose).T)}
    rows, names = beside(panel, columns)
    bent = refit(line, line.variant(covariates=(*line.facts.covariates_of(panel), *names)), rows)
    slopes = covariate_slopes(bent, names).reshape(-1, len(names))
    exposed = dose[dose != 0.0]
    straight = att(bent).to_numpy().ravel()
    derivative = straight + exposure.unit * slopes @ curve.slope(exposed).mean(axis=0)
    rise = (curve.at(exposed) - curve.at(np.zeros(1))) / exposed[:, None]
    size = np.abs(exposed) > 1e-3 * np.abs(exposed).max()
    table = quantities(
        {
            "along a line": att(line).to_numpy().ravel(),
            "mean derivative along the curve": derivative,
            "along the curve, over all exposure": straight
            + exposure.unit * slopes @ rise[size].mean(axis=0),
        }
    )
    tail = tail_of(slopes, panel.unit_labels.size - 1.0)
    verdict, sentence = _judged(table, tail)
    figure = Message(
        "p of a linear response {:.2g}; slope {:.3g}, mean derivative of the curve {}",
        tail,
        table["mean"][0],
        spanned(*table.loc[1, ["mean", "lower", "upper"]]),
    )
    return Finding(verdict, figure, sentence, table, refit=bent)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Restricted cubic spline without its linear part: one column for each nonlinear term.

    With knots t_1 < … < t_k the columns are, for j up to k − 2,
    ``(x − t_j)³₊ − (x − t_k−1)³₊ (t_k − t_j) / d + (x − t_k)³₊ (t_k−1 − t_j) / d`` over
    ``(t_k − t_1)²``, d = t_k − t_k−1.
    """

    knots: Array

    @classmethod
    def of(cls, dose: Array) -> Curve:
        """Place knots at quantiles of exposure among exposed observations."""
        exposed = dose[dose != 0.0]
        knots = np.unique(np.quantile(exposed, _KNOTS))
        gaps = np.diff(knots, prepend=-np.inf) > 1e-6 * np.ptp(dose)
        if gaps.sum() < 3:
            raise NotApplicable(
                Message("Exposure has too few distinct values to estimate a nonlinear response.")
            )
        return cls(knots[gaps])

    def at(self, x: Array) -> Array:
        """Return the values of the columns (row, term)."""
        return self._columns(x, lambda z: np.maximum(z, 0.0) ** 3)

    def slope(self, x: Array) -> Array:
        """Return the derivatives of the columns (row, term)."""
        return self._columns(x, lambda z: 3.0 * np.maximum(z, 0.0) ** 2)

    def _columns(self, x: Array, power: Callable[[Array], Array]) -> Array:
        t, last, end = self.knots[:-2], self.knots[-2], self.knots[-1]
        inner = power(x[:, None] - t)
        before, after = power(x[:, None] - last), power(x[:, None] - end)
        bent = inner - (before * (end - t) - after * (last - t)) / (end - last)
        return np.asarray(bent / (end - self.knots[0]) ** 2)


def _judged(table: pd.DataFrame, tail: float) -> tuple[Verdict, Message]:
    line, curve = table.iloc[0], table.iloc[1]
    move = abs(curve["mean"] - line["mean"])
    chance = 1.96 * np.sqrt(max(curve["sd"] ** 2 - line["sd"] ** 2, 0.0))
    moved = move > max(line["sd"], chance)
    vague = curve["upper"] - curve["lower"] > _WIDE * abs(line["mean"])
    verdict = ladder(fails=tail < FAILING and moved, doubt=tail < DOUBTFUL, untold=vague)
    if tail < DOUBTFUL and moved:
        return verdict, Message(
            "The response to exposure is not linear: the mean derivative, the average effect of "
            "one more unit, is {} and the slope {}. The slope therefore does not describe an "
            "additional unit of exposure.",
            figures(curve["mean"], curve["sd"]),
            figures(line["mean"], curve["sd"]),
        )
    if tail < DOUBTFUL:
        return verdict, Message(
            "The response to exposure is not linear. The slope is an average: one more unit has a "
            "larger effect at some levels of exposure than at others."
        )
    if vague:
        imprecise = Message(
            "The data cannot distinguish a linear from a nonlinear response: the mean derivative "
            "of the curve is too imprecise."
        )
        step = Message(
            "Next: state that linearity is an assumption, or repeat the check with a "
            "transformation such as the logarithm of exposure."
        )
        return verdict, joined([imprecise, advised(step)])
    return verdict, Message("The data show no departure from a linear response to exposure.")

"""Check of the strength that omitted variables would need to explain the average effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal

import numpy as np
import xarray as xr
from annotated_types import Interval

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, detailed, joined
from bayes_nqp._core.types import Positive, Probability
from bayes_nqp.checks.shared import DOUBT, REPORTED, Finding, Guide, Verdict, asks, on_request
from bayes_nqp.effects.estimands import att, percent
from bayes_nqp.inference.fitting import ADDITIVE, ADOPTION, ROWS, SEPARATE, UNITS, Fit
from bayes_nqp.robustness import (
    AverageRegression,
    Coefficient,
    Stability,
    average_regression,
    benchmark,
)

type R2 = Annotated[float, Interval(gt=0, le=1)]

_ONE: Final = 1.0
"""Value of Oster's δ below which weaker selection than on covariates explains the effect."""
_GRID: Final = 41
"""Points of the contours along each axis."""
_MARGIN, _NARROWEST, _WIDEST = 1.25, 0.02, 0.95
"""Largest partial R² of the contours, in multiples of what they show, and its limits."""


@asks(
    "How strong would omitted variables have to be to explain the average effect?",
    "omitted variables",
    place=164,
    needs=(ADOPTION, ROWS, UNITS, SEPARATE, ADDITIVE),
    suits=on_request,
    guide=Guide(
        statistic=Message(
            "Oster's δ and bias-adjusted effect, and the robustness values and bounds of Cinelli "
            "and Hazlett. The average effect is a coefficient of a regression with unit and time "
            "effects, and all R² are net of these effects."
        ),
        thresholds=Message(
            "Caution: the 95 % confidence interval of the coefficient excludes zero, and δ is "
            "between 0 and {0:.0f}, or the interval includes zero with a confounder as strong as "
            "one of the covariates. Reported: otherwise, because strong unobserved confounders "
            "are never excluded.",
            _ONE,
        ),
        failure=Message(
            "Omitted variables no stronger than the observed covariates can explain the estimate."
        ),
        remedy=Message(
            "add covariates that determine adoption and the outcome, and report the adjusted "
            "interval"
        ),
        code='result = nqp.check(fit, "omitted_variables")\nnqp.table(result, "omitted_variables")',
        literature="Oster (2019); Cinelli and Hazlett (2020)",
        limits=Message(
            "The comparison is informative only if the covariates are important determinants. A "
            "confounder that is constant within units is already removed."
        ),
    ),
)
def omitted_variables(
    fit: Fit,
    *,
    effects: Literal["group-time", "constant"] = "group-time",
    r_max: R2 | None = None,
    times: Positive | Sequence[Positive] = (1.0, 2.0, 3.0),
    q: R2 = 1.0,
    alpha: Probability = 0.05,
) -> Finding:
    """Compute Oster's δ, and robustness values and bounds by partial R².

    The average effect is a coefficient of a least-squares regression with unit and time effects and
    the covariates of the design. With group-time effects it is the average over treated
    observations of one effect for each group-time cell, and differences between cells are further
    regressors. All R² are within R²: unit and time effects, and these differences, are removed
    first. The regression has neither the priors nor the error structure of the fit. Standard errors
    are clustered by unit; the evidence also has classical ones, as papers print them.

    Oster (2019) assumes that selection on omitted variables is δ times that on covariates. Both
    together have an R² of ``r_max``. The reported δ is the value at which the effect would be zero,
    by the exact formula. The bounds reach from the coefficient to that adjusted for δ = 1.

    Cinelli and Hazlett (2020) bound the bias by the partial R² of a confounder with treatment and
    outcome, and compare it with each covariate.

    Parameters
    ----------
    effects : {"group-time", "constant"}, default "group-time"
        "constant" gives the coefficient of two-way fixed effects, which averages effects with
        weights that may be negative if they differ.
    r_max : float, optional
        Largest R², between that with covariates and one; by default ``min(1.3 R², 1)``.
    times : float or sequence of float, default (1, 2, 3)
        Strengths of the confounder in multiples of each covariate.
    q : float, default 1
        Share of the effect that the robustness value removes.
    alpha : float, default 0.05
        Level of the tests and intervals.

    Returns
    -------
    Finding
        The evidence is a Dataset: ``value``, ``se`` and ``clustered_se`` (covariates), outcome
        units, ``r2`` (covariates), ``delta``, ``adjusted`` (β* for δ = 1), ``partial_r2``,
        ``robustness_value`` and ``robustness_value_alpha`` (errors); for each bound (bound) the
        ``covariate``, ``times``, partial R² and adjusted estimate, SE and interval; and
        ``contour`` and ``contour_t`` (r2_treatment, r2_outcome).

    Raises
    ------
    StudyError
        If ``r_max`` is below the R² with covariates.

    References
    ----------
    Oster, E. (2019). Unobservable selection and coefficient stability: theory and evidence.
    Journal of Business & Economic Statistics 37(2). Cinelli, C. and Hazlett, C. (2020). Making
    sense of sensitivity: extending omitted variable bias. Journal of the Royal Statistical Society
    B 82(1).
    """
    regression = average_regression(fit, constant=effects == "constant")
    stability, coefficient = regression.stability(), regression.coefficient()
    limit = _limit(stability, r_max)
    strengths = tuple(np.atleast_1d(np.asarray(times, dtype=np.float64)))
    bounds = _bounds(regression, coefficient, strengths, alpha)
    evidence = xr.merge(
        [
            _estimates(regression, stability, limit, q, alpha),
            bounds,
            _contours(coefficient, bounds, q),
        ]
    ).assign_attrs(
        fit.effects.attrs,
        q=q, alpha=alpha, r_max=limit, effects=effects, outcome=fit.rows.roles.outcome,
        critical=coefficient.critical(alpha),
    )  # fmt: skip
    values = evidence["robustness_value_alpha"].to_numpy()
    figure = Message(
        "δ = {:.2f} at R_max = {:.2f}; robustness value {:.1%}, {:.1%} at the {} level",
        float(evidence["delta"]), limit, float(evidence["robustness_value"]), float(values[0]),
        percent(alpha),
    )  # fmt: skip
    verdict, sentence = _judged(evidence, _bounds(regression, coefficient, (_ONE,), alpha), alpha)
    mean = detailed(
        Message(
            "The average effect is {:.3g} by this regression and {:.3g} by the fit.",
            coefficient.value, float(att(fit).mean()),
        )
    )  # fmt: skip
    return Finding(verdict, figure, joined([sentence, mean]), evidence, "omitted_variables")


def _limit(stability: Stability, r_max: float | None) -> float:
    if r_max is None:
        return stability.usual_r_max
    if r_max < stability.r2_long:
        problem = Message(
            "'r_max' is {:.3g}, below the within R² with covariates, {:.3g}",
            r_max, stability.r2_long,
        )  # fmt: skip
        raise StudyError(problem, hint=f"r_max={stability.usual_r_max:.3g}")
    return r_max


def _estimates(
    regression: AverageRegression, stability: Stability, limit: float, q: float, alpha: float
) -> xr.Dataset:
    """Return coefficients, Oster's statistics and robustness values."""
    both = [regression.coefficient(covariates=c) for c in (False, True)]
    last, side = both[1], "covariates"
    printed = Coefficient(last.value, last.se, last.freedom)
    reach = [x.robustness_value(q, alpha) for x in (last, printed)]
    return xr.Dataset(
        {
            "value": (side, [x.value for x in both]),
            "se": (side, [x.se for x in both]),
            "clustered_se": (side, [x.se * x.inflation for x in both]),
            "r2": (side, [stability.r2_short, stability.r2_long]),
            "delta": stability.delta(limit),
            "adjusted": stability.adjusted(limit),
            "partial_r2": last.partial_r2,
            "robustness_value": last.robustness_value(q),
            "robustness_value_alpha": ("errors", reach),
        },
        coords={side: ["without", "with"], "errors": ["clustered", "classical"]},
        attrs={"rows": regression.y.size, "freedom": last.freedom},
    )


def _bounds(
    regression: AverageRegression, coefficient: Coefficient, times: Sequence[float], alpha: float
) -> xr.Dataset:
    """Return estimates with a confounder in multiples of each covariate; NaN if impossible."""
    names, rows = [], []
    critical = coefficient.critical(alpha)
    for name in regression.covariates:
        own = regression.partial_r2(name)
        for k in times:
            names.append(name)
            r2 = benchmark(*own, k)
            if r2 is None:
                rows.append([k, *[np.nan] * 6])
                continue
            value, se = map(float, coefficient.adjusted(*r2))
            rows.append([k, *r2, value, se, value - critical * se, value + critical * se])
    labels = (
        "times", "bound_treatment", "bound_outcome", "bound_value", "bound_se", "bound_lower",
        "bound_upper",
    )  # fmt: skip
    columns = {label: ("bound", x) for label, x in zip(labels, np.transpose(rows), strict=True)}
    return xr.Dataset(columns, {"covariate": ("bound", np.asarray(names, dtype=str))})


def _contours(coefficient: Coefficient, bounds: xr.Dataset, q: float) -> xr.Dataset:
    """Return adjusted estimates and t over partial R² of a confounder."""
    reach, sides = coefficient.robustness_value(q), []
    for name in ("bound_treatment", "bound_outcome"):
        largest = _MARGIN * float(np.nanmax([reach, *bounds[name].to_numpy()]))
        sides.append(np.linspace(0.0, np.clip(largest, _NARROWEST, _WIDEST), _GRID))
    value, se = coefficient.adjusted(sides[0][:, None], sides[1][None, :])
    axes = ("r2_treatment", "r2_outcome")
    return xr.Dataset(
        {"contour": (axes, value), "contour_t": (axes, value / np.asarray(se))},
        coords=dict(zip(axes, sides, strict=True)),
    )


def _judged(evidence: xr.Dataset, alike: xr.Dataset, alpha: float) -> tuple[Verdict, Message]:
    """Return the verdict and the finding.

    Parameters
    ----------
    alike : Dataset
        Bounds with a confounder as strong as each covariate.
    """
    value, se = (float(evidence[name][1]) for name in ("value", "clustered_se"))
    delta, reach = float(evidence["delta"]), float(evidence["robustness_value_alpha"][0])
    if abs(value) <= evidence.attrs["critical"] * se:
        return REPORTED, Message(
            "The {} confidence interval of the coefficient includes zero without omitted "
            "variables, so there is no effect that they would have to explain.",
            percent(1.0 - alpha),
        )
    zero = (alike["bound_lower"] <= 0) & (alike["bound_upper"] >= 0)
    crossing = alike["covariate"].to_numpy()[zero.to_numpy()].tolist()
    weak = 0.0 < delta <= _ONE
    if weak or crossing:
        found = [
            Message(
                "Selection on omitted variables of {:.2f} times that on the covariates explains "
                "the effect.",
                delta,
            )
        ] if weak else []  # fmt: skip
        if crossing:
            found.append(
                Message(
                    "With a confounder as strong as {}, the {} confidence interval includes zero.",
                    crossing[0], percent(1.0 - alpha),
                )
            )  # fmt: skip
        return DOUBT, joined(found)
    needed = Message(
        "A confounder that explains less than {:.1%} of the residual variation of both treatment "
        "and outcome does not move the {} confidence interval to zero.",
        reach, percent(1.0 - alpha),
    )  # fmt: skip
    if delta < 0.0:
        against = Message("The covariates move the effect away from zero (δ = {:.2f}).", delta)
        return REPORTED, joined([needed, against])
    selection = Message(
        "Selection on omitted variables would have to be {:.1f} times that on the covariates.",
        delta,
    )
    return REPORTED, joined([needed, selection])

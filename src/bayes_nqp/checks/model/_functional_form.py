"""Check of the functional form: parallel trends in levels or in logarithms."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp._core.hints import evidence_of
from bayes_nqp._core.i18n import Message, Numeral, advised, joined, spanned
from bayes_nqp.checks.model._untreated import Untreated
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    UNTOLD,
    Finding,
    Guide,
    Verdict,
    asks,
    quantities,
)
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att, named_logarithm, relative_effects
from bayes_nqp.inference.fitting import (
    ADDITIVE,
    ADOPTION,
    REFITS,
    ROWS,
    SEPARATE,
    UNITS,
    Fit,
    panel_of,
    short_refit,
    total_fit,
)

_SURE: Final = 2.33
"""Value of Vuong's statistic above which one scale explains outcomes better."""
_FAR: Final = 1.0
"""Posterior SDs by which the effects on both scales may differ."""
_LOGS: Final = "panel.with_outcome(np.log(panel.outcome))"


def positive(panel: Panel) -> bool:
    """Return True if all outcomes are positive."""
    return bool(panel.outcome.min() > 0.0)


@asks(
    "Are trends parallel in levels or in logarithms of the outcome?",
    "functional form",
    place=125,
    needs=(ADOPTION, ROWS, UNITS, REFITS, ADDITIVE, SEPARATE),
    suits=positive,
    assumption=True,
    guide=Guide(
        statistic=Message(
            "Vuong's test of levels against logarithms on untreated observations, and the "
            "effect as a share of the untreated level on both scales.",
        ),
        thresholds=Message(
            "Caution: logarithms explain the outcome better by more than {0:.2f} SDs, and the "
            "two shares differ by more than {1:.0f} posterior SD or by their conclusion. "
            "Inconclusive: the shares differ and neither scale is better by {0:.2f} SDs. "
            "Otherwise passed.",
            _SURE,
            _FAR,
        ),
        failure=Message(
            "Trends are parallel on another scale, so the effect in levels may include a "
            "difference in growth between groups.",
        ),
        remedy=Message(
            "fit the logarithm, panel.with_outcome(np.log(panel.outcome)), and report "
            "its effect; {} has the effect in levels for comparison",
            evidence_of("functional_form"),
        ),
        code='nqp.check(fit, "functional_form").evidence',
        literature="Roth and Sant'Anna (2023); Vuong (1989)",
        limits=Message(
            "The check compares levels and logarithms only, and does not apply to outcomes "
            "with zeros or negative values.",
        ),
    ),
)
def functional_form(fit: Fit) -> Finding:
    """Test levels against logarithms of the outcome, and compare the effects on both scales.

    Trends that are parallel in logarithms are not parallel in levels, unless nothing changes over
    time or groups have the same distribution (Roth and Sant'Anna 2023). Untreated observations of y
    and of log y, net of unit effects, time effects and covariates, have normal log likelihoods;
    that of log y includes the Jacobian ``-log y``. Their difference is summed by unit, and the sum
    over ``sqrt(sum of squares)`` is the statistic of Vuong (1989), with units as observations, so
    that serial correlation does not matter. A refit to log y gives the effect as a share of the
    untreated level, ``exp(tau) - 1``.

    Returns
    -------
    Finding
        Its evidence is a DataFrame of quantity, mean, sd, lower, upper: the share in levels, and in
        logarithms.

    References
    ----------
    Roth, J. and Sant'Anna, P. (2023). When is parallel trends sensitive to functional form?
    Econometrica 91(2). Vuong, Q. (1989). Likelihood ratio tests for model selection and non-nested
    hypotheses. Econometrica 57(2).
    """
    alone = fit if fit.facts.channels is None else total_fit(fit)
    panel = panel_of(alone)
    if not positive(panel):
        raise NotApplicable(Message("Some outcomes are zero or negative, and have no logarithm."))
    if named_logarithm(panel.roles.outcome):
        raise NotApplicable(
            Message("{!r} is a logarithm already, by its name.", panel.roles.outcome)
        )
    logs = np.log(panel.outcome)
    z = preference(
        Untreated(alone.model_frame),
        panel.outcome[alone.model_frame.kept],
        logs[alone.model_frame.kept],
    )
    try:
        level = relative_effects(group_time_effects(alone)).to_numpy().ravel()
    except StudyError:
        raise NotApplicable(
            Message("The untreated level may be zero, so that no effect relative to it is defined.")
        ) from None
    # Standard errors of logarithms by the delta method.
    errors = None if panel.outcome_se is None else panel.outcome_se / panel.outcome
    other = short_refit(alone, alone.design, panel.with_outcome(logs, errors))
    table = quantities(
        {"in levels": level, "in logarithms": np.expm1(att(other).to_numpy().ravel())}
    )
    sd = 100.0 * float(table["sd"].min())
    ends = 100.0 * table[["mean", "lower", "upper"]].to_numpy()
    spans = [spanned(mean, lower, upper, sd) for mean, lower, upper in ends]
    verdict, sentence = _judged(table, z, spans)
    figure = Message(
        "effect as a share of the untreated level: {} % in levels, {} % in logarithms; log "
        "likelihood of logarithms minus that of levels: {:+z.1f} SDs",
        *spans,
        z,
    )
    return Finding(verdict, figure, sentence, table, refit=other)


def preference(untreated: Untreated, outcome: Array, logs: Array) -> float:
    """Return Vuong's statistic of logarithms over levels on untreated observations, in SDs.

    ``d_i = sum_t log f(log y_it) - log y_it - log f(y_it)``, f normal around unit and time effects,
    with the variance of its residuals; the statistic is ``sum d_i / (sum d_i²)^½``, d_i less their
    mean in the denominator.

    Parameters
    ----------
    outcome, logs : ndarray (row)
        Outcome and its logarithm for all observations of the plan.
    """
    residuals, _, _ = untreated.residuals(np.stack([outcome, logs]))
    variance = (residuals**2).mean(axis=1, keepdims=True)
    log_density = -0.5 * (np.log(variance) + residuals**2 / variance)
    by_row = log_density[1] - logs[untreated.rows] - log_density[0]
    by_unit = np.bincount(untreated.unit, by_row)
    return float(by_unit.sum() / (by_unit.std(ddof=1) * np.sqrt(by_unit.size)))


def _judged(table: pd.DataFrame, z: float, spans: list[Numeral]) -> tuple[Verdict, Message]:
    level, logs = table.iloc[0], table.iloc[1]
    signs = np.sign(table["lower"]) * (np.sign(table["lower"]) == np.sign(table["upper"]))
    far = abs(logs["mean"] - level["mean"]) > _FAR * max(level["sd"], logs["sd"])
    if not far and signs[0] == signs[1]:
        return HOLDS, Message(
            "The effect as a share of the untreated level is the same in levels and in logarithms."
        )
    if z <= -_SURE:
        return HOLDS, Message(
            "The effect in logarithms differs, but levels explain untreated outcomes better."
        )
    if z < _SURE:
        unclear = Message(
            "The effect as a share of the untreated level is {} % in levels but {} % in "
            "logarithms, and untreated outcomes do not show which scale is appropriate.",
            *spans,
        )
        choice = Message(
            "Trends are in general parallel on one of the two scales only, so the effect depends "
            "on this choice."
        )
        step = Message(
            "Next: report which scale is assumed and why, and both effects, in {}.",
            evidence_of("functional_form"),
        )
        return UNTOLD, joined([unclear, choice, advised(step)])
    better = Message(
        "A model in logarithms fits untreated outcomes better than one in levels, and the effect "
        "as a share of the untreated level differs ({1} % in logarithms, {0} % in levels).",
        *spans,
    )
    biased = Message(
        "If trends are parallel in logarithms, they are in general not parallel in levels, and the "
        "effect in levels may be biased."
    )
    step = Message(
        "Next: fit the logarithm, {0}, and report its effect; {1} has the effect in "
        "levels for comparison.",
        _LOGS,
        evidence_of("functional_form"),
    )
    return DOUBT, joined([better, biased, advised(step)])

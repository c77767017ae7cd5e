"""Check of the composition of clusters: whether the policy changes which persons are observed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, advised, joined, listed
from bayes_nqp.checks.shared import DOUBTFUL, FAILING, Finding, Guide, asks, ladder
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit, panel_of, refit

_NUMBER = Message("number of persons (log)")


@asks(
    "Does the policy change which persons are observed?",
    "composition of persons",
    place=22,
    needs=(ADOPTION, ROWS),
    assumption=True,
    suits=lambda panel: panel.exposure is not None and panel.outcome_se is not None,
    guide=Guide(
        statistic=Message(
            "Average effects of the same model on the mean of each covariate of persons, and on "
            "the logarithm of the number of persons, with p-values adjusted by Holm's method."
        ),
        thresholds=Message(
            "Failed: an adjusted p-value below {0:.3f}. Caution: below {1:.2f}. Passed: otherwise.",
            FAILING,
            DOUBTFUL,
        ),
        failure=Message(
            "The policy attracts or drives away persons, or the sample changes with it. The effect "
            "on means of clusters then contains the effect of the change in composition."
        ),
        remedy=Message(
            "restrict the sample to persons who lived in the cluster before the policy, or report "
            "the effect as one on places instead of persons"
        ),
        code='nqp.check(fit, "composition").evidence',
        literature="Hong (2013), Sant'Anna and Xu (2023)",
        limits=Message("Changes in characteristics that were not measured remain undetected."),
    ),
)
def composition(fit: Fit) -> Finding:
    """Fit the same design to means of covariates and to the number of persons of each cell.

    Returns
    -------
    Finding
        Its evidence is a DataFrame with a row for each variable: variable, mean, sd, lower, upper,
        p and p_adjusted (Holm 1979).
    """
    panel = panel_of(fit)
    if panel.exposure is None or panel.outcome_se is None:
        raise NotApplicable(Message("The panel is not one of persons in clusters."))
    outcomes: dict[str | Message, np.ndarray] = dict(
        zip(panel.roles.moderators, panel.moderators.T, strict=True)
    )
    first = np.unique(panel.unit_codes, return_index=True)[1]
    # Samples of a fixed size in each cluster do not change with the policy.
    if (panel.exposure != panel.exposure[first][panel.unit_codes]).any():
        outcomes[_NUMBER] = np.log(panel.exposure)
    if not outcomes:
        raise NotApplicable(Message("The panel has no covariates, and fixed numbers of persons."))
    lines = []
    for name, values in outcomes.items():
        draws = att(refit(fit, fit.variant(drop=True), panel.with_outcome(values))).to_numpy()
        mean, sd = float(draws.mean()), float(draws.std())
        low, high = np.quantile(draws, (0.025, 0.975))
        lines.append((name, mean, sd, low, high, 2.0 * float(ndtr(-abs(mean) / sd))))
    evidence = pd.DataFrame(lines, columns=["variable", "mean", "sd", "lower", "upper", "p"])
    evidence["p_adjusted"] = _holm(evidence["p"].to_numpy())
    lowest = evidence.iloc[int(np.argmin(evidence["p_adjusted"]))]
    least = float(lowest["p_adjusted"])
    figure = Message(
        "{}: {:.3g} [{:.3g}, {:.3g}], adjusted p {}; variables: {}",
        lowest["variable"], lowest["mean"], lowest["lower"], lowest["upper"],
        "< 0.001" if least < 0.001 else f"= {least:.3f}", len(evidence),
    )  # fmt: skip
    verdict = ladder(fails=least < FAILING, doubt=least < DOUBTFUL)
    if least >= DOUBTFUL:
        passed = Message("The observed persons do not change with the policy.")
        return Finding(verdict, figure, passed, evidence)
    changed = evidence.loc[evidence["p_adjusted"] < DOUBTFUL, "variable"].tolist()
    sentence = Message(
        "The persons who are observed change with the policy: {}. The average effect on means of "
        "clusters contains this change.",
        listed(changed, 4),
    )
    step = Message(
        "Next: restrict the sample to persons who lived in the cluster before the policy, or "
        "report the effect as one on places."
    )
    return Finding(verdict, figure, joined([sentence, advised(step)]), evidence)


def _holm(p: np.ndarray) -> np.ndarray:
    """Adjust p-values for their number (Holm 1979)."""
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    return np.minimum(steps, 1.0)[np.argsort(order)]

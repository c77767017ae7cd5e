"""Comparison of the model's SD with Conley and cluster-robust standard errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from bayes_nqp._core.exceptions import Hint, NotApplicable, NQPError
from bayes_nqp._core.hints import Code, evidence_of
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed
from bayes_nqp._core.types import Positive
from bayes_nqp.checks.model import (
    PAIRED_UNITS,
    Clusters,
    Influences,
    KernelVariance,
    average_influences,
    clusters_above,
    clusters_by,
    within,
)
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    Finding,
    Guide,
    asks,
    average_effect,
    labels,
    lasting_shocks,
    unit_word,
)
from bayes_nqp.data.spatial_weights import located, locations_of
from bayes_nqp.inference.fitting import ADDITIVE, ROWS, SEPARATE, UNITS, Fit, panel_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.space.checks._conley_kernel import Kernel, among, conley
from bayes_nqp.space.checks._neighbour_weights import alone, placed
from bayes_nqp.space.terms import Rings

_LIMIT = 1.2
"""Ratio of standard deviations above which the verdict is caution."""
_CHANCE = 0.05
"""Probability, over all kernels, of exceeding the limit if the model is true."""
_RINGS = (100.0, 200.0, 300.0)
"""Outer bounds of the recommended rings, km."""


@asks(
    "Are intervals wide enough for spatially correlated errors?",
    "spatial errors",
    place=176,
    needs=(ROWS, UNITS, ADDITIVE, SEPARATE),
    suits=located,
    guide=Guide(
        statistic=Message(
            'Ratio of Conley standard errors (km=300, kernel="bartlett") and of '
            "cluster-robust standard errors to the model's standard deviation, for the "
            "average effect."
        ),
        thresholds=Message(
            "Caution: a ratio above {:.1f} and above chance ({:.0%} over all kernels).",
            _LIMIT,
            _CHANCE,
        ),
        failure=Message(
            "Errors of neighbouring units are correlated, so the reported intervals are too narrow."
        ),
        remedy=Message(
            "fit again with shared shocks in the design, for example {0}, or report the "
            "larger standard error, in {1}",
            Code(
                'shocks=nqp.ClusterTimeEffects("province")',
                '[design] shocks = { type = "ClusterTimeEffects", by = "province" }',
            ),
            evidence_of("spatial_errors"),
        ),
        code='nqp.check(fit, "spatial_errors", km=200).evidence',
        literature="Conley (1999); Liang and Zeger (1986)",
        limits=Message(
            "Up to {:,} units can be compared. Correlation beyond the cut-off distance "
            "is not detected.",
            PAIRED_UNITS,
        ),
    ),
)
def spatial_errors(fit: Fit, *, km: Positive = 300.0, kernel: Kernel = "bartlett") -> Finding:
    """Compare Conley and cluster-robust standard errors with the model's standard deviation.

    All refer to the average effect of the saturated fit (an effect for every cell, errors at their
    posterior means), from influences of units summed over time, so they include any correlation
    within a unit. Conley's estimator allows units up to a distance to be correlated, with weights
    that fall to zero there (``bartlett``) or not (``uniform``). Cluster-robust ones use every
    column above units that is constant within them, such as a province.

    The evidence has standard errors over the posterior SD, and one by unit for comparison: it
    refers to the population of units, and exceeds the posterior SD if effects differ between units.
    The verdict compares each with its expected value under the model, as `error_model` does:
    ``sqrt(1 + (robust - expected) / model)``, in variances. Limits by chance use Satterthwaite's
    degrees of freedom.

    Parameters
    ----------
    km : float, default 300
        Distance in kilometres beyond which units are independent.
    kernel : {"bartlett", "uniform"}, default "bartlett"
        Weights of covariances by distance.

    References
    ----------
    Conley, T. G. (1999). GMM estimation with cross sectional dependence. Journal of Econometrics
    92(1). Liang, K.-Y. and Zeger, S. (1986).
    """
    panel, least = fit.rows, clusters_by(fit)
    above = list(clusters_above(fit, least))
    part = placed(panel)
    if part is None and not above:
        raise NotApplicable(
            Message(
                "The panel has no coordinates (columns 'longitude' and 'latitude') and no "
                "column of clusters above the units."
            )
        )
    parts = average_influences(fit)
    near = None if part is None else among(panel, part, conley(locations_of(part), km, kernel))
    called, variances = _variances(parts, [least, *above], near, km)
    table = _table(fit, called, variances)
    over = np.flatnonzero((table["ratio"] > table["limit"]).to_numpy()[1:]) + 1
    listing = [
        Message("{} {:.2f}", name, value)
        for name, value in zip(called, table["over_posterior_sd"], strict=True)
    ]
    figure = Message(
        "largest Conley or cluster-robust standard error over the model's SD: "
"{:.2f}; standard error over posterior SD: {}",
        float(table["ratio"][1:].max()), listed(listing, len(listing)),
    )  # fmt: skip
    if not over.size:
        sentence = Message(
            "Conley and cluster-robust standard errors are not larger than the model's "
            "standard deviation beyond chance."
        )
    else:
        sentence = _sentence(fit, table, called, over, [x.name for x in above])
    gone = None if part is None else alone(panel, part.unit_labels)
    sentence = sentence if gone is None else joined([sentence, detailed(gone)])
    return Finding(DOUBT if over.size else HOLDS, figure, sentence, table)


def _variances(
    parts: Influences, every: Sequence[Clusters], near: sparse.csr_array | None, km: float
) -> tuple[list[str], list[KernelVariance]]:
    """Return robust variances by unit, by distance and by cluster, with their names."""
    least, *above = every
    called: list[str] = [unit_word(least.name)]
    variances = [_clustered(parts, least.unit_effect)]
    if near is not None:
        called.append(Message("Conley, {:g} km", km))
        variances.append(parts.variance(near))
    for clusters in above:
        called.append(clusters.name)
        variances.append(_clustered(parts, clusters.codes))
    return called, variances


def _clustered(parts: Influences, codes: np.ndarray) -> KernelVariance:
    """Return the cluster-robust variance, with the factor ``clusters / (clusters - 1)``."""
    count = np.unique(codes).size
    return parts.variance(within(codes), count / (count - 1.0))


def _table(fit: Fit, called: Sequence[str], variances: Sequence[KernelVariance]) -> pd.DataFrame:
    """Return a table of standard errors by kernel, the first by unit."""
    chance, sd = 1.0 - _CHANCE / max(len(variances) - 1, 1), float(average_effect(fit).std())
    rows = [
        {
            "by": str(name), "se": (se := float(np.sqrt(max(x.variance, 0.0)))),
            "over_posterior_sd": se / sd, "expected_se": float(np.sqrt(x.expected)),
            "ratio": x.ratio, "limit": max(_LIMIT, x.quantile(chance)),
        }
        for name, x in zip(called, variances, strict=True)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    table.attrs |= labels(called)
    return table


def _sentence(
    fit: Fit, table: pd.DataFrame, called: Sequence[str], over: np.ndarray, above: Sequence[str]
) -> Message:
    """Return the largest ratio, its meaning and the recommended specification."""
    worst = int(over[np.argmax((table["ratio"] / table["limit"]).to_numpy()[over])])
    wide = Message(
        "Errors are correlated between units: the standard error by {} is {:.2f} "
"times the model's standard deviation.",
        called[worst], float(table["ratio"][worst]),
    )  # fmt: skip
    narrow = Message("The reported intervals are too narrow.")
    hint = _hint(fit, called[worst] if called[worst] in above else None)
    step = Message(
        "Next: report the larger standard error, in {}.",
        evidence_of("spatial_errors"),
    )
    if hint is not None:
        step = Message("Next: fit again with {} in the design.", hint)
    return joined([wide, narrow, advised(step)])


def _hint(fit: Fit, cluster: str | None) -> Hint | None:
    """Recommend a specification that can be fitted: shocks of the cluster, or distance bands."""
    shocks = None if cluster is None else lasting_shocks(fit, cluster)
    if shocks is not None and not fit.facts.has("shocks"):
        return Hint("shocks", shocks)
    if located(panel_of(fit)) and fit.takes("spillovers") and fit.facts.reach == "none":
        rings = Rings(_RINGS)
        try:
            model_frame_of(fit.variant(spillovers=rings), panel_of(fit))
        except NQPError:
            return None
        return Hint("spillovers", rings)
    return None

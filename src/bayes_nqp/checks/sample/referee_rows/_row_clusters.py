"""Robustness rows: cluster-robust standard errors, by unit, above units, and two-way."""

from __future__ import annotations

from functools import partial
from itertools import combinations

import numpy as np

from bayes_nqp._core.arrays import Index
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model import clusters_above, clusters_by, robust_ratio, within
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row, unit_word
from bayes_nqp.inference.fitting import Fit


@robustness_row(
    Message("robust standard errors"),
    place=85,
    errors=True,
    shows=Message(
        "Robust standard errors: the estimate is that of the fit. Its posterior SD is multiplied "
        "by the ratio of the robust standard error to its expected value under the model, in the "
        "model with a separate effect in every cell, and by 1 if this ratio is lower."
    ),
)
def clusters(fit: Fit, requested: Requested) -> Specifications:
    """Cluster by unit, by each column above units, and by two of these columns.

    Two-way clustering adds the variances by both columns, less that by their intersection
    (Cameron, Gelbach and Miller 2011).
    """
    least = clusters_by(fit)
    above = list(clusters_above(fit, least))
    for one in (least, *above):
        yield Message("clustered by {}", unit_word(one.name)), partial(_ratio, fit, [one.codes])
    for first, second in combinations(above, 2):
        label = Message("clustered by {} and by {}", first.name, second.name)
        yield label, partial(_ratio, fit, [first.codes, second.codes])


def _ratio(fit: Fit, codes: list[Index]) -> float:
    kernel = sum(map(within, codes))
    if len(codes) > 1:
        kernel = kernel - within(codes[0]) * within(codes[1])
    count = min(np.unique(x).size for x in codes)
    return robust_ratio(fit, kernel, count / (count - 1.0))

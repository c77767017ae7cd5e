"""CRITIC weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.doors import value
from bayes_nqp.index._scheme import Scope, linear, moments, shares, varies


@value("index")
class Critic:
    """CRITIC weights: spread, times disagreement with the other indicators.

    Weights are proportional to ``σ_j Σ_k (1 − r_jk)``, with standard deviations and Pearson
    correlations of the normalised indicators over all rows.

    References
    ----------
    Diakoulaki, D., Mavrotas, G. and Papayannakis, L. (1995). Determining objective weights in
    multiple criteria problems: the CRITIC method. Computers & Operations Research 22(7).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.Critic()
    Critic()
    """

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = True

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z."""
        label = varies(z)
        parts = np.zeros(z.shape[1])
        if label.sum() == 1:
            parts[label] = 1.0
        elif label.any():
            sd, correlation = moments(z[:, label], rows)
            parts[label] = sd * (1.0 - correlation).sum(axis=0)
        return shares(parts, "Critic()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        return linear(z, weights)

"""Position of observed statistics in their predictive distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import labels

_POSITIVE = ("kurtosis", "largest", "spread", "pre-period steps", "sd ")
"""First words of the names of positive, skewed statistics, whose logarithms are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """Observed statistics compared with replicated ones.

    Parameters
    ----------
    p_value : ndarray (statistic,)
        Two-sided: twice the share of replications at least as far out, on the nearer side.
    distance : ndarray (statistic,)
        Distance from the mean of the replications, in their standard deviations; for positive
        statistics, of logarithms.
    overall : float
        Share of replications whose largest distance is at least the observed one: the chance
        of any statistic being as far out.
    bound : float
        The 95 % quantile of the largest distance of replications.
    """

    names: tuple[str, ...]
    replicated: Array
    observed: Array
    p_value: Array
    distance: Array
    overall: float
    bound: float

    @property
    def worst(self) -> int:
        """Position of the statistic that is farthest out."""
        return int(np.argmax(np.abs(self.distance)))

    @property
    def outside(self) -> list[str]:
        """Statistics that are farther out than any statistic in 95 % of replications."""
        far = np.abs(self.distance) > self.bound
        return [name for name, out in zip(self.names, far, strict=True) if out]

    def dataset(self, **attrs: str | float) -> xr.Dataset:
        """Return evidence of the kind "predictive".

        Returns
        -------
        Dataset
            ``replicated`` (replication, statistic), ``observed``, ``p_value`` and ``distance``
            (statistic).
        """
        return xr.Dataset(
            {
                "replicated": (("replication", "statistic"), self.replicated),
                "observed": ("statistic", self.observed),
                "p_value": ("statistic", self.p_value),
                "distance": ("statistic", self.distance),
            },
            coords={"statistic": np.asarray(self.names, dtype=str)},
            attrs={
                "overall_p_value": self.overall,
                "bound": self.bound,
                **labels(self.names),
                **attrs,
            },
        )


def tail_of(observed: Mapping[str, Array], replicated: Sequence[Mapping[str, Array]]) -> Tail:
    """Compare statistics with their replications.

    Parameters
    ----------
    replicated : sequence of mappings of str to ndarray (replication,)
        Parts of the replications, in order.
    """
    names = tuple(observed)
    draws = np.stack([np.concatenate([part[n] for part in replicated]) for n in names], axis=1)
    actual = np.array([float(observed[n][0]) for n in names])
    below = (1 + (draws <= actual).sum(axis=0)) / (draws.shape[0] + 1)
    above = (1 + (draws >= actual).sum(axis=0)) / (draws.shape[0] + 1)
    values = np.concatenate([draws, actual[None]])
    positive = [k for k, name in enumerate(names) if name.startswith(_POSITIVE)]
    values[:, positive] = np.log(np.maximum(values[:, positive], 1e-300))
    center, spread = values[:-1].mean(axis=0), values[:-1].std(axis=0)
    distance = (values - center) / np.where(spread > 0, spread, 1.0)
    largest = np.abs(distance).max(axis=1)
    overall = (1 + int((largest[:-1] >= largest[-1]).sum())) / (draws.shape[0] + 1)
    return Tail(
        names, draws, actual, np.minimum(2 * np.minimum(below, above), 1.0), distance[-1],
        overall, float(np.quantile(largest[:-1], 0.95)),
    )  # fmt: skip


def autocorrelation(lag: int) -> Message:
    """Return the name of an autocorrelation."""
    return Message("autocorrelation, lag {}", lag)


_PHRASES: Final = {
    "autocorrelation, lag {}": Message("autocorrelation at lag {}"),
    "partial autocorrelation, lag {}": Message("partial autocorrelation at lag {}"),
    "sd within units": Message("the SD of untreated outcomes within units"),
    "sd of residuals": Message("SD of residuals"),
    "sd of changes": Message("the SD of changes of untreated outcomes between periods"),
    "treated less untreated": Message(
        "the mean difference between treated observations and their prediction from untreated ones"
    ),
    "sd of treated less untreated": Message(
        "the SD of the differences between treated observations and their prediction from "
        "untreated ones"
    ),
    "pre-period slope": Message("slope of treated relative to untreated units before adoption"),
    "last pre-period": Message(
        "difference between treated and untreated units in the last period before adoption"
    ),
    "pre-period steps": Message("changes of treated units between periods before adoption"),
    "kurtosis of innovations": Message("kurtosis of the innovations"),
    "largest innovation": Message("size of the largest innovation"),
    "largest eigenvalue, share": Message(
        "share of the largest eigenvalue of the covariance of untreated units (common movements)"
    ),
    "spread between strata": Message("differences of the error variance between strata"),
    "spread between periods": Message("differences of the error variance between periods"),
}
"""Names for sentences, by the template of the name in evidence."""


def phrase(statistic: str) -> str:
    """Return the name of a statistic for use in sentences, which differs from that in evidence."""
    if isinstance(statistic, Message) and statistic.template in _PHRASES:
        return _PHRASES[statistic.template].fill(*statistic.parts)
    return statistic

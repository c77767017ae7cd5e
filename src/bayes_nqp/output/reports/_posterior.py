"""Posterior summaries for sentences, and their wording.

The likelihood of a direction depends on its posterior probability, in the calibrated words of
the IPCC (Mastrandrea et al. 2010). Confidence in the assumptions is a separate scale
(`bayes_nqp.checks._confidence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import NOTHING, Message, Numeral, equality, figures
from bayes_nqp.effects.estimands import simultaneous_signs
from bayes_nqp.output.tables import decimals_for, percent

UNDECIDED = 0.9
"""Below this probability of a direction, none is claimed."""
LIKELY = 0.66
"""Below this probability under a less precise choice, a claimed direction is left open."""
_JOINT = 0.95
"""Probability that all hold of which one is named among others of its kind."""

_SURENESS: tuple[tuple[float, Message], ...] = (
    (0.99, Message("virtually certain")),
    (0.95, Message("extremely likely")),
    (UNDECIDED, Message("very likely")),
    (LIKELY, Message("likely")),
)


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior summary of one quantity.

    Parameters
    ----------
    mean, sd, lower, upper : float
        Mean, standard deviation and bounds of the equal-tailed interval.
    p_positive : float
        Posterior probability of a value above zero.
    prob : float
        Posterior probability of the interval.
    named : bool, optional
        For one of several quantities: True if its direction is credible jointly with theirs.
    """

    mean: float
    sd: float
    lower: float
    upper: float
    p_positive: float
    prob: float
    named: bool | None = None

    @property
    def p_direction(self) -> float:
        """Return the posterior probability of the more probable sign."""
        return max(self.p_positive, 1 - self.p_positive)

    @property
    def positive(self) -> bool:
        """Return True if a positive value is more probable than a negative one."""
        return self.p_positive >= 0.5

    @property
    def decided(self) -> bool:
        """Return True if the posterior probability is high enough to claim a direction."""
        return self.p_direction >= UNDECIDED if self.named is None else self.named


def posterior_of(draws: xr.DataArray, prob: float, *, named: bool | None = None) -> Posterior:
    """Summarise the draws of one number."""
    values: Array = draws.transpose(*v.SAMPLE_DIMS).to_numpy().astype(np.float64).ravel()
    tail = (1 - prob) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return Posterior(
        float(values.mean()),
        float(values.std(ddof=1)),
        float(lower),
        float(upper),
        float((values > 0).mean()),
        prob,
        named,
    )


def posteriors_of(draws: Sequence[xr.DataArray], prob: float) -> list[Posterior]:
    """Summarise several quantities and judge their signs jointly.

    Parameters
    ----------
    draws : sequence of DataArray (chain, draw)
        All quantities of one kind, such as all differences between groups or all mediators.
    """
    named = (
        simultaneous_signs(_stacked(draws), _JOINT)["named"].to_numpy().tolist() if draws else []
    )
    return [posterior_of(draw, prob, named=x) for draw, x in zip(draws, named, strict=True)]


def together(draws: Sequence[xr.DataArray]) -> float:
    """Return the probability that all quantities have the signs of their means."""
    every = _stacked(draws)
    same = np.sign(every) == np.sign(every.mean(v.SAMPLE_DIMS))
    return float(same.all("statement").mean())


def _stacked(draws: Sequence[xr.DataArray]) -> xr.DataArray:
    return xr.concat([draw.reset_coords(drop=True) for draw in draws], "statement")


def sureness(p_direction: float) -> Message:
    """Return the calibrated expression for the probability of a direction.

    Parameters
    ----------
    p_direction : float
        At least one half.

    Returns
    -------
    Message
        Empty below 0.66. Values below 0.9 occur only if an alternative choice limits the claim.
    """
    return next((words for least, words in _SURENESS if p_direction >= least), NOTHING)


def stated(p: float, subject: str = "P") -> Message:
    """Return a probability for a bracket in a sentence: P = 0.982, or P > 0.999.

    Parameters
    ----------
    subject : str, default "P"
        Symbol of the probability.
    """
    return Message("{} {}", subject, equality(p))


def printed(value: float, sd: float) -> Numeral:
    """Format a number with the same decimals as in tables."""
    return figures(value, sd, decimals_for([sd], None))


def level(posterior: Posterior, unit: str = "") -> Message:
    """Format the mean and the interval.

    Parameters
    ----------
    unit : str, default ""
        Unit of the outcome.
    """
    mean, lower, upper = (
        printed(x, posterior.sd) for x in (posterior.mean, posterior.lower, posterior.upper)
    )
    size = Message("{} {}", mean, unit) if unit else mean
    return Message("{} ({} interval {} to {})", size, percent(posterior.prob), lower, upper)

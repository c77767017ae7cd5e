"""``draws.summary()``: mean, SD and interval of posterior draws such as ``nqp.att(fit)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    import pandas as pd

    from bayes_nqp._core.draws import Draws


@attribute("Draws")
def summary(draws: Draws, prob: float = 0.95, kind: Literal["eti", "hdi"] = "eti") -> pd.DataFrame:
    """Summarise the draws, one row per label: ``nqp.summary(draws, prob, kind)``.

    Parameters
    ----------
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.

    Returns
    -------
    DataFrame
        As of `summary`.
    """
    return nqp.summary(draws, prob, kind)

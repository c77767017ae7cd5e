"""``fit.tidy()``: effects as one long data frame for custom plots and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.validation import attribute

_KEPT = ["sd", "lower", "upper", "p_positive"]


@attribute("Fit")
def tidy(
    fit: nqp.Fit,
    by: str | Sequence[str] | None = None,
    *,
    prob: float = 0.95,
    weights: str = "rows",
) -> pd.DataFrame:
    """List average effects, one a row: on the whole, and by one factor after another.

    Parameters
    ----------
    by : str or sequence of str, optional
        Factors, as in `att`. By default every stratum, "event_time" and "cohort"; of an exposure,
        which nobody adopts, the strata alone.
    prob : float, default 0.95
        Posterior probability of the interval, equal-tailed.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    DataFrame
        ``term`` ("ATT", or a level), ``estimate`` (posterior mean), ``sd``, ``lower``, ``upper``,
        ``p_positive``, and ``by``, the factor, empty on the whole. Outcome units.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> fit.tidy(by="cohort")["term"].tolist()
    ['ATT', '2006', '2007', '2008', '2009', '2010']
    """
    from bayes_nqp.effects.estimands import ResultFrame

    factors = [by] if isinstance(by, str) else by
    if factors is None:
        timed = schema.is_timed(fit.effects)
        factors = [*schema.factors(fit.effects), *((v.EVENT_TIME, v.COHORT) if timed else ())]
    return ResultFrame(pd.concat(_parts(fit, factors, prob, weights), ignore_index=True))


def _parts(
    fit: nqp.Fit, factors: Sequence[str], prob: float, weights: str
) -> Iterator[pd.DataFrame]:
    for by in ("", *factors):
        table = pd.DataFrame(nqp.summary(nqp.att(fit, by or None, weights), prob))
        terms = table[by].astype(str) if by else "ATT"
        yield pd.DataFrame({"term": terms, "estimate": table["mean"], **table[_KEPT], "by": by})

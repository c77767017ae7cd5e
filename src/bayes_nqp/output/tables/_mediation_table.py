"""Effects along every path, and channels against one another."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands import (
    By,
    by_path,
    channels_of,
    effects_of,
    pairwise_contrasts,
    proportion_mediated,
)
from bayes_nqp.output.tables._contrasts_table import paired
from bayes_nqp.output.tables._summary import SummaryTable, summary

_SHARE = ("proportion", "proportion_lower", "proportion_upper")


@door
def mediation_table(
    fit_or_effects: FitOrEffects,
    by: By = None,
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
) -> pd.DataFrame:
    """Summarise the direct, indirect and total effect, and the proportions mediated.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a ``Mediation``.
    by : str, sequence of str or mapping, optional
        As in ``att``.
    prob : float, default 0.95
        Posterior probability of intervals.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    weights : str, default "rows"
        As in ``att``.

    Returns
    -------
    DataFrame
        ``path`` ("direct", every mediator, where there are several "all mediators", "received" in
        spatial models, "total"), a column per dim of `by`, the columns of ``summary``, then of
        indirect effects ``proportion`` (of the total effect: posterior median),
        ``proportion_lower``, ``proportion_upper`` and ``withheld``, the reason why no proportion is
        reported.

    Raises
    ------
    StudyError
        As ``nie`` and ``summary``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.channels(units=40, periods=8, cohorts=(4, 6), seed=1).panel
    >>> fit = nqp.fit(nqp.Mediation(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.mediation_table(fit).columns[:3].tolist()
    ['path', 'mean', 'sd']
    """
    effects = effects_of(fit_or_effects)
    table = summary(by_path(effects, by, weights), prob, kind)
    share = proportion_mediated(effects, by, weights)
    centre = share.median(v.SAMPLE_DIMS)
    shares = summary(share, prob, kind).rename(columns={v.MEDIATOR: v.PATH})
    keys = [v.PATH, *(str(d) for d in share.dims if d not in (*v.SAMPLE_DIMS, v.MEDIATOR))]
    shares["proportion"] = _in_order(centre)
    shares = shares.rename(columns={"lower": _SHARE[1], "upper": _SHARE[2]})
    facts = table.attrs
    table = table.merge(shares[[*keys, *_SHARE]], on=keys, how="left", validate="one_to_one")
    indirect = ~table[v.PATH].isin([v.DIRECT, v.RECEIVED, v.TOTAL])
    lost = indirect & table["proportion"].isna()
    table["withheld"] = np.where(lost, "the total effect straddles zero", "")
    table = SummaryTable(table)
    table.attrs = facts
    return table


def _in_order(values: xr.DataArray) -> list[float]:
    flat = values.to_numpy().ravel()
    return [float(x) for x in flat[~np.isnan(flat)]]


@door
def mediator_comparison(
    fit_or_effects: FitOrEffects,
    by: By = None,
    prob: float = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
) -> pd.DataFrame:
    """Summarise the differences between the effects through every two mediators.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a ``Mediation``.
    by : str, sequence of str or mapping, optional
        As in ``att``: mediators are compared within every group.
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    weights : str, default "rows"
        As in ``att``.

    Returns
    -------
    DataFrame
        ``channel``, ``minus`` (the path of comparison), a column per dim of `by`, and the
        columns of ``summary``, of which ``p_positive`` is the probability that the effect through
        ``channel`` is the larger. "direct" is one of the paths.

    Raises
    ------
    StudyError
        As ``nie`` and ``summary``.

    Notes
    -----
    Effects are compared with their signs: of two negative effects, the one closer to zero is
    larger. A single indirect effect is causal only if mediators do not affect one another.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp._core import effects_schema as schema
    >>> from bayes_nqp.output.tables import mediator_comparison
    >>> effects = schema.build(
    ...     np.random.default_rng(1).normal(size=(4, 100, 4, 1)), strata={}, cohort=[2015],
    ...     time=[2015], event_time=[0], rows=[3], units=[3],
    ...     paths=["total", "direct", "digital", "finance"],
    ... )
    >>> mediator_comparison(effects)[["channel", "minus"]].values.tolist()
    [['direct', 'digital'], ['direct', 'finance'], ['digital', 'finance']]
    """
    draws = channels_of(by_path(fit_or_effects, by, weights))
    return paired(pairwise_contrasts(draws, v.PATH), "channel", prob, kind)

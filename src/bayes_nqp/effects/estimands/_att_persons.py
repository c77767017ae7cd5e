"""Average effects on persons, if units are clusters of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import att
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._registry import Offer, estimand

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit


def _of_persons(x: object) -> bool:
    panel = getattr(x, "panel", None)
    return panel is not None and panel.exposure is not None and panel.outcome_se is not None


PERSONS: Final[Offer] = Offer(
    _of_persons, Message("the panel is not one of persons in clusters, nqp.Panel.from_micro")
)
"""Panels of clusters that were made from persons."""


@estimand(Message("Average effect on treated persons"), place=15, needs=(PERSONS,))
@door
def att_persons(fit: Fit, by: By = None, path: str = v.TOTAL) -> xr.DataArray:
    """Average the effect over treated persons, where `att` averages over clusters and periods.

    Each cluster and period counts by its number of persons, or by the sum of their survey weights.
    Both averages differ if effects differ between large and small clusters.

    Parameters
    ----------
    fit : Fit
        Fit of a panel made by ``Panel.from_micro``.
    by : str, sequence of str or mapping, optional
        See `att`; not the cluster itself.
    path : str, default "total"
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws averaged over treated persons, with the scalar coordinate ``gate``.

    Raises
    ------
    StudyError
        If the panel has no numbers of persons, or ``by`` contains the cluster; also as `att`.

    Notes
    -----
    Let n_r be the persons of treated cluster and period r, N_c their sum in cell c, e_c the effect
    of the cell and d_r the deviation of r from it. The effect on the persons of the cell is ``e_c +
    sum_r n_r d_r / N_c``, and cells are averaged with the weights N_c.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> import numpy as np
    >>> cities = nqp.simulation.staggered(units=40, periods=8, cohorts=(4, 6), seed=1).panel.frame
    >>> persons = cities.loc[cities.index.repeat(10 + 2 * (cities.index % 7))]
    >>> persons = persons.reset_index(drop=True)
    >>> persons["outcome"] += np.random.default_rng(1).normal(size=len(persons))
    >>> panel = nqp.Panel.from_micro(
    ...     persons, cluster="unit", time="time", cohort="cohort", outcome="outcome"
    ... )
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.att_persons(fit).dims
    ('chain', 'draw')
    """
    if not _of_persons(fit):
        raise StudyError(PERSONS.reason, hint="nqp.att(fit)")
    effects, of = effects_of(fit), fit.model_frame.effects
    panel = fit.panel
    assert panel is not None
    assert panel.exposure is not None
    if v.DEVIATION in effects:
        # S_cm = sum_r (n_r / N_c - w_r / W_c) over the rows r of cluster m in cell c, with row
        # weights w: the mean deviation of persons less that of rows, which e_c contains.
        counts = (panel.exposure[of.rows], of.weight)
        shares = [x / np.bincount(of.cell, x, of.sizes.size)[of.cell] for x in counts]
        shape = (of.sizes.size, of.codes.size)
        apart = csr_array((shares[0] - shares[1], (of.cell, of.unit_effect)), shape=shape)
        deviation = effects[v.DEVIATION].to_numpy()
        added = (apart @ deviation.reshape(-1, shape[1]).T).T.reshape(*deviation.shape[:-1], -1)
        effects = effects.assign(
            {v.EFFECT: effects[v.EFFECT] + xr.DataArray(added, dims=effects[v.EFFECT].dims)}
        )
        effects = effects.drop_vars(v.DEVIATION)
    draws = att(effects, by, v.EXPOSURE, path).rename("att_persons")
    return draws.assign_attrs(weights="persons")

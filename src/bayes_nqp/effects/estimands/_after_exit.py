"""Effects after the end of a treatment, and of the actual path against no treatment."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import att, described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._by import along_path
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._registry import Offer, estimand

EXITS: Final[Offer] = Offer(
    lambda x: bool((schema.roles(effects_of(x)) == v.AFTER).any()),
    Message("these effects contain no periods after the end of a treatment"),
)
"""Effects on units whose treatment has ended."""


@estimand(Message("Effect after exit"), place=45, needs=(EXITS,))
@door
def after_exit(
    fit_or_effects: FitOrEffects, by: By = None, weights: str = "rows", path: str = v.TOTAL
) -> xr.DataArray:
    """Average the effect that remains after the treatment has ended.

    The comparison is with the expected outcome if the unit had never been treated.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a panel with ``treatment=`` or ``exit=``, with ``after="effects"``.
    by : str, sequence of str or mapping, optional
        Grouping variables: "exit_time" (periods since exit), "cohort" (which is here the period of
        exit), "time", "spell" (number of the spell before), or stratum factors.
    weights : str, default "rows"
        See `att`.
    path : str, default "total"
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws averaged over observations after exit, with the scalar coordinate ``gate``.

    Raises
    ------
    StudyError
        See `att`; also if no treatment ends, or if observations after exit are controls.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.exits(units=40, periods=10, seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.after_exit(fit).dims
    ('chain', 'draw')

    The probability that less than 0.1 remains in each period after exit:

    >>> remaining = nqp.rope(nqp.after_exit(fit, by="exit_time"), 0.1)
    """
    effects, role = along_path(effects_of(fit_or_effects), (v.EXIT_TIME,))
    average = average_of(effects, by, weights, None, role)
    draws = average.of_effects(effects, path).rename("after_exit")
    draws.attrs = described(
        effects, average, "effect after exit", by=by, weights=weights, path=path, balanced=None
    )
    return draws


@estimand(
    Message("Effect of the actual path against no treatment, since the first switch"),
    place=46, needs=(EXITS,),
)  # fmt: skip
@door
def first_switch(fit_or_effects: FitOrEffects, weights: str = "rows") -> xr.DataArray:
    """Compare the actual path of treatment with no treatment, by periods since first entry.

    Averages include all observations from the first entry on, treated or not: they combine effects
    of the treatment with effects that remain after it. This is the estimand of event-study effects
    under treatments that are not absorbing (de Chaisemartin and D'Haultfœuille).

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a panel with ``treatment=`` or ``exit=``, with ``after="effects"``.
    weights : str, default "rows"
        See `att`.

    Returns
    -------
    DataArray (chain, draw, first_switch), outcome units
        Draws, with the scalar coordinate ``gate``. The coordinate ``treated`` is the share of
        observations that are treated, by periods since the first entry.

    Raises
    ------
    StudyError
        See `after_exit`.

    References
    ----------
    de Chaisemartin, C. and D'Haultfœuille, X. (2024). Difference-in-differences estimators of
    intertemporal treatment effects. Review of Economics and Statistics.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.exits(units=40, periods=10, seed=1).panel
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.first_switch(fit).dims
    ('chain', 'draw', 'first_switch')
    """
    effects = effects_of(fit_or_effects)
    draws = att(effects, v.FIRST_SWITCH, weights).rename(v.FIRST_SWITCH + "_effect")
    cells, _ = along_path(effects, (v.FIRST_SWITCH,))
    steps, rows = cells[v.FIRST_SWITCH].to_numpy(), cells[v.ROWS].to_numpy()
    counted = cells[v.IDENTIFIED].to_numpy() * rows
    treated = counted * (schema.roles(cells) == v.TREATED)
    at = [steps == k for k in draws[v.FIRST_SWITCH].to_numpy()]
    share = np.array([treated[x].sum() / counted[x].sum() for x in at])
    result = draws.assign_coords({v.TREATED: (v.FIRST_SWITCH, share)})
    result.attrs = {**draws.attrs, "estimand": "effect of the actual path against no treatment"}
    return result

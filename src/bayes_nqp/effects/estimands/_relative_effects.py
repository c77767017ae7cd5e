"""Effects relative to the untreated outcome."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._outcome_levels import outcome_levels
from bayes_nqp.effects.estimands._registry import OUTCOMES, OWN_SCALE, estimand
from bayes_nqp.effects.estimands._words import text


@estimand(
    Message("Relative effect"),
    unit=Message("share of the untreated outcome"),
    place=30,
    needs=(OUTCOMES, OWN_SCALE),
)
@door
def relative_effects(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    path: str = v.TOTAL,
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Divide the average effect by the average untreated outcome, draw by draw.

    The untreated outcome of a cell is its mean observed outcome minus its total effect. The ratio
    is computed from means. Under a log link, such as that of ``Poisson()``, the untreated outcome
    of an observation is ``y exp(-effect)``. The ratio is then the proportional effect on the sum of
    the outcomes (Wooldridge 2023, Chen and Roth 2024). For an outcome in logs, use
    ``np.exp(att(...)) - 1`` instead.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects, with the cells' ``observed`` outcome.
    by : str, sequence of str or mapping, optional
        As in `att`; "unit" alone, and under a log link only. Units without events are NaN.
    weights : str, default "rows"
        See `att`.
    path : str, default "total"
        Path of the numerator.
    balanced : int, optional
        See `att`.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ...), dimensionless
        For example, 0.1 for ten percent.

    Raises
    ------
    StudyError
        If the effects contain no observed outcome, or the untreated mean changes sign across draws,
        which makes the ratio meaningless.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=60, periods=10, cohorts=(5, 7), seed=1).panel
    >>> panel = panel.with_outcome(panel.outcome + 20)
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> round(float(nqp.relative_effects(fit).mean()), 2)
    0.04
    """
    effects = effects_of(fit_or_effects)
    if v.OBSERVED not in effects:
        raise StudyError(
            "these effects do not contain the observed outcome, which relative effects require",
            hint="nqp.att, or build the effects with observed=...",
        )
    linear = schema.link_of(effects) == v.IDENTITY
    # A ratio of rates weighted by exposure is the ratio of sums of events.
    taken = weights if linear or weights != v.EXPOSURE else v.ROWS
    average = average_of(effects, by, taken, balanced, anticipated=anticipated)
    if linear and average.unit_effects is not None:
        raise StudyError(
            Message(
                "relative effects by unit are not available, because outcomes are stored "
                "by group-time cell"
            ),
            hint="by a stratum, cohort or event_time, or nqp.att(by='unit')",
        )
    if linear:
        effect = average.of_effects(effects, path)
        total = effect if path == v.TOTAL else average.of_effects(effects, v.TOTAL)
        untreated = average.of_cells(effects[v.OBSERVED].to_numpy()) - total
    else:
        observed, untreated = outcome_levels(fit_or_effects, effects, average, path)
        effect = untreated.copy(data=(observed - untreated).transpose(*untreated.dims).to_numpy())
        # Units without events have no proportional effect.
        untreated = untreated.where(untreated > 0.0)
    _one_sign(untreated)
    result = (effect / untreated).transpose(*effect.dims).rename("relative_effects")
    result.attrs = described(
        effects, average, "relative effect", by=by, weights=weights, path=path, balanced=balanced
    )
    result.attrs["outcome_unit"] = "share of the untreated outcome"
    return result


def _one_sign(untreated: xr.DataArray) -> None:
    low, high = untreated.min(v.SAMPLE_DIMS), untreated.max(v.SAMPLE_DIMS)
    mixed = np.asarray((low <= 0) & (high >= 0))
    if not mixed.any():
        return
    where = [
        " × ".join(text(low[dim].to_numpy()[i]) for dim, i in zip(low.dims, place, strict=True))
        for place in np.argwhere(mixed)
    ]
    raise StudyError(
        Message(
            "the mean untreated outcome changes sign across draws, so relative effects "
            "are not meaningful"
        ),
        where=shown([label for label in where if label]),
        hint="nqp.att in outcome units; for an outcome in logs np.exp(nqp.att(fit)) - 1",
    )

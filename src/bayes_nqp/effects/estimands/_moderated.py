"""Effects at values of a moderator, and their differences."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._by import names_of, unit_effect_name
from bayes_nqp.effects.estimands._registry import MODERATOR, estimand

_POINTS = 21


@door
def moderated(
    fit: FitOrEffects,
    values: npt.ArrayLike | None = None,
    by: By = None,
    path: str = v.TOTAL,
    weights: str = "rows",
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the effect on treated observations, with the moderator set to given values.

    Cells keep their observations, cohorts and strata; only the moderator is set. At the mean
    moderator of the treated observations, the result equals `att` if slopes are equal across strata
    and no mediator has both path coefficients moderated.

    Parameters
    ----------
    fit : Fit or Dataset
        Fit of a model with a ``moderator``, saved with its observations; or effects that contain
        ``moderation``.
    values : array of float (value), moderator's units, optional
        By default 21 points from the 2.5 % to the 97.5 % quantile of treated observations.
    by : str, sequence of str or mapping, optional
        As in `att`; the level of the random effects, such as "unit", is not available.
    path : str, default "total"
        "total", "direct", or a mediator. If both coefficients of a mediator are moderated
        (``Mediation(..., moderates=("a", "b"))``), the indirect effect is ``a(Z) b(Z)``, a parabola
        in Z.
    weights : str, default "rows"
        See `att`.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ..., moderator value), outcome units
        The last dim has the moderator's name, which is also the attr ``moderator``. The coordinate
        ``slope`` (chain, draw, ...) is the change of the effect per unit of the moderator; if the
        line is curved, it is the slope at each value and also has the moderator's dim.

    Raises
    ------
    StudyError
        If the model has no moderator, the fit no observations, a value is not finite, or a name is
        unknown.

    Notes
    -----
    Effects at different values compare units that may also differ in other variables. The slope is
    causal only if the moderator is as good as randomly assigned among treated units, given strata.

    References
    ----------
    Hainmueller, J., Mummolo, J. and Xu, Y. (2019). How much should we trust estimates from
    multiplicative interaction models? Political Analysis 27(2). Edwards, J. and Lambert, L.
    (2007). Methods for integrating moderation and mediation. Psychological Methods 12(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=30, periods=7, cohorts=(4,), seed=1).panel.frame
    >>> frame["size"] = frame.groupby("unit")["outcome"].transform("first")
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome", moderators=["size"]
    ... )
    >>> fit = nqp.fit(
    ...     nqp.StaggeredDiD(moderator="size"), panel, nqp.Importance(seed=1), progress=False
    ... )
    >>> nqp.moderated(fit, [18.0, 22.0]).dims
    ('chain', 'draw', 'size')
    """
    effects = with_moderation(fit)
    name, names = str(effects.attrs[v.MODERATOR]), names_of(by)
    _check_names(effects, names, name)
    at = _values(effects, values)
    if path not in effects[v.PATH].to_numpy():
        raise StudyError(
            f"path={path!r} is not a path of these effects",
            hint=nearest(path, effects[v.PATH].to_numpy()),
        )
    average = average_of(effects, by, weights, None, anticipated=anticipated)
    level, slopes, curved = (
        average.of_effects(
            effects.assign({v.EFFECT: effects[v.MODERATION].isel({v.POWER: k})}), path
        )
        for k in range(3)
    )
    grid = xr.DataArray(at, dims=name, coords={name: at})
    off = grid - float(effects.attrs[v.MODERATOR_CENTRE])
    draws = level + slopes * off + curved * off**2
    if bool((curved != 0).any()):
        slopes = slopes + 2 * curved * off
    draws = draws.rename("moderated").assign_coords(slope=slopes.variable)
    attrs = described(
        effects, average, "moderated effect", by=by, weights=weights, path=path, balanced=None
    )
    return draws.assign_attrs({**attrs, v.MODERATOR: name})


def with_moderation(fit_or_effects: FitOrEffects) -> xr.Dataset:
    """Return the effects of a fit and their coefficients in the moderator.

    Raises
    ------
    StudyError
        If the model has no moderator.
    """
    if isinstance(fit_or_effects, xr.Dataset) and v.MODERATION in fit_or_effects:
        return schema.validate(fit_or_effects)
    # Imported here because importing fits takes a second and other estimands do not need it.
    from bayes_nqp.effects.effects import moderated_effects

    return moderated_effects(fit_or_effects)


def _check_names(effects: xr.Dataset, names: dict[str, str], name: str) -> None:
    if set(names.values()) & {unit_effect_name(effects), v.MEMBER}:
        raise StudyError(
            f"by={unit_effect_name(effects)!r}: the moderator is measured for each "
            f"{unit_effect_name(effects)}, so no other value applies",
            hint="nqp.att(fit, by=...) returns effects at the observed values of the moderator",
        )
    if name in (*names, *v.SAMPLE_DIMS, v.ROWS, v.WEIGHT, *v.EVIDENCE, "slope"):
        raise StudyError(
            f"the moderator {name!r} has the same name as another dim of the result",
            hint="rename the column",
        )


_MOST = 1e100
"""Largest absolute value of a moderator: squares of larger numbers overflow."""


def _values(effects: xr.Dataset, values: npt.ArrayLike | None) -> Array:
    if values is None:
        if v.MODERATOR_RANGE not in effects.attrs:
            raise StudyError(
                "the range of the moderator requires single units, but this panel is aggregated",
                hint="values=[1.0, 2.0]",
            )
        low, high = (float(x) for x in effects.attrs[v.MODERATOR_RANGE])
        return np.linspace(low, high, _POINTS)
    at = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if at.ndim != 1 or not at.size or not (np.abs(at) < _MOST).all():
        raise StudyError("'values' are not finite numbers", hint="values=[1.0, 2.0]")
    return at


@estimand(
    Message("Difference between the effects at a high and a low value of the moderator"),
    place=60,
    needs=(MODERATOR,),
)
@door
def moderated_difference(
    fit: FitOrEffects,
    low: float | None = None,
    high: float | None = None,
    by: By = None,
    path: str = v.TOTAL,
    weights: str = "rows",
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Subtract the effect at a low value of the moderator from the effect at a high value.

    For an indirect effect, this difference summarises moderated mediation in one number. Divided by
    the distance between both values it is the index of moderated mediation. If only one path
    coefficient is moderated, the index is the same for any two values.

    Parameters
    ----------
    fit : Fit or Dataset
        See `moderated`.
    low, high : float, moderator's units, optional
        By default one SD below and above the mean of treated observations.
    by, path, weights, anticipated
        See `moderated`.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        The coordinate ``index`` (chain, draw, ...) is the difference per unit of the moderator;
        the attrs ``low`` and ``high`` are the values.

    Raises
    ------
    StudyError
        See `moderated`; also if the values are not in increasing order.

    References
    ----------
    Hayes, A. (2015). An index and test of linear moderated mediation. Multivariate Behavioral
    Research 50(1). Edwards, J. and Lambert, L. (2007). Methods for integrating moderation and
    mediation. Psychological Methods 12(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=30, periods=7, cohorts=(4,), seed=1).panel.frame
    >>> frame["size"] = frame.groupby("unit")["outcome"].transform("first")
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome", moderators=["size"]
    ... )
    >>> fit = nqp.fit(
    ...     nqp.StaggeredDiD(moderator="size"), panel, nqp.Importance(seed=1), progress=False
    ... )
    >>> nqp.moderated_difference(fit).dims
    ('chain', 'draw')
    """
    effects = with_moderation(fit)
    name = str(effects.attrs[v.MODERATOR])
    centre, size = (float(effects.attrs[x]) for x in (v.MODERATOR_CENTRE, v.MODERATOR_SIZE))
    low = centre - size if low is None else float(low)
    high = centre + size if high is None else float(high)
    if not low < high or not np.isfinite(high - low):
        raise StudyError(
            f"'low' is {low!r} and 'high' is {high!r}", hint="two values of the moderator, in order"
        )
    line = moderated(effects, [low, high], by, path, weights, anticipated=anticipated)
    ends = line.drop_vars(["slope", name])
    gap = (ends.isel({name: 1}) - ends.isel({name: 0})).rename("moderated_difference")
    return gap.assign_coords(index=(gap / (high - low)).variable).assign_attrs(
        {**line.attrs, "estimand": "moderated difference", "low": low, "high": high}
    )

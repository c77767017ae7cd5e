"""Effects at values of a column along which they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._by import names_of, unit_effect_name
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.inference.fitting import CurveDraws, effect_curves_of

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit

_POINTS = 41
_TAIL = 0.025


@door
def effect_curve(
    fit: Fit,
    moderator: str | None = None,
    values: npt.ArrayLike | None = None,
    by: By = None,
    weights: str = "rows",
) -> xr.DataArray:
    """Average the effect on the treated at values of a moderator.

    The moderator is set to each value in all units, and cells keep their observations, cohorts and
    strata. With the values of all treated observations, the mean of the result is `att`.

    Parameters
    ----------
    fit : Fit
        Fit of a design with ``moderators``, with its observations.
    moderator : str, optional
        Name of the column; may be left out if there is one.
    values : array of float (value), moderator's units, optional
        By default 41 points from the 2.5 % to the 97.5 % quantile of treated units.
    by : str, sequence of str or mapping, optional
        As in `att`; not the level of unit-level effects. By default the factor with one function
        for each level, if there is one.
    weights : str, default "rows"
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ..., moderator value), outcome units
        The last dim has the moderator's name, which is also the attr ``moderator``.

    Raises
    ------
    StudyError
        If the design has no such moderator, or several and none is named; or if a value is not
        finite. Also if ``by`` omits a factor with one function for each level.

    Notes
    -----
    The result at x is ``sum_c w_c (e_c - f-bar_c) + f(x)``. Here e_c is the effect of cell c, and
    f-bar_c the mean of f over its treated observations. The curve compares units of the same
    stratum and cohort. They may also differ in other variables.

    References
    ----------
    Hainmueller, J., Mummolo, J. and Xu, Y. (2019). How much should we trust estimates from
    multiplicative interaction models? Political Analysis 27(2).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> frame = nqp.simulation.staggered(units=40, periods=7, cohorts=(4,), seed=1).panel.frame
    >>> frame["size"] = frame.groupby("unit")["outcome"].transform("first").rank()
    >>> panel = nqp.Panel.from_frame(
    ...     frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    ... )
    >>> design = nqp.StaggeredDiD(moderators=nqp.SmoothModerator("size"))
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.effect_curve(fit, values=[50.0, 200.0]).dims
    ('chain', 'draw', 'size')
    """
    curves = _curves_of(fit, moderator)
    name, factor = curves[0].curve.moderator, curves[0].curve.by
    effects = effects_of(fit)
    by = factor if by is None and factor is not None else by
    names = names_of(by)
    _check_names(names, name, factor, unit_effect_name(effects))
    at = _values(curves, values)
    means = sum((curve.cells for curve in curves), np.zeros(1))
    net = effects[v.EFFECT] - xr.DataArray(means, dims=(*v.SAMPLE_DIMS, v.CELL))
    average = average_of(effects, by, weights, None)
    level = average.of_effects(
        effects.assign({v.EFFECT: net.transpose(*effects[v.EFFECT].dims)}), v.TOTAL
    )
    each = [
        xr.DataArray(curve.at(at), dims=(*v.SAMPLE_DIMS, name), coords={name: at})
        for curve in curves
    ]
    function = each[0]
    if factor is not None:
        dim = next(k for k, column in names.items() if column == factor)
        labels = [str(curve.curve.level) for curve in curves]
        function = xr.concat(each, dim).assign_coords({dim: labels}).sel({dim: level[dim].values})
    draws = (level + function.drop_vars(v.SAMPLE_DIMS, errors="ignore")).transpose(..., name)
    attrs = described(
        effects, average, "effect curve", by=by, weights=weights, path=v.TOTAL, balanced=None
    )
    return draws.rename("effect_curve").assign_attrs({**attrs, v.MODERATOR: name})


def moderators_of(fit: Fit) -> tuple[str, ...]:
    """Return the names of the columns along which effects differ."""
    names = (str(getattr(x, "name", "")) for x in fit.facts.terms if x.role == "moderators")
    return tuple(dict.fromkeys(names))


def _curves_of(fit: Fit, moderator: str | None) -> list[CurveDraws]:
    """Return the functions of one moderator.

    Raises
    ------
    StudyError
        If there is no such moderator.
    """
    names = moderators_of(fit)
    if not names:
        raise StudyError(
            Message("the design has no 'moderators'"),
            hint="nqp.StaggeredDiD(moderators=nqp.SmoothModerator('gdp'))",
        )
    if moderator is None and len(names) > 1:
        raise StudyError(Message("there are several moderators"), hint=f"moderator={names[0]!r}")
    name = names[0] if moderator is None else moderator
    if name not in names:
        raise StudyError(
            Message("'moderator' is {!r}, which is not a moderator of the design", name),
            hint=nearest(name, names),
        )
    return [curve for curve in effect_curves_of(fit) if curve.curve.moderator == name]


def _check_names(names: dict[str, str], name: str, factor: str | None, unit: str) -> None:
    """Refuse dims of the result that it cannot have."""
    if set(names.values()) & {unit, v.MEMBER}:
        raise StudyError(
            Message("by={!r}: the moderator has one value in each {}", unit, unit),
            hint="nqp.att(fit, by=...) returns effects at the observed values of the moderator",
        )
    if factor is not None and factor not in names.values():
        raise StudyError(
            Message("each level of {!r} has its own function, but 'by' omits it", factor),
            hint=f"by={[factor, *names.values()]!r}",
        )
    if name in (*names, *v.SAMPLE_DIMS, v.ROWS, v.WEIGHT, *v.EVIDENCE):
        raise StudyError(
            Message("the moderator {!r} has the same name as another dim of the result", name),
            hint="rename the column",
        )


def _values(curves: list[CurveDraws], values: npt.ArrayLike | None) -> Array:
    """Return the values of the moderator; by default most of their range."""
    if values is None:
        seen = np.concatenate([x.curve.values[x.curve.treated] for x in curves])
        low, high = (float(np.quantile(seen, q)) for q in (_TAIL, 1.0 - _TAIL))
        return np.linspace(low, high, _POINTS)
    at = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all():
        raise StudyError(Message("'values' are not finite numbers"), hint="values=[1.0, 2.0]")
    return at

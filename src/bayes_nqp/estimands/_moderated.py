"""Effects at values of a moderator, all treated rows alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands._att import described
from bayes_nqp.estimands._average import average_of
from bayes_nqp.estimands._by import By, member_name, names_of
from bayes_nqp.estimands._effects_of import effects_of

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["mean_moderator", "moderated", "moderator_name", "moderator_rows"]

Array = npt.NDArray[np.float64]

_POINTS = 21


@door
def moderated(
    fit: Fit,
    values: npt.ArrayLike | None = None,
    by: By = None,
    path: str = v.TOTAL,
    weights: str = "rows",
) -> xr.DataArray:
    """Average the effect on the treated rows, had all of them one value of the moderator.

    Cells keep their rows, cohorts and strata; only the moderator is set. At the treated rows'
    mean moderator, where slopes do not differ by stratum and no channel has both legs
    moderated, it is `att`.

    Parameters
    ----------
    fit : Fit
        Of a design with a ``moderator``, and with its rows.
    values : array of float (value), moderator's units, optional
        By default 21 points from the 2.5 % to the 97.5 % quantile of the treated rows.
    by : str, sequence of str or mapping, optional
        As in `att`; not what has its own deviation, such as "unit".
    path : str, default "total"
        "total", "direct", or a mediator. Through a mediator whose legs are both moderated
        (``Mediation(..., moderates=("a", "b"))``) it is ``a(Z) b(Z)``, a parabola in Z.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    DataArray (chain, draw, ..., moderator value), outcome units
        Its last dim bears the moderator's name, as the attr ``moderator`` does. The coordinate
        ``slope`` (chain, draw, ...) is the change of the effect per unit of the moderator;
        where the line is curved it is that at each value and has the moderator's dim too.

    Raises
    ------
    StudyError
        If the design has no moderator, the fit no rows, a value is not finite, or a name is
        unknown.

    Notes
    -----
    Effects at different values compare units that differ by more than the moderator: the
    slope is causal only if the moderator is as good as random among the treated, given strata.

    References
    ----------
    Hainmueller, J., Mummolo, J. and Xu, Y. (2019). How much should we trust estimates from
    multiplicative interaction models? Political Analysis 27(2). Edwards, J. and Lambert, L.
    (2007). Methods for integrating moderation and mediation. Psychological Methods 12(1).
    """
    name = moderator_name(fit)
    effects = effects_of(fit)
    names = names_of(by)
    _check_names(effects, names, name)
    at = _values(fit, values)
    if path not in effects[v.PATH].to_numpy():
        raise StudyError(
            f"path={path!r} is not a path of these effects",
            hint=nearest(path, effects[v.PATH].to_numpy()),
        )
    average = average_of(effects, by, weights, None)
    level, slopes, curved = (
        average.of_effects(effects.assign({v.EFFECT: part}), path)
        for part in _curve(fit, effects, path)
    )
    grid = xr.DataArray(at, dims=name, coords={name: at})
    off = grid - _centre(fit)
    draws = level + slopes * off + curved * off**2
    if bool((curved != 0).any()):
        slopes = slopes + 2 * curved * off
    draws = draws.rename("moderated").assign_coords(slope=slopes.variable)
    kept = described(
        effects, average, "moderated effect", by=by, weights=weights, path=path, balanced=None
    )
    return draws.assign_attrs({**kept, "moderator": name})


def moderator_name(fit: object) -> str:
    """Name the moderator of a fit's design.

    Raises
    ------
    StudyError
        If there is none.
    """
    from bayes_nqp.fitting import Fit

    name = fit.facts.moderator if isinstance(fit, Fit) else None
    if name is None:
        raise StudyError(
            "the design has no moderator" if isinstance(fit, Fit) else "'fit' is no fit",
            hint="nqp.fit(nqp.StaggeredDiD(moderator='digital_finance'), panel)",
        )
    return str(name)


def moderator_rows(fit: Fit) -> tuple[npt.NDArray[np.int64], Array]:
    """Cells of the treated rows, and their moderators.

    Returns
    -------
    tuple of ndarray of int (row), ndarray (row)
        Places among the cells with effects; moderator's units.
    """
    # Importing fits takes a second, and other estimands need none of it.
    from bayes_nqp.fitting import moderated_rows

    moderator_name(fit)
    plan = fit.plan
    _, cell, value = moderated_rows(plan)
    place = np.cumsum(~plan.cells.lead) - 1
    return place[cell], value + _centre(fit)


def _centre(fit: Fit) -> float:
    moderator = fit.plan.moderator
    assert moderator is not None
    return moderator.centre


def _check_names(effects: xr.Dataset, names: dict[str, str], name: str) -> None:
    if set(names.values()) & {member_name(effects), v.MEMBER}:
        raise StudyError(
            f"by={member_name(effects)!r}: every {member_name(effects)} has a moderator of its own",
            hint="nqp.att(fit, by=...) has effects at the moderators that were observed",
        )
    if name in (*names, *v.SAMPLE_DIMS, v.ROWS, v.WEIGHT, *v.EVIDENCE, "slope"):
        raise StudyError(
            f"the moderator {name!r} has the name of another dim of the result",
            hint="rename the column",
        )


def _values(fit: Fit, values: npt.ArrayLike | None) -> Array:
    if values is None:
        low, high = np.quantile(moderator_rows(fit)[1], [0.025, 0.975])
        return np.linspace(low, high, _POINTS)
    at = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if at.ndim != 1 or not at.size or not np.isfinite(at).all():
        raise StudyError("'values' are not finite numbers", hint="values=[1.0, 2.0]")
    return at


def _curve(fit: Fit, effects: xr.Dataset, path: str) -> list[xr.DataArray]:
    """Coefficients of cells' effects in the moderator less its centre, from the constant up.

    They have the form of the effects, the same along every path.
    """
    names = [str(name) for name in effects[v.PATH].to_numpy()]
    parts = [name for name in names if name != v.TOTAL] if path == v.TOTAL else [path]
    mean, template = mean_moderator(fit), effects[v.EFFECT]
    found = [_of_path(fit, effects, name, mean) for name in parts or [v.TOTAL]]
    shape = (*template.shape[:2], 1, -1)
    return [
        template.copy(data=np.broadcast_to(sum(some).reshape(shape), template.shape))
        for some in zip(*found, strict=True)
    ]


def mean_moderator(fit: Fit) -> Array:
    """Take the mean moderator of the treated rows of every cell, less its centre.

    Parameters
    ----------
    fit : Fit
        Of a design with a moderator.

    Returns
    -------
    ndarray (cell), moderator's units
        Zero in leads.
    """
    plan = fit.plan
    place, value = moderator_rows(fit)
    mean = np.zeros(plan.table.size)
    mean[~plan.cells.lead] = np.bincount(place, value) / np.bincount(place)
    return np.where(plan.cells.lead, 0.0, mean - _centre(fit))


def _of_path(fit: Fit, effects: xr.Dataset, name: str, mean: Array) -> tuple[Array, Array, Array]:
    """Coefficients of one path's effects (draw, cell): constant, linear, quadratic."""
    # Importing fits takes a second, and other estimands need none of it.
    from bayes_nqp.fitting import lagged

    plan, posterior = fit.plan, fit.posterior
    stratum, real = plan.table.stratum, ~plan.cells.lead

    def by_cell(values: xr.DataArray) -> Array:
        flat = values.to_numpy()
        return np.asarray(flat.reshape(-1, flat.shape[2])[:, stratum])

    def slope_of(own: str) -> Array:
        if f"{own}__moderation" not in posterior:
            return np.zeros((effects.sizes[v.CHAIN] * effects.sizes[v.DRAW], stratum.size))
        return by_cell(posterior[f"{own}__moderation"])

    def whole(draws: Array) -> Array:
        flat = np.zeros((draws.shape[0] * draws.shape[1], stratum.size))
        flat[:, real] = draws.reshape(flat.shape[0], -1)
        return flat

    if name in (v.TOTAL, v.DIRECT):
        theta = slope_of("outcome")
        level = whole(effects[v.EFFECT].sel({v.PATH: name}).to_numpy()) - theta * mean
        return level[:, real], theta[:, real], np.zeros_like(theta[:, real])
    theta = slope_of(name)
    level = whole(posterior[f"{name}__cell_effect"].to_numpy()) - theta * mean
    kinds = {s.kind: s for s in plan.equations[0].slopes if s.mediator == name and s.kind != "z"}
    b = sum(
        by_cell(posterior[f"outcome__{kind}"].sel({v.MEDIATOR: name}))
        for kind in kinds
        if kind != "m"
    )
    m = np.zeros_like(theta)
    if "m" in kinds:
        m = by_cell(posterior["outcome__b_moderation"].sel({v.MEDIATOR: name}))
    level, theta = (lagged(plan, x, kinds["b"].lag) for x in (level, theta))
    return (level * b)[:, real], (theta * b + level * m)[:, real], (theta * m)[:, real]

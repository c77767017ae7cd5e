"""Effects at values of a moderator, all treated rows alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.estimands._att import described
from bayes_nqp.estimands._average import average_of
from bayes_nqp.estimands._by import By, member_name, names_of
from bayes_nqp.estimands._effects_of import effects_of

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["moderated", "moderator_name", "moderator_rows"]

Array = npt.NDArray[np.float64]

_POINTS = 21


def moderated(
    fit: Fit,
    values: npt.ArrayLike | None = None,
    by: By = None,
    path: str = v.TOTAL,
    weights: str = "rows",
) -> xr.DataArray:
    """Average the effect on the treated rows, had all of them one value of the moderator.

    Cells keep their rows, cohorts and strata; only the moderator is set. At the treated rows'
    mean moderator, where slopes do not differ by stratum, it is `att`.

    Parameters
    ----------
    fit : Fit
        Of a design with a ``moderator``, and with its rows.
    values : array of float (value), moderator's units, optional
        By default 21 points from the 2.5 % to the 97.5 % quantile of the treated rows.
    by : str, sequence of str or mapping, optional
        As in `att`; not what has its own deviation, such as "unit".
    path : str, default "total"
        "total", "direct", or a mediator: its effect on the mediator is moderated, and its slope
        in the outcome (the b-path) is not.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    DataArray (chain, draw, ..., moderator value), outcome units
        Its last dim bears the moderator's name, as the attr ``moderator`` does. The coordinate
        ``slope`` (chain, draw, ...) is the change of the effect per unit of the moderator.

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
    multiplicative interaction models? Political Analysis 27(2).
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
    slope, less = _shifts(fit, effects, path)
    average = average_of(effects, by, weights, None)
    level, slopes = (
        average.of_effects(effects.assign({v.EFFECT: part}), path)
        for part in (effects[v.EFFECT] - less, slope)
    )
    grid = xr.DataArray(at, dims=name, coords={name: at})
    draws = (level + slopes * grid).rename("moderated").assign_coords(slope=slopes.variable)
    kept = described(
        effects, average, "moderated effect", by=by, weights=weights, path=path, balanced=None
    )
    return draws.assign_attrs({**kept, "moderator": name})


def moderator_name(fit: object) -> str:
    """Name the moderator of a fit's design.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    str

    Raises
    ------
    StudyError
        If there is none.
    """
    design = getattr(fit, "design", None)
    name = getattr(getattr(design, "design", design), "moderator", None)
    if name is None:
        raise StudyError(
            "the design has no moderator" if design is not None else "'fit' is no fit",
            hint="nqp.fit(nqp.StaggeredDiD(moderator='digital_finance'), panel)",
        )
    return str(name)


def moderator_rows(fit: Fit) -> tuple[npt.NDArray[np.int64], Array]:
    """Cells of the treated rows, and their moderators.

    Parameters
    ----------
    fit : Fit

    Returns
    -------
    tuple of ndarray of int (row), ndarray (row)
        Places among the cells with effects; moderator's units.
    """
    moderator_name(fit)
    plan = fit.plan
    slope, column = plan.equations[0].slopes[-1], plan.equations[0].rows.columns[-1]
    real = ~plan.cells.lead
    cell = plan.cell_of_row[plan.kept]
    treated = (cell >= 0) & plan.frame.treated[plan.kept]
    place = np.cumsum(real) - 1
    return place[cell[treated]], column.values[treated] * slope.size + slope.centre


def _check_names(effects: xr.Dataset, names: dict[str, str], name: str) -> None:
    if set(names.values()) & {member_name(effects), v.MEMBER}:
        raise StudyError(
            f"by={member_name(effects)!r}: every {member_name(effects)} has a moderator of its own",
            hint="nqp.att(fit, by=...) has effects at the moderators that were observed",
        )
    if name in (*names, *v.SAMPLE_DIMS, v.ROWS, v.WEIGHT, v.GATE, "slope"):
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


def _shifts(fit: Fit, effects: xr.Dataset, path: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Change of cells' effects per unit of the moderator, and what theirs adds to the effects."""
    plan = fit.plan
    place, value = moderator_rows(fit)
    mean = np.zeros(plan.table.size)
    mean[~plan.cells.lead] = np.bincount(place, value) / np.bincount(place)
    paths = [str(name) for name in effects[v.PATH].to_numpy()]
    parts = [name for name in paths if name != v.TOTAL] if path == v.TOTAL else [path]
    found = [_of_path(fit, name, mean) for name in parts or [v.TOTAL]]
    template = effects[v.EFFECT]
    whole = (np.sum([pair[k] for pair in found], axis=0) for k in (0, 1))
    shape = (*template.shape[:2], 1, -1)
    slope, less = (
        template.copy(data=np.broadcast_to(one.reshape(shape), template.shape)) for one in whole
    )
    return slope, less


def _of_path(fit: Fit, name: str, mean: Array) -> tuple[Array, Array]:
    """Slope of one path's effects (draw, cell), and that times the cells' mean moderator."""
    # Importing fits takes a second, and other estimands need none of it.
    from bayes_nqp.fitting._paths import lagged

    plan, posterior = fit.plan, fit.posterior
    stratum = plan.table.stratum

    def by_cell(values: xr.DataArray) -> Array:
        flat = values.to_numpy()
        return np.asarray(flat.reshape(-1, flat.shape[2])[:, stratum])

    own = "outcome" if name in (v.TOTAL, v.DIRECT) else name
    theta = by_cell(posterior[f"{own}__moderation"])
    one, other = theta, theta * mean
    if own == name:
        legs = [s for s in plan.equations[0].slopes if s.mediator == name and s.kind != "z"]
        b = sum(by_cell(posterior[f"outcome__{s.kind}"].sel({v.MEDIATOR: name})) for s in legs)
        one, other = (lagged(plan, x, legs[0].lag) * b for x in (one, other))
    return one[:, ~plan.cells.lead], other[:, ~plan.cells.lead]

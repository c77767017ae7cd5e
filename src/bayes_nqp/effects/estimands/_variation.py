"""What draws vary with: cells, strata and an index."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import att
from bayes_nqp.effects.estimands._effects_of import worst_convergence
from bayes_nqp.effects.estimands._words import dim_of


@door
def heterogeneity_sd(draws: xr.DataArray, dim: str | None = None) -> xr.DataArray:
    """Find the standard deviation between the levels of one dim, draw by draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    dim : str, optional
        What to compare; the only dim besides chain and draw by default.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Of the levels at hand, each counted once, over their number less one.

    Raises
    ------
    StudyError
        If there is no such dim, or several and none is named; or it has fewer than two levels.

    Notes
    -----
    It is above zero in every draw, whether levels differ or not. Whether they do, the ``tail`` of
    `simultaneous_signs` of their `differences` says, and which of these can be named.

    References
    ----------
    Gelman, A. (2005). Analysis of variance: why it is more important than ever. Annals of
    Statistics 33(1), section 3.5.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import heterogeneity_sd
    >>> draws = xr.DataArray(
    ...     np.ones((4, 100, 3)) * [1.0, 3.0, 5.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal", "islands"]},
    ... )
    >>> float(heterogeneity_sd(draws).mean())
    2.0
    """
    name = dim_of(draws, dim)
    if draws.sizes[name] < 2:
        raise StudyError(
            f"{name!r} has a single level, so effects cannot vary by it", hint="by= another factor"
        )
    # s² = Σ_g (d_g − d̄)² / (G − 1) in every draw.
    result = draws.std(name, ddof=1, skipna=False).transpose(*v.SAMPLE_DIMS, ...)
    estimand = f"spread of {draws.attrs.get('estimand', 'draws')}"
    return result.assign_attrs({**draws.attrs, "estimand": estimand}).rename("spread")


@door
def shrinkage(
    partial: FitOrEffects,
    separate: FitOrEffects,
    by: By = v.CELL,
    weights: str = "rows",
    path: str = v.TOTAL,
    *,
    anticipated: bool = False,
) -> xr.Dataset:
    """Lay the effects of two fits side by side: pooled partially, and not pooled.

    Parameters
    ----------
    partial, separate : Fit or Dataset
        Two fits to one panel, with ``PartialPooling(...)`` and ``NoPooling()``, or their effects.
    by : str, sequence of str or mapping, default "cell"
        What to keep apart, as in `att`.
    weights : str, default "rows"
        As in `att`.
    path : str, default "total"
        As in `att`.
    anticipated : bool, default False
        As in `att`.

    Returns
    -------
    Dataset with ``partial`` and ``separate`` (chain, draw, ...), outcome units
        On the labels and the draws that both have. The two are independent posteriors: compare
        their means and widths, not their draws. The gate is the worse of both.

    Raises
    ------
    StudyError
        As `att`; and if the two share no label.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp._core import effects_schema as schema
    >>> from bayes_nqp.effects.estimands import shrinkage
    >>> effects = schema.build(
    ...     np.ones((4, 100, 1, 1)),
    ...     strata={},
    ...     cohort=[2015],
    ...     time=[2015],
    ...     event_time=[0],
    ...     rows=[3],
    ...     units=[3],
    ... )
    >>> list(shrinkage(effects, effects, by="cohort"))
    ['partial', 'separate']
    """
    estimate = att(partial, by, weights, path, anticipated=anticipated)
    other = att(separate, by, weights, path, anticipated=anticipated)
    rows, gate = estimate[v.ROWS], worst_convergence(estimate, other)
    loose = [v.ROWS, v.WEIGHT, *v.EVIDENCE]
    first, second = xr.align(
        estimate.drop_vars(loose, errors="ignore"),
        other.drop_vars(loose, errors="ignore"),
        join="inner",
    )
    if not first.size:
        raise StudyError(
            "'partial' and 'separate' have no label or no draw in common",
            hint="fit both to one panel with the same strata",
        )
    pair = xr.Dataset({"partial": first, "separate": second})
    pair = pair.assign_coords({v.GATE: gate, v.ROWS: rows.drop_vars(loose, errors="ignore")})
    pair.attrs = {**estimate.attrs, "estimand": "att, pooled partially and not at all"}
    return pair


@door
def index_variance(draws: xr.DataArray) -> xr.Dataset:
    """Split the variance of draws into that within and that between draws of the index.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        An estimand of a fit by `fit_index`.

    Returns
    -------
    Dataset (...)
        ``within``, the mean variance under one index; ``between``, the variance of the means
        over indices; ``total``, their sum, the variance of the draws; ``share``, between over
        total.

    Raises
    ------
    StudyError
        If the draws are of one index.

    Notes
    -----
    With D draws of the index, ``between`` has a relative standard error of about √(2 / D).

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> import bayes_nqp as nqp
    >>> values = np.array([[1.0, 3.0, 1.2, 3.2]])
    >>> draws = xr.DataArray(
    ...     values, dims=("chain", "draw"), coords={"index_draw": ("draw", [0, 1, 0, 1])}
    ... )
    >>> round(float(nqp.index_variance(draws)["share"]), 3)
    0.99
    """
    if v.INDEX_DRAW not in draws.coords:
        raise StudyError(
            "'draws' do not contain the draw of the index from which they were estimated",
            hint="nqp.att(nqp.fit_index(design, panel, index))",
        )
    groups = draws.groupby(v.INDEX_DRAW)
    mean = groups.mean(v.SAMPLE_DIMS)
    counts = np.bincount(draws[v.INDEX_DRAW].to_numpy())
    weight = xr.DataArray(counts[counts > 0] / counts.sum(), dims=v.INDEX_DRAW)
    within = (groups.var(v.SAMPLE_DIMS) * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    overall = (mean * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    between = ((mean - overall) ** 2 * weight.to_numpy()[_shape(mean)]).sum(v.INDEX_DRAW)
    total = within + between
    return xr.Dataset(
        {"within": within, "between": between, "total": total, "share": between / total}
    )


def _shape(mean: xr.DataArray) -> tuple[slice | None, ...]:
    return tuple(slice(None) if d == v.INDEX_DRAW else None for d in mean.dims)

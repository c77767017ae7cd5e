"""Variation of effects between levels, models and draws of an index."""

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
    """Compute the standard deviation of effects between the levels of one dim.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    dim : str, optional
        Dim to compare; by default the only dim other than chain and draw.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Standard deviation of the levels in the sample, with equal weights and denominator G − 1.

    Raises
    ------
    StudyError
        If the dim does not exist, several dims exist and `dim` is missing, or the dim has fewer
        than two levels.

    Notes
    -----
    The standard deviation is positive in every draw even if effects are equal. To test for
    differences, use the ``tail`` of `simultaneous_signs` applied to `pairwise_contrasts`.

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
    """Compare the effects of two fits: with partial pooling and without pooling.

    Parameters
    ----------
    partial, separate : Fit or Dataset
        Two fits to one panel, with ``PartialPooling(...)`` and ``NoPooling()``, or their effects.
    by : str, sequence of str or mapping, default "cell"
        Grouping variables, as in `att`.
    weights : str, default "rows"
        See `att`.
    path : str, default "total"
        See `att`.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    Dataset with ``partial`` and ``separate`` (chain, draw, ...), outcome units
        Effects on the labels and draws common to both. The two are independent posteriors: compare
        their means and widths, not their draws. The convergence verdict is the worse of both.

    Raises
    ------
    StudyError
        See `att`; also if the two have no label in common.

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
    """Decompose the variance of draws into parts within and between draws of the index.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Draws of an estimand from a fit by `fit_index`.

    Returns
    -------
    Dataset (...)
        ``within``, the mean variance under one index; ``between``, the variance of the means
        over indices; ``total``, their sum, the variance of the draws; ``share``, between over
        total.

    Raises
    ------
    StudyError
        If the draws come from a single index.

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

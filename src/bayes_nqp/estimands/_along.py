"""Effects along every path, and what an indirect effect is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._att import att
from bayes_nqp.estimands._by import By
from bayes_nqp.estimands._effects_of import effects_of, lag_of
from bayes_nqp.estimands._mediated import ALL, nde, nie, total
from bayes_nqp.estimands._moderated import mean_moderator

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["by_path", "channels_of", "legs"]


def by_path(fit_or_effects: object, by: By = None, weights: str = "rows") -> xr.DataArray:
    """Average the effect along every path, under one dim.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Of a `Mediation`.
    by : str, sequence of str or mapping, optional
        As in `att`.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    DataArray (chain, draw, path, ...), outcome units
        "direct", every mediator, where there are several "all mediators", and "total".

    Raises
    ------
    StudyError
        As `nie`.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.estimands import by_path
    >>> effects = schema.build(
    ...     np.ones((4, 100, 3, 1)) * np.array([3.0, 1.0, 2.0])[:, None], strata={},
    ...     cohort=[2015], time=[2015], event_time=[0], rows=[3], units=[3],
    ...     paths=["total", "direct", "digital"],
    ... )
    >>> by_path(effects).path.values.tolist()
    ['direct', 'digital', 'total']
    """
    effects = effects_of(fit_or_effects)
    via = nie(effects, by, weights)
    names = [str(name) for name in via[v.MEDIATOR].to_numpy()]
    parts = [
        nde(effects, by, weights),
        *(via.isel({v.MEDIATOR: k}, drop=True) for k in range(len(names))),
        total(effects, by, weights),
    ]
    return _stacked(parts, v.PATH, [v.DIRECT, *names, v.TOTAL]).assign_attrs(
        {**via.attrs, "estimand": "effects by path", "path": "all"}
    )


def channels_of(paths: xr.DataArray) -> xr.DataArray:
    """Keep what can be compared, the direct effect and every mediator, without their sums.

    Parameters
    ----------
    paths : DataArray (chain, draw, path, ...)
        From `by_path`.
    """
    return paths.isel({v.PATH: ~np.isin(paths[v.PATH].to_numpy(), (ALL, v.TOTAL))})


def legs(fit: object, by: By = None, weights: str = "rows") -> xr.Dataset:
    """Average what indirect effects are made of: both legs of every channel.

    Parameters
    ----------
    fit : Fit
        Of a `Mediation`.
    by : str, sequence of str or mapping, optional
        As in `att`.
    weights : str, default "rows"
        As in `att`.

    Returns
    -------
    Dataset
        ``a`` (chain, draw, mediator, ...), mediator units: the effect on the mediator, as many
        periods before as the design lags it. ``b``, outcome units per mediator unit: the slope
        of the outcome in treated rows, at their own moderators where these shift it.

    Raises
    ------
    StudyError
        As `att`; and if it is no fit of a `Mediation`.

    Notes
    -----
    The average of products is not the product of averages: where both legs differ by cell,
    ``a * b`` is not quite `nie`.
    """
    posterior = getattr(fit, "posterior", None)
    if posterior is None or "outcome__b" not in posterior:
        raise StudyError(
            "both legs of a channel are only in a fit of a Mediation",
            hint="nqp.fit(nqp.Mediation(design, mediators=[...]), panel), not its effects",
        )
    effects = effects_of(fit)
    names = [str(name) for name in posterior[v.MEDIATOR].to_numpy()]
    lag = lag_of(fit)
    slope = posterior["outcome__b"]
    if "outcome__d" in posterior:
        slope = slope + posterior["outcome__d"]
    stratum = _stratum_of(effects, slope["outcome__stratum"].to_numpy())
    shift = _moderated_slopes(fit, posterior, names)
    first = {n: _lagged(effects, posterior[f"{n}__cell_effect"].to_numpy(), lag) for n in names}
    second = {n: slope.sel({v.MEDIATOR: n}).to_numpy()[..., stratum] + shift[n] for n in names}
    return xr.Dataset(
        {
            leg: _stacked(_averages(effects, values, by, weights), v.MEDIATOR, names)
            for leg, values in (("a", first), ("b", second))
        }
    )


def _moderated_slopes(
    fit: object, posterior: xr.Dataset, names: Sequence[str]
) -> dict[str, npt.NDArray[np.float64] | float]:
    """What the moderators of a cell's rows add to its slopes (chain, draw, cell)."""
    if "outcome__b_moderation" not in posterior:
        return dict.fromkeys(names, 0.0)
    plan = cast("Fit", fit).plan
    mean = mean_moderator(cast("Fit", fit))
    slope, at = posterior["outcome__b_moderation"], plan.table.stratum
    real = ~plan.cells.lead
    return {n: (slope.sel({v.MEDIATOR: n}).to_numpy()[..., at] * mean)[..., real] for n in names}


def _stacked(parts: Sequence[xr.DataArray], dim: str, labels: Sequence[str]) -> xr.DataArray:
    whole = xr.concat(parts, dim=dim, coords="minimal", compat="override", combine_attrs="drop")
    whole = whole.assign_coords({dim: np.asarray(labels, dtype=str)}).rename(None)
    return whole.transpose(*v.SAMPLE_DIMS, dim, ...)


def _averages(
    effects: xr.Dataset, values: Mapping[str, npt.NDArray[np.float64]], by: By, weights: str
) -> list[xr.DataArray]:
    """Average numbers of cells as effects are averaged, one name after another."""
    bare = effects.drop_vars([v.DEVIATION], errors="ignore").isel({v.PATH: [0]})
    return [
        att(bare.assign({v.EFFECT: (bare[v.EFFECT].dims, one[:, :, None])}), by, weights, v.TOTAL)
        for one in values.values()
    ]


def _stratum_of(effects: xr.Dataset, names: npt.NDArray[np.str_]) -> npt.NDArray[np.intp]:
    """Find every cell's stratum among the strata of the slopes."""
    columns = [effects[factor].to_numpy() for factor in schema.factors(effects)]
    if not columns:
        return np.zeros(effects.sizes[v.CELL], dtype=np.intp)
    place = {str(name): k for k, name in enumerate(names)}
    labels = [" × ".join(map(str, levels)) for levels in zip(*columns, strict=True)]
    return np.asarray([place[label] for label in labels], dtype=np.intp)


def _lagged(
    effects: xr.Dataset, values: npt.NDArray[np.float64], lag: int
) -> npt.NDArray[np.float64]:
    """Take the effect some periods before; zero where that is before treatment."""
    if lag == 0:
        return values
    columns = [effects[factor].to_numpy() for factor in schema.factors(effects)]
    columns.append(effects[v.COHORT].to_numpy())
    groups = list(zip(*(column.tolist() for column in columns), strict=True))
    event_time = effects[v.EVENT_TIME].to_numpy().tolist()
    where = {key: k for k, key in enumerate(zip(groups, event_time, strict=True))}
    found = [where.get((g, e - lag), -1) for g, e in zip(groups, event_time, strict=True)]
    return np.where(np.asarray(found) >= 0, values[..., found], 0.0)

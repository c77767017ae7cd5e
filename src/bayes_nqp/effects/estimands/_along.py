"""Effects along every mediation path, and the path coefficients of indirect effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.types import By
from bayes_nqp.effects.estimands._att import att
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._mediated import ALL, nde, nie, total
from bayes_nqp.model.predictors import linked_name

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting import Fit

_SLOPES: Final = "outcome__slope"
_LABEL: Final = f"{_SLOPES}_label"


def by_path(
    fit_or_effects: object, by: By = None, weights: str = "rows", *, anticipated: bool = False
) -> xr.DataArray:
    """Average the effect along every path, in one dim.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation` model.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    DataArray (chain, draw, path, ...), outcome units
        Paths: "direct"; every mediator; "all mediators" if there are several; "received" for
        spatial mediation models (spillovers from other units along all paths); and "total".

    Raises
    ------
    StudyError
        See `nie`.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp._core import effects_schema as schema
    >>> from bayes_nqp.effects.estimands import by_path
    >>> effects = schema.build(
    ...     np.ones((4, 100, 3, 1)) * np.array([3.0, 1.0, 2.0])[:, None], strata={},
    ...     cohort=[2015], time=[2015], event_time=[0], rows=[3], units=[3],
    ...     paths=["total", "direct", "digital"],
    ... )
    >>> by_path(effects).path.values.tolist()
    ['direct', 'digital', 'total']
    """
    effects = effects_of(fit_or_effects)
    via = nie(effects, by, weights, anticipated=anticipated)
    names = [str(name) for name in via[v.MEDIATOR].to_numpy()]
    parts = [
        nde(effects, by, weights, anticipated=anticipated),
        *(via.isel({v.MEDIATOR: k}, drop=True) for k in range(len(names))),
        total(effects, by, weights, anticipated=anticipated),
    ]
    if v.VIA in effects:
        parts.insert(-1, att(effects, by, weights, v.RECEIVED, anticipated=anticipated))
        names = [*names, v.RECEIVED]
    return _stacked(parts, v.PATH, [v.DIRECT, *names, v.TOTAL]).assign_attrs(
        {**via.attrs, "estimand": "effects by path", "path": "all"}
    )


def channels_of(paths: xr.DataArray) -> xr.DataArray:
    """Keep the comparable paths: the direct effect and every mediator, without sums.

    Spillovers from other units follow several paths and are excluded.

    Parameters
    ----------
    paths : DataArray (chain, draw, path, ...)
        From `by_path`.
    """
    return paths.isel({v.PATH: ~np.isin(paths[v.PATH].to_numpy(), (ALL, v.TOTAL, v.RECEIVED))})


def path_coefficients(
    fit: object, by: By = None, weights: str = "rows", *, anticipated: bool = False
) -> xr.Dataset:
    """Average the path coefficients a and b of every mediator.

    Parameters
    ----------
    fit : Fit
        Fit of a `Mediation` model.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    Dataset
        ``a`` (chain, draw, mediator, ...), mediator units: the effect on the mediator, lagged as in
        the model. ``b``, outcome units per mediator unit: the slope of the outcome on the mediator
        in treated observations, at their values of the moderator if it changes the slope.

    Raises
    ------
    StudyError
        See `att`; also if ``fit`` is not a fit of a `Mediation` model.

    Notes
    -----
    The average of products differs from the product of averages: if both coefficients vary by cell,
    ``a * b`` differs slightly from `nie`.
    """
    from bayes_nqp.effects.effects import path_coefficients_by_cell

    effects, by_cell = effects_of(fit), path_coefficients_by_cell(fit)
    names = [str(name) for name in by_cell[v.MEDIATOR].to_numpy()]
    bare = effects.drop_vars([v.DEVIATION, v.UNTREATED], errors="ignore").isel({v.PATH: [0]})

    def average(part: npt.NDArray[np.float64]) -> xr.DataArray:
        of_cells = bare.assign({v.EFFECT: (bare[v.EFFECT].dims, part)})
        return att(of_cells, by, weights, anticipated=anticipated)

    return xr.Dataset(
        {
            path: _stacked(
                [average(x) for x in np.moveaxis(by_cell[path].to_numpy()[..., None, :], 2, 0)],
                v.MEDIATOR,
                names,
            )
            for path in ("a", "b")
        }
    )


def path_coefficients_in_space(fit: object, by: By = None, weights: str = "rows") -> xr.Dataset:
    """Average the coefficients a and b of spatial mediation paths.

    Parameters
    ----------
    fit : Fit
        Fit of a `Mediation` model with ``spillovers`` or ``links``.
    by : str, sequence of str or mapping, optional
        See `att`.
    weights : str, default "rows"
        See `att`.

    Returns
    -------
    Dataset
        ``a`` (chain, draw, treatment_of, path, ...), mediator units: effects of own treatment and
        of other units' treatment on every mediator, and on the mean of the spatial neighbours'
        mediator (``W × mediator``) if it is in the model. ``b`` (chain, draw, path, ...), outcome
        units per mediator unit: slopes.

    Raises
    ------
    StudyError
        See `path_coefficients`.
    """
    from bayes_nqp.effects.effects import path_coefficients_by_cell

    effects, path_coefficients = effects_of(fit), path_coefficients_by_cell(fit)
    held = cast("Fit", fit).posterior
    labels = held[_LABEL].to_numpy().tolist() if _LABEL in held else []
    via = effects[v.VIA].transpose(
        v.MEDIATOR, v.MEDIATOR_OF, v.TREATMENT_OF, *v.SAMPLE_DIMS, v.CELL
    ).to_numpy()  # fmt: skip
    bare = effects.drop_vars([v.DEVIATION, v.UNTREATED], errors="ignore").isel({v.PATH: [0]})

    def average(part: npt.NDArray[np.float64]) -> xr.DataArray:
        of_cells = bare.assign({v.EFFECT: (bare[v.EFFECT].dims, part[:, :, None])})
        return att(of_cells, by, weights)

    names, near, slopes = [], [], []
    for k, name in enumerate(map(str, path_coefficients[v.MEDIATOR].to_numpy())):
        coefficients_from = {name: path_coefficients["b"].isel({v.MEDIATOR: k}).to_numpy()}
        if (linked := linked_name(name)) in labels:
            c = held[_SLOPES].isel({_LABEL: labels.index(linked)}).to_numpy()
            coefficients_from[linked] = np.broadcast_to(c[..., None], coefficients_from[name].shape)
        for place, (path, slope) in enumerate(coefficients_from.items()):
            names.append(path)
            slopes.append(average(slope))
            # The indirect effect of a mediator is a b, draw by draw and cell by cell.
            parts = [average(x / slope) for x in via[k, place]]
            near.append(_stacked(parts, v.TREATMENT_OF, [v.OWN, v.OTHERS]))
    a, b = _stacked(near, v.PATH, names), _stacked(slopes, v.PATH, names)
    return xr.Dataset({"a": a.transpose(*v.SAMPLE_DIMS, v.TREATMENT_OF, v.PATH, ...), "b": b})


def _stacked(parts: Sequence[xr.DataArray], dim: str, labels: Sequence[str]) -> xr.DataArray:
    stacked = xr.concat(parts, dim=dim, coords="minimal", compat="override", combine_attrs="drop")
    stacked = stacked.assign_coords({dim: np.asarray(labels, dtype=str)}).rename(None)
    return stacked.transpose(*v.SAMPLE_DIMS, dim, ...)

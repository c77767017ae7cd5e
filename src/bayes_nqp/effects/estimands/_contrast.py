"""Contrasts of levels: differences and ratios of two levels, and all pairwise differences."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._words import dim_of, text


@door
def contrast(
    draws: xr.DataArray,
    levels: Mapping[str, object] | None = None,
    /,
    *,
    minus: object,
    kind: Literal["difference", "ratio"] = "difference",
    **dims: object,
) -> xr.DataArray:
    """Compare two levels, draw by draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    levels : mapping of str to level, optional
        Dim and level, for names that are not identifiers: ``{"region of China": "inland"}``.
    minus : level, or mapping of str to level
        Level of comparison; a mapping if several dims are compared at once.
    kind : {"difference", "ratio"}, default "difference"
        Type of the contrast.
    **dims : level
        Dim and level: ``region="inland"``.

    Returns
    -------
    DataArray (chain, draw, ...)
        The other dims are kept; the scalar coordinate ``contrast`` names the comparison. Outcome
        units for a difference, dimensionless for a ratio.

    Raises
    ------
    StudyError
        If a dim or a level is unknown, or no level is given.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import contrast
    >>> draws = xr.DataArray(
    ...     np.ones((4, 100, 2)) * [1.0, 3.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal"]},
    ... )
    >>> float(contrast(draws, region="inland", minus="coastal").mean())
    -2.0
    """
    first, second, label = sides_of({**(levels or {}), **dims}, minus)
    upper, lower = at_level(draws, first), at_level(draws, second)
    values = upper - lower if kind == "difference" else upper / lower
    label = label if kind == "difference" else label.replace(" − ", " / ", 1)
    result = values.assign_coords(contrast=label).rename("contrast")
    result.attrs = {
        **draws.attrs,
        "estimand": f"{kind} of {draws.attrs.get('estimand', 'draws')}",
        "contrast": label,
    }
    return result


def at_level(draws: xr.DataArray, levels: Mapping[str, object]) -> xr.DataArray:
    """Select the draws at one level of one or more dims.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Labelled draws.
    levels : mapping of str to level
        Dim and level.

    Returns
    -------
    DataArray (chain, draw, ...)
        Draws without these dims and their coordinates, except the gate.

    Raises
    ------
    StudyError
        If a dim or a level is unknown.
    """
    places = {}
    for dim, level in levels.items():
        if dim not in draws.dims:
            names = [str(d) for d in draws.dims if d not in ("chain", "draw")]
            raise StudyError(f"{dim!r} is not a dim of these draws", hint=nearest(dim, names))
        labels = draws[dim].to_numpy()
        same = labels == level if np.ndim(level) == 0 else False  # type: ignore[arg-type]
        if not np.any(same):
            raise StudyError(
                f"{level!r} is not a level of {dim!r}",
                hint=nearest(text(level), [text(label) for label in labels]),
            )
        places[dim] = int(np.flatnonzero(same)[0])
    chosen = draws.isel(places)
    gone = [
        name
        for name, coord in draws.coords.items()
        if set(coord.dims) & set(levels) and name in chosen.coords
    ]
    return chosen.drop_vars(gone)


def sides_of(
    first: Mapping[str, object], minus: object
) -> tuple[Mapping[str, object], dict[str, object], str]:
    """Return both sides of a contrast, as dims and levels, and its name.

    Raises
    ------
    StudyError
        If no level is given, or the two sides have different dims.
    """
    if not first:
        raise StudyError(
            "no level to compare was given",
            hint="contrast(draws, region='inland', minus='coastal')",
        )
    if isinstance(minus, Mapping):
        if set(minus) != set(first):
            raise StudyError(
                f"minus={dict(minus)!r} and {dict(first)!r} have different dims",
                hint="give both the same dims",
            )
        second = {dim: minus[dim] for dim in first}
    elif len(first) > 1:
        raise StudyError(
            f"minus={minus!r} is one level, but {len(first)} dims are compared",
            hint="minus={'dim': level, ...} with a level for each dim",
        )
    else:
        second = dict.fromkeys(first, minus)
    sides = (" × ".join(map(text, side.values())) for side in (first, second))
    return first, second, " − ".join(sides)


_PAIR, _LEVEL, _MINUS = "pair", "pair_level", "pair_minus"


@door
def pairwise_contrasts(draws: xr.DataArray, dim: str | None = None) -> xr.DataArray:
    """Take the difference of every two levels of one dim, draw by draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    dim : str, optional
        Dim to compare; by default the only dim other than chain and draw.

    Returns
    -------
    DataArray (chain, draw, pair, ...), outcome units
        ``pair`` is "inland − coastal"; the coordinates ``pair_level`` and ``pair_minus`` are its
        two sides, in the order of `dim`. Empty if there is a single level.

    Raises
    ------
    StudyError
        If the dim does not exist, several dims exist and `dim` is missing, or a dim is named pair.

    See Also
    --------
    contrast : one difference, of one dim or more.
    simultaneous_signs : signs that are credible simultaneously.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.effects.estimands import pairwise_contrasts
    >>> draws = xr.DataArray(
    ...     np.ones((4, 100, 3)) * [1.0, 3.0, 4.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal", "islands"]},
    ... )
    >>> pairwise_contrasts(draws).mean(["chain", "draw"]).to_series().to_dict()
    {'inland − coastal': -2.0, 'inland − islands': -3.0, 'coastal − islands': -1.0}
    """
    name = dim_of(draws, dim)
    if _PAIR in draws.dims and name != _PAIR:
        raise StudyError(
            f"a dim of these draws is named {_PAIR!r}, which the result uses",
            hint="by={'another_name': 'pair'}",
        )
    levels = draws[name].to_numpy()
    first, second = np.array(list(combinations(range(len(levels)), 2)), int).reshape(-1, 2).T
    order = draws.transpose(*v.SAMPLE_DIMS, name, ...)
    gone = [str(x) for x, coord in order.coords.items() if name in coord.dims]
    order = order.drop_vars(gone).rename({name: _PAIR})
    labels = [f"{text(levels[a])} − {text(levels[b])}" for a, b in zip(first, second, strict=True)]
    gaps = order.isel({_PAIR: first}) - order.isel({_PAIR: second})
    gaps = gaps.assign_coords(
        {
            _PAIR: np.asarray(labels, dtype=str),
            _LEVEL: (_PAIR, levels[first]),
            _MINUS: (_PAIR, levels[second]),
        }
    )
    estimand = f"difference of {draws.attrs.get('estimand', 'draws')}"
    attrs = {**draws.attrs, "estimand": estimand, "contrast": "all pairs"}
    return gaps.assign_attrs(attrs).rename("differences")

"""Every level less every other, draw by draw."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._labels import dim_of, text

_PAIR, _LEVEL, _MINUS = "pair", "pair_level", "pair_minus"


@door
def differences(draws: xr.DataArray, dim: str | None = None) -> xr.DataArray:
    """Take the difference of every two levels of one dim, draw by draw.

    Parameters
    ----------
    draws : DataArray (chain, draw, ...)
        Such as ``att(fit, by="region")``.
    dim : str, optional
        What to compare; the only dim besides chain and draw by default.

    Returns
    -------
    DataArray (chain, draw, pair, ...), outcome units
        ``pair`` is "inland − coastal"; the coordinates ``pair_level`` and ``pair_minus`` are its
        two sides, in the order of `dim`. Empty where there is a single level.

    Raises
    ------
    StudyError
        If there is no such dim, or several and none is named; or another one is called pair.

    See Also
    --------
    contrast : one difference, of one dim or more.
    joint_signs : which of them can be named together.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from bayes_nqp.estimands import differences
    >>> draws = xr.DataArray(
    ...     np.ones((4, 100, 3)) * [1.0, 3.0, 4.0],
    ...     dims=("chain", "draw", "region"),
    ...     coords={"region": ["inland", "coastal", "islands"]},
    ... )
    >>> differences(draws).mean(["chain", "draw"]).to_series().to_dict()
    {'inland − coastal': -2.0, 'inland − islands': -3.0, 'coastal − islands': -1.0}
    """
    name = dim_of(draws, dim)
    if _PAIR in draws.dims and name != _PAIR:
        raise StudyError(
            f"a dim of these draws is called {_PAIR!r}",
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

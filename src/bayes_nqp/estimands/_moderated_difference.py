"""The effect at a high value of a moderator less that at a low one, along one path."""

from __future__ import annotations

import numpy as np
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._by import By
from bayes_nqp.estimands._moderated import moderated, with_moderation
from bayes_nqp.estimands._registry import MODERATOR, estimand
from bayes_nqp.language import Message
from bayes_nqp.schema import FitOrEffects


@estimand(
    Message("Effect at a high less at a low value of the moderator"),
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
    """Subtract the effect at a low value of the moderator from that at a high one.

    Along a mediator it is moderated mediation as one number. Divided by the distance of both
    values it is the index of moderated mediation: where one leg alone is moderated, the same
    for any two values.

    Parameters
    ----------
    fit : Fit or Dataset
        As in `moderated`.
    low, high : float, moderator's units, optional
        By default one sd below and above the treated rows' mean.
    by, path, weights, anticipated
        As in `moderated`.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        The coordinate ``index`` (chain, draw, ...) is the difference per unit of the moderator;
        the attrs ``low`` and ``high`` are the values.

    Raises
    ------
    StudyError
        As `moderated`; or if the values are not in order.

    References
    ----------
    Hayes, A. (2015). An index and test of linear moderated mediation. Multivariate Behavioral
    Research 50(1). Edwards, J. and Lambert, L. (2007). Methods for integrating moderation and
    mediation. Psychological Methods 12(1).
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

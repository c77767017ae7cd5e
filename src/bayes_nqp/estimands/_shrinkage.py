"""What pooling does to each group's effect."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._att import att
from bayes_nqp.estimands._by import By
from bayes_nqp.estimands._gates import worst_gate
from bayes_nqp.schema import FitOrEffects


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
        Two fits to one panel, with ``Partial(...)`` and ``Separate()``, or their effects.
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
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.estimands import shrinkage
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
    rows, gate = estimate[v.ROWS], worst_gate(estimate, other)
    loose = [v.ROWS, v.WEIGHT, *v.EVIDENCE]
    first, second = xr.align(
        estimate.drop_vars(loose, errors="ignore"),
        other.drop_vars(loose, errors="ignore"),
        join="inner",
    )
    if not first.size:
        raise StudyError(
            "'partial' and 'separate' share no label or no draw",
            hint="fit both to one panel with the same strata",
        )
    pair = xr.Dataset({"partial": first, "separate": second})
    pair = pair.assign_coords({v.GATE: gate, v.ROWS: rows.drop_vars(loose, errors="ignore")})
    pair.attrs = {**estimate.attrs, "estimand": "att, pooled partially and not at all"}
    return pair

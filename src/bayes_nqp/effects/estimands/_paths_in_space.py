"""Effects by origin of the treatment and by path, for spatial mediation models."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._att import described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.model.predictors import linked_name


@door
def paths_in_space(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    onto: Literal["untreated", "treated"] = "treated",
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average effects by origin of the treatment (own or other units') and by path.

    There are four indirect paths and a direct one. Own treatment acts through the own mediator
    (own–own) and through the mediators of spatial neighbours (own–neighbour, a feedback effect).
    Other units' treatment acts through the own mediator (neighbour–own) and through the mediators
    of neighbours (neighbour–neighbour). The direct path uses no mediator. The paths add up to the
    effects of own and of other units' treatment, and both add up to the total, draw by draw.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a `Mediation` model with ``spillovers`` or ``links``.
    by : str, sequence of str or mapping, optional
        As in `att`; not "unit".
    weights : str, default "rows"
        See `att`.
    onto : {"untreated", "treated"}, default "treated"
        Observations averaged.
    anticipated : bool, default False
        See `att`.

    Returns
    -------
    DataArray (chain, draw, treatment_of, path, ...), outcome units
        ``treatment_of`` is "own", "others" and "total"; ``path`` "direct", every mediator, ``W ×
        mediator`` (of spatial neighbours), and "total".

    Raises
    ------
    StudyError
        See `att`; also if the model has no spatial mediation paths.

    Notes
    -----
    With exposure variables (`nqp.Rings`, `nqp.ShareTreated`) individual treated neighbours are not
    identified. The feedback of own treatment through neighbours is then part of the effects of
    others' treatment.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> made = nqp.simulation.channels_in_space(units=40, periods=6, cohorts=(4,), seed=1)
    >>> paths = nqp.paths_in_space(made.truth)
    >>> paths["path"].values.tolist()
    ['direct', 'digital', 'W × digital', 'total']
    """
    effects = effects_of(fit_or_effects)
    if v.VIA not in effects:
        raise StudyError(
            "these effects contain no spatial mediation paths",
            hint="nqp.Mediation(nqp.StaggeredDiD(spillovers=…), links=weights)",
        )
    role = v.TREATED if onto == "treated" else v.NEIGHBOUR
    average = average_of(effects, by, weights, None, role, anticipated=anticipated)
    names, table = _table(effects)
    bare = effects.drop_vars([v.VIA, v.DEVIATION], errors="ignore").drop_dims(v.PATH)
    bare = bare.drop_vars([v.MEDIATOR, v.TREATMENT_OF, v.MEDIATOR_OF])
    flat = bare.assign({v.EFFECT: ((*v.SAMPLE_DIMS, v.PATH, v.CELL), table.reshape(
        *table.shape[:2], -1, table.shape[-1]))}).assign_coords(
            {v.PATH: [str(k) for k in range(3 * len(names))]})  # fmt: skip
    parts = [average.of_effects(flat, str(k)) for k in range(3 * len(names))]
    rows = [
        xr.concat(parts[k : k + len(names)], dim=v.PATH, coords="minimal", compat="override")
        for k in range(0, len(parts), len(names))
    ]
    draws = xr.concat(rows, dim=v.TREATMENT_OF, coords="minimal", compat="override")
    draws = draws.assign_coords(
        {v.PATH: np.asarray(names, dtype=str), v.TREATMENT_OF: [v.OWN, v.OTHERS, v.TOTAL]}
    ).transpose(*v.SAMPLE_DIMS, v.TREATMENT_OF, v.PATH, ...)
    attrs = described(
        effects, average, "paths in space", by=by, weights=weights, path="all", balanced=None
    )
    return draws.rename("paths_in_space").assign_attrs({**attrs, "onto": onto})


def _table(effects: xr.Dataset) -> tuple[list[str], np.ndarray]:
    """Return path labels and effects (chain, draw, origin of the treatment, path, cell)."""
    via = effects[v.VIA].transpose(
        *v.SAMPLE_DIMS, v.TREATMENT_OF, v.MEDIATOR, v.MEDIATOR_OF, v.CELL
    ).to_numpy()  # fmt: skip
    effect = effects[v.EFFECT].transpose(v.PATH, *v.SAMPLE_DIMS, v.CELL)
    direct, received = (effect.sel({v.PATH: x}).to_numpy() for x in (v.DIRECT, v.RECEIVED))
    # Effects without a mediator: the direct effect of own treatment, and the rest of others'.
    bare = np.stack([direct, received - via[:, :, 1].sum(axis=(2, 3))], axis=2)
    through = via.reshape(*via.shape[:3], -1, via.shape[-1])
    parts = np.concatenate([bare[:, :, :, None], through], axis=3)
    parts = np.concatenate([parts, parts.sum(axis=3, keepdims=True)], axis=3)
    parts = np.concatenate([parts, parts.sum(axis=2, keepdims=True)], axis=2)
    mediators = [str(name) for name in effects[v.MEDIATOR].to_numpy()]
    names = [x for name in mediators for x in (name, linked_name(name))]
    return [v.DIRECT, *names, v.TOTAL], parts

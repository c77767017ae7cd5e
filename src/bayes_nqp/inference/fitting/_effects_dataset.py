"""Conversion of draws of cells and members, and labels of a plan, to the effects dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame import CellInfo, ModelFrame
from bayes_nqp.model.predictors import AFTER, NEIGHBOUR
from bayes_nqp.numerics.diagnostics import ConvergenceDiagnostics


def effects_dataset(
    model_frame: ModelFrame,
    effect: Array,
    deviation: Array | None,
    *,
    paths: Sequence[str] = (v.TOTAL,),
    gate: str | ConvergenceDiagnostics,
    leads: bool = False,
    cells: CellInfo | None = None,
    via: Array | None = None,
    added: Array | None = None,
    attrs: Mapping[str, str | float] | None = None,
) -> xr.Dataset:
    """Label draws as effects.

    Parameters
    ----------
    effect : ndarray (chain, draw, cell) or (chain, draw, path, cell), outcome units
        Effects of all cells, leads included.
    gate : str or ConvergenceDiagnostics
        Convergence diagnostics, as text or with those of importance weights.
    leads : bool, default False
        Take the lead cells instead of those with effects.
    cells : CellInfo, optional
        Cells of the effects, those of the plan first; these alone by default.
    via : ndarray (chain, draw, mediator, treatment, mediator, cell), optional
        Effects through mediators, by treated unit and by unit of the mediator.
    added : ndarray (chain, draw, cell), optional, outcome units
        Effects on the expected outcome, under a link from which they do not follow.

    Returns
    -------
    Dataset
        As `schema.build` gives it.
    """
    cells = model_frame.cells if cells is None else cells
    keep = np.flatnonzero(cells.lead if leads else ~cells.lead)
    unit_effects, membership = None, None
    if deviation is not None and not leads:
        # Treated observations are in cells with effects, so members have no observations elsewhere.
        cell, unit_effect, rows = model_frame.effects.membership
        unit_effects = model_frame.effects.labels.tolist()
        membership = np.searchsorted(keep, cell), unit_effect, rows
    role = np.full(keep.size, v.TREATED, dtype=object)
    for code, name in ((NEIGHBOUR, v.NEIGHBOUR), (AFTER, v.AFTER)):
        role[cells.role[keep] == code] = name
    effect = effect if effect.ndim == 4 else effect[:, :, None]
    effect = effect if keep.size == effect.shape[3] else np.take(effect, keep, axis=3)
    if deviation is not None and deviation.ndim == 3:
        deviation = deviation[:, :, None]
    if v.RECEIVED not in paths and (role == v.NEIGHBOUR).any():
        paths = (*paths, v.RECEIVED)
        effect, deviation = _with_received(effect, deviation, role == v.NEIGHBOUR)
    built = schema.build(
        effect,
        strata={f: levels[keep].tolist() for f, levels in cells.strata.items()},
        cohort=None if model_frame.exposure is not None else cells.cohort[keep],
        time=cells.time[keep],
        event_time=None if model_frame.exposure is not None else cells.event_time[keep],
        rows=cells.rows[keep],
        units=cells.rows[keep],
        observed=None if model_frame.exposure is not None else cells.observed[keep],
        weight=cells.weight[keep],
        deviation=None if leads else deviation,
        unit_effects=unit_effects,
        membership=membership,
        paths=paths,
        role=role.tolist(),
        labels={name: values[keep] for name, values in cells.labels.items()},
        gate=str(gate),
        importance={} if isinstance(gate, str) else gate.importance,
        attrs={**_stated(model_frame), **(attrs or {})},
    )
    if not leads and built.attrs[v.LINK] == v.LOG:
        built = _with_untreated(built, model_frame)
    if model_frame.facts.likelihood.has_trials:
        built = _with_trials(built, model_frame, keep)
    if added is not None:
        untreated = built[v.OBSERVED].to_numpy() - added[..., keep]
        built = built.assign({v.UNTREATED: ((*v.SAMPLE_DIMS, v.CELL), untreated)})
    return built if via is None else _with_via(built, via[..., keep])


def _with_trials(built: xr.Dataset, model_frame: ModelFrame, keep: Index) -> xr.Dataset:
    """Add the mean number of trials of each cell's observations."""
    rows = np.flatnonzero(model_frame.cell_of_row >= 0)
    cell = model_frame.cell_of_row[rows]
    trials = np.bincount(cell, model_frame.panel.number_of_trials[rows])
    mean = trials[keep] / np.bincount(cell)[keep]
    return built.assign_coords({v.TRIALS: (v.CELL, mean)})


def _with_untreated(built: xr.Dataset, model_frame: ModelFrame) -> xr.Dataset:
    """Add the mean outcome of each cell without the policy, under a log link.

    ``sum_i y_it e^-tau_it / n`` over the observations of a cell. The effect on a unit is the cell's
    effect plus the unit's deviation less the mean deviation in the cell. Without stored deviations
    there is no such mean.
    """
    effect = built[v.EFFECT].isel({v.PATH: 0}).transpose(..., v.CELL).to_numpy()
    if model_frame.facts.varying is not None and v.DEVIATION not in built:
        return built
    factor = np.broadcast_to(built[v.OBSERVED].to_numpy(), effect.shape)
    if v.DEVIATION in built:
        effects, (cell, member, rows) = model_frame.effects, model_frame.effects.membership
        # Events of a member in a cell, in the order of the membership table.
        events = np.zeros((effects.sizes.size, effects.codes.size))
        np.add.at(
            events, (effects.cell, effects.unit_effect), model_frame.panel.outcome[effects.rows]
        )
        place, n = built[v.MEMBERSHIP_CELL].to_numpy(), effect.shape[-1]
        deviation = built[v.DEVIATION].isel({v.PATH: 0}).transpose(..., v.MEMBER).to_numpy()
        count = np.bincount(place, rows, n)
        share = csr_array((rows / count[place], (member, place)), shape=(effects.codes.size, n))
        exponent = (
            deviation[..., member]
            - (deviation.reshape(-1, len(effects.codes)) @ share).reshape(*deviation.shape[:-1], n)[
                ..., place
            ]
        )
        weight = events[cell, member] / count[place]
        onto = csr_array((weight, (np.arange(place.size), place)), shape=(place.size, n))
        flat = np.exp(-exponent).reshape(-1, place.size) @ onto
        factor = flat.reshape(*deviation.shape[:-1], n)
    return built.assign({v.UNTREATED: ((*v.SAMPLE_DIMS, v.CELL), np.exp(-effect) * factor)})


def _with_via(built: xr.Dataset, via: Array) -> xr.Dataset:
    """Add effects through mediators, by treated unit and by unit of the mediator."""
    dims = (*v.SAMPLE_DIMS, v.MEDIATOR, v.TREATMENT_OF, v.MEDIATOR_OF, v.CELL)
    whose = np.asarray([v.OWN, v.OTHERS], dtype=str)
    names = [path for path, role in schema.path_roles(built).items() if role == v.INDIRECT]
    return built.assign({v.VIA: (dims, via)}).assign_coords(
        {v.MEDIATOR: names, v.TREATMENT_OF: whose, v.MEDIATOR_OF: whose}
    )


def _stated(model_frame: ModelFrame) -> dict[str, str | float]:
    """Return the attrs that describe effects: link, exposure, and the use of sums."""
    attrs: dict[str, str | float] = {v.LINK: model_frame.facts.likelihood.link}
    if model_frame.panel.summed:
        attrs[v.SUMMED] = 1.0
    if model_frame.exposure is not None:
        attrs |= {"exposure": model_frame.exposure.name, "per": model_frame.exposure.label}
    return attrs


def _with_received(
    effect: Array, deviation: Array | None, neighbour: npt.NDArray[np.bool_]
) -> tuple[Array, Array | None]:
    """Add the spillover path: effects on cells of neighbours, without deviations."""
    # The model has no spillovers on treated units.
    received = np.where(neighbour, effect[:, :, :1], 0.0)
    effect = np.concatenate([effect, received], axis=2)
    if deviation is not None:
        deviation = np.concatenate([deviation, np.zeros_like(deviation[:, :, :1])], axis=2)
    return effect, deviation

"""A continuous exposure on a panel: its observations, columns and identification."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import Hint, IdentificationError
from bayes_nqp._core.i18n import NOTHING, Message, separated
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.model_frame._cells import cell_info
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.inference.model_frame._columns import net_of_units, within
from bayes_nqp.inference.model_frame._model_frame import CellInfo, Dose, Exposure, ModelFrame
from bayes_nqp.inference.model_frame._scale import net_of_effects, within_scale
from bayes_nqp.model.designs import DoseSpec, EquationSpec, ModelSpec
from bayes_nqp.model.predictors import (
    TREATED,
    CellTable,
    ExposurePositions,
    GlobalPart,
    Slope,
    TimeEffects,
    exposure_parts,
)
from bayes_nqp.numerics.sufficient_statistics import VaryingColumn

_NEVER_CHANGES = Message("the exposure never changes within its units")
_NO_RESIDUAL = Message("unit and time effects explain all variation in the exposure")
_FLAT = 1e-9
"""Share of a column's variation below which it counts as zero."""


def exposure_support(panel: Panel, dose: DoseSpec, frame: PanelCodes) -> pd.DataFrame:
    """List strata, with the variation in exposure that identifies their slope.

    One row per stratum; ``varying`` counts units with changing exposure, ``sd_net`` is the SD
    within units net of time effects.
    """
    seen = np.bincount(frame.unit, minlength=frame.n_units) > 1
    sample = seen[frame.unit]
    rows: list[dict[str, Any]] = []
    for code, levels in enumerate(frame.stratum_levels):
        in_stratum = sample & (frame.stratum[frame.unit] == code)
        names = zip(panel.roles.strata, levels, strict=True)
        row: dict[str, Any] = {f: panel.levels[f][k] for f, k in names}
        rows.append(row | _variation(frame, dose.values, in_stratum, sample))
    return pd.DataFrame(rows)


def _variation(frame: PanelCodes, values: Array, in_stratum: Mask, sample: Mask) -> dict[str, Any]:
    x, unit = values[in_stratum], frame.unit[in_stratum]
    within_units = net_of_units(unit, x, frame.n_units)
    tiny = _FLAT * max(float(np.abs(x).max(initial=0.0)), 1e-300)
    f = frame.weight[in_stratum]
    moving = np.unique(unit[np.abs(within_units) > tiny])
    varying = round(frame.counts[moving].sum())
    net = net_of_effects(frame, np.where(in_stratum, values, 0.0), sample)[0][in_stratum[sample]]
    reason = NOTHING
    if not varying:
        reason = _NEVER_CHANGES
    elif float(net @ (f * net)) <= _FLAT * float(within_units @ (f * within_units)):
        reason = _NO_RESIDUAL
    return {
        "rows": round(f.sum()),
        "exposed": round(f[x != 0.0].sum()),
        "units": round(frame.counts[np.unique(unit)].sum()),
        "varying": varying,
        "sd": _root(x - np.average(x, weights=f), f) if x.size else 0.0,
        "sd_within": _root(within_units, f),
        "sd_net": 0.0 if reason else _root(net, f),
        "identified": not reason,
        "reason": reason,
    }


def _root(values: Array, f: Array) -> float:
    return float(np.sqrt(np.average(values * values, weights=f))) if values.size else 0.0


def kept_rows(
    model: ModelSpec, dose: DoseSpec, frame: PanelCodes
) -> tuple[Mask, tuple[Message, ...]]:
    """Return the observations that enter the likelihood, and notes on the others.

    An error is raised if no slope is identified; or, depending on the model, if some slope is not.
    """
    panel = model.panel
    sample = (np.bincount(frame.unit, minlength=frame.n_units) > 1)[frame.unit]
    notes = []
    if not sample.all():
        alone = round(frame.weight[~sample].sum())
        notes.append(
            Message("units observed once carry no information and are dropped: {:,}", alone)
        )
    if not frame.treated.any():
        raise IdentificationError(
            Message("the exposure {!r} is {:g} in all observations", dose.name, dose.reference),
            hint="another 'reference', or check that 'exposure' names the right column",
        )
    table = exposure_support(panel, dose, frame)
    exposed = table[table["exposed"] > 0]
    lost = exposed[~exposed["identified"]]
    if not len(lost):
        return sample, tuple(notes)
    where = separated(_place(panel, row, Message(row["reason"])) for _, row in lost.iterrows())
    if model.unidentified == "raise" or len(lost) == len(exposed):
        raise IdentificationError(
            Message(
                "the slope of the exposure {!r} is not identified in {} of {} strata",
                dose.name,
                len(lost),
                len(exposed),
            ),
            where=where,
            hint=Message(
                "an exposure must vary within units, and differently across units. Use "
                "common time effects ({}) if it is the same for a whole stratum; {} drops"
                " these strata; nqp.identification lists all of them",
                Hint("time", TimeEffects()),
                Hint("unidentified", "drop"),
            ),
        )
    gone = np.isin(frame.stratum[frame.unit], lost.index.to_numpy())
    rows = round(frame.weight[sample & gone].sum())
    notes.append(
        Message(
            "observations dropped because their slope is not identified: {:,} ({})", rows, where
        )
    )
    return sample & ~gone, tuple(notes)


def _place(panel: Panel, row: Any, reason: Message) -> Message:
    strata = ", ".join(str(row[f]) for f in panel.roles.strata)
    return Message("{}: {}", strata, reason) if strata else reason


def exposure_of(dose: DoseSpec, frame: PanelCodes, sample: Mask) -> Exposure:
    """Measure the exposure on the kept observations; raise an error if they are too few."""
    try:
        size = within_scale(frame, dose.values, sample)
    except IdentificationError:
        raise IdentificationError(
            Message(
                "the slope of the exposure {!r} is not identified: {}", dose.name, _NO_RESIDUAL
            ),
            hint="an exposure must vary within units, and differently across units",
        ) from None
    unit = {"sd": size, "unit": 1.0}.get(str(dose.per)) or float(dose.per)
    label = f"{unit:.4g} of {dose.name}"
    if dose.per == "sd":
        label = f"1 within-unit sd ({size:.3g}) of {dose.name}"
    return Exposure(**vars(dose), size=size, unit=unit, label=label)


def exposed_cells(
    panel: Panel, frame: PanelCodes, sample: Mask
) -> tuple[CellTable, Index, CellInfo]:
    """Return cells of exposed observations (stratum × time), with their labels.

    Also return the cell of each observation, -1 for none.
    """
    rows = np.flatnonzero(frame.treated & sample)
    key = frame.stratum[frame.unit[rows]] * frame.n_periods + frame.time[rows]
    numbers, cell = np.unique(key, return_inverse=True)
    cell_of_row = np.full(frame.unit.size, -1, dtype=np.int64)
    cell_of_row[rows] = cell
    table = _table(panel, frame, numbers // frame.n_periods, numbers % frame.n_periods)
    info = cell_info(panel, frame, sample, table, cell_of_row)
    return table, cell_of_row, replace(info, cohort=np.full(numbers.size, np.nan))


def whole_table(panel: Panel, frame: PanelCodes, table: CellTable) -> CellTable:
    """Extend the table of exposed observations to all periods of its strata, one slope each."""
    strata, times = np.unique(table.stratum), np.arange(frame.n_periods)
    return _table(panel, frame, np.repeat(strata, times.size), np.tile(times, strata.size))


def _table(panel: Panel, frame: PanelCodes, stratum: Index, time: Index) -> CellTable:
    zero = np.zeros(stratum.size, dtype=np.int64)
    factors = panel.roles.strata
    return CellTable(
        stratum=stratum,
        cohort=zero,
        time=time,
        event_time=zero,
        role=np.full(stratum.size, TREATED),
        levels={f: frame.stratum_levels[stratum, i] for i, f in enumerate(factors)},
        names={f: panel.levels[f] for f in factors},
        cohort_names={0: ""},
    )


def parts_of_exposure(
    ground: ModelFrame, equation: EquationSpec, exposure: Exposure, dose: Dose, n_columns: int
) -> list[GlobalPart]:
    """Return slopes of the exposure in every period, as parts with columns of the exposure."""
    positions = ExposurePositions(
        len(ground.codes.stratum_levels), n_columns, dose.start, dose.size
    )
    return exposure_parts(
        whole_table(ground.panel, ground.codes, ground.table), equation.pooling, equation.strata,
        equation.priors, positions, by_time=exposure.by_period,
        periods=[str(t) for t in ground.panel.time_labels],
    )  # fmt: skip


def exposure_columns(exposure: Exposure, frame: PanelCodes, sample: Mask) -> list[VaryingColumn]:
    """Return one varying column for each period, zero in all others.

    If slopes are the same in all periods, unit effects absorb a unit's mean exposure; subtracting
    it reduces rounding errors.
    """
    values = exposure.values[sample]
    if not exposure.by_period:
        within_units, size = within(frame.unit[sample], values, frame.counts)
        values = within_units * size
    values = values / exposure.size
    return [VaryingColumn(f"{exposure.name} {t}", values, t) for t in range(frame.n_periods)]


def per_exposure(
    slopes: list[tuple[Slope, Array]], exposure: Exposure, panel: Panel
) -> list[tuple[Slope, Array]]:
    """Multiply a moderator by the exposure instead of by its indicator."""
    dose = exposure.size / exposure.unit
    products = []
    for slope, column in slopes:
        scaled = column * exposure.values / exposure.size
        if panel.summed:
            # (Z - c) D = Z D - c D: the product of sums is not the sum of products.
            z_d = panel.summed_product(exposure.name, slope.mediator)
            z_d = np.where(exposure.values == 0, 0.0, z_d)
            scaled = (z_d - slope.centre * exposure.values) / (slope.size * exposure.size)
        products.append((replace(slope, size=slope.size * dose), scaled))
    return products

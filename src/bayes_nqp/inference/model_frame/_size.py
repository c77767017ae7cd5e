"""Estimates of the size of an equation, before it is built."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import Hint
from bayes_nqp._core.i18n import Message, separated
from bayes_nqp._core.limits import afford
from bayes_nqp.inference.model_frame._codes import PanelCodes
from bayes_nqp.model.designs import EquationSpec
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors import CellTable, ProcessPart, TimeEffects
from bayes_nqp.numerics.sufficient_statistics import distinct_rows

_EVALUATIONS = 5e3
"""Number of evaluations of the density in a fit."""
_RATE = 5e9
"""Multiplications per second."""
_COPIES = 3
"""Number of matrices of every size that an evaluation allocates."""


def check_size(
    equation: EquationSpec,
    frame: PanelCodes,
    cells: CellTable,
    block: Index,
    *,
    slopes: int,
    exposed: bool,
) -> None:
    """Refuse an equation that exceeds the machine's memory, or a day of sampling.

    Estimates are lower bounds. Strata of one block share coefficients; ``slopes`` vary by stratum,
    and ``exposed`` is True if effects are slopes of an exposure.
    """
    pooling, periods = equation.pooling, frame.n_periods
    # Varying columns common to all periods, and those of a single one.
    full = len(equation.covariates) + slopes
    by_unit = len(equation.baseline) + len(equation.unit_columns)
    by_period = by_unit * (periods - 1) + exposed * periods
    effects = ~cells.lead
    numbers = {f: int(np.unique(cells.levels[f][effects]).size) for f in equation.strata}
    each = [max(n, 1) for n in numbers.values()] if "strata" in pooling.pieces else [1]
    factors = int(np.prod(each, dtype=float)) - 1
    last = int(cells.event_time.max(initial=0)) - int(cells.event_time.min(initial=0))
    shared = full + by_period + factors * (1 + slopes) + last + 2 + np.unique(cells.cohort).size
    shared += sum((1 + int(p.owner.max())) * _numbers(p) for p in equation.processes if p.border)
    # By block: time effects, cells, strata.
    pairs, count = np.unique(np.stack([block, frame.level_of_stratum]), axis=1), block.max() + 1
    time = periods * np.bincount(pairs[0], minlength=count).astype(float)
    in_block = np.bincount(block[cells.stratum], minlength=count).astype(float)
    strata = np.bincount(block, minlength=count).astype(float)
    local = time + in_block * ("cell" in pooling.pieces)
    work = np.sum(local**3 / 3.0 + local**2 * shared + local * float(shared) ** 2)
    work += shared**3 / 3.0
    memory = 8.0 * _held(
        equation,
        frame,
        cells,
        time + in_block + strata * (full + by_period),
        shared=shared,
        full=full,
        by_period=by_period,
        exposed=exposed,
    )
    memory += 8.0 * float(factors) ** 2
    levels = " × ".join(f"{n:,} levels of {f!r}" for f, n in numbers.items())
    columns = f"{full + by_period:,} columns of covariates and mediators"
    afford(
        memory,
        f"an equation with {shared:,} shared and {int(local.sum()):,} other coefficients "
        f"({cells.size:,} cells, {columns}{', ' + levels if levels else ''})",
        _hint(numbers, full + by_period, cells.size, pooling),
        hours=float(work) * _EVALUATIONS / _RATE / 3600.0,
    )


def _held(
    equation: EquationSpec, frame: PanelCodes, cells: CellTable, positions: Array, *,
    shared: int, full: int, by_period: int, exposed: bool,
) -> float:  # fmt: skip
    """Count the numbers in matrices of slots (block), shared coefficients and sums of units."""
    inner = [part for part in equation.processes if not part.border]
    positions = (
        positions + frame.n_periods * sum(np.unique(p.owner).size for p in inner) / positions.size
    )
    # Unit-level slopes of unit-specific exposure paths leave nothing to sum up.
    alone = exposed and equation.pooling.varying is not None
    alike = len(distinct_rows(np.stack([frame.stratum, frame.key], axis=1))[0])
    packed = frame.n_periods * (full + 1.0) + by_period
    return float(
        np.sum(_COPIES * positions**2 + _COPIES * positions * shared) + _COPIES * shared**2
        + (frame.n_units if alone else alike) * packed**2 + 2.0 * cells.size * shared
    )  # fmt: skip


def _numbers(part: ProcessPart) -> int:
    """Count the standard normal numbers of one path."""
    return sum(loadings.shape[1] for loadings in part.loadings)


def _hint(numbers: dict[str, int], columns: int, cells: int, pooling: Pooling) -> Message:
    hints, alike = [], pooling.over(())
    if cells > 2_000:
        hints.append(Message("coarser periods or cohorts, such as years for months"))
    if numbers and max(numbers.values()) > 50:
        name = max(numbers, key=lambda f: numbers[f])
        hints.append(
            Message("coarser levels of {!r}", name)
            if alike == pooling
            else Message("coarser levels of {!r}, or {} without it", name, Hint("effect", alike))
        )
    if columns > 50:
        hints.append(Message("fewer covariates, mediators or baseline columns"))
    common = Message("{} if time effects may be common", Hint("time", TimeEffects()))
    return separated([*hints, common])

"""How large an equation would be, before it is stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Index
from bayes_nqp.designs import EquationSpec
from bayes_nqp.errors import Hint
from bayes_nqp.language import Message, separated
from bayes_nqp.limits import afford
from bayes_nqp.moments import distinct_rows
from bayes_nqp.planning._frame import PlanFrame
from bayes_nqp.pooling import Pooling
from bayes_nqp.terms import CellTable, ProcessPart, TimeEffects

_EVALUATIONS = 5e3
"""Of the density, in a fit."""
_RATE = 5e9
"""Multiplications a second."""
_COPIES = 3
"""Matrices of every size that an evaluation holds at once."""


@dataclass(frozen=True, slots=True)
class Size:
    """An equation's size, estimated from below.

    Parameters
    ----------
    shared, local : int
        Coefficients.
    memory : float
        Bytes of its matrices.
    work : float
        Multiplications of one evaluation of the density.
    """

    shared: int
    local: int
    memory: float
    work: float

    @property
    def hours(self) -> float:
        """How long sampling takes, roughly."""
        return self.work * _EVALUATIONS / _RATE / 3600.0


def size_of(
    frame: PlanFrame, cells: CellTable, block: Index, *, full: int, by_period: int, factors: int,
    slopes: int, classes: int, local_cells: bool, values: float = 0.0, border: int = 0,
) -> Size:  # fmt: skip
    """Estimate an equation's size.

    Parameters
    ----------
    block : ndarray of int (stratum)
        Of strata that share coefficients.
    full, by_period : int
        Varying columns that all periods have, and those of a single one.
    factors : int
        Coefficients of the combinations of levels, in effects and in every slope by stratum.
    slopes : int
        Slopes that vary by stratum.
    classes : int
        Of units that are summed up.
    local_cells : bool
        Whether every cell has a coefficient of its own.
    values : float, default 0
        Of processes that units share, all blocks together.
    border : int, default 0
        Coefficients of paths of the border.
    """
    periods, columns = frame.n_periods, full + by_period
    last = int(cells.event_time.max(initial=0)) - int(cells.event_time.min(initial=0))
    cohorts = int(np.unique(cells.cohort).size)
    shared = columns + border + factors * (1 + slopes)
    shared += 0 if factors < 0 else last + 2 + cohorts
    level_of = np.zeros(block.size, dtype=np.int64)
    level_of[frame.stratum] = frame.level
    pairs = np.unique(np.stack([block, level_of]), axis=1)
    count = int(block.max(initial=0)) + 1
    levels = np.bincount(pairs[0], minlength=count).astype(float)
    in_block = np.bincount(block[cells.stratum], minlength=count).astype(float)
    strata = np.bincount(block, minlength=count).astype(float)
    local = levels * periods + (in_block if local_cells else 0.0)
    slots = levels * periods + in_block + strata * columns + values / count
    packed = periods * (full + 1.0) + by_period
    numbers = float(
        np.sum(_COPIES * slots**2 + _COPIES * slots * shared) + _COPIES * shared**2
        + classes * packed**2 + 2.0 * cells.size * shared + float(factors) ** 2
    )  # fmt: skip
    work = float(
        np.sum(local**3 / 3.0 + local**2 * shared + local * float(shared) ** 2) + shared**3 / 3.0
    )
    return Size(shared, int(local.sum()), 8.0 * numbers, work)


def check_size(
    equation: EquationSpec,
    frame: PlanFrame,
    cells: CellTable,
    block: Index,
    *,
    slopes: int,
    exposed: bool,
) -> None:
    """Refuse an equation beyond the machine's memory, or a day of sampling.

    Parameters
    ----------
    block : ndarray of int (stratum)
        Of strata that share coefficients.
    slopes : int
        That vary by stratum.
    exposed : bool
        Whether effects are slopes of an exposure.

    Raises
    ------
    StudyError
        With numbers of coefficients, and the estimate.
    """
    pooling, full = equation.pooling, len(equation.covariates) + slopes
    by_period = len(equation.baseline) * (frame.n_periods - 1) + exposed * frame.n_periods
    effects = ~cells.lead
    numbers = {f: int(np.unique(cells.levels[f][effects]).size) for f in equation.strata}
    each = [max(n, 1) for n in numbers.values()] if "strata" in pooling.pieces else [1]
    factors = int(np.prod(each, dtype=float)) - 1
    alike = len(distinct_rows(np.stack([frame.stratum, frame.key], axis=1))[0])
    # Deviations from one's own path of exposure leave nothing to sum up.
    alone = exposed and pooling.varying is not None
    border = [part for part in equation.processes if part.border]
    inner = [part for part in equation.processes if not part.border]
    size = size_of(
        frame, cells, block, full=full, by_period=by_period, factors=factors, slopes=slopes,
        classes=frame.n_units if alone else alike, local_cells="cell" in pooling.pieces,
        values=frame.n_periods * float(sum(np.unique(p.owner).size for p in inner)),
        border=sum((1 + int(p.owner.max())) * _numbers(p) for p in border),
    )  # fmt: skip
    levels = " × ".join(f"{n:,} levels of {f!r}" for f, n in numbers.items())
    columns = f"{full + by_period:,} columns of covariates and mediators"
    afford(
        size.memory,
        f"an equation with {size.shared:,} shared and {size.local:,} other coefficients "
        f"({cells.size:,} cells, {columns}{', ' + levels if levels else ''})",
        _hint(numbers, full + by_period, cells.size, pooling),
        hours=size.hours,
    )


def _numbers(part: ProcessPart) -> int:
    """Standard normal numbers of one path."""
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
    common = Message("{} where time effects may be common", Hint("time", TimeEffects()))
    return separated([*hints, common])

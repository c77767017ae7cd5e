"""The Gaussian problem that a design states and the kernel solves, and its packed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression.gap_sums import (
    GapPatterns,
    by_period,
    column_forms,
    gap_patterns,
    term_sums,
)
from bayes_nqp.compression.moments import UnitClass
from bayes_nqp.gaussian.types import Noise
from bayes_nqp.parameters import (
    FIXED,
    FLAT,
    Correlation,
    HalfNormal,
    Parameter,
    ParameterSpace,
    Scale,
)

__all__ = ["FIXED", "FLAT", "Block", "Member", "Packed", "Problem", "Scale"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Block:
    """Strata whose local coefficients no other stratum shares.

    Its slots are, in order: the time effects of its levels (levels × periods), its cells, the
    slopes of the varying columns in each of its strata (strata × columns). Coefficients map
    to slots: a local one to one slot, global ones by a dense matrix.

    Parameters
    ----------
    n_levels, n_cells : int
        Time-effect levels and cells in the block.
    strata : ndarray of int (stratum)
        Codes of its strata.
    local_slot, local_scale : ndarray of int (local)
        The slot of each local coefficient, and the number of its scale.
    columns : ndarray (slot, global)
        Loadings of the global coefficients on slots.
    """

    n_levels: int
    n_cells: int
    strata: Index
    local_slot: Index
    local_scale: Index
    columns: Array


@dataclass(frozen=True, eq=False)
class Member:
    """What has its own effect deviation and holds several units.

    Parameters
    ----------
    block : int
        The block of all of its units.
    classes : ndarray of int (entry)
        Classes of its units.
    counts : ndarray of int (entry)
        Its units in each of them.
    sums : sequence of ndarray (k,)
        Sums of the packed entries over these units, per class.
    """

    block: int
    classes: Index
    counts: Index
    sums: Sequence[Array]


@dataclass(frozen=True, eq=False)
class Packed:
    """A problem as two flat arrays, the only thing that compiled code reads."""

    ints: Index
    floats: Array
    n_parameters: int


@dataclass(frozen=True, eq=False)
class Problem:
    """A conditionally Gaussian model on compressed rows.

    Parameters
    ----------
    n_periods, n_columns : int
        Length of the time grid, number of varying columns (the outcome not counted).
    free : int
        Rows minus units (of units seen more than once).
    errors : Noise
        Of the rows of a unit.
    error_parameters : tuple of Parameter
        Of the errors, then sigma.
    scales : sequence of Scale
        Of coefficients, estimated or fixed.
    member_scale : Scale or None
        Of effect deviations; None for no deviations.
    global_scale : ndarray of int (global)
        Number of the scale of each global coefficient.
    blocks : sequence of Block
    classes : sequence of UnitClass
    class_block, class_level, class_stratum : ndarray of int (class)
        Block, level within the block, stratum within the block.
    class_cells : sequence of ndarray of int (m,)
        Cell within the block in each observed period, -1 where none.
    class_treated : sequence of ndarray (m,)
        What multiplies a deviation in each observed period: 1 in treated ones, or the exposure.
    members : sequence of Member
        Only where members hold several units; empty if each unit is a member.
    """

    n_periods: int
    n_columns: int
    free: int
    errors: Noise
    error_parameters: tuple[Parameter, ...]
    scales: Sequence[Scale]
    member_scale: Scale | None
    global_scale: Index
    blocks: Sequence[Block]
    classes: Sequence[UnitClass]
    class_block: Index
    class_level: Index
    class_stratum: Index
    class_cells: Sequence[Index]
    class_treated: Sequence[Array]
    members: Sequence[Member] = ()

    @cached_property
    def space(self) -> ParameterSpace:
        """Sampled parameters: estimated scales, that of deviations, those of errors, sigma."""
        scales = [*self.scales, *([] if self.member_scale is None else [self.member_scale])]
        return ParameterSpace(
            (
                *(
                    Parameter(f"scale_{scale.name}", HalfNormal(scale.prior), folds=True)
                    for scale in scales
                    if scale.estimated
                ),
                *self.error_parameters,
            )
        )

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the sampled parameters, in order."""
        return self.space.names

    def pack(self) -> Packed:
        """Lay the problem out in one array of integers and one of floats.

        Returns
        -------
        Packed
        """
        ints = _Buffer(np.int64, _HEADER)
        floats = _Buffer(np.float64, 0)
        member = self.member_scale
        head = ints.head
        head[0] = len(self.parameter_names)
        head[1] = len(self.scales)
        head[2] = 0 if member is None else (2 if self.members else 1)
        head[3] = self.errors.code  # type: ignore[attr-defined]
        head[4] = int(member is not None and member.estimated)
        head[5] = self.free
        head[6] = self.n_periods
        head[7] = self.n_columns
        head[8] = self.global_scale.size
        head[9] = len(self.blocks)
        head[10] = len(self.classes)
        head[11] = len(self.members)
        head[12] = int((self.global_scale == FLAT).sum()) + sum(
            int((b.local_scale == FLAT).sum()) for b in self.blocks
        )
        head[13] = max((c.times.size for c in self.classes), default=0)
        head[14] = ints.add(self.global_scale)
        priors = [s.prior for s in self.scales]
        member_prior = 1.0 if member is None else member.prior
        head[15] = floats.add([*priors, member_prior, *_error_priors(self.space)])
        estimated = np.array([s.estimated for s in self.scales], dtype=bool)
        head[19] = ints.add(np.where(estimated, np.cumsum(estimated) - 1, -1))
        head[20] = estimated.sum()
        # Deviations of single units leave a class's precision dense.
        gaps = None
        if head[2] != 1 and head[3] == 1:
            gaps = gap_patterns(self.classes, self._slope_strata())
        self._pack_blocks(ints, floats)
        self._pack_classes(ints, floats, gaps)
        self._pack_members(ints, floats)
        if gaps is not None:
            _pack_gaps(self, gaps, ints, floats)
        return Packed(ints.array(), floats.array(), int(head[0]))

    def _pack_blocks(self, ints: _Buffer, floats: _Buffer) -> None:
        table = np.zeros((len(self.blocks), 8), dtype=np.int64)
        for i, b in enumerate(self.blocks):
            slots = b.n_levels * self.n_periods + b.n_cells + b.strata.size * self.n_columns
            table[i] = [
                slots, b.local_slot.size, b.n_levels * self.n_periods,
                b.n_levels * self.n_periods + b.n_cells,
                ints.add(b.local_slot), ints.add(b.local_scale), floats.add(b.columns), 0,
            ]  # fmt: skip
        ints.head[16] = ints.add(table)

    def _slope_strata(self) -> Index:
        strata = max((b.strata.size for b in self.blocks), default=0)
        return self.class_block * strata + self.class_stratum

    def _pack_classes(self, ints: _Buffer, floats: _Buffer, gaps: GapPatterns | None) -> None:
        table = np.zeros((len(self.classes), 16), dtype=np.int64)
        for i, c in enumerate(self.classes):
            block = self.blocks[self.class_block[i]]
            base = block.n_levels * self.n_periods
            cells = self.class_cells[i]
            slots = np.where(cells >= 0, base + cells, -1)
            time_slots = self.class_level[i] * self.n_periods + c.times
            slope_base = base + block.n_cells + self.class_stratum[i] * self.n_columns
            table[i] = [
                self.class_block[i], c.units.size, c.times.size, c.sums.size, slope_base,
                ints.add(c.times), ints.add(time_slots), ints.add(slots),
                floats.add(self.class_treated[i]), ints.add(c.column), ints.add(c.position),
                floats.add(c.weights), floats.add(c.sums), 0, 0,
                0 if gaps is None else gaps.pattern[i],
            ]  # fmt: skip
        # What every evaluation reads lies together.
        for i, c in enumerate(self.classes):
            table[i, 13] = floats.add(c.cross)
            table[i, 14] = _pairs(c, self.n_columns, floats) if gaps is None else 0
        ints.head[17] = ints.add(table)

    def _pack_members(self, ints: _Buffer, floats: _Buffer) -> None:
        table = np.zeros((len(self.members), 5), dtype=np.int64)
        for i, m in enumerate(self.members):
            at = [floats.add(s) for s in m.sums]
            table[i] = [m.block, m.classes.size, ints.add(m.classes), ints.add(m.counts),
                        ints.add(np.asarray(at, dtype=np.int64))]  # fmt: skip
        ints.head[18] = ints.add(table)


_HEADER = 32


def _error_priors(space: ParameterSpace) -> list[float]:
    """Beta parameters of the autocorrelation, half-normal scales of sigma and the noise ratio."""
    beta, noise = [1.0, 1.0], 1.0
    for parameter in space.parameters:
        prior = parameter.prior
        if isinstance(prior, Correlation):
            beta = [prior.a, prior.b]
        elif isinstance(prior, HalfNormal) and not parameter.in_outcome_units:
            noise = prior.scale
    sigma = space.parameters[-1].prior
    assert isinstance(sigma, HalfNormal)
    return [*beta, sigma.scale, noise]


def _pack_gaps(problem: Problem, gaps: GapPatterns, ints: _Buffer, floats: _Buffer) -> None:
    """Add the sums over rows that are equally far apart.

    The table of `gaps` holds, in order: number and place of gaps; of patterns (rows, place of
    steps); place of sums (entries, places, values; by term and block); number and place of
    groups (block, first slope, pattern, units, indicators, their place, place of their sums);
    place of classes' entries; number and place of cohorts (block, first time effect, first
    slope, place of cells, classes, their place); places of members' entries; cohort of each
    class; number and place of classes with deviations; members inside cohorts (number, place);
    number and place of others.
    """
    flat_ints, flat_floats = ints.array(), floats.array()
    classes, width = problem.classes, problem.n_columns + 1
    table = flat_ints[flat_ints[17] :][: 16 * len(classes)].reshape(-1, 16)
    patterns = [[s.size, ints.add(s)] for s in gaps.steps]
    sums = [
        [places.size, ints.add(places), floats.add(values)]
        for term in term_sums(flat_ints, flat_floats, gaps)
        for places, values in term
    ]
    units = np.bincount(gaps.group, [c.units.size for c in classes]).astype(np.int64)
    forms = column_forms(flat_ints, flat_floats, gaps)
    groups = [
        [*table[c, [0, 4]], gaps.pattern[c], n, loads.size, ints.add(loads), floats.add(values)]
        for c, n, (loads, values) in zip(gaps.first, units, forms, strict=True)
    ]  # fmt: skip
    place = [floats.add(by_period(c, c.sums, width)) for c in classes]
    entries = [
        ints.add(
            [
                floats.add(by_period(classes[c], s, width))
                for c, s in zip(m.classes, m.sums, strict=True)
            ]
        )
        for m in problem.members
    ]
    cohorts, cohort = _cohorts(problem, table, ints)
    deviates = [i for i, load in enumerate(problem.class_treated) if load.any() and problem.members]
    of_member = [np.unique(cohort[m.classes]) for m in problem.members]
    others = [i for i, found in enumerate(of_member) if found.size > 1]
    inside: list[list[int]] = [[] for _ in cohorts]
    for i, found in enumerate(of_member):
        if found.size == 1:
            inside[found[0]].append(i)
    homes = [[len(some), ints.add(some)] for some in inside]
    ints.head[21] = ints.add(
        [gaps.gaps.size, ints.add(gaps.gaps), len(patterns), ints.add(patterns), ints.add(sums),
         len(groups), ints.add(groups), ints.add(place), len(cohorts), ints.add(cohorts),
         ints.add(entries), ints.add(cohort), len(deviates), ints.add(deviates),
         ints.add(homes), len(others), ints.add(others)]
    )  # fmt: skip


def _cohorts(problem: Problem, table: Index, ints: _Buffer) -> tuple[list[list[int]], Index]:
    """Group classes that have the same cells, whichever periods they were observed in."""
    keys: dict[tuple[int, ...], list[int]] = {}
    for i, c in enumerate(problem.classes):
        key = (*table[i, [0, 4]], problem.class_level[i], c.stratum, c.cohort)
        keys.setdefault(tuple(map(int, key)), []).append(i)
    rows, cohort = [], np.empty(len(problem.classes), dtype=np.int64)
    for number, ((block, slopes, level, _, _), inside) in enumerate(keys.items()):
        cells = np.full(problem.n_periods, -1)
        for i in inside:
            slots = problem.class_cells[i]
            base = problem.blocks[block].n_levels * problem.n_periods
            cells[problem.classes[i].times] = np.where(slots >= 0, base + slots, -1)
        cohort[inside] = number
        rows.append(
            [block, level * problem.n_periods, slopes, ints.add(cells), len(inside),
             ints.add(inside)]
        )  # fmt: skip
    return rows, cohort


def _pairs(c: UnitClass, n_columns: int, floats: _Buffer) -> int:
    """Add cross-products by pairs of columns, each over pairs of periods; 0 where there are none.

    Only where every column has an entry in every period, so that they are a smaller table than
    that of the entries.
    """
    m, size = c.times.size, n_columns + 1
    if not np.array_equal(c.position, np.tile(np.arange(m), size)):
        return 0
    table = c.cross.reshape(size, m, size, m).transpose(0, 2, 1, 3)
    low, high = np.tril_indices(size)
    return floats.add(table[low, high])


class _Buffer:
    """Arrays of one type appended to one another, behind a header of integers."""

    def __init__(self, dtype: type, header: int) -> None:
        self.head: npt.NDArray[Any] = np.zeros(header, dtype=dtype)
        self._parts: list[npt.NDArray[Any]] = []
        self._size = header
        self._dtype = dtype

    def add(self, values: npt.ArrayLike) -> int:
        part: npt.NDArray[Any] = np.ravel(np.asarray(values, dtype=self._dtype))
        at, self._size = self._size, self._size + part.size
        self._parts.append(part)
        return at

    def array(self) -> npt.NDArray[Any]:
        return np.ascontiguousarray(np.concatenate([self.head, *self._parts]))

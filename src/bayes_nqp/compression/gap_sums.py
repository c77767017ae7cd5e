"""Sums over all rows that are equally far apart, which `gaps` turns to cross-products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression.kernel import add_class, class_row
from bayes_nqp.compression.moments import UnitClass

__all__ = ["GapPatterns", "by_period", "column_forms", "gap_patterns", "term_sums"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
# Numba's own lists; it infers their types.
Matrices = Any


@dataclass(frozen=True, eq=False)
class GapPatterns:
    """Which classes are observed at the same distances.

    Parameters
    ----------
    gaps : ndarray of int (gap)
        Distances, in periods, that occur between consecutive rows.
    steps : sequence of ndarray of int (m,)
        For each pattern, the number of the gap before each row; -1 in the first.
    pattern : ndarray of int (class)
        Pattern of each class.
    group : ndarray of int (class)
        Classes of one stratum in which every gap occurs equally often.
    first : ndarray of int (group)
        One class of each.
    """

    gaps: Index
    steps: Sequence[Index]
    pattern: Index
    group: Index
    first: Index

    def loads(self, group: int) -> Index:
        """Number the indicators of which ``Q1`` of a group is the sum.

        Parameters
        ----------
        group : int

        Returns
        -------
        ndarray of int
            0 is the first row's; each gap has two, of the row after and the row before it.
        """
        found = np.unique(self.steps[self.pattern[self.first[group]]][1:])
        return np.concatenate([[0], np.sort(np.concatenate([1 + 2 * found, 2 + 2 * found]))])


def gap_patterns(classes: Sequence[UnitClass], stratum: Index) -> GapPatterns | None:
    """Find what classes share.

    Parameters
    ----------
    classes : sequence of UnitClass
    stratum : ndarray of int (class)
        Classes of equal number have the same slopes.

    Returns
    -------
    GapPatterns or None
        None where gaps are too irregular for sums over them to be smaller than the classes.
    """
    differences = [np.diff(c.times) for c in classes]
    if not differences:
        return None
    gaps = np.unique(np.concatenate(differences))
    patterns: dict[bytes, int] = {}
    groups: dict[tuple[int, bytes], int] = {}
    steps: list[Index] = []
    first: list[int] = []
    pattern = np.empty(len(classes), dtype=np.int64)
    group = np.empty(len(classes), dtype=np.int64)
    for i, difference in enumerate(differences):
        pattern[i] = patterns.setdefault(difference.tobytes(), len(steps))
        if pattern[i] == len(steps):
            steps.append(np.append(-1, np.searchsorted(gaps, difference)).astype(np.int64))
        key = (int(stratum[i]), np.sort(difference).tobytes())
        group[i] = groups.setdefault(key, len(first))
        if group[i] == len(first):
            first.append(i)
    found = GapPatterns(gaps, steps, pattern, group, np.asarray(first, dtype=np.int64))
    work = sum(found.loads(g).size ** 2 for g in range(len(first)))
    return found if work <= sum(c.times.size**2 for c in classes) else None


@compiled
def _term(steps: Index, term: int, q: Array) -> bool:
    """Fill one term of the precision of a class; whether there is anything in it."""
    q[:] = 0.0
    if term == 0:
        q[0, 0] = 1.0
        return True
    gap, kind = (term - 1) // 3, (term - 1) % 3
    found = False
    for t in range(1, steps.shape[0]):
        if steps[t] != gap:
            continue
        found = True
        if kind == 0:
            q[t, t] += 1.0
        elif kind == 1:
            q[t, t - 1] -= 1.0
            q[t - 1, t] -= 1.0
        else:
            q[t - 1, t - 1] += 1.0
    return found


@compiled
def _term_blocks(ints: Index, floats: Array, steps: Index, starts: Index, term: int) -> Matrices:
    blocks = [
        np.zeros((ints[ints[16] + 8 * b] + 1, ints[ints[16] + 8 * b] + 1)) for b in range(ints[9])
    ]
    for c in range(ints[10]):
        row = class_row(ints, c)
        m = row[2]
        q = np.empty((m, m))
        if _term(steps[starts[c] : starts[c] + m], term, q):
            add_class(ints, floats, row, q, blocks[row[0]])
    return blocks


def term_sums(ints: Index, floats: Array, found: GapPatterns) -> list[list[tuple[Index, Array]]]:
    """Sum the cross-products of slots over all units, term by term of the precision.

    Parameters
    ----------
    ints, floats
        The packed problem, without these sums.
    found : GapPatterns

    Returns
    -------
    list of lists of tuples of two ndarrays
        By term and block: places in the flat lower triangle, and values.
    """
    starts = np.concatenate([[0], np.cumsum([s.size for s in found.steps])]).astype(np.int64)
    steps = np.concatenate(found.steps)
    out = []
    for term in range(1 + 3 * found.gaps.size):
        entries = []
        for s in _term_blocks(ints, floats, steps, starts[found.pattern], term):
            lower = np.tril(s).ravel()
            places = np.flatnonzero(lower)
            entries.append((places, lower[places]))
        out.append(entries)
    return out


@compiled
def _forms(ints: Index, floats: Array, c: int, steps: Index, number: Index, out: Array) -> None:
    """Add a class's cross-products of columns, by pairs of indicators in ``Q1``."""
    row = class_row(ints, c)
    m, k = row[2], row[3]
    where = np.full((m, 2), -1)
    for t in range(m):
        where[t, 0] = number[0 if t == 0 else 1 + 2 * steps[t]]
        if t + 1 < m:
            where[t, 1] = number[2 + 2 * steps[t + 1]]
    for p in range(k):
        column, t = ints[row[9] + p], ints[row[10] + p]
        for r in range(k):
            other, u = ints[row[9] + r], ints[row[10] + r]
            if other > column:
                break
            pair = column * (column + 1) // 2 + other
            value = floats[row[13] + p * k + r]
            for i in range(2):
                for j in range(2):
                    if where[t, i] >= 0 and where[u, j] >= 0:
                        out[pair, where[t, i], where[u, j]] += value


def column_forms(ints: Index, floats: Array, found: GapPatterns) -> list[tuple[Index, Array]]:
    """Sum the cross-products of varying columns, by pairs of the indicators in ``Q1``.

    Parameters
    ----------
    ints, floats
        The packed problem, without these sums.
    found : GapPatterns

    Returns
    -------
    list of tuples of two ndarrays
        By group: the numbers of its indicators; sums (pair of columns, indicator, indicator).
    """
    columns = int(ints[7]) + 1
    loads = [found.loads(g) for g in range(found.first.size)]
    out = [np.zeros((columns * (columns + 1) // 2, one.size, one.size)) for one in loads]
    numbers = np.full((len(loads), 1 + 2 * found.gaps.size), -1)
    for number, one in zip(numbers, loads, strict=True):
        number[one] = np.arange(one.size)
    for c, (pattern, group) in enumerate(zip(found.pattern, found.group, strict=True)):
        _forms(ints, floats, c, found.steps[pattern], numbers[group], out[group])
    return list(zip(loads, out, strict=True))


def by_period(one: UnitClass, entries: Array, columns: int) -> Array:
    """Lay packed entries out as a table.

    Parameters
    ----------
    one : UnitClass
    entries : ndarray (k,)
    columns : int

    Returns
    -------
    ndarray (m, column)
        Zero where a column has no entry.
    """
    out = np.zeros((one.times.size, columns))
    out[one.position, one.column] = entries
    return out

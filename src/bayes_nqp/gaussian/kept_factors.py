"""Factors of points whose density was asked for, kept until coefficients are drawn there (7, 9)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.gaussian.density import Factor
from bayes_nqp.gaussian.problem import GaussianProblem


@dataclass(eq=False)
class KeptFactors:
    """Factors of a problem, as many as there is room for.

    Resampled points are most of those that were weighted, and each would be factored once more.

    Parameters
    ----------
    room : int
        Numbers that may be held.
    """

    problem: GaussianProblem
    room: int
    used: int = 0
    rows: dict[bytes, int] = field(default_factory=dict)
    parts: list[Array] = field(default_factory=list)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Of one point: the whole factor of a single block, or local parts and the border."""
        head = self.problem.arrowhead
        n = head.n_proper + head.n_border
        if head.n_blocks == 1:
            return [(n, n)]
        return [(head.n_blocks, n, head.n_proper), (head.n_border, head.n_border)]

    @property
    def useful(self) -> bool:
        """Whether draws need the factor alone, and nothing that is computed on the way to it."""
        p = self.problem
        on_way = p.reduces, p.placement, p.redraws
        return all(x is None for x in on_way) and not p.path_coefficients

    def reserved(self, points: Array) -> Index | None:
        """Rows for points to come (B); None where there is no room."""
        size = sum(int(np.prod(x)) for x in self.shapes)
        if not self.useful or (self.used + len(points)) * size > self.room:
            return None
        if not self.parts:
            self.parts = [np.empty((self.room // size, *shape)) for shape in self.shapes]
        out = self.used + np.arange(len(points))
        self.rows |= {point.tobytes(): row for point, row in zip(points, out.tolist(), strict=True)}
        self.used += len(points)
        return out

    def put(self, rows: Index, factor: Factor) -> None:
        """Hold a factor."""
        whole = factor.whole
        for part, new in zip(
            self.parts, (factor.local, factor.border) if whole is None else (whole,), strict=True
        ):
            part[rows[0] : rows[-1] + 1] = new  # One after another, as they were reserved.

    def found(self, points: Array) -> Index:
        """Rows of points (B), -1 of those that are not here."""
        return np.array([self.rows.get(point.tobytes(), -1) for point in points], dtype=np.int64)

    def take(self, rows: Index) -> Factor:
        """The factor at these rows, from which coefficients can be drawn."""
        head, parts = self.problem.arrowhead, [part[rows] for part in self.parts]
        none = np.full(len(rows), np.nan)  # The density has taken its log determinant.
        if len(parts) == 1:
            return Factor.of_whole(parts[0], head.n_proper, none, head.n_outcomes)
        return Factor(parts[0], parts[1], none, head.n_outcomes)

    def clear(self) -> None:
        """Hold none."""
        self.used = 0
        self.rows.clear()
        self.parts.clear()

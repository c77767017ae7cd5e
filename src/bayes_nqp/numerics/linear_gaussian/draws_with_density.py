"""Coefficients drawn where a density is asked for, while its factor is at hand (7, 9)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.numerics.linear_gaussian._back_substitution import from_factor
from bayes_nqp.numerics.linear_gaussian.density import Factor
from bayes_nqp.numerics.linear_gaussian.problem import GaussianProblem
from bayes_nqp.numerics.linear_gaussian.reduced_cells import ReducedFactor
from bayes_nqp.numerics.linear_gaussian.types import Values


def _none() -> Array:
    """No draw of no coefficient."""
    return np.zeros((0, 0, 0))


@dataclass(eq=False)
class DrawsWithDensity:
    """Draws of coefficients at proposals, as many as there is room for.

    Resampled points are most of those that were weighted, and each would be factored once more.
    A draw has as many numbers as there are coefficients, a factor their square.

    Parameters
    ----------
    times : int
        Draws of each point. One that is resampled more often is factored again.
    room : int
        Numbers that may be held.
    stream : Generator
        Of the draws.
    """

    problem: GaussianProblem
    times: int
    room: int
    stream: np.random.Generator
    rows: dict[bytes, int] = field(default_factory=dict)
    draws: Array = field(default_factory=_none)

    @property
    def useful(self) -> bool:
        """Whether draws need nothing else that is computed on the way to a factor."""
        return self.problem.placement is None and self.problem.redraws is None

    def reserved(self, points: Array) -> Index | None:
        """Rows for points to come (B); None where there is no room."""
        head, start = self.problem.arrowhead, len(self.draws)
        shape = (len(points), head.n_dense, self.times)
        if not self.useful or (start + len(points)) * head.n_dense * self.times > self.room:
            return None
        # Standard normal until `put` has made draws of them, whatever thread comes first.
        z = self.stream.standard_normal(shape)
        self.draws = z if start == 0 else np.concatenate([self.draws, z])
        out = start + np.arange(len(points))
        self.rows |= {point.tobytes(): row for point, row in zip(points, out.tolist(), strict=True)}
        return out

    def put(self, values: Values, factor: Factor | ReducedFactor) -> None:
        """Draw coefficients at points that have rows."""
        rows = values.kept
        if rows is None or not len(rows):
            return
        z = self.draws[rows[0] : rows[-1] + 1]  # One after another, as they were reserved.
        parts = from_factor(self.problem, values, factor, *self.problem.arrowhead.parted(z))
        np.concatenate([part.reshape(len(z), -1, self.times) for part in parts], axis=1, out=z)

    def found(self, points: Array) -> Index:
        """Rows of points (B), -1 of those that are not here."""
        return np.array([self.rows.get(point.tobytes(), -1) for point in points], dtype=np.int64)

    def take(self, rows: Index | None, times: int) -> tuple[Array, Array] | None:
        """Global coefficients (B, global, times) and local ones (B, block, local, times).

        None where some points have no row, or fewer draws.
        """
        if rows is None or (rows < 0).any() or times > self.times:
            return None
        return self.problem.arrowhead.parted(self.draws[rows, :, :times])

    def clear(self) -> None:
        """Hold none."""
        self.rows.clear()
        self.draws = _none()

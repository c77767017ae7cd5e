"""Draws of coefficients together with a density, from the same factor (7, 9)."""

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
    """Return empty draws."""
    return np.zeros((0, 0, 0))


@dataclass(eq=False)
class DrawsWithDensity:
    """Draws of coefficients at proposals, as many as there is memory for.

    Most weighted points are resampled, and each would be factored again. A draw has as many numbers
    as there are coefficients, a factor their square.

    Parameters
    ----------
    times : int
        Draws of each point. A point that is resampled more often is factored again.
    room : int
        Maximum of stored numbers.
    stream : Generator
        Random numbers of the draws.
    """

    problem: GaussianProblem
    times: int
    room: int
    stream: np.random.Generator
    rows: dict[bytes, int] = field(default_factory=dict)
    draws: Array = field(default_factory=_none)

    @property
    def useful(self) -> bool:
        """Return True if draws need only results that are computed for the factor."""
        later = self.problem.placement, self.problem.redraws, self.problem.for_density.cells
        return all(x is None for x in later)

    def reserved(self, points: Array) -> Index | None:
        """Reserve rows for new points (B); None if there is no space."""
        head, start = self.problem.arrowhead, len(self.draws)
        shape = (len(points), head.n_dense, self.times)
        if not self.useful or (start + len(points)) * head.n_dense * self.times > self.room:
            return None
        # Standard normal until `put` replaces them by draws, whichever thread comes first.
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
        z = self.draws[rows[0] : rows[-1] + 1]  # Contiguous, as they were reserved.
        parts = from_factor(self.problem, values, factor, *self.problem.arrowhead.parted(z))
        np.concatenate([part.reshape(len(z), -1, self.times) for part in parts], axis=1, out=z)

    def found(self, points: Array) -> Index:
        """Return rows of points (B), -1 for those that are not stored."""
        return np.array([self.rows.get(point.tobytes(), -1) for point in points], dtype=np.int64)

    def take(self, rows: Index | None, times: int) -> tuple[Array, Array] | None:
        """Return global coefficients (B, global, times) and local ones (B, block, local, times).

        None if some points have no row, or fewer draws.
        """
        if rows is None or (rows < 0).any() or times > self.times:
            return None
        return self.problem.arrowhead.parted(self.draws[rows, :, :times])

    def clear(self) -> None:
        """Delete all draws."""
        self.rows.clear()
        self.draws = _none()

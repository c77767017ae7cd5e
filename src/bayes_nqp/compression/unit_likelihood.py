"""The log density of single units given the coefficients, unit effects integrated out.

With ``r`` a unit's residual rows, ``Q`` the precision of its errors at unit variance,
``s = 1'Q1`` and ``Q~ = Q - Q11'Q / s``, integrating a flat unit effect out leaves

    -(m - 1)/2 log(2 pi sigma^2) + 1/2 log|Q| - 1/2 log s - r'Q~r / (2 sigma^2).

A deviation ``u ~ N(0, omega^2)`` of the effect on rows ``d`` adds, with ``kappa = sigma^2 /
omega^2``, ``-1/2 log(1 + d'Q~d / kappa) + (d'Q~r)^2 / (2 sigma^2 (kappa + d'Q~d))``. Both
``d'Q~r`` and ``d'Q~d`` add up over the units that share one deviation.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression.kernel import absorb, class_row, error_values, member_scale
from bayes_nqp.compression.problem import Packed

__all__ = ["UnitDensities", "unit_densities"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]


class UnitDensities:
    """What single units say, draw by draw, before deviations are integrated out.

    Parameters
    ----------
    n_draws, n_units, n_classes : int
    """

    def __init__(self, n_draws: int, n_units: int, n_classes: int) -> None:
        self.plain = np.empty((n_draws, n_units))
        self.along = np.zeros((n_draws, n_units))
        self.treated = np.zeros((n_draws, n_classes))
        self.ratio = np.full(n_draws, np.inf)
        self.variance = np.empty(n_draws)

    def joint(self, along: Array, treated: Array) -> Array:
        """Log density that integrating deviations out adds.

        Parameters
        ----------
        along, treated : ndarray (draw, member)
            ``d'Q~r`` and ``d'Q~d``, summed over the units of each member.

        Returns
        -------
        ndarray (draw, member)
        """
        ratio = self.ratio[:, None]
        square = along * along / (2.0 * self.variance[:, None] * (ratio + treated))
        return np.asarray(square - 0.5 * np.log1p(treated / ratio))


@compiled
def _fill(
    xs: Array,
    ints: Index,
    floats: Array,
    slots: Array,
    offsets: Index,
    entries: Array,
    plain: Array,
    along: Array,
    treated: Array,
    ratio: Array,
    variance: Array,
) -> None:
    """Fill one row of every output per row of ``xs``; units come class after class."""
    slopes = np.zeros(2)
    longest = ints[13]
    q_all = np.empty((longest, longest))
    dq = np.empty((2, longest, longest))
    work = np.empty((3, longest))
    fit = np.empty(longest)
    residual = np.empty(longest)
    for i in range(xs.shape[0]):
        error = error_values(xs[i], ints)
        sigma = np.exp(xs[i, ints[0] - 1])
        variance[i] = sigma * sigma
        if ints[2] > 0:
            ratio[i] = (sigma / member_scale(xs[i], ints, floats)) ** 2
        unit = 0
        at = 0
        for c in range(ints[10]):
            row = class_row(ints, c)
            m, n, width = row[2], row[1], row[3]
            base = offsets[row[0]]
            q = q_all[:m, :m].copy()
            log_det, one, h = absorb(
                ints, floats, row, error, q, dq[:, :m, :m].copy(), slopes, work[:, :m]
            )
            treated[i, c] = h
            constant = 0.5 * (log_det - np.log(one))
            constant -= 0.5 * (m - 1) * np.log(2.0 * np.pi * variance[i])
            for t in range(m):
                fit[t] = slots[i, base + ints[row[6] + t]]
                cell = ints[row[7] + t]
                if cell >= 0:
                    fit[t] += slots[i, base + cell]
            for _ in range(n):
                for t in range(m):
                    residual[t] = -fit[t]
                for p in range(width):
                    column = ints[row[9] + p]
                    value = entries[at + p]
                    if column != ints[7]:
                        value *= -slots[i, base + row[4] + column]
                    residual[ints[row[10] + p]] += value
                at += width
                energy = 0.0
                product = 0.0
                for t in range(m):
                    image = 0.0
                    for u in range(t):
                        image += q[t, u] * residual[u]
                    energy += residual[t] * (2.0 * image + q[t, t] * residual[t])
                    product += work[2, t] * residual[t]
                plain[i, unit] = constant - 0.5 * energy / variance[i]
                along[i, unit] = product
                unit += 1


def unit_densities(xs: Array, packed: Packed, slots: Array, entries: Array) -> UnitDensities:
    """Evaluate every unit's log density given parameters and coefficients.

    Parameters
    ----------
    xs : ndarray (draw, parameter)
        Unconstrained parameters.
    packed : Packed
        The problem.
    slots : ndarray (draw, slot)
        Time effects, cells and slopes of all blocks, as `recover` gives them.
    entries : ndarray (entry)
        Packed entries of single units, unit after unit, class after class.

    Returns
    -------
    UnitDensities
        In multiples of ``s``.
    """
    ints = packed.ints
    blocks = ints[ints[16] : ints[16] + 8 * ints[9]].reshape(-1, 8)
    classes = ints[ints[17] : ints[17] + 16 * ints[10]].reshape(-1, 16)
    out = UnitDensities(xs.shape[0], int(classes[:, 1].sum()), classes.shape[0])
    _fill(
        np.ascontiguousarray(xs), ints, packed.floats, np.ascontiguousarray(slots),
        np.concatenate([[0], np.cumsum(blocks[:, 0])]).astype(np.int64), entries,
        out.plain, out.along, out.treated, out.ratio, out.variance,
    )  # fmt: skip
    return out

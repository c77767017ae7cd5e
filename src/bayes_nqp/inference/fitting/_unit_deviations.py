"""Deviations of single units, given the draws of the class in which they are summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.inference.model_frame import Equation
from bayes_nqp.numerics.linear_gaussian import Coefficients
from bayes_nqp.numerics.sufficient_statistics import UnitClass, packed_rows

_DRAWS = 500
"""Draws computed at once: deviations of some hundred units then fit into the cache."""


@dataclass(frozen=True, eq=False)
class UnitDeviations:
    """Statistics of single units for their deviations, by class of treated units.

    Parameters
    ----------
    numbers, types : sequence of int (class)
        Number of each class among all classes, and its type.
    entries : sequence of ndarray (unit, entry)
        Difference of each unit from the mean of its class.
    place : ndarray of int (member)
        Position of each member among the units of all classes, one class after another; those in no
        class come last.
    """

    numbers: Sequence[int]
    types: Sequence[int]
    classes: Sequence[UnitClass]
    entries: Sequence[Array]
    place: Index

    def draw(self, draws: Coefficients, scale: float, stream: np.random.Generator | None) -> Array:
        """Draw single deviations that average to those of their class in every draw.

        Parameters
        ----------
        scale : float
            Outcome units per multiple of ``s``.
        stream : Generator or None
            None gives conditional means.

        Returns
        -------
        ndarray (draw, member), outcome units
            Zero for units in no class, which carry no information on deviations.
        """
        out = np.empty((len(draws.deviation), self.place.size))
        for start in range(0, len(out), _DRAWS):
            rows = slice(start, start + _DRAWS)
            part = self._of_draws(draws, rows, scale, stream)
            np.take(part, self.place, axis=1, out=out[rows], mode="clip")
        return out

    def _of_draws(
        self, draws: Coefficients, rows: slice, scale: float, stream: np.random.Generator | None
    ) -> Array:
        """Draw deviations of units, class after class, for some of the draws."""
        shape = (len(draws.deviation[rows]), self.place.size)
        out = np.zeros(shape) if stream is None else stream.standard_normal(shape)
        sizes, numbers = (
            np.array([len(x) for x in self.entries], np.int64),
            np.array(self.numbers, np.int64),
        )
        # A single unit is the mean of its class.
        alone = np.flatnonzero(sizes == 1)
        out[:, (np.cumsum(sizes) - 1)[alone]] = scale * draws.deviation[rows][:, numbers[alone]]
        stop = 0
        for k, h, c, entries in zip(
            self.numbers, self.types, self.classes, self.entries, strict=True
        ):
            start, stop = stop, stop + len(entries)
            # mean + spread (z_i - z-bar) + sum_tk (Z_i,tk - S_tk / n) response_t weight_k: over the
            # class these average to the mean that was drawn.
            if len(entries) == 1:
                continue
            part = out[:, start:stop]
            part -= part.mean(axis=1, keepdims=True)
            part *= scale * draws.spread[rows, h, None]
            part += scale * draws.deviation[rows, k, None]
            weight, response = draws.weight[rows, k], draws.response[rows, h]
            columns, column = np.unique(c.column, return_inverse=True)
            if columns.size > 1:
                # (T, unit, column): all periods in one product, and then all columns.
                z = np.zeros((response.shape[1], len(entries), columns.size))
                z[c.times[c.position], :, column] = scale * entries.T
                by_column = (response @ z.reshape(len(z), -1)).reshape(-1, *z.shape[1:])
                part += (by_column @ weight[:, columns, None])[:, :, 0]
                continue
            gain = np.take(weight, c.column, axis=1)
            gain *= np.take(response, c.times[c.position], axis=1)
            part += gain @ (scale * entries.T)
        out[:, stop:] = 0.0
        return out


def unit_deviations(equation: Equation, codes: Index) -> UnitDeviations:
    """Find the treated classes of an equation with unit-level deviations.

    Parameters
    ----------
    codes : ndarray of int (member)
        Units with treated observations, in ascending order.
    """
    every = equation.problem.classes
    numbers = [k for k, c in enumerate(every) if c.units[0] in codes]
    classes = [every[k] for k in numbers]
    entries = [packed_rows(equation.rows, c.units, c) - c.sums / c.n for c in classes]
    units = [unit for c in classes for unit in c.units]
    order = np.array([*units, *np.setdiff1d(codes, units)])
    of_classes = equation.gaussian.by_class
    types = [] if of_classes is None else of_classes.counts.indices[numbers].tolist()
    return UnitDeviations(numbers, types, classes, entries, np.argsort(order))

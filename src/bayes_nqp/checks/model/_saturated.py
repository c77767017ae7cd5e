"""Saturated fit of an equation at given error parameters: all coefficients have flat priors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.model_frame import Equation
from bayes_nqp.numerics.linear_gaussian import (
    PADDING,
    Arrowhead,
    Values,
    class_precision,
    normal_equations,
)
from bayes_nqp.numerics.parameters import FLAT
from bayes_nqp.numerics.sufficient_statistics import UnitClass


class Saturated:
    """Normal equations of coefficients with flat priors, and precision and design of unit classes.

    Coefficients are the global ones, then the local ones of each block in turn.

    Parameters
    ----------
    equation : Equation
        Equation of a design without priors of coefficients and without random effects.
    parameters : mapping of str to float
        Parameters of the error structure by name, on their own scales; innovations have variance 1.

    Raises
    ------
    StudyError
        If some coefficient has a prior.
    """

    def __init__(self, equation: Equation, parameters: Mapping[str, float]) -> None:
        self.problem, self.gaussian = equation.problem, equation.gaussian
        head = self.gaussian.arrowhead
        numbers = np.concatenate([head.global_scale, head.local_scale.ravel()])
        if self.gaussian.deviation is not None or (numbers[numbers > PADDING] != FLAT).any():
            raise StudyError(
                "the design has coefficients with priors, so there is no saturated fit",
                hint="NoPooling(varying=None), and time effects that are not pooled",
            )
        names = self.gaussian.space.names
        # Without scales, all parameters but the last, sigma, are those of the errors.
        noise = np.array([[parameters[name] for name in names[:-1]]])
        self.values = Values(np.ones((1, 0)), np.zeros((1, 0, 0)), noise, np.ones(1))
        self.place = _places(head)
        taking = _taking(self.place)
        self.position_loads: Any = csr_array(head.position_loads @ taking)
        self.group_loads: Any = csr_array(head.group_loads @ taking)
        self.gram, self.right = self._normal_equations()

    def _normal_equations(self) -> tuple[Array, Array]:
        """Return ``A`` and ``X'Q̃y``, with the blocks in one matrix."""
        p = int(self.place.max(initial=-1)) + 1
        gram, right = np.zeros((p, p)), np.zeros(p)
        lower = normal_equations(self.gaussian, self.values).matrix[0]
        for place, block in zip(self.place, lower, strict=True):
            full = np.tril(block) + np.tril(block, -1).T
            real = np.flatnonzero(place >= 0)
            gram[np.ix_(place[real], place[real])] += full[np.ix_(real, real)]
            right[place[real]] += full[real, -1]
        return gram, right

    def solved(self) -> tuple[tuple[Array, bool], Array]:
        """Return the factor of the normal equations, and the estimates.

        Returns
        -------
        tuple
            Factor for `scipy.linalg.cho_solve`, and ndarray (coefficient), multiples of ``s``.

        Raises
        ------
        IdentificationError
            If the estimates are not identified.
        """
        try:
            factor = cho_factor(self.gram, lower=True)
        except np.linalg.LinAlgError:
            raise IdentificationError(
                Message("the saturated model has coefficients that the data do not identify")
            ) from None
        return factor, cho_solve(factor, self.right)

    def of_class(self, units: UnitClass) -> tuple[Array, Array, Array]:
        """Return the precision of a unit's errors net of its effect, and its loads on coefficients.

        Returns
        -------
        tuple of ndarray (m, m), ndarray (m, coefficient) and ndarray (column, coefficient)
            Over its m observed periods; the last one for the slopes of the varying columns.
        """
        times, width = units.times, self.gaussian.moments.width
        start, n_periods = units.group * width, self.problem.n_periods
        slopes = slice(start + n_periods, start + n_periods + self.problem.n_columns)
        q = class_precision(self.gaussian, self.values, units)
        return q, self.group_loads[start + times].toarray(), self.group_loads[slopes].toarray()


def _places(head: Arrowhead) -> Index:
    """Number the coefficients of each block (block, n); -1 for padding and the outcome."""
    out = np.full((head.n_blocks, head.size), -1, dtype=np.int64)
    out[:, head.n_local : head.n_local + head.n_global] = np.arange(head.n_global)
    local = head.local_scale > PADDING
    out[:, : head.n_local][local] = head.n_global + np.arange(int(local.sum()))
    return out


def _taking(place: Index) -> Any:
    """Return the map from coefficients of blocks to those without padding (block n, p)."""
    flat = place.ravel()
    real = np.flatnonzero(flat >= 0)
    shape = (flat.size, int(flat.max(initial=-1)) + 1)
    return csr_array((np.ones(real.size), (real, flat[real])), shape=shape)

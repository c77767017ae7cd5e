"""Deviations given coefficients: normal, and linear in them (9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from bayes_nqp.arrays import Array, Index
from bayes_nqp.gaussian.equations import OwnerEquations, deviation_precision
from bayes_nqp.gaussian.nodes import noise_equations
from bayes_nqp.gaussian.owners import owner_equations
from bayes_nqp.gaussian.problem import GaussianProblem
from bayes_nqp.gaussian.types import Owners, Values
from bayes_nqp.gaussian.unit_precision import Small, small

__all__ = ["Conditionals", "class_conditionals", "conditionals"]


@dataclass(frozen=True, eq=False)
class Conditionals:
    """Owners' deviations given coefficients, ``N(inner^-1 (a_oy - a_o' X beta), sigma² inner^-1)``.

    Parameters
    ----------
    number : ndarray of int (O)
        Where the deviation of each owner stands among all.
    place : ndarray of int (O)
        Group, or block, of each owner.
    a : ndarray (B, O, L)
        ``a_o``, on the normal equations of a group or the coefficients of a block; the outcome
        last.
    inner : ndarray (B, O)
        ``K + H_o``; of a class, that of the mean over its units.
    in_blocks : bool
        Whether places are blocks.
    """

    number: Index
    place: Index
    a: Array
    inner: Array
    in_blocks: bool

    def mean(self, fit: Array) -> Array:
        """Conditional means (B, O, times).

        Parameters
        ----------
        fit : ndarray (B, place, L, times)
            Coefficients in every place; zero for outcomes.
        """
        # (K + H_o)^-1 (a_oy - a_o' X beta); outcomes have no coefficient.
        explained = (self.a[:, :, None] @ fit[:, self.place])[:, :, 0]
        return np.asarray((self.a[:, :, -1, None] - explained) / self.inner[:, :, None])


def conditionals(problem: GaussianProblem, values: Values) -> Iterator[Conditionals]:
    """Deviations of all owners; where each unit is one, means over the units of each class.

    Parameters
    ----------
    problem : GaussianProblem
        With one column of deviations.
    """
    if problem.by_class is not None:
        # Q̃ with alpha_i alone out: delta_i is what is to be drawn.
        types = small(problem, values, flat_only=True)
        yield class_conditionals(problem, problem.by_class, values, types)
    elif problem.deviation is not None:
        noise = noise_equations(problem, values)
        for owners, equations, in_blocks in (
            (problem.by_group, noise.by_group, False),
            (problem.by_block, noise.by_block, True),
        ):
            if owners is not None and equations is not None:
                yield _of_owners(owners, equations, values, in_blocks=in_blocks)


def _of_owners(
    owners: Owners, equations: OwnerEquations, values: Values, *, in_blocks: bool
) -> Conditionals:
    # One column of deviations: q = 1, so that K + H_o is a number.
    inner = equations.inner(values)[:, :, 0, 0]
    return Conditionals(owners.number, owners.place, equations.a[:, :, 0], inner, in_blocks)


def class_conditionals(
    problem: GaussianProblem, classes: Owners, values: Values, types: Small
) -> Conditionals:
    """Mean deviation over the units of every class.

    Parameters
    ----------
    types : Small
        With flat unit coefficients alone taken out.
    """
    # The mean of n deviations, each N(h^-1 (a_iy - a_i'X beta), sigma²/h) with h = K + d'Q̃d of the
    # type, is N((n h)^-1 (a_y - a'X beta), sigma² (n h)^-1) with a the sum of a_i.
    a = owner_equations(problem, classes, types, problem.moments.width).a[:, :, 0]
    d = problem.moments.loadings
    # h of each type (B, H), and the number of units of each class with its type.
    single = (d.swapaxes(-1, -2) @ types.q @ d)[..., 0, 0] + deviation_precision(values)[:, 0]
    counts, kind = classes.counts.data, classes.counts.indices
    return Conditionals(classes.number, classes.place, a, counts * single[:, kind], False)

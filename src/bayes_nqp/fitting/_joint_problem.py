"""A mediator's equation and the outcome's as one problem, with effects of units in common."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from bayes_nqp.compression import Packed, packed_rows
from bayes_nqp.designs._plan import Equation, Plan
from bayes_nqp.fitting._joint_kernel import draw_joint, joint_densities
from bayes_nqp.priors import Priors
from bayes_nqp.progress import say
from bayes_nqp.sampling import mode

__all__ = ["Joint", "JointDraws", "joint_curvature", "joint_mode", "joint_of"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_AT_ONCE = 200
_STEP = 0.02


@dataclass(frozen=True, eq=False)
class JointDraws:
    """Draws of what is integrated out, in multiples of each equation's ``s``.

    Parameters
    ----------
    mediator, outcome : tuple of two ndarrays
        Coefficients (draw, coefficient) and slots (draw, slot) of each equation.
    own : ndarray (draw, unit, 3)
        What each unit adds: to the effect on the mediator, to its slope, to the direct effect;
        in the order of `Joint.units`.
    """

    mediator: tuple[Array, Array]
    outcome: tuple[Array, Array]
    own: Array


@dataclass(frozen=True, eq=False)
class Joint:
    """Two packed equations, the rows of their units, and where coefficients load.

    Parameters
    ----------
    mediator, outcome : Equation
    entries : tuple of two ndarrays
        Packed entries of units, class after class, of the mediator's and the outcome's equation.
    units : ndarray of int (unit)
        Units in that order.
    slot, coefficient : ndarray of int (entry)
    loading : ndarray (entry)
        What a coefficient adds to a slot.
    number : ndarray of int (coefficient)
        Of the coefficients' scales, those of the outcome's equation after the other's.
    slope_prior : float
        Half-normal scale of the slopes' standard deviation, in multiples of ``s`` per unit of
        the column.
    """

    mediator: Equation
    outcome: Equation
    entries: tuple[Array, Array]
    units: Index
    slot: Index
    coefficient: Index
    loading: Array
    number: Index
    slope_prior: float

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Parameters: the mediator's, the outcome's, and the two that join them."""
        return (
            *self.mediator.problem.parameter_names, *self.outcome.problem.parameter_names,
            "scale_b", "corr_ab",
        )  # fmt: skip

    @property
    def first(self) -> int:
        """How many parameters belong to the mediator's equation."""
        return self.mediator.packed.n_parameters

    def densities(self, xs: Array, *, what: str = "") -> Array:
        """Log densities of parameters, everything linear integrated out.

        Parameters
        ----------
        xs : ndarray (point, parameter)
            Unconstrained.
        what : str, optional
            The work, for progress.

        Returns
        -------
        ndarray (point)
        """
        out = np.empty(len(xs))
        parts = np.array_split(np.arange(len(xs)), max(2, len(xs) // _AT_ONCE))
        done = 0
        with ThreadPoolExecutor(max_workers=2) as pool:
            for part in pool.map(lambda index: self._fill(xs, out, index), parts):
                done += part
                if what:
                    say(what, done, len(xs))
        return out

    def _fill(self, xs: Array, out: Array, index: npt.NDArray[np.intp]) -> int:
        part = np.empty(index.size)
        joint_densities(
            np.ascontiguousarray(xs[index]), *self._packed, self.slot, self.coefficient,
            self.loading, self.number, self.slope_prior, part,
        )  # fmt: skip
        out[index] = part
        return index.size

    @property
    def _packed(self) -> tuple[Index, Array, Index, Array, Array, Array]:
        m, y = self.mediator.packed, self.outcome.packed
        return (m.ints, m.floats, y.ints, y.floats, *self.entries)

    def draw(self, xs: Array, generator: np.random.Generator | None) -> JointDraws:
        """Draw coefficients and the units' own effects given parameters.

        Parameters
        ----------
        xs : ndarray (draw, parameter)
            Unconstrained.
        generator : Generator or None
            None gives conditional means.

        Returns
        -------
        JointDraws
        """
        n, p = len(xs), self.number.size
        width = p + 3 * self.units.size
        noise = np.zeros((n, width)) if generator is None else generator.normal(size=(n, width))
        first, second = _slots(self.mediator), _slots(self.outcome)
        coefficients, slots = np.empty((n, p)), np.empty((n, first + second))
        own = np.empty((n, self.units.size, 3))
        draw_joint(
            np.ascontiguousarray(xs), *self._packed, self.slot, self.coefficient, self.loading,
            self.number, noise, coefficients, slots, own,
        )  # fmt: skip
        at = _coefficients(self.mediator)
        return JointDraws(
            (coefficients[:, :at], slots[:, :first]), (coefficients[:, at:], slots[:, first:]), own
        )


def joint_of(plan: Plan, priors: Priors) -> Joint:
    """Put the two equations of a plan together.

    Parameters
    ----------
    plan : Plan
        Of a `Mediation` with one mediator.
    priors : Priors

    Returns
    -------
    Joint
    """
    outcome, mediator = plan.equations
    # The mediator is taken to be the last varying column of the outcome's equation.
    assert len(outcome.slopes) == 1
    classes = [(e.problem.classes, e.rows) for e in (mediator, outcome)]
    for one, other in zip(classes[0][0], classes[1][0], strict=True):
        assert np.array_equal(one.units, other.units)
    entries = tuple(
        np.concatenate([packed_rows(rows, c.units, c).ravel() for c in some])
        for some, rows in classes
    )
    parts = [_loadings(mediator), _loadings(outcome)]
    slots, coefficients = _slots(mediator), _coefficients(mediator)
    scales = len(mediator.problem.scales)
    number = parts[1][3]
    return Joint(
        mediator, outcome, (entries[0], entries[1]),
        np.concatenate([c.units for c in classes[0][0]]),
        np.concatenate([parts[0][0], parts[1][0] + slots]),
        np.concatenate([parts[0][1], parts[1][1] + coefficients]),
        np.concatenate([parts[0][2], parts[1][2]]),
        np.concatenate([parts[0][3], np.where(number >= 0, number + scales, number)]),
        priors.member,
    )  # fmt: skip


def _slots(equation: Equation) -> int:
    return sum(block.columns.shape[0] for block in equation.problem.blocks)


def _coefficients(equation: Equation) -> int:
    problem = equation.problem
    return problem.global_scale.size + sum(b.local_slot.size for b in problem.blocks)


def _loadings(equation: Equation) -> tuple[Index, Index, Array, Index]:
    """Slot, coefficient and loading of every entry; scale number of every coefficient."""
    problem = equation.problem
    slot, coefficient, loading, number = [], [], [], [problem.global_scale]
    start, local = 0, problem.global_scale.size
    for block in problem.blocks:
        i, j = np.nonzero(block.columns)
        n = block.local_slot.size
        slot += [start + i, start + block.local_slot]
        coefficient += [j, local + np.arange(n)]
        loading += [block.columns[i, j], np.ones(n)]
        number.append(block.local_scale)
        start, local = start + block.columns.shape[0], local + n
    order = np.concatenate(slot).astype(np.int64)
    return (
        order, np.concatenate(coefficient).astype(np.int64), np.concatenate(loading),
        np.concatenate(number).astype(np.int64),
    )  # fmt: skip


def joint_mode(joint: Joint, steps: int = 60) -> Array:
    """Climb to the mode, from those of the two equations apart.

    Parameters
    ----------
    joint : Joint
    steps : int, default 60
        At most.

    Returns
    -------
    ndarray (parameter)
    """
    start = np.concatenate([_start(joint.mediator.packed), _start(joint.outcome.packed), [-1, 0]])

    def loss(x: Array) -> tuple[float, Array]:
        h = 1e-4
        shifts = h * np.eye(x.size)
        values = joint.densities(np.concatenate([x[None], x + shifts, x - shifts]))
        if not np.isfinite(values).all():
            return 1e12, np.zeros(x.size)
        up, down = values[1 : x.size + 1], values[x.size + 1 :]
        return -float(values[0]), (down - up) / (2.0 * h)

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return np.clip(np.asarray(found.x, dtype=np.float64), -6.0, 6.0)


def _start(packed: Packed) -> Array:
    return np.clip(mode(packed), -3.0, 3.0)


def joint_curvature(joint: Joint, x: Array) -> Array:
    """Negative Hessian of the log density, by central differences.

    Parameters
    ----------
    joint : Joint
    x : ndarray (parameter)

    Returns
    -------
    ndarray (parameter, parameter)
        Symmetric; not always positive definite.
    """
    steps, out = np.full(x.size, _STEP), np.zeros((x.size, x.size))
    # The second pass fits the steps to the widths that the first one found.
    for _ in range(2):
        out = _differences(joint, x, steps)
        widths = 1.0 / np.sqrt(np.maximum(np.diag(out), 1e-6))
        steps = np.clip(0.2 * widths, 1e-4, 0.1)
    return out


def _differences(joint: Joint, x: Array, steps: Array) -> Array:
    i, j = np.tril_indices(x.size)
    e = np.diag(steps)
    points = np.stack([x + a * e[i] + b * e[j] for a in (1, -1) for b in (1, -1)])
    values = joint.densities(points.reshape(-1, x.size)).reshape(4, -1)
    out = np.zeros((x.size, x.size))
    out[i, j] = -(values[0] - values[1] - values[2] + values[3]) / (4.0 * steps[i] * steps[j])
    out[j, i] = out[i, j]
    return np.where(np.isfinite(out), out, 0.0)

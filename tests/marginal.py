"""A row model with its coefficients integrated out, from its own log density alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt
import pymc as pm
import pytensor.tensor as pt
from pytensor.compile.mode import Mode

Array = npt.NDArray[np.float64]


class Marginal:
    """The density of a model's parameters, its coefficients integrated out.

    Given the parameters the log density is quadratic in the coefficients b: with gradient g and
    negative Hessian H at 0, ``∫ p db = p(0) (2π)^(k/2) |H|^(-1/2) exp(g' H⁻¹ g / 2)``. Rows of H
    are differences of gradients, exact for a quadratic.

    Parameters
    ----------
    model : Model
    parameters : sequence of str
        Named as in posteriors, in the order of points; all other free variables are coefficients.
    """

    def __init__(self, model: pm.Model, parameters: Sequence[str]) -> None:
        start = model.initial_point()
        stems = {}
        for name in start:
            stem = name.removesuffix("_log__").removesuffix("_logodds__").removesuffix("_over_s")
            stems[stem.replace("__half_", "__")] = name
        own = [stems[name] for name in parameters]
        rest = [name for name in start if name not in own]
        self.shapes = [np.shape(start[name]) for name in rest]
        self.sizes = [int(np.prod(shape)) for shape in self.shapes]
        by_name = {value.name: value for value in model.value_vars}
        coefficients = [by_name[name] for name in rest]
        # One by one: Python's loops take no sum of more than 32 terms.
        total = reduce(add, [factor.sum() for factor in model.logp(sum=False)])
        slopes = [slope.ravel() for slope in pt.grad(total, coefficients)]
        # Python, not compiled: a model is evaluated some hundred times.
        self.function = pm.compile(
            [by_name[name] for name in [*own, *rest]],
            [total, pt.concatenate(slopes)],
            mode=Mode("py", None),
        )

    def _at(self, point: Array, flat: Array) -> tuple[float, Array]:
        parts = np.split(flat, np.cumsum(self.sizes)[:-1])
        shaped = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        value, slope = self.function(*point, *shaped)
        return float(value), np.asarray(slope)

    def __call__(self, point: Array) -> float:
        """Log density at an unconstrained point of the parameters."""
        size = sum(self.sizes)
        value, gradient = self._at(point, np.zeros(size))
        precision = np.array([gradient - self._at(point, unit)[1] for unit in np.eye(size)])
        lower = np.linalg.cholesky(0.5 * (precision + precision.T))
        half = np.linalg.solve(lower, gradient)
        log_det = 2.0 * np.log(np.diag(lower)).sum()
        return float(value + 0.5 * (half @ half - log_det + size * np.log(2.0 * np.pi)))

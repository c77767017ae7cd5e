"""The compressed likelihood inside a PyMC model: the kernel's density, behind an Op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from numba import njit
from pytensor.compile.sharedvalue import shared
from pytensor.gradient import DisconnectedType, disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key

from bayes_nqp.compression._compile import compiled
from bayes_nqp.compression.kernel import log_density, log_prior
from bayes_nqp.designs._build import error_parameters, scale_variables
from bayes_nqp.parameters import Correlation

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation

__all__ = ["MarginalLikelihood", "collapsed_model"]


def collapsed_model(equation: Equation) -> pm.Model:
    """State the marginal model of an equation's scales, rho and sigma in PyMC.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    Model
        Whose log density is the kernel's, up to a constant: priors in PyMC, and the likelihood
        with every coefficient integrated out as one potential.
    """
    packed = equation.packed
    with pm.Model() as model:
        s = pm.Data("s", np.float64(equation.scale))
        scales = scale_variables(equation.problem, s)
        errors = error_parameters(equation.problem, s)
        parts = [pt.log(x) for x in scales.values() if not isinstance(x, float)]
        for parameter in equation.problem.error_parameters:
            value = errors[parameter.name]
            bounded = isinstance(parameter.prior, Correlation)
            parts.append(2.0 * pt.arctanh(value) if bounded else pt.log(value))
        x = pt.stack(parts)
        # `pm.Data` would narrow the integers.
        ints = shared(packed.ints, name="ints")  # type: ignore[no-untyped-call]
        model.register_data_var(ints)
        floats = pm.Data("floats", packed.floats)
        outputs: Any = MarginalLikelihood()(x, ints, floats)
        pm.Potential("likelihood", outputs[0])
    return model


@compiled
def _likelihood(x: Any, ints: Any, floats: Any) -> Any:
    """Log density and gradient, less the prior and the Jacobians of the transforms."""
    grad = np.zeros(x.shape[0])
    prior = np.zeros(x.shape[0])
    value = log_density(x, ints, floats, grad) - log_prior(x, ints, floats, prior)
    return value, grad - prior


class MarginalLikelihood(Op):
    """Log likelihood of the unconstrained parameters of a packed problem, and its gradient.

    Inputs are the parameters (parameter), and the integers and floats of the packed problem:
    data, so that a compiled model serves every problem of the same parameters.
    """

    __props__ = ()

    def make_node(self, *inputs: Any) -> Any:
        """Make the node of the graph.

        Parameters
        ----------
        *inputs : tensor (vector)
            Parameters, integers, floats.

        Returns
        -------
        Apply
            Outputs are the log likelihood and its gradient.
        """
        return Apply(self, [pt.as_tensor(v) for v in inputs], [pt.dscalar(), pt.dvector()])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:
        """Compute both outputs.

        Parameters
        ----------
        node : Apply
        inputs : list of ndarray
        output_storage : list of list
        """
        value, grad = _likelihood(*inputs)
        output_storage[0][0] = np.asarray(value)
        output_storage[1][0] = grad

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Carry the log likelihood's cotangent back to the parameters.

        Parameters
        ----------
        inputs, outputs, cotangents : list of tensor

        Returns
        -------
        list of tensor
        """
        value = cotangents[0]
        if isinstance(value.type, DisconnectedType):
            return [disconnected_type()] * 3
        return [value * outputs[1], disconnected_type(), disconnected_type()]

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Tell that only the log likelihood, and only by the parameters, is differentiated.

        Parameters
        ----------
        node : Apply

        Returns
        -------
        list of list of bool
        """
        return [[True, False], [False, False], [False, False]]


def _funcify(op: MarginalLikelihood, **kwargs: Any) -> Any:
    @njit(error_model="numpy")
    def marginal_likelihood(x, ints, floats):  # type: ignore[no-untyped-def]
        value, grad = _likelihood(x, ints, floats)
        return np.asarray(value), grad

    return marginal_likelihood


register_funcify_default_op_cache_key(MarginalLikelihood)(_funcify)  # type: ignore[no-untyped-call]

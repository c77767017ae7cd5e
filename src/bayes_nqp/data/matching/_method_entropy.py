"""Entropy balancing: weights of controls with the covariate means of treated units.

Weights w_j of controls minimise sum_j w_j log w_j subject to sum_j w_j = 1 and sum_j w_j x_j = m.
The solution is w_j = exp(x_j'l) / sum exp(x'l), where l minimises the convex dual

    log sum_j exp((x_j - m)'l).

Its gradient sum_j w_j (x_j - m) is the imbalance, and its Hessian is the weighted covariance.
"""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from annotated_types import Interval
from scipy.optimize import minimize, root
from scipy.special import logsumexp, softmax

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching._methods import matching
from bayes_nqp.data.matching._pool import Pool

_EXACT: Final = 1e-9
"""Largest difference of means, in SDs."""
_SETS: Final = (Message("means"), Message("means and variances"))


@matching(Message("entropy balancing"), place=50)
def entropy(pool: Pool, *, moments: Annotated[int, Interval(ge=1, le=2)] = 1) -> Array:
    """Weight controls to the covariate means of treated units, as equally as possible.

    Parameters
    ----------
    moments : {1, 2}, default 1
        1 balances means; 2 balances means and variances.

    References
    ----------
    Hainmueller, J. (2012). Entropy balancing for causal effects. Political Analysis 20(1).
    """
    x = pool.z if moments == 1 else np.column_stack([pool.z, pool.z**2])
    weights, left = entropy_weights(x[~pool.treated], x[pool.treated].mean(axis=0))
    wrong = np.abs(left).reshape(moments, -1).max(axis=0) > _EXACT
    if wrong.any():
        names = [name for name, is_wrong in zip(pool.names, wrong, strict=True) if is_wrong]
        raise PanelError(
            Message(
                "method='entropy': no weights of the {} controls have the {} of the {} treated "
                "units",
                int((~pool.treated).sum()), _SETS[moments - 1], int(pool.treated.sum()),
            ),
            where=shown(names),
            hint="use fewer covariates or moments=1; or method='nearest', which drops treated "
            "units without similar controls",
        )  # fmt: skip
    out = np.ones(pool.treated.size)
    out[~pool.treated] = weights * pool.treated.sum()
    return out


def entropy_weights(x: Array, means: Array) -> tuple[Array, Array]:
    """Compute the weights of controls that have given covariate means.

    Parameters
    ----------
    x : ndarray (control, covariate)
        Covariates in units of about one SD.
    means : ndarray (covariate)
        Required weighted means.

    Returns
    -------
    tuple of ndarray (control) and (covariate)
        Weights that sum to one, and the remaining differences of means, which are not zero if no
        weights have these means.
    """
    d = x - means

    def dual(b: Array) -> tuple[float, Array]:
        return float(logsumexp(d @ b)), softmax(d @ b) @ d

    def hessian(b: Array) -> Array:
        w = softmax(d @ b)
        centred = d - w @ d
        return np.asarray((centred.T * w) @ centred, dtype=np.float64)

    start = np.zeros(d.shape[1])
    limit = {"maxiter": 100}
    solution = minimize(dual, start, method="trust-exact", jac=True, hess=hessian, options=limit).x
    # Rounding of the dual limits the minimum to an imbalance of about 1e-8; its gradient does not.
    polished = root(lambda b: dual(b)[1], solution, jac=hessian, tol=1e-15).x
    solution = min((solution, polished), key=lambda b: np.abs(dual(b)[1]).max())
    weights = np.asarray(softmax(d @ solution), dtype=np.float64)
    return weights, weights @ d

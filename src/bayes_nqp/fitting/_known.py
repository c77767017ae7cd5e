"""Draws that a fit already holds, for refits in which an equation stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.fitting._names import from_tree
from bayes_nqp.fitting._parameters import unconstrained
from bayes_nqp.likelihoods import Gaussian
from bayes_nqp.sampling import Chains

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation
    from bayes_nqp.fitting._fit import Fit

__all__ = ["Known", "digest_of", "known_chains"]

Array = npt.NDArray[np.float64]

type Known = Mapping[str, Chains]
"""Draws of parameters by the digest of their equation."""


def digest_of(equation: Equation) -> str:
    """Tell equations apart by all that the draws of their parameters depend on.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    str
        The same for a mediator's equation and for that of the mediator as an outcome.
    """
    seal = sha256(repr(equation.problem.parameter_names).encode("utf-8"))
    seal.update(equation.packed.ints)
    seal.update(equation.packed.floats)
    return seal.hexdigest()


def known_chains(fit: Fit) -> Known:
    """Take the draws of the parameters of every equation of a fit.

    Parameters
    ----------
    fit : Fit
        With its panel.

    Returns
    -------
    dict of str to Chains
        Empty where equations were not sampled one by one on compressed rows, or draws of fits to
        several outcomes are pooled.
    """
    joined = getattr(fit.design, "vary_by", None) is not None
    if joined or not isinstance(fit.design.likelihood, Gaussian):
        return {}
    posterior = fit.posterior
    if v.INDEX_DRAW in posterior.coords:  # Of several outcomes.
        return {}
    stats = from_tree(fit.tree["sample_stats"].to_dataset())
    found = {}
    for equation in fit.plan.equations:
        names = equation.problem.space.names
        if all(f"{equation.name}__{name}" in posterior for name in names):
            x = unconstrained(equation, posterior)
            found[digest_of(equation)] = Chains({"x": x}, _stats(stats, equation.name))
    return found


def _stats(stats: xr.Dataset, name: str) -> dict[str, npt.NDArray[np.generic]]:
    """The sampler's statistics of one equation."""
    if "equation" in stats.dims:
        stats = stats.sel(equation=name)
    found = {}
    for key, values in stats.data_vars.items():
        if set(values.dims) == set(v.SAMPLE_DIMS) and not bool(values.isnull().all()):
            own = values.transpose(*v.SAMPLE_DIMS).to_numpy()
            # Where only some equations have a statistic, gaps turned it to objects.
            found[str(key)] = own.astype(np.float64) if own.dtype == object else own
    return found

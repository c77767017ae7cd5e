"""Draws of an existing fit, reused by refits for equations that do not change."""

from __future__ import annotations

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp.inference.fitting._existing_draws import ExistingDraws
from bayes_nqp.inference.fitting._fit import Fit
from bayes_nqp.inference.fitting._parameters import unconstrained
from bayes_nqp.numerics.sampling import Chains


def reused_draws(fit: Fit) -> ExistingDraws:
    """Collect a fit's draws of the parameters of every equation.

    Parameters
    ----------
    fit : Fit
        With its panel.

    Returns
    -------
    KnownDraws
        Without chains if equations were not drawn one by one from sufficient statistics, or if
        draws of fits to several outcomes are pooled.
    """
    if fit.facts.joined or not fit.facts.exact:
        return ExistingDraws()
    posterior, values = fit.posterior, _values(fit)
    if v.INDEX_DRAW in posterior.coords:  # For several outcomes.
        return ExistingDraws(values=values)
    stats = fit.groups["sample_stats"]
    chains = {}
    for equation in fit.model_frame.equations:
        names, facts = equation.problem.space.names, _facts(stats, equation.name)
        # Other samplers have no statistics of weights or populations for the diagnostics of a
        # refit.
        if facts and all(f"{equation.name}__{name}" in posterior for name in names):
            x = unconstrained(equation, posterior)
            chains[equation.gaussian.digest] = Chains({"x": x}, {}, facts=facts)
    return ExistingDraws(chains, values)


def _values(fit: Fit) -> dict[str, float]:
    """Return posterior means of scalar parameters by name."""
    return {
        str(name): float(draws.mean())
        for name, draws in fit.posterior.data_vars.items()
        if set(draws.dims) == set(v.SAMPLE_DIMS)
    }


def _facts(stats: xr.Dataset, name: str) -> dict[str, float]:
    """Return the sampler's statistics on all draws of one equation."""
    if v.EQUATION in stats.dims:
        stats = stats.sel(equation=name)
    return {str(key): float(value) for key, value in stats.data_vars.items() if not value.dims}

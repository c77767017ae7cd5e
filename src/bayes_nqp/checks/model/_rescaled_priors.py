"""Priors that a check recommends in place of those of a fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from bayes_nqp._core.exceptions import Hint
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.model.priors import Priors

_FIELDS: Final = {
    "scale_walk": "walk",
    "scale_cohort": "cohort",
    "scale_cell": "cell",
    "scale_deviation": "member",
    "scale_period": "time_effect",
}
"""Arguments of `Priors` by the name of the parameter, where the names differ."""
_UNIFORM: Final = (1.0, 1.0)
"""Beta parameters of a flat prior of rho on (-1, 1)."""


def argument_of(parameter: str) -> str:
    """Return the argument of `Priors` with the prior of a parameter."""
    if parameter.startswith("scale_strata_"):
        return "factor"
    if parameter.startswith("strata_"):
        return "contrast"
    return _FIELDS.get(parameter, parameter)


def rescaled(fit: Fit, arguments: Iterable[str], factor: float) -> Hint | None:
    """Return the priors of a fit with some scales multiplied by a factor; that of rho is flat.

    A wider prior is at least as wide as the default, and a narrower one at most.

    Returns
    -------
    Hint or None
        None if the design has no such prior.
    """
    if not fit.takes("priors"):
        return None
    priors: Any = fit.facts.priors
    changes = {
        name: _UNIFORM if name == "rho" else _scaled(getattr(priors, name), name, factor)
        for name in arguments
        if hasattr(priors, name)
    }
    return Hint("priors", replace(priors, **changes)) if changes else None


def _scaled(value: Any, name: str, factor: float) -> Any:
    default, scaled = getattr(Priors(), name), factor * value
    if not isinstance(scaled, float):
        return scaled
    return max(scaled, default) if factor > 1.0 else min(scaled, default)

"""Priors that a check recommends in place of those of a fit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from bayes_nqp._core.exceptions import as_python
from bayes_nqp._core.i18n import NOTHING, Message, enumerated
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


def rescaled(fit: Fit, arguments: Iterable[str], factor: float) -> Message:
    """Return arguments of `Priors` with scales multiplied by a factor; that of rho is flat.

    A wider prior is at least as wide as the default, and a narrower one at most.

    Returns
    -------
    Message
        Arguments as code, next to their present values; empty if the design has no such prior
        or it cannot be rescaled.
    """
    if not fit.takes("priors"):
        return NOTHING
    priors: Any = fit.facts.priors
    changes: dict[str, Any] = {
        name: _UNIFORM if name == "rho" else _scaled(getattr(priors, name), name, factor)
        for name in arguments
        if hasattr(priors, name)
    }
    return enumerated(
        Message("{} instead of {}", f"{name}={as_python(x)}", as_python(getattr(priors, name)))
        for name, x in changes.items()
        if x != getattr(priors, name)
    )


def _scaled(value: Any, name: str, factor: float) -> Any:
    default, scaled = getattr(Priors(), name), factor * value
    if not isinstance(scaled, float):
        return scaled
    return max(scaled, default) if factor > 1.0 else min(scaled, default)

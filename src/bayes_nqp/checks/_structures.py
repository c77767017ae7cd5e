"""The effect under other error structures than the fit's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp.checks._alternatives import Alternative, compared
from bayes_nqp.checks._refit import estimator, panel_of
from bayes_nqp.designs import AR1, IID, AR1Noise, Noise
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.checks._result import Evidence, Kind
    from bayes_nqp.designs import Estimator
    from bayes_nqp.fitting import Fit
    from bayes_nqp.planning import Equation

__all__ = ["error_means", "richest", "structure_label", "structures"]

_LABELS = {
    IID: Message("independent errors"),
    AR1: Message("AR(1) errors"),
    AR1Noise: Message("AR(1) + noise"),
}


def structure_label(errors: Noise) -> str:
    """Name of a specification with these errors."""
    return _LABELS.get(type(errors), errors.label())


def richest(design: Estimator) -> str:
    """The call for the richest of the structures that hold a design's own as a special case.

    Parameters
    ----------
    design : StaggeredDiD or ContinuousExposure
        With such structures.
    """
    return f"errors=nqp.{design.errors.richer[-1]!r}"


def error_means(fit: Fit, equation: Equation) -> dict[str, float]:
    """Posterior means of the parameters of an equation's error structure, sigma apart.

    Returns
    -------
    dict of str to float
        By name, on their own scales, in multiples of ``s``.
    """
    *parameters, _ = equation.problem.error_parameters
    return {
        p.name: float(fit.posterior[f"{equation.name}__{p.name}"].mean())
        / (equation.scale if p.in_outcome_units else 1.0)
        for p in parameters
    }


def structures(fit: Fit, table: xr.Dataset) -> tuple[Kind, Evidence, float, float]:
    """Refit with richer and with poorer error structures.

    Parameters
    ----------
    table : Dataset
        What else is evidence.

    Returns
    -------
    tuple of str, Dataset, float and float
        Kind of the evidence, and the evidence; the largest posterior sd under a richer structure,
        and the largest shift of the estimate there, relative to the fit's own sd; NaN where there
        is none.
    """
    design, panel = estimator(fit), panel_of(fit)
    if panel.weights is not None:
        # Precision weights go with independent errors only.
        return "none", table, np.nan, np.nan
    alternatives = [
        Alternative(
            structure_label(errors),
            Message("errors"),
            design.replace(errors=errors),
            counts=counts,
        )
        for several, counts in ((design.errors.richer, True), (design.errors.poorer, False))
        for errors in several
    ]
    refits = compared(fit, alternatives, "refitting with other errors")
    flat = refits["att"].to_numpy().reshape(-1, refits.sizes["specification"])
    counts = refits["counts"].to_numpy()
    mean, sd = flat.mean(axis=0)[counts], flat.std(axis=0)[counts]
    wider, moved = np.nan, np.nan
    if counts.sum() > 1:
        wider = float((sd[1:] / sd[0]).max())
        moved = float((np.abs(mean[1:] - mean[0]) / sd[0]).max())
    return "specifications", refits.merge(table, combine_attrs="no_conflicts"), wider, moved

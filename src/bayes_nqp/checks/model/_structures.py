"""The effect under other error structures than the fit's own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_nqp.checks.shared import Alternative, compared, comparison
from bayes_nqp.designs import Noise
from bayes_nqp.errors import Hint
from bayes_nqp.fitting import Fit, error_draws, panel_of
from bayes_nqp.language import Message

__all__ = ["error_alternatives", "error_means", "richest", "structures"]


def error_alternatives(fit: Fit) -> list[Alternative]:
    """Other error structures, poorer ones first; none where weights go with independent errors.

    Independent errors overstate what correlated rows know: shown beside, not held against.
    """
    if panel_of(fit).weights is not None:
        return []
    noise = fit.facts.noise
    return [
        Alternative(
            structure_label(errors),
            Message("errors"),
            fit.variant(errors=errors),
            counts=errors.correlated,
        )
        for errors in (*noise.poorer, *noise.richer)
    ]


def structure_label(errors: Noise) -> str:
    """Name of a specification with these errors."""
    return errors.phrase()


def richest(fit: Fit) -> Hint:
    """Try the richest of the structures that hold the fit's own as a special case."""
    return Hint("errors", fit.facts.noise.richer[-1])


def error_means(fit: Fit, equation: str = "outcome") -> dict[str, float]:
    """Posterior means of the parameters of an equation's error structure, sigma apart."""
    *parameters, _ = error_draws(fit, equation).items()
    return {name: float(draws.mean()) for name, draws in parameters}


def structures(fit: Fit, table: xr.Dataset) -> tuple[str, xr.Dataset, float, float]:
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
    others, n_poorer = error_alternatives(fit), len(fit.facts.noise.poorer)
    if panel_of(fit).weights is not None:
        # Precision weights go with independent errors only.
        return "none", table, np.nan, np.nan
    poorer = [replace(other, counts=False) for other in others[:n_poorer]]
    refits = compared(fit, [*others[n_poorer:], *poorer], "refitting with other errors")
    counts, against = refits["counts"].to_numpy(), comparison(refits)
    mean, sd = against.mean[counts], against.sd[counts]
    wider, moved = np.nan, np.nan
    if counts.sum() > 1:
        wider = float((sd[1:] / sd[0]).max())
        moved = float((np.abs(mean[1:] - mean[0]) / sd[0]).max())
    return "specifications", refits.merge(table, combine_attrs="no_conflicts"), wider, moved

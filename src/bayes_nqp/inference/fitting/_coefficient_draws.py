"""Coefficients of draws, stored in a fit or drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.fitting._coefficients import COEFFICIENTS
from bayes_nqp.inference.fitting._fit import Fit
from bayes_nqp.inference.fitting._parameters import unconstrained
from bayes_nqp.numerics.linear_gaussian import draw

if TYPE_CHECKING:
    from bayes_nqp.inference.model_frame import Equation


_STREAM = 1
"""Distinguishes the stream of coefficients from others with the same seed."""


def pairs_coefficients(fit: Fit) -> bool:
    """Return True if a fit stores the coefficients of its draws.

    Returns
    -------
    bool
        If False, quantities computed from coefficients do not correspond to single draws of
        effects.
    """
    return COEFFICIENTS in fit.groups


def coefficients_of(fit: Fit, equation: Equation, chosen: Index) -> Array:
    """Return the coefficients of some draws, stored in the fit or drawn given the parameters.

    Coefficients that are drawn have the same distribution, but do not correspond to the effects
    that the fit stores.

    Parameters
    ----------
    chosen : ndarray of int (draw)
        Among the draws of all chains, one after another.

    Raises
    ------
    StudyError
        If the equation was drawn together with others, and its coefficients were not kept.
    """
    if pairs_coefficients(fit):
        positions = fit.groups[COEFFICIENTS][f"{equation.name}__slots"].to_numpy()
        return np.asarray(positions.reshape(-1, positions.shape[-1])[chosen], dtype=np.float64)
    if fit.facts.joined:
        raise StudyError(
            "coefficients a and b that vary by unit were drawn jointly, so one equation has no "
            "separate draws",
            hint="vary_by=None",
        )
    points = unconstrained(equation, fit.posterior)
    points = points.reshape(-1, points.shape[-1])[chosen]
    stream = np.random.default_rng(np.random.SeedSequence([int(fit.sampler.seed or 0), _STREAM]))
    return draw(equation.gaussian, points, stream).positions

"""Whether likelihoods and effects of a fit belong to the same draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.checks._result import NotApplicable
from bayes_nqp.fitting import pairs_coefficients
from bayes_nqp.language import Message

if TYPE_CHECKING:
    from bayes_nqp.fitting import Fit

__all__ = ["paired"]


def paired(fit: Fit) -> None:
    """See that effects can be weighted by likelihoods, draw by draw.

    Parameters
    ----------
    fit : Fit
        With a Gaussian likelihood.

    Raises
    ------
    NotApplicable
        If it does not hold the coefficients of its draws.
    """
    if not pairs_coefficients(fit):
        raise NotApplicable(
            Message(
                "The fit does not hold the coefficients of its draws, so that likelihoods of "
                "units belong to none of its effects: versions up to 0.1 did not keep them, nor "
                "are they kept where they take more than 200 MB. Fit again, with fewer draws if "
                "these are many."
            )
        )

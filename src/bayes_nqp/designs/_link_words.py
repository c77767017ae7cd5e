"""What methods of reports say of outcomes, errors and columns of linked units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bayes_nqp.language import Message

_LAG: Final = Message(
    "Outcomes follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −.95 and .97.{durbin} The log determinant is "
    "the one that takes the means of levels of time effects off.{adjusted} {effects} "
    "Feedback through all units is included."
)
_SLX: Final = Message(
    "Nobody's outcome follows another's (SLX).{durbin} Links are those of the weights {weights}. "
    "{effects}"
)
_EFFECTS: Final = Message(
    "Effects are those of the actual calendar against no policy anywhere: direct, of the unit's "
    "own treatment, and received, of others'."
)
_EFFECTS_DOSE: Final = Message(
    "Effects are those of the same amount more of the exposure for everyone: direct, of the unit's "
    "own, and received, of others'."
)
_ERROR: Final = Message(
    "Errors follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −.95 and .97; there are no spillovers."
    "{adjusted}"
)
_DURBIN: Final = Message(
    " Treatment and covariates of linked units enter as well, treatment by event time, its "
    "coefficients pooled as effects are."
)
_DURBIN_DOSE: Final = Message(
    " Exposure and covariates of linked units enter as well, the former with one coefficient that "
    "has the prior of the slope."
)
_ADJUSTED: Final = Message(
    " As links cross levels of time effects, it is an adjusted likelihood: its score is unbiased, "
    "and it has no marginal likelihood."
)


def link_words(
    attrs: Mapping[str, object], weights: str, *, lag: bool, durbin: bool, error: bool
) -> Message:
    """Say how outcomes, or errors, follow those of linked units, and what else enters.

    Parameters
    ----------
    attrs : mapping of str to object
        Of the effects that were fitted.
    weights : str
        Their name.
    """
    adjusted, dose = _ADJUSTED if "likelihood" in attrs else "", "exposure" in attrs
    if error:
        return _ERROR.fill(weights=weights, adjusted=adjusted)
    columns = (_DURBIN_DOSE if dose else _DURBIN) if durbin else ""
    effects = _EFFECTS_DOSE if dose else _EFFECTS
    if not lag:
        return _SLX.fill(durbin=columns, weights=weights, effects=effects)
    return _LAG.fill(durbin=columns, weights=weights, adjusted=adjusted, effects=effects)

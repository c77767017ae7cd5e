"""Robustness row: Conley standard errors."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.model import robust_ratio
from bayes_nqp.checks.shared import Requested, Specifications, robustness_row
from bayes_nqp.data.spatial_weights import locations_of
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.space.checks._conley_kernel import among, conley
from bayes_nqp.space.checks._neighbour_weights import placed

_KM: Final = 300.0
"""Distance beyond which units are independent, as in the check "spatial_errors"."""


@robustness_row(
    Message("Conley standard errors"),
    place=86,
    errors=True,
    shows=Message(
        "Conley standard errors: errors of units up to {:g} km apart are correlated, with weights "
        "that fall to zero at this distance (Bartlett).",
        _KM,
    ),
)
def conley_errors(fit: Fit, requested: Requested) -> Specifications:
    """Allow for correlated errors of near units, as in the check "spatial_errors"."""
    part = placed(fit.rows)
    if part is None:
        raise NotApplicable(
            Message("the panel has no coordinates (columns 'longitude' and 'latitude')")
        )

    def ratio() -> float:
        kernel = among(fit.rows, part, conley(locations_of(part), _KM, "bartlett"))
        return robust_ratio(fit, kernel)

    yield Message("Conley, {:g} km", _KM), ratio

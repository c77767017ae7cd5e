"""The spatial lag: outcomes that follow those of the units they are linked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.parameters import FIXED, Scale
from bayes_nqp.priors import Priors
from bayes_nqp.registry import register
from bayes_nqp.spatial_weights import SpatialWeights
from bayes_nqp.terms.cells import curve_parts
from bayes_nqp.terms.parts import GlobalPart

__all__ = ["DELTA", "LINKED", "TIED", "TREATMENT", "SpatialLag", "linked_parts", "tied_parts"]

DELTA: Final = "delta"
"""Name of the coefficient of ``W y`` among the draws."""
LINKED: Final = "W × event_time"
"""How the columns of linked units' treatment are called, before the event time."""
TIED: Final = "tied"
"""Name of the part, and how columns begin, whose coefficients are tied to those of others."""
TREATMENT: Final = "treatment"
"""What ``durbin`` calls the policy, among the names of covariates."""


@register("spillovers", "lag")
@door
@dataclass(frozen=True, slots=True)
class SpatialLag:
    """Outcomes follow those of linked units, ``y = delta W y + … + W X theta``.

    Policy effects are then those of the actual calendar against none, feedback through all units
    included: ``S^-1 [D (tau + u) + W D theta]`` with ``S = I - delta W``. The part that a unit
    has of its own treatment is the path "direct", what it has of others' "received"; both add up
    to "total", draw by draw.

    Parameters
    ----------
    weights : SpatialWeights
        W, whose rows sum to one; `nqp.spatial_weights` makes them.
    durbin : bool or sequence of str, default True
        Whether treatment and covariates of linked units enter as well (``W X theta``, the spatial
        Durbin model); or which do, "treatment" among them. Treatment has a theta for each event
        time, pooled as effects are: a level, a drift and a random walk. False is the plain lag
        (SAR).
    error : bool, default False
        Whether errors follow those of linked units instead of outcomes (SEM), ``theta = -delta
        beta``, so that there are no spillovers. It goes with ``effect=nqp.Complete(varying=None)``.
    complete : {None, "units"}, default None
        "units" leaves out units that are not seen in every period; by default they are refused.

    Raises
    ------
    StudyError
        If an argument is not one of those above.

    Notes
    -----
    delta has the prior ``(1 + delta) / 2 ~ Beta(3, 3)``, between -.95 and .97. The log likelihood
    has ``(T - 1) tr(M log S)``, M taking the means of levels of time effects off. Where W links
    units of different levels it is an adjusted likelihood, whose score is unbiased, and has no
    marginal likelihood.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press. Lee, L. and
    Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects.
    Journal of Econometrics 154(2).

    Examples
    --------
    >>> import pandas as pd
    >>> import bayes_nqp as nqp
    >>> cities = ["Hangzhou", "Ningbo", "Suzhou"]
    >>> links = pd.DataFrame([[0, 1, 1], [1, 0, 0], [1, 0, 0]], index=cities, columns=cities)
    >>> weights = nqp.spatial_weights.matrix(links)
    >>> design = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(weights, durbin=False))
    >>> design.spillovers.durbin
    False
    """

    weights: SpatialWeights
    durbin: bool | tuple[str, ...] = True
    error: bool = False
    complete: Literal["units"] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.weights, SpatialWeights):
            raise StudyError(
                f"'weights' is a {type(self.weights).__name__}",
                hint="nqp.spatial_weights.nearest(panel, k=5), or .matrix(frame) of your own",
            )
        if not isinstance(self.error, bool):
            raise StudyError(f"'error' is {self.error!r}", hint="True or False")
        if self.complete not in (None, "units"):
            raise StudyError(f"'complete' is {self.complete!r}", hint="'units' or None")
        durbin: Any = self.durbin
        if isinstance(durbin, bool):
            return
        names = (durbin,) if isinstance(durbin, str) else tuple(durbin or ())
        if not all(isinstance(name, str) for name in names):
            hint = "True, False, or names of covariates and 'treatment'"
            raise StudyError(f"'durbin' is {durbin!r}", hint=hint)
        object.__setattr__(self, "durbin", names)


def linked_parts(
    event_times: Sequence[int], start: int, n_strata: int, n_columns: int, priors: Priors
) -> list[GlobalPart]:
    """Coefficients of the treatment of linked units by event time, pooled as effects are.

    Parameters
    ----------
    event_times : sequence of int
        Of their varying columns, which stand one after another.
    start : int
        The first of these columns.
    n_strata, n_columns : int
        Numbers of strata and of varying columns.
    """
    if not event_times:
        return []
    e = np.array(event_times, dtype=np.int64)
    place = np.eye(n_columns)[:, start : start + e.size]
    parts = curve_parts(e, np.ones(e.size, dtype=bool), priors)
    return [
        replace(
            part, name=f"linked_{part.name}", place="slopes", scale=_linked(part.scale),
            columns=np.tile(place @ part.columns, (n_strata, 1)),
        )
        for part in parts
    ]  # fmt: skip


def _linked(scale: Scale | int) -> Scale | int:
    """A scale of its own, where it is estimated."""
    return replace(scale, name=f"linked_{scale.name}") if isinstance(scale, Scale) else scale


def tied_parts(names: Sequence[str], n_strata: int) -> list[GlobalPart]:
    """The part of columns whose coefficients are tied to those of others.

    Parameters
    ----------
    names : sequence of str
        Of all varying columns.
    """
    at = [k for k, name in enumerate(names) if name.startswith(f"{TIED} ")]
    if not at:
        return []
    columns = np.tile(np.eye(len(names))[:, at], (n_strata, 1))
    return [GlobalPart(TIED, "slopes", columns, FIXED, [names[k] for k in at])]

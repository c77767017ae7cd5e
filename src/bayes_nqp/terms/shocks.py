"""Shocks that units of a cluster share in each period."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.registry import register

__all__ = ["SharedShocks"]


@register("shocks")
@door
@dataclass(frozen=True, slots=True)
class SharedShocks:
    """What befalls all units of a cluster in a period, such as the budget year of a province.

    Units of cluster c have ``eta_ct`` in period t beside their time effects, independent over
    clusters and periods, ``N(0, sd²)``. Errors of a unit know nothing of it: units of a cluster
    then move together, and averages over many of them are known less well than as many errors of
    their own would say.

    Parameters
    ----------
    by : str
        A column that is constant within units: the clusters.
    scale : float, default 0.5, multiples of s
        Prior scale (half-normal) of their standard deviation.

    Raises
    ------
    StudyError
        If ``by`` names nothing, or the scale is not a positive number.

    References
    ----------
    Bertrand, M., Duflo, E. and Mullainathan, S. (2004). How much should we trust
    differences-in-differences estimates? Quarterly Journal of Economics 119(1).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(shocks=nqp.SharedShocks("province")).shocks.scale
    0.5
    """

    by: str
    scale: float = 0.5

    def __post_init__(self) -> None:
        by: object = self.by
        if not isinstance(by, str) or not by:
            raise StudyError(f"'by' is {self.by!r}", hint="a column, such as by='province'")
        scale: object = self.scale
        number = isinstance(scale, int | float) and not isinstance(scale, bool)
        if not number or not math.isfinite(self.scale) or self.scale <= 0:
            raise StudyError(
                f"'scale' is {self.scale!r}", hint="a positive number of s, such as 0.5"
            )
        object.__setattr__(self, "scale", float(self.scale))

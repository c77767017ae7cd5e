"""Spatial weights and balanced observations used by the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.exceptions import NotApplicable, PanelError, shown
from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Comparison
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.spatial_weights import (
    SpatialWeights,
    crowded,
    located,
    locations_of,
    nearest,
    without_place,
)
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.space.terms import Rings

NEIGHBOURS = 5
"""Number of nearest units that are linked if no weights are given."""
LEAST = 10
"""Least number of units observed in all periods."""


def readable(panel: Panel) -> bool:
    """Return True if the panel has coordinates of its units.

    Raises
    ------
    NotApplicable
        If the coordinates are invalid.
    """
    if not located(panel):
        return False
    _read(locations_of, panel)
    return True


def _read[T](of: Callable[[Panel], T], panel: Panel) -> T:
    """Read coordinates from a panel.

    Raises
    ------
    NotApplicable
        If the coordinates are invalid.
    """
    try:
        return of(panel)
    except PanelError as error:
        amiss = Message("{} ({})", error.what, error.where) if error.where else error.what
        raise NotApplicable(
            Message("The coordinates of the units cannot be read: {}. Try: {}.", amiss, error.hint)
        ) from error


def placed(panel: Panel) -> Panel | None:
    """Return the observations of units with coordinates; None if the panel has no coordinates.

    Raises
    ------
    NotApplicable
        If coordinates are invalid, or are missing for more than half of the units or leave fewer
        than ten.
    """
    if not located(panel):
        return None
    gone = _read(without_place, panel)
    some = (~gone).sum() >= max(LEAST, 0.5 * gone.size)
    part = panel.where(~gone[panel.unit_codes]) if gone.any() and some else panel
    _read(locations_of, part)
    return part


def left_out(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Name the units that the check omits because they have no coordinates."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "The check omits {} of {} units, which have no coordinates: {}.",
        gone.size,
        count,
        shown(gone),
    )


def alone(panel: Panel, ids: Iterable[str]) -> Message | None:
    """Name the units that have no coordinates and are treated as having no neighbours."""
    gone = _others(panel, ids)
    if not gone.size:
        return None
    count = panel.unit_labels.size
    return Message(
        "{} of {} units have no coordinates and are treated as having no "
"neighbours: {}.",
        gone.size, count, shown(gone),
    )  # fmt: skip


def _others(panel: Panel, ids: Iterable[str]) -> npt.NDArray[np.str_]:
    """Return the units that are not in a list."""
    units = panel.unit_labels.astype(str)
    return np.asarray(units[~np.isin(units, [str(x) for x in ids])])


def weights_by(fit: Fit, weights: SpatialWeights | None) -> SpatialWeights:
    """Match weights to the units of a fit; the five nearest units if none are given.

    In that case units without coordinates are omitted.

    Raises
    ------
    NotApplicable
        If no weights are given and the panel has no usable coordinates.
    """
    if weights is not None:
        return weights.aligned(panel_of(fit).unit_labels)
    panel = placed(panel_of(fit))
    if panel is None:
        raise NotApplicable(
            Message(
                "The panel has no coordinates, so neighbours are unknown: give "
                "weights=nqp.spatial_weights.…."
            )
        )
    if crowded(panel):
        raise NotApplicable(
            Message(
                "Most units share the coordinates of another unit, such as firms in one "
                "city: give weights=nqp.spatial_weights.nearest(panel, city='…')."
            )
        )
    return nearest(panel, k=min(NEIGHBOURS, panel.unit_labels.size - 1))


def named(weights: SpatialWeights, fit: Fit | None = None) -> dict[str, str]:
    """Return attrs of the evidence that identify the weights and the fit tested."""
    names = {"weights": str(weights.name), "weights_digest": weights.digest}
    return names if fit is None else names | {"tested": fit.digest}


def chance_of_shift(against: Comparison, other: int = 1) -> float:
    """Return the shift of the average, in posterior SDs, explained by chance.

    It is half a posterior SD, or twice the shift explained by the larger SD of the other estimate.
    If both estimate the same effect and the first is efficient, the variance of their difference is
    the difference of their variances (Hausman 1978).

    Parameters
    ----------
    other : int, default 1
        Position of the estimate among the specifications.
    """
    first, second = float(against.sd[0]), float(against.sd[other])
    return max(0.5, 2.0 * float(np.sqrt(max(second**2 - first**2, 0.0))) / first)


def rings_of(fit: Fit) -> Rings:
    """Return the distance bands of the design.

    Raises
    ------
    NotApplicable
        If the design has none.
    """
    rings = fit.facts.term(Rings)
    if rings is None:
        raise NotApplicable(
            Message(
                "The design has no distance bands; state them with StaggeredDiD({}).",
                Code("spillovers=nqp.Rings(…)", '[design] spillovers = { type = "Rings", … }'),
            )
        )
    return rings


def farther(rings: Rings, more: int) -> tuple[float, ...]:
    """Return the bounds with further bands, each as wide as the last one (km)."""
    km = rings.km
    step = km[-1] - (km[-2] if len(km) > 1 else 0.0)
    return (*km, *(km[-1] + step * k for k in range(1, more + 1)))

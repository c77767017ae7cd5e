"""Slopes of mediators and moderators: flat on average, and apart by stratum as effects are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import combinations

import numpy as np

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp.model.pooling import Pooling
from bayes_nqp.model.predictors.cells import ESTIMATED_FROM
from bayes_nqp.model.predictors.parts import GlobalPart, zero_sum
from bayes_nqp.model.priors import Priors
from bayes_nqp.numerics.parameters import FIXED, FLAT, Scale


class SlopeKind(StrEnum):
    """Kind of a slope, by the first letter of the names of its parameters."""

    MEDIATOR = "b"
    """Of a mediator, in all rows."""
    INTERACTION = "d"
    """What treated rows add to it."""
    SHIFT = "m"
    """By how much a moderator shifts it."""
    MODERATION = "z"
    """By how much a moderator shifts the treatment effect."""

    @property
    def draws(self) -> str:
        """Name of its draws."""
        return {"m": "b_moderation", "z": "moderation"}.get(self, str(self))


@dataclass(frozen=True, slots=True)
class Slope:
    """A column whose slope is part of a path.

    Parameters
    ----------
    mediator : str
        Name of the mediator or moderator.
    kind : SlopeKind
        The variable that the column is multiplied by, or the path that it shifts.
    size : float
        Divisor of the column, in the mediator's or moderator's units, or their product.
    centre : float
        Value subtracted before multiplication by treatment or the moderator.
    lag : int
        Lag of the mediator relative to the outcome, in periods.
    strata : tuple of int, optional
        Strata with treated observations, if only these have a slope.
    moderator : str
        Name of the moderator of a mediator's slope.
    """

    mediator: str
    kind: SlopeKind
    size: float
    centre: float = 0.0
    lag: int = 0
    strata: tuple[int, ...] | None = None
    moderator: str = ""

    @property
    def label(self) -> str:
        """Name of the column."""
        if self.kind is SlopeKind.SHIFT:
            return f"{self.mediator} × {self.moderator}"
        return self.mediator if self.kind is SlopeKind.MEDIATOR else f"{self.mediator} × treated"


@dataclass(frozen=True, eq=False)
class SlopePart(GlobalPart):
    """Slopes that are reported by stratum, with any components.

    Parameters
    ----------
    kind : SlopeKind
        Kind of the slopes.
    flat : tuple of str
        Labels of the columns with flat priors.
    """

    reported: bool = False
    kind: SlopeKind = SlopeKind.MEDIATOR
    flat: tuple[str, ...] = ()


def mediator_parts(
    slopes: Sequence[Slope],
    start: int,
    pooling: Pooling,
    strata: tuple[str, ...],
    factors: tuple[str, ...],
    levels: Index,
    priors: Priors,
) -> list[SlopePart]:
    """Parts of the linear predictor for slopes of mediators and moderators.

    Parameters
    ----------
    start : int
        Varying columns that come before theirs.
    pooling : Pooling
        As of the effects: one slope for all, slopes around a common one, or one each.
    strata : tuple of str
        The factors by which they vary.
    factors : tuple of str
        All factors of the panel.
    levels : ndarray of int (stratum, factor)
        Level of every factor in each stratum.
    priors : Priors
        Scales, in multiples of ``s`` for a column of unit spread.
    """
    width, parts = start + len(slopes), []
    for k, slope in enumerate(slopes):
        for name, loading, scale in _loadings(pooling, strata, factors, levels, priors):
            if slope.strata is not None and pooling.flat:
                loading = loading[:, list(slope.strata)]
            columns = np.zeros((levels.shape[0], width, loading.shape[1]))
            columns[:, start + k] = loading
            flat = (slope.label,) * loading.shape[1] if scale == FLAT else ()
            if isinstance(scale, Scale):
                scale = Scale(f"{slope.kind}_{slope.mediator}_{name}", scale.prior)
            parts.append(
                SlopePart(
                    f"{slope.kind}_{slope.mediator}_{name}", "slopes",
                    columns.reshape(-1, loading.shape[1]), scale,
                    tuple(f"{name} {i + 1}" for i in range(loading.shape[1])),
                    kind=slope.kind, flat=flat,
                )
            )  # fmt: skip
    return sorted(parts, key=lambda part: part.scale != FLAT)


def _loadings(
    pooling: Pooling,
    strata: tuple[str, ...],
    factors: tuple[str, ...],
    levels: Index,
    priors: Priors,
) -> list[tuple[str, Array, Scale | int]]:
    """Loadings (stratum, coefficient) of one slope, with their scales."""
    n = levels.shape[0]
    if pooling.flat:
        return [("stratum", np.eye(n), FLAT)]
    loadings: list[tuple[str, Array, Scale | int]] = [("mean", np.ones((n, 1)), FLAT)]
    if "strata" not in pooling.pieces:
        return loadings
    places = {f: factors.index(f) for f in strata}
    present = {f: np.unique(levels[:, places[f]]) for f in strata}
    varying = [f for f in strata if present[f].size > 1]
    for order in range(1, len(varying) + 1):
        for group in combinations(varying, order):
            sizes = [present[f].size for f in group]
            basis: Array = reduce(
                lambda a, b: np.asarray(np.kron(a, b)), [zero_sum(size) for size in sizes]
            )
            row = np.zeros(n, dtype=np.int64)
            for f, size in zip(group, sizes, strict=True):
                row = row * size + np.searchsorted(present[f], levels[:, places[f]])
            scale: Scale | int = FIXED
            if max(sizes) >= ESTIMATED_FROM:
                scale = Scale("", priors.scale("factor"))
            else:
                basis = basis * (priors.contrast / np.sqrt(2.0))
            loadings.append(("×".join(group), basis[row], scale))
    return loadings

"""Spillover effects by distance, averaged over decay lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NQPError, StudyError, brief
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.templates import FactSheet
from bayes_nqp._core.validation import door
from bayes_nqp.checks.shared import marginal, taken, turns_of
from bayes_nqp.data.spatial_weights import exponential
from bayes_nqp.inference.fitting import ROWS, Fit, panel_of, require, treatment_coefficients
from bayes_nqp.space.checks._spatial_models import SpatialModel, mixed, spatial_models
from bayes_nqp.space.terms import SpatialLag

KM: Final = (25.0, 50.0, 100.0, 200.0, 400.0)
_SHARE, _STEP = 0.15, 1.0001
"""Probability above which a gap between two lengths is halved, and the least ratio of two."""
_PLACES: Final = 41
"""Number of distances of a curve."""


@door
@dataclass(frozen=True, eq=False, repr=False)
class Decay(FactSheet):
    """Spillover effect of one treated unit by distance, averaged over all decay lengths.

    All estimands, tables and plots of effects accept it in place of a fit.

    Parameters
    ----------
    effects : Dataset
        Effects dataset: draws under all lengths, in proportion to their probabilities.
    models : tuple of SpatialModel
        One model for each length.
    km : tuple of float, kilometres
        The lengths, in the order of the models.
    near : ndarray (draw), outcome units
        Spillover effect of one treated unit at distance zero.
    length : ndarray (draw), kilometres
        Distance over which the effect falls to 37 %.
    left_out : tuple of (str, Message)
        Lengths that cannot be fitted to this panel, and the reasons.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> nqp.decay(fit, km=(50, 100)).curve.columns.tolist()
    ['km', 'mean', 'lower', 'upper', 'p_positive']
    """

    table_subject: ClassVar[str] = "decay"

    effects: xr.Dataset
    models: tuple[SpatialModel, ...]
    km: tuple[float, ...]
    near: Array
    length: Array
    left_out: tuple[tuple[str, Message], ...] = ()

    @property
    def probabilities(self) -> pd.Series[float]:
        """Probability of every length, by kilometres."""
        shares = [x.probability for x in self.models]
        return pd.Series(shares, index=pd.Index(self.km, name="km"), name="probability")

    @property
    def curve(self) -> pd.DataFrame:
        """Return the spillover effect of one treated unit by distance.

        Returns
        -------
        DataFrame
            41 lines, from distance zero to the longest length: ``km``, ``mean``, ``lower`` and
            ``upper`` (95 %), outcome units, and ``p_positive``.
        """
        return self.at(np.linspace(0.0, max(self.km), _PLACES))

    def at(self, km: Sequence[float] | Array) -> pd.DataFrame:
        """Return the spillover effect of one treated unit at given distances.

        Parameters
        ----------
        km : sequence of float, kilometres
            Distances.

        Returns
        -------
        DataFrame
            As `curve`.
        """
        places = np.asarray(km, dtype=float)
        # theta exp(-d / l), draw by draw.
        draws = self.near[:, None] * np.exp(-places / self.length[:, None])
        low, high = np.quantile(draws, [0.025, 0.975], axis=0)
        return pd.DataFrame(
            {"km": places, "mean": draws.mean(axis=0), "lower": low, "upper": high,
             "p_positive": (draws > 0.0).mean(axis=0)}
        )  # fmt: skip

    def _facts(self) -> list[tuple[str, str]]:
        lines = [(f"P({km:g} km)", f"{p:.2f}") for km, p in self.probabilities.items()]
        lines += [(name, f"– ({why})") for name, why in self.left_out]
        sizes = self.effects.sizes
        return [*lines, ("draws", f"{sizes[v.CHAIN]} × {sizes[v.DRAW]}")]


@door
def decay(fit: Fit, km: Sequence[float] = KM) -> Decay:
    """Estimate how spillovers decline with distance, averaged over the decay length l.

    Exposure is ``sum_j 1[j treated] exp(-d / l)``. A unit receives a spillover effect ``theta_e``
    from each unit that has been treated for e periods, multiplied by ``exp(-d / l)``; theta is
    pooled over event time as effects are. This replaces the design's ``spillovers``. Every length l
    is one model, with the same observations and effects, and log l has a uniform prior. Gaps
    between lengths are halved until none contains more than 15 % of the probability, down to steps
    of 0.01 %. Draws are combined in proportion to probabilities, so bands of the curve and
    intervals of spillover effects include the uncertainty about the decay length.

    Parameters
    ----------
    fit : Fit
        Fit of a `StaggeredDiD` or `ContinuousExposure` to a panel with coordinates.
    km : sequence of float, kilometres, default (25, 50, 100, 200, 400)
        Lengths, from the shortest to the longest. If one end has most of the probability, the decay
        length is outside this range.

    Returns
    -------
    Decay
        With ``probabilities`` and ``curve``; `nqp.att` and `nqp.spillover_effects` accept it.

    Raises
    ------
    NotApplicable
        If the fit has no rows, or its likelihood has no sufficient statistics.
    PanelError
        If the panel has no coordinates of its units.
    StudyError
        If a length is not a positive number, or no length leaves any exposure.

    Notes
    -----
    theta has the design's prior under every length, so draws and probabilities belong to one joint
    posterior. The prior refers to exposure divided by its standard deviation, net of unit and time
    effects and of the unit's treatment. With raw exposure, long lengths would be improbable where
    the data are weak, because they make exposure large. Exposure adds up over treated units;
    effects of the nearest treated unit only are those of `Rings`. Steps between lengths are about
    half a posterior SD, for any initial lengths: wider steps would make bands too narrow. About 10
    to 20 lengths are compared.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=250), progress=False)
    >>> round(float(nqp.decay(fit, km=(50, 100)).probabilities.sum()), 6)
    1.0
    """
    require(fit, ROWS)
    lengths = sorted({float(x) for x in km if 0.0 < x < np.inf})
    if not lengths or len(lengths) < len(set(km)):
        raise StudyError(Message("'{}' is {}", "km", brief(km)), hint="km=(25, 50, 100, 200, 400)")
    while more := _between(fit, lengths):
        lengths = sorted([*lengths, *more])
    models, left_out = _models(fit, lengths)
    by_name = {_called(x): x for x in lengths}
    links = tuple(by_name[x.weights] for x in models)
    effects = mixed(fit, models)
    # Use the same draws of models as the effects.
    drawn = [(x.fit, k) for x, k in zip(models, links, strict=True) if x.fit is not None]
    size = effects.sizes[v.CHAIN] * effects.sizes[v.DRAW]
    weights = np.array([x.probability for x in models if x.fit is not None])
    turns = turns_of(weights, size, int(fit.sampler.seed or 0))
    theta = [treatment_coefficients(x).sel(term="linked").to_numpy().ravel() for x, _ in drawn]
    length = np.array([k for _, k in drawn])[turns]
    return Decay(effects, tuple(models), links, taken(theta, turns), length, tuple(left_out))


def lengths_of(table: pd.DataFrame) -> dict[float, float]:
    """Return the probabilities of lengths (km) stored in the evidence of the check."""
    lengths, shares = (str(table.attrs[x]).split() for x in ("lengths", "probabilities"))
    return {float(km): float(p) for km, p in zip(lengths, shares, strict=True)}


def _called(length: float) -> str:
    return f"{length:g} km"


def _models(
    fit: Fit, lengths: Sequence[float]
) -> tuple[list[SpatialModel], list[tuple[str, Message]]]:
    """Fit one model for each length, with its share of a uniform prior on log length."""
    gaps = np.diff(np.log(lengths))
    terms = {(_called(x), "SLX"): _term(fit, x) for x in lengths}
    # Trapezoidal weights of the grid.
    shares = 0.5 * (np.append(gaps, 0.0) + np.append(0.0, gaps)) if gaps.size else np.ones(1)
    odds = dict(zip(map(_called, lengths), shares.tolist(), strict=True))
    # theta refers to exposure of the same variance under every length.
    return spatial_models(fit, terms, odds, own_prior=True)


def _term(fit: Fit, length: float) -> SpatialLag:
    weights = exponential(panel_of(fit), length, standardised="none")
    return SpatialLag(weights, durbin=["treatment"], lag=False)


def _between(fit: Fit, lengths: Sequence[float]) -> list[float]:
    """Return lengths that halve gaps with too much probability; an empty list if there are none.

    Parameters
    ----------
    lengths : sequence of float, kilometres
        In increasing order.
    """
    ends, height = np.log(lengths), np.array([_height(fit, x) for x in lengths])
    density, gaps = np.exp(height - np.nan_to_num(height.max())), np.diff(ends)
    within = 0.5 * gaps * (density[1:] + density[:-1])
    halved = (within > _SHARE * within.sum()) & (gaps > 2.0 * np.log(_STEP))
    return [float(f"{x:.6g}") for x in np.exp(ends[:-1] + 0.5 * gaps)[halved]]


def _height(fit: Fit, length: float) -> float:
    """Return the log marginal likelihood of a length; -inf if it cannot be fitted."""
    try:
        return marginal(fit, fit.variant(spillovers=_term(fit, length)), panel_of(fit)).value
    except NQPError:
        return -np.inf

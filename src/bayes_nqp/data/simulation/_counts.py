"""Panels of counts with staggered adoption and known effects on log rates."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._checks import Correlation, Share, Size
from bayes_nqp.data.simulation._staggered import COHORTS, staggered
from bayes_nqp.data.simulation._truth import Effect, Simulated

_REGIONS: Final[Mapping[str, Sequence[str]]] = {"region": ("inland", "coastal")}


@door
def counts(
    *,
    units: int = 60,
    periods: int = 14,
    cohorts: Sequence[int] = COHORTS,
    never: Share = 0.3,
    strata: Mapping[str, Sequence[str]] = _REGIONS,
    effect: Effect = "flat",
    level: float = 0.3,
    deviation_sd: Size = 0.1,
    rho: Correlation = 0.5,
    sigma: Positive = 0.3,
    noise: Size = 0.2,
    events: Positive = 3.0,
    exposure_sd: Size = 0.5,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate counts with an exposure, overdispersion and staggered adoption.

    ``y ~ Poisson(exposure · exp(o) · g)`` with the log rate o of `staggered`, errors included, and
    independent gamma noise g of mean one. Effects are in log points.

    Parameters
    ----------
    units, periods, cohorts, never, strata, effect, rho
        See `staggered`.
    level : float, default 0.3
        Effect at event time 0, log points.
    deviation_sd : float, default 0.1
        Standard deviation of unit-level random effects of the treatment, log points.
    sigma : float, default 0.3
        Standard deviation of innovations of log rates.
    noise : float, default 0.2
        Variance of the gamma noise; 0 for none.
    events : float, default 3
        Mean count; the scale of rates is chosen accordingly.
    exposure_sd : float, default 0.5
        Standard deviation of the logarithm of the exposure between units; it grows by 1 % a period.
    seed : int, optional
        Seed; the same seed gives the same panel. None draws a seed at random and records it.

    Returns
    -------
    Simulated
        Panel with the outcome ``events`` and the exposure ``population``, truth in log points, and
        parameters.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.counts(units=40, periods=10, cohorts=(5, 7), seed=1)
    >>> simulated.panel.roles.exposure
    'population'
    >>> simulated.truth.attrs["scale"]
    'log points'
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    latent = staggered(
        units=units, periods=periods, cohorts=cohorts, never=never, strata=strata, effect=effect,
        level=level, deviation_sd=deviation_sd, rho=rho, sigma=sigma, seed=seed,
    )  # fmt: skip
    frame, rng = latent.frame, np.random.default_rng([seed, 1])
    code = np.unique(frame[v.UNIT], return_inverse=True)[1]
    since = frame[v.TIME].to_numpy() - 1.0
    size = np.exp(exposure_sd * rng.standard_normal(units))[code] * 1.01**since
    log_rate = frame["outcome"].to_numpy()
    log_rate = log_rate - np.log(np.mean(size * np.exp(log_rate)) / events)
    shock = rng.gamma(1.0 / noise, noise, len(frame)) if noise > 0 else np.ones(len(frame))
    frame["events"] = rng.poisson(size * np.exp(log_rate) * shock)
    frame["population"] = 100.0 * size
    panel = Panel.from_frame(
        frame.drop(columns="outcome"), unit=v.UNIT, time=v.TIME, cohort=v.COHORT, outcome="events",
        strata=list(strata), exposure="population",
    )  # fmt: skip
    truth = latent.truth.drop_vars(v.OBSERVED)
    truth = truth.assign_attrs({v.LINK: v.LOG, v.SCALE: "log points"})
    return Simulated(panel, truth, {**latent.parameters, **arguments, "seed": seed})

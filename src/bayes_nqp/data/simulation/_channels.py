"""Panels with staggered adoption and mediators, with known effects."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._checks import Correlation, Share, Size, check_layout
from bayes_nqp.data.simulation._constants import Constants
from bayes_nqp.data.simulation._errors import joint_errors
from bayes_nqp.data.simulation._mediated import Channel, MediatedTruth
from bayes_nqp.data.simulation._mediated_truth import (
    check_channels,
    correlation,
    slopes_of,
    truth_of,
)
from bayes_nqp.data.simulation._rows import Assignment, background, layout, rows_of
from bayes_nqp.data.simulation._staggered import COHORTS
from bayes_nqp.data.simulation._truth import Simulated, curve_of

CHANNELS: Final[Mapping[str, Channel]] = Constants(
    {
        "digital": Channel(level=0.8, slope=0.5, contrast=0.3),
        "finance": Channel(level=0.5, slope=0.3, contrast=-0.2),
        "idle": Channel(level=0.5, slope=0.0),
    }
)
"""Three mediators affected by the policy; the last one does not affect the outcome."""


_REGIONS: Final[Mapping[str, Sequence[str]]] = {"region": ("inland", "coastal")}


@door
def channels(
    *,
    mediators: Mapping[str, Channel] = CHANNELS,
    units: int = 120,
    periods: int = 12,
    cohorts: Sequence[int] = COHORTS,
    never: Share = 0.3,
    strata: Mapping[str, Sequence[str]] = _REGIONS,
    level: float = 0.4,
    growth: float = 0.0,
    contrast: float = 0.0,
    deviation_sd: Size = 0.2,
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    trend: float = 0.0,
    confounding: float = 0.0,
    confounded: str | None = None,
    related: float = 0.0,
    missing: Share = 0.0,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate a panel with staggered adoption in which the policy acts through mediators.

    For every mediator ``M_j = alpha_i + lambda_t,stratum + (a_j,cell + u_j,i) [treated] +
    error_j``, and the outcome is ``alpha_i + lambda_t,stratum + (tau_cell + u_i) [treated] +
    sum_j (b_j,stratum + d_j [treated]) M_j + error``.

    Parameters
    ----------
    mediators : mapping of str to Channel, default CHANNELS
        Mediators by name.
    units, periods : int, default 120, 12
        Size of the panel; periods are numbered from 1.
    cohorts, never, strata
        See `staggered`.
    level, growth : float, default 0.4, 0
        Direct effect at event time 0, and its increase in each further period.
    contrast : float, default 0
        Difference of the direct effect between the first two levels of the first factor, split
        symmetrically.
    deviation_sd : float, default 0.2
        Standard deviation of unit-level random effects in the direct effect.
    rho, sigma : float, default 0.5, 1
        Autocorrelation and innovation SD of the outcome's errors.
    trend : float, default 0
        See `staggered`; trend of the outcome in addition to the trends of mediators.
    confounding : float, default 0
        Correlation of the innovations of one mediator and the outcome, given those of the other
        mediators, which are uncorrelated with the outcome's innovations.
    confounded : str, optional
        The confounded mediator; the first one by default.
    related : float, default 0
        Correlation of the innovations of any two mediators.
    missing : float, default 0
        Share of observations missing at random, except each unit's first one.
    seed : int, optional
        See `staggered`.

    Returns
    -------
    Simulated
        The paths of the truth are total, direct and the mediators. Effects are means over treated
        observations of unit-specific effects. The indirect effect of a unit through a mediator is
        its effect on the mediator times the slope under treatment. With an interaction, the direct
        effect is evaluated at the untreated level of the mediator in each observation;
        ``deviation`` then contains its mean level by unit.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.channels(seed=1)
    >>> simulated.panel.roles.mediators
    ('digital', 'finance', 'idle')
    >>> simulated.truth["path"].to_numpy().tolist()
    ['total', 'direct', 'digital', 'finance', 'idle']
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    mediators, cohorts = dict(mediators), tuple(cohorts)
    factors = {str(k): tuple(x) for k, x in strata.items()}
    check_layout(units, periods, cohorts, factors, contrast)
    check_channels(mediators, factors)
    mixed = correlation(tuple(mediators), confounding, confounded, related)
    # The outcome comes last, as an equation without a slope.
    outcome = Channel(level, growth, 0.0, 0.0, 0.0, deviation_sd, rho, sigma, trend)
    equations = [*mediators.values(), outcome]
    streams = np.random.default_rng(seed).spawn(2 + 3 * len(equations))
    who = layout(units, factors, cohorts, never)
    frame, cells = rows_of(who, periods, missing, streams[0])
    code, period = frame["code"].to_numpy(), frame[v.TIME].to_numpy() - 1
    untreated, deviations = _paths(who, equations, mixed, periods, streams[1:])
    curves = [
        curve_of("growing", cells, factors, {}, level=e.level, growth=e.growth,
                 contrast=contrast if e is outcome else 0.0)
        for e in equations
    ]  # fmt: skip
    slopes = np.stack([slopes_of(c, who, factors) for c in mediators.values()])
    added = np.array([c.interaction for c in mediators.values()])
    facts = MediatedTruth(code, frame["cell"].to_numpy(), who, untreated[:, code, period],
                          deviations, np.stack(curves), slopes, added)  # fmt: skip
    frame = frame.assign(**dict(zip(mediators, facts.mediators(), strict=True)))
    frame["outcome"] = facts.outcome()
    columns = [v.UNIT, v.TIME, v.COHORT, "outcome", *factors, *mediators]
    roles: dict[str, Any] = {"strata": list(factors), "mediators": list(mediators)}
    panel = Panel.from_frame(
        frame[columns], unit=v.UNIT, time=v.TIME, cohort=v.COHORT, outcome="outcome", **roles
    )
    truth = truth_of(facts, frame["outcome"].to_numpy(), cells, factors, tuple(mediators))
    return Simulated(panel, truth, arguments | {
        "mediators": mediators, "cohorts": cohorts, "strata": factors, "seed": seed,
        "confounded": confounded or next(iter(mediators)),
    })  # fmt: skip


def _paths(
    who: Assignment,
    equations: Sequence[Channel],
    mixed: Array,
    periods: int,
    streams: Sequence[np.random.Generator],
) -> tuple[Array, Array]:
    """Draw untreated values (equation, unit, period) and random effects (equation, unit).

    Parameters
    ----------
    mixed : ndarray (equation, equation)
        Correlations of innovations.
    streams : sequence of Generator
        Generators of the errors, then three for each equation.
    """
    n_units = who.cohort.size
    errors = joint_errors(
        streams[0], (n_units, periods), np.array([e.rho for e in equations]),
        np.array([e.sigma for e in equations]), mixed,
    )  # fmt: skip
    treated = who.cohort > 0
    untreated, deviations = np.empty((len(equations), n_units, periods)), []
    for k, equation in enumerate(equations):
        first, second, third = streams[1 + 3 * k : 4 + 3 * k]
        differential_trend = equation.trend * equation.sigma * np.arange(periods)
        base = background(who, periods, equation.sigma, first, second)
        untreated[k] = errors[:, :, k] + base + differential_trend * treated[:, None]
        normal = equation.deviation_sd * third.standard_normal(n_units)
        deviations.append(np.where(treated, normal, 0.0))
    return untreated, np.stack(deviations)

"""Panels with spillovers through treatment and mediators of linked units."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._checks import Correlation, Share, Size, check_layout
from bayes_nqp.data.simulation._errors import joint_errors
from bayes_nqp.data.simulation._mediated import Channel
from bayes_nqp.data.simulation._mediated_truth import check_channels
from bayes_nqp.data.simulation._rows import Assignment, background, layout
from bayes_nqp.data.simulation._spillover import PLACES, Spillover, received_by, scattered
from bayes_nqp.data.simulation._truth import Simulated
from bayes_nqp.data.spatial_weights import nearest


@door
@dataclass(frozen=True, slots=True)
class SpatialChannel:
    """Effects of own and others' treatment on a mediator, and of mediators on the outcome.

    Parameters
    ----------
    level, growth : float, default 1, 0
        Effect of own treatment on the mediator at event time 0, and its increase in each further
        period.
    received : float, default 0.8
        Effect of others' treatment on the mediator if all linked units are treated; or factor of
        the effects of ``spillover``.
    slope : float, default 0.5
        Slope of the outcome on the mediator.
    linked : float, default 0.4
        Slope of the outcome on the mean of linked units' mediators.
    deviation_sd : float, default 0.2
        Standard deviation of unit-level random effects in the effect on the mediator.
    rho, sigma : float, default 0.5, 1
        Autocorrelation of errors, standard deviation of innovations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.simulation.SpatialChannel(linked=0.0).slope
    0.5
    """

    level: float = 1.0
    growth: float = 0.0
    received: float = 0.8
    slope: float = 0.5
    linked: float = 0.4
    deviation_sd: Size = 0.2
    rho: Correlation = 0.5
    sigma: Positive = 1.0


SPATIAL_CHANNELS: Final = {"digital": SpatialChannel()}
"""Mediators of `channels_in_space` by default."""


@door
def channels_in_space(
    *,
    mediators: Mapping[str, SpatialChannel] = SPATIAL_CHANNELS,
    units: int = 150,
    periods: int = 10,
    cohorts: Sequence[int] = (4, 6, 8),
    never: Share = 0.5,
    nearest_units: int = 4,
    spillover: Spillover | None = None,
    level: float = 0.4,
    received: float = 0.3,
    deviation_sd: Size = 0.2,
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    shocks: Size = 0.0,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate a panel with mediators and spillovers between linked units.

    With the treatment D and W the mean over the nearest units, ``M_j = alpha_i + lambda_t + (a_j +
    u_j,i) D + kappa_j W D + error_j``, and the outcome is ``alpha_i + lambda_t + (tau + u_i) D +
    kappa W D + sum_j (b_j M_j + c_j W M_j) + error``.

    Parameters
    ----------
    mediators : mapping of str to SpatialChannel, default SPATIAL_CHANNELS
        Mediators by name.
    units, periods, cohorts, never
        See `staggered`; units have random places, in the columns longitude and latitude, and the
        first units are never treated.
    nearest_units : int, default 4
        Number of units linked to each unit: ``nqp.spatial_weights.nearest(panel, k)`` reproduces W.
    spillover : Spillover, optional
        Spillovers by exposure, which replace W D, in multiples of each equation's ``received``.
    level : float, default 0.4
        Direct effect of own treatment.
    received : float, default 0.3
        Direct effect of others' treatment.
    deviation_sd : float, default 0.2
        Standard deviation of unit-level random effects in the direct effect.
    rho, sigma : float, default 0.5, 1
        Autocorrelation and innovation SD of the outcome's errors.
    shocks : float, default 0
        Size of common shocks to all mediators and the outcome of a unit; half of each shock is
        added to the neighbours of the unit in total. These shocks confound the slopes of mediators,
        own and linked.
    seed : int, optional
        See `staggered`.

    Returns
    -------
    Simulated
        The paths of the truth are those of a `Mediation` model with ``links``; ``via`` contains
        effects by origin of the treatment and of the mediator (`nqp.paths_in_space`). Cells of
        untreated observations are the periods from the first adoption on.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> made = nqp.simulation.channels_in_space(units=60, periods=6, cohorts=(4,), seed=1)
    >>> nqp.paths_in_space(made.truth).sel(treatment_of="own", path="total").dims
    ('chain', 'draw')
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    mediators, cohorts = dict(mediators), tuple(cohorts)
    check_layout(units, periods, cohorts, {}, 0.0)
    check_channels({name: Channel() for name in mediators}, {})
    outcome = SpatialChannel(level, 0.0, received, 0.0, 0.0, deviation_sd, rho, sigma)
    equations = [*mediators.values(), outcome]
    streams = np.random.default_rng(seed).spawn(4 + 3 * len(equations))
    who = layout(units, {}, cohorts, never)
    frame = _frame(who, periods, units, streams[0])
    blank = frame.assign(outcome=np.arange(len(frame)) * 1.0)
    roles: dict[str, Any] = {name: name for name in (v.UNIT, v.TIME, v.COHORT, "outcome")}
    links = nearest(Panel.from_frame(blank, **roles), nearest_units).aligned(who.units)
    errors = joint_errors(
        streams[1], (units, periods), np.array([e.rho for e in equations]),
        np.array([e.sigma for e in equations]), np.eye(len(equations)),
    )  # fmt: skip
    world = _World(who, links.matrix.toarray(), periods, equations, streams[4:])
    exposed = None
    if spillover is not None:
        exposed = received_by(spillover, blank, v.UNIT, v.TIME, v.COHORT).effect
        exposed = exposed.reshape(units, periods)
    direct, others = world.effects(exposed)
    common = shocks * streams[2].standard_normal((units, periods))
    common = (common + world.links @ common) / np.sqrt(2.0)
    values = world.backgrounds + np.moveaxis(errors, 2, 0) + direct + others + common
    slopes, linked = (np.array([getattr(e, x) for e in mediators.values()])[:, None, None]
                      for x in ("slope", "linked"))  # fmt: skip
    values[-1] += (slopes * values[:-1] + linked * (world.links @ values[:-1])).sum(axis=0)
    via = world.through(slopes, linked, direct[:-1], others[:-1], alone=exposed is None)
    frame = frame.assign(
        **{name: values[k].ravel() for k, name in enumerate(mediators)}, outcome=values[-1].ravel()
    )
    panel = Panel.from_frame(frame, **roles, mediators=list(mediators))
    truth = _truth(who, direct[-1], others[-1], via, values[-1], list(mediators))
    arguments |= {"mediators": mediators, "cohorts": cohorts, "seed": seed}
    return Simulated(panel, truth, arguments)


def _frame(who: Assignment, periods: int, units: int, rng: np.random.Generator) -> pd.DataFrame:
    """Build the rows by unit, with places unrelated to cohorts."""
    code, time = np.repeat(np.arange(units), periods), np.tile(np.arange(1, periods + 1), units)
    cohort = np.where(who.cohort > 0, who.cohort, np.nan)[code]
    frame = pd.DataFrame({v.UNIT: who.units[code], v.TIME: time, v.COHORT: cohort})
    places = scattered(units, rng)
    return frame.assign(**{name: places[name][code] for name in PLACES})


class _World:
    """Linked units and effects on every equation; the outcome is the last equation.

    Parameters
    ----------
    links : ndarray (unit, unit)
        W.
    """

    def __init__(
        self,
        who: Assignment,
        links: Array,
        periods: int,
        equations: Sequence[SpatialChannel],
        streams: Sequence[np.random.Generator],
    ) -> None:
        self.links, self.equations = links, equations
        start = np.where(who.cohort > 0, who.cohort - 1, periods)[:, None]
        self.event = np.arange(periods) - start
        self.treated = (self.event >= 0) * 1.0
        parts = [streams[k : k + 3] for k in range(0, 3 * len(equations), 3)]
        self.backgrounds = np.stack(
            [background(who, periods, e.sigma, *part[:2])
             for e, part in zip(equations, parts, strict=True)]
        )  # fmt: skip
        self.deviations = [
            e.deviation_sd * part[2].standard_normal((len(links), 1))
            for e, part in zip(equations, parts, strict=True)
        ]

    def effects(self, exposed: Array | None) -> tuple[Array, Array]:
        """Return effects of own and others' treatment (equation, unit, period)."""
        near = self.links @ self.treated if exposed is None else exposed
        direct = [
            self.treated * (e.level + e.growth * self.event + u)
            for e, u in zip(self.equations, self.deviations, strict=True)
        ]
        return np.stack(direct), np.stack([e.received * near for e in self.equations])

    def through(
        self, slopes: Array, linked: Array, direct: Array, others: Array, *, alone: bool
    ) -> Array:
        """Return effects on the outcome by origin of the treatment and of the mediator.

        Parameters
        ----------
        slopes, linked : ndarray (mediator, 1, 1)
            Slopes on own mediators, and on mediators of linked units.
        direct, others : ndarray (mediator, unit, period)
            Effects of own and others' treatment on mediators.
        alone : bool
            True if others' treatment is that of linked units, to which the unit is linked in turn.

        Returns
        -------
        ndarray (mediator, treatment, mediator, unit, period)
            Effects; the unit itself is first, then the others.
        """
        # diag(W W) D kappa: own treatment in the mean of linked units' mediators.
        itself = (self.links * self.links.T).sum(axis=1)[:, None] * self.treated * alone
        back = np.stack([e.received * itself for e in self.equations[:-1]])
        far = self.links @ (direct + others) - back
        via = [slopes * direct, linked * back, slopes * others, linked * far]
        return np.stack(via, axis=1).reshape(len(direct), 2, 2, *direct.shape[1:])


def _truth(
    who: Assignment, direct: Array, others: Array, via: Array, outcome: Array,
    mediators: Sequence[str],
) -> xr.Dataset:  # fmt: skip
    """Average over cells: cohort by period, and untreated observations by period."""
    units, periods = direct.shape
    time = np.broadcast_to(np.arange(1, periods + 1), direct.shape)
    cohort = np.broadcast_to(who.cohort[:, None], direct.shape)
    on, first = (cohort > 0) & (time >= cohort), int(who.cohort[who.cohort > 0].min())
    rows = on | (time >= first)
    key = np.stack([~on, np.where(on, cohort, first), time], axis=-1)[rows]
    table, cell = np.unique(key, axis=0, return_inverse=True)
    cell, count = cell.ravel(), np.bincount(cell.ravel())

    def means(values: Array) -> Array:
        flat = values.reshape(-1, units, periods)[:, rows]
        return np.stack([np.bincount(cell, x) / count for x in flat])

    indirect = means(via[:, 0].sum(axis=1))
    received = means(others + via[:, 1].sum(axis=(0, 1)))
    mine = means(direct)
    effect = np.concatenate([mine + indirect.sum(axis=0) + received, mine, indirect, received])
    built = schema.build(
        effect[None, None], strata={}, cohort=table[:, 1].astype(np.float64), time=table[:, 2],
        event_time=table[:, 2] - table[:, 1], rows=count, units=count,
        observed=means(outcome)[0], weight=count,
        paths=(v.TOTAL, v.DIRECT, *mediators, v.RECEIVED),
        role=np.where(table[:, 0] == 1, v.NEIGHBOUR, v.TREATED).tolist(), gate=v.PASSED,
        attrs={"target": "sample", "outcome": "outcome"},
    )  # fmt: skip
    dims = (*v.SAMPLE_DIMS, v.MEDIATOR, v.TREATMENT_OF, v.MEDIATOR_OF, v.CELL)
    shaped = means(via).reshape(*via.shape[:3], -1)
    return built.assign({v.VIA: (dims, shaped[None, None])}).assign_coords(
        {v.MEDIATOR: list(mediators), v.TREATMENT_OF: [v.OWN, v.OTHERS],
         v.MEDIATOR_OF: [v.OWN, v.OTHERS]}
    )  # fmt: skip

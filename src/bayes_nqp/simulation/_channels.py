"""A panel of staggered adoption in which a policy works through mediators, with known effects."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.errors import StudyError, nearest
from bayes_nqp.panel import Panel
from bayes_nqp.simulation._checks import check_layout, check_numbers
from bayes_nqp.simulation._effects import curve_of
from bayes_nqp.simulation._errors import joint_errors
from bayes_nqp.simulation._layout import Layout, layout
from bayes_nqp.simulation._rows import background, rows_of
from bayes_nqp.simulation._simulated import Simulated
from bayes_nqp.simulation._staggered import COHORTS

__all__ = ["CHANNELS", "Channel", "channels"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Channel:
    """How a policy moves a mediator, and how the mediator moves the outcome.

    Parameters
    ----------
    level, growth : float, default 0.6, 0.05
        Effect on the mediator at event time 0, and what each further period adds.
    slope : float, default 0.5
        Of the outcome on the mediator.
    contrast : float, default 0
        Difference of the slope between the first two levels of the first factor, half to each
        side.
    interaction : float, default 0
        What treatment adds to the slope.
    deviation_sd : float, default 0.2
        Standard deviation of the units' own deviations of the effect on the mediator.
    rho, sigma : float, default 0.5, 1
        Autocorrelation of errors, standard deviation of innovations.
    trend : float, default 0
        Slope by which the mediator of treated units drifts away, in ``sigma`` per period, from
        the first period on.
    """

    level: float = 0.6
    growth: float = 0.05
    slope: float = 0.5
    contrast: float = 0.0
    interaction: float = 0.0
    deviation_sd: float = 0.2
    rho: float = 0.5
    sigma: float = 1.0
    trend: float = 0.0

    def __post_init__(self) -> None:
        check_numbers(**{f.name: getattr(self, f.name) for f in fields(self)})


CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType(
    {
        "digital": Channel(level=0.8, slope=0.5, contrast=0.3),
        "finance": Channel(level=0.5, slope=0.3, contrast=-0.2),
        "idle": Channel(level=0.5, slope=0.0),
    }
)
"""Three mediators that the policy moves; the last one does not move the outcome."""

_REGIONS: Final[Mapping[str, Sequence[str]]] = {"region": ("inland", "coastal")}


def channels(
    *,
    mediators: Mapping[str, Channel] = CHANNELS,
    units: int = 120,
    periods: int = 12,
    cohorts: Sequence[int] = COHORTS,
    never: float = 0.3,
    strata: Mapping[str, Sequence[str]] = _REGIONS,
    level: float = 0.4,
    growth: float = 0.0,
    contrast: float = 0.0,
    deviation_sd: float = 0.2,
    rho: float = 0.5,
    sigma: float = 1.0,
    trend: float = 0.0,
    confounding: float = 0.0,
    confounded: str | None = None,
    related: float = 0.0,
    missing: float = 0.0,
    seed: int | None = None,
) -> Simulated:
    """Simulate units that a policy reaches at different times, and moves through mediators.

    For every mediator ``M_j = alpha_i + lambda_t,stratum + (a_j,cell + u_j,i) [treated] +
    error_j``, and the outcome is ``alpha_i + lambda_t,stratum + (tau_cell + u_i) [treated] +
    sum_j (b_j,stratum + d_j [treated]) M_j + error``.

    Parameters
    ----------
    mediators : mapping of str to Channel, default CHANNELS
        By name.
    units, periods : int, default 120, 12
        Size of the panel; periods are numbered from 1.
    cohorts, never, strata
        As in `staggered`.
    level, growth : float, default 0.4, 0
        Direct effect at event time 0, and what each further period adds.
    contrast : float, default 0
        Difference of the direct effect between the first two levels of the first factor, half
        to each side.
    deviation_sd : float, default 0.2
        Standard deviation of the units' own deviations of the direct effect.
    rho, sigma : float, default 0.5, 1
        Of the outcome's errors.
    trend : float, default 0
        As in `staggered`, of the outcome beside what mediators hand on.
    confounding : float, default 0
        Correlation of the innovations of one mediator and the outcome, given those of the other
        mediators, with which the outcome's are not correlated.
    confounded : str, optional
        The mediator whose innovations these are; the first one by default.
    related : float, default 0
        Correlation of the innovations of any two mediators.
    missing : float, default 0
        Share of rows left out at random, never a unit's first.
    seed : int, optional
        As in `staggered`.

    Returns
    -------
    Simulated
        The paths of its truth are total, direct and the mediators. All are means over the
        treated rows, of the effects of their own units; a unit's indirect effect via a mediator
        is its effect on the mediator times the slope that treatment leaves. With an interaction
        the direct effect is taken at the mediator's untreated level of each row; units'
        ``deviation`` then holds their mean level.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp import simulation
    >>> simulated = simulation.channels(seed=1)
    >>> simulated.panel.roles.mediators
    ('digital', 'finance', 'idle')
    >>> simulated.truth["path"].to_numpy().tolist()
    ['total', 'direct', 'digital', 'finance', 'idle']
    """
    seed = secrets.randbits(31) if seed is None else seed
    mediators, cohorts = dict(mediators), tuple(cohorts)
    factors = {str(k): tuple(x) for k, x in strata.items()}
    check_layout(units, periods, cohorts, factors, never, contrast)
    check_numbers(
        level=level, growth=growth, contrast=contrast, deviation_sd=deviation_sd, rho=rho,
        sigma=sigma, trend=trend, missing=missing,
    )  # fmt: skip
    _check_channels(mediators, factors)
    mixed = _correlation(tuple(mediators), confounding, confounded, related)
    # The outcome comes last, as an equation without a slope.
    outcome = Channel(level, growth, 0.0, 0.0, 0.0, deviation_sd, rho, sigma, trend)
    equations = [*mediators.values(), outcome]
    streams = np.random.default_rng(seed).spawn(2 + 3 * len(equations))
    who = layout(units, factors, cohorts, never)
    frame, cells = rows_of(who, periods, missing, streams[0])
    errors = joint_errors(
        streams[1], (units, periods), np.array([e.rho for e in equations]),
        np.array([e.sigma for e in equations]), mixed,
    )  # fmt: skip
    code, period = frame["code"].to_numpy(), frame[v.TIME].to_numpy() - 1
    untreated, own, curves = [], [], []
    for k, equation in enumerate(equations):
        first, second, third = streams[2 + 3 * k : 5 + 3 * k]
        base = errors[:, :, k] + background(who, periods, equation.sigma, first, second)
        drift = equation.trend * equation.sigma * np.arange(periods)
        untreated.append((base + drift * (who.cohort > 0)[:, None])[code, period])
        own.append(
            np.where(who.cohort > 0, equation.deviation_sd * third.standard_normal(units), 0.0)
        )
        curves.append(
            curve_of(
                "growing", cells, factors, {}, level=equation.level, growth=equation.growth,
                contrast=contrast if equation is outcome else 0.0,
            )
        )  # fmt: skip
    slopes = np.stack([_slopes(c, who, factors) for c in mediators.values()])
    added = np.array([c.interaction for c in mediators.values()])
    facts = _Rows(code, frame["cell"].to_numpy(), who, np.stack(untreated), np.stack(own),
                  np.stack(curves), slopes, added)  # fmt: skip
    frame = frame.assign(**dict(zip(mediators, facts.mediators(), strict=True)))
    frame["outcome"] = facts.outcome()
    columns = [v.UNIT, v.TIME, v.COHORT, "outcome", *factors, *mediators]
    panel = Panel.from_frame(
        frame[columns], unit=v.UNIT, time=v.TIME, cohort=v.COHORT, outcome="outcome",
        strata=list(factors), mediators=list(mediators),
    )  # fmt: skip
    parameters: dict[str, object] = {
        "mediators": mediators, "units": units, "periods": periods, "cohorts": cohorts,
        "never": never, "strata": factors, "level": level, "growth": growth,
        "contrast": contrast, "deviation_sd": deviation_sd, "rho": rho, "sigma": sigma,
        "trend": trend, "confounding": confounding,
        "confounded": next(iter(mediators)) if confounded is None else confounded,
        "related": related, "missing": missing, "seed": seed,
    }  # fmt: skip
    return Simulated(panel, _truth(facts, frame, cells, factors, tuple(mediators)), parameters)


@dataclass(frozen=True, eq=False)
class _Rows:
    """What is behind each row; the outcome is the last equation."""

    code: npt.NDArray[np.int64]
    cell: npt.NDArray[np.int64]
    who: Layout
    untreated: Array  # (equation, row)
    own: Array  # (equation, unit)
    curves: Array  # (equation, cell)
    slopes: Array  # (mediator, stratum)
    added: Array  # (mediator)

    @property
    def on(self) -> npt.NDArray[np.bool_]:
        return self.cell >= 0

    def effects(self) -> Array:
        """Effects on each equation's own left side (equation, treated row)."""
        return self.curves[:, self.cell[self.on]] + self.own[:, self.code[self.on]]

    def mediators(self) -> Array:
        values = self.untreated[:-1].copy()
        values[:, self.on] += self.effects()[:-1]
        return values

    def outcome(self) -> Array:
        slopes = self.slopes[:, self.who.stratum[self.code]] + self.added[:, None] * self.on
        values = self.untreated[-1] + (slopes * self.mediators()).sum(axis=0)
        values[self.on] += self.effects()[-1]
        return np.asarray(values)

    def paths(self, effects: Array, code: npt.NDArray[np.int64], untreated: Array) -> Array:
        """Total, direct and indirect effects (path, ...) from those on every equation."""
        slopes = self.slopes[:, self.who.stratum[code]] + self.added[:, None]
        indirect = slopes * effects[:-1]
        direct = effects[-1] + self.added @ untreated
        return np.stack([direct + indirect.sum(axis=0), direct, *indirect])


def _truth(
    facts: _Rows,
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    mediators: tuple[str, ...],
) -> xr.Dataset:
    on = facts.on
    cell, code = facts.cell[on], facts.code[on]
    rows = np.bincount(cell, minlength=len(cells))
    by_row = facts.paths(facts.effects(), code, facts.untreated[:-1, on])
    effect = np.stack([np.bincount(cell, path, len(cells)) / rows for path in by_row])
    members, owner = np.unique(code, return_inverse=True)
    size = np.bincount(owner)
    usual = np.stack([np.bincount(owner, x) / size for x in facts.untreated[:-1, on]])
    deviation = facts.paths(facts.own[:, members], members, usual)
    attrs: dict[str, Any] = {"target": "sample", "outcome": "outcome", "members": "deviations"}
    return schema.build(
        effect[None, None],
        strata={name: cells[name].tolist() for name in factors},
        cohort=cells[v.COHORT].to_numpy(dtype=np.float64),
        time=cells[v.TIME].to_numpy(),
        event_time=cells[v.EVENT_TIME].to_numpy(),
        rows=rows,
        units=rows,
        observed=np.bincount(cell, frame["outcome"].to_numpy()[on], len(cells)) / rows,
        weight=rows,
        deviation=deviation[None, None],
        members=facts.who.units[members].tolist(),
        membership=(cell, owner, np.ones(cell.size, dtype=np.int64)),
        paths=(v.TOTAL, v.DIRECT, *mediators),
        gate=v.PASSED,
        attrs=attrs,
    )


def _slopes(channel: Channel, who: Layout, factors: Mapping[str, Sequence[str]]) -> Array:
    """Slope of the outcome on a mediator in each stratum."""
    found = np.full(int(who.stratum.max()) + 1, channel.slope)
    if channel.contrast:
        name, levels = next(iter(factors.items()))
        column = who.levels[name]
        found += 0.5 * channel.contrast * (1.0 * (column == levels[0]) - (column == levels[1]))
    return found


def _correlation(
    names: tuple[str, ...], confounding: float, confounded: str | None, related: float
) -> Array:
    """Correlation of innovations, the outcome's last."""
    size = len(names)
    lowest = -1.0 / (size - 1) if size > 1 else -1.0
    if not lowest < related < 1.0:
        raise StudyError(f"'related' is {related!r}", hint=f"between {lowest:g} and 1")
    if not -1.0 < confounding < 1.0:
        raise StudyError(f"'confounding' is {confounding!r}", hint="between -1 and 1")
    name = names[0] if confounded is None else confounded
    if name not in names:
        raise StudyError(f"'confounded' is {confounded!r}", hint=nearest(name, names))
    among = np.full((size, size), related) + (1.0 - related) * np.eye(size)
    # Given the others the correlation is `confounding`, and the others have none of their own.
    apart = 1.0 / np.linalg.inv(among)[names.index(name), names.index(name)]
    whole = np.eye(size + 1)
    whole[:size, :size] = among
    whole[-1, names.index(name)] = whole[names.index(name), -1] = confounding * np.sqrt(apart)
    return whole


def _check_channels(mediators: Mapping[str, Channel], factors: Mapping[str, Sequence[str]]) -> None:
    taken = {v.UNIT, v.TIME, v.COHORT, "outcome", "code", "cell", *factors}
    if not mediators or taken & set(mediators):
        raise StudyError(
            f"'mediators' names {list(mediators)!r}",
            hint=f"one or more, none of them called {', '.join(sorted(taken))}",
        )
    for name, channel in mediators.items():
        if not isinstance(channel, Channel):
            raise StudyError(
                f"'mediators' {name!r} is {channel!r}", hint="simulation.Channel(level=0.6)"
            )
        if channel.contrast and len(next(iter(factors.values()), ())) < 2:
            raise StudyError(
                f"'mediators' {name!r} has a contrast, and the first factor no two levels",
                hint='strata={"region": ["inland", "coastal"]}',
            )

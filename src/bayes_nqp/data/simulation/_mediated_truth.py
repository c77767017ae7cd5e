"""Compute the true paths of a simulated mediation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.data.simulation._mediated import Channel, MediatedTruth
from bayes_nqp.data.simulation._rows import Assignment
from bayes_nqp.data.simulation._spillover import exposed_cells
from bayes_nqp.data.simulation._truth import truth_of_rows


def truth_of(
    facts: MediatedTruth,
    outcome: Array,
    cells: pd.DataFrame,
    factors: Collection[str],
    mediators: tuple[str, ...],
    name: str = "outcome",
    gain: float = 1.0,
) -> xr.Dataset:
    """Store the true effects as group-time effects.

    Parameters
    ----------
    cells : DataFrame
        Levels of the strata, cohort, time and event_time, one row for each cell.
    factors : collection of str
        Columns of `cells` that are strata.
    mediators : tuple of str
        Names of the paths.
    name : str, default "outcome"
        Name of the outcome.
    gain : float, default 1
        Outcome units per unit of the left-hand side of the last equation.

    Returns
    -------
    Dataset
        Group-time effects with one chain and one draw.
    """
    on, received = facts.on, facts.received
    unit_effect, stratum = facts.unit_effect[on], facts.who.stratum[facts.code[on]]
    untreated = facts.untreated[:-1, on]
    unit_effects, row_effect = np.unique(unit_effect, return_inverse=True)
    size = np.bincount(row_effect)
    usual = np.stack([np.bincount(row_effect, x) / size for x in untreated]).reshape(-1, size.size)
    deviations = facts.own[:, unit_effects]
    if facts.shift is not None:
        shift = np.stack([np.bincount(row_effect, x) / size for x in facts.shift[:, on]])
        deviations = deviations + shift
    # Units of one random effect belong to one stratum.
    home = np.zeros(size.size, dtype=np.int64)
    home[row_effect] = stratum
    deviation = facts.paths(deviations, home, usual)
    effects = np.zeros((len(deviation), on.size))
    effects[:, on] = facts.paths(facts.effects(), stratum, untreated)
    cell, paths = facts.cell, (v.TOTAL, v.DIRECT, *mediators)
    if received is not None:
        levels = {f: facts.who.levels[f][facts.who.stratum[facts.code]] for f in factors}
        cell, cells = exposed_cells(cell, cells, levels, received)
        effects[0] += received.effect
        effects, paths = np.vstack([effects, received.effect]), (*paths, v.RECEIVED)
        deviation = np.vstack([deviation, np.zeros(size.size)])
    if facts.feedback is not None:
        # Effects of a unit are the same in all periods.
        effects, paths = facts.feedback.effects(effects), (*paths, v.RECEIVED)
        deviation = effects[:, np.searchsorted(facts.code, unit_effects)]
    row_effects, rows = np.full(on.size, -1), cell >= 0
    row_effects[on] = row_effect
    labels = facts.who.units if facts.labels is None else facts.labels
    return truth_of_rows(
        cell[rows], cells, gain * effects[:, rows], outcome[rows], row_effects[rows],
        gain * deviation,
        labels[unit_effects].tolist(), factors, paths, name,
    )  # fmt: skip


def slopes_of(channel: Channel, who: Assignment, factors: Mapping[str, Sequence[str]]) -> Array:
    """Return the slope of the outcome on a mediator in each stratum.

    Parameters
    ----------
    factors : mapping of str to sequence of str
        Levels in the order given by the user.
    """
    slopes = np.full(int(who.stratum.max()) + 1, channel.slope)
    if channel.contrast:
        name, levels = next(iter(factors.items()))
        column = who.levels[name]
        slopes += 0.5 * channel.contrast * (1.0 * (column == levels[0]) - (column == levels[1]))
    return slopes


def correlation(
    names: tuple[str, ...], confounding: float, confounded: str | None, related: float
) -> Array:
    """Return the correlation matrix of innovations, with the outcome last.

    Parameters
    ----------
    names : tuple of str
        Names of the mediators.
    confounding, related : float
        See `channels`.
    confounded : str, optional
        See `channels`.

    Raises
    ------
    StudyError
        If an argument is out of range.
    """
    size = len(names)
    if not size:
        return np.eye(1)
    lowest = -1.0 / (size - 1) if size > 1 else -1.0
    if not lowest < related < 1.0:
        raise StudyError(f"'related' is {related!r}", hint=f"between {lowest:g} and 1")
    if not -1.0 < confounding < 1.0:
        raise StudyError(f"'confounding' is {confounding!r}", hint="between -1 and 1")
    name = names[0] if confounded is None else confounded
    if name not in names:
        raise StudyError(f"'confounded' is {confounded!r}", hint=nearest(name, names))
    among = np.full((size, size), related) + (1.0 - related) * np.eye(size)
    # The partial correlation is `confounding`; those of the other mediators are zero.
    apart = 1.0 / np.linalg.inv(among)[names.index(name), names.index(name)]
    correlations = np.eye(size + 1)
    correlations[:size, :size] = among
    at = names.index(name)
    correlations[-1, at] = correlations[at, -1] = confounding * np.sqrt(apart)
    return correlations


def check_channels(mediators: Mapping[str, Channel], factors: Mapping[str, Sequence[str]]) -> None:
    """Refuse invalid mediators.

    Parameters
    ----------
    factors : mapping of str to sequence of str
        Levels of every factor.

    Raises
    ------
    StudyError
        If there is no mediator, a name is reserved, or a contrast lacks two levels.
    """
    taken = {v.UNIT, v.TIME, v.COHORT, "outcome", "code", "cell", *factors}
    if not mediators or taken & set(mediators):
        raise StudyError(
            f"'mediators' contains {list(mediators)!r}",
            hint=f"one or more names other than {', '.join(sorted(taken))}",
        )
    for name, channel in mediators.items():
        if not isinstance(channel, Channel):
            raise StudyError(
                f"'mediators' {name!r} is {channel!r}", hint="simulation.Channel(level=0.6)"
            )
        if channel.contrast and len(next(iter(factors.values()), ())) < 2:
            raise StudyError(
                f"'mediators' {name!r} has a contrast, but the first factor lacks two levels",
                hint='strata={"region": ["inland", "coastal"]}',
            )

"""Pairs of nodes with staggered adoption and known effects."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel, pairs_of
from bayes_nqp.data.simulation._checks import Correlation, Part, Size
from bayes_nqp.data.simulation._errors import errors_of
from bayes_nqp.data.simulation._truth import Simulated, truth_of_rows

_ENDS: Final = (("one", "both"), ("origin", "destination", "both"))
"""Treated ends of undirected and of directed pairs."""


@door
def network(
    *,
    nodes: int = 60,
    periods: int = 10,
    cohorts: Sequence[int] = (5, 6, 7, 8, 9),
    never: Part = 0.5,
    directed: bool = False,
    one: float = 0.3,
    destination: float = 0.1,
    both: float = 0.8,
    growth: float = 0.05,
    deviation_sd: Size = 0.2,
    shock_sd: Size = 0.3,
    shock_rho: Correlation = 0.5,
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate links between nodes, such as cities, some of which adopt a policy.

    The outcome of pair (i, j) is ``alpha_ij + lambda_t + eta_it + eta_jt + tau + u_ij + error``:
    with effects by the number of treated ends and the time since treatment, shocks common to all
    pairs of a node, and AR(1) errors of pairs.

    Parameters
    ----------
    nodes, periods : int, default 60, 10
        Size; periods are numbered from 1.
    cohorts : sequence of int, default (5, 6, 7, 8, 9)
        First treated periods, assigned to treated nodes in turn.
    never : float, default 0.5
        Share of never-treated nodes.
    directed : bool, default False
        If True, (i, j) and (j, i) are different pairs, and nodes have separate shocks as origin and
        destination.
    one, both : float, default 0.3, 0.8
        Effects in the first period with one treated end (or a treated origin), and with two treated
        ends.
    destination : float, default 0.1
        Effect of a treated destination alone, if pairs are directed.
    growth : float, default 0.05
        Increase of each effect per period.
    deviation_sd : float, default 0.2
        Standard deviation of pair-level random effects.
    shock_sd, shock_rho : float, default 0.3, 0.5
        Innovations of nodes' shocks, in multiples of ``sigma``, and their autocorrelation.
    rho, sigma : float, default 0.5, 1
        Autocorrelation and innovation SD of errors of pairs.
    seed : int, optional
        See `staggered`.

    Returns
    -------
    Simulated
        A panel of pairs (see `Panel.from_pairs`), its truth with the factor ``ends``, and
        parameters.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> made = nqp.simulation.network(nodes=20, seed=1)
    >>> made.panel.n_units
    190
    >>> nqp.att(made.truth, by="ends")["ends"].to_numpy().tolist()
    ['one', 'both']
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    streams = np.random.default_rng(seed).spawn(6)
    adoption = _adoption(streams[0], nodes, periods, tuple(cohorts), never)
    names = np.array(list(adoption))
    i, j = np.where(~np.eye(nodes, dtype=bool)) if directed else np.triu_indices(nodes, 1)
    sides = 1 + directed
    shocks = errors_of("ar1", streams[1], (sides * nodes, periods), shock_rho, shock_sd * sigma)
    y = errors_of("ar1", streams[2], (i.size, periods), rho, sigma)
    y = y + shocks[i] + shocks[j + nodes * (sides - 1)]
    y += streams[3].standard_normal((i.size, 1)) * sigma * 2.0
    y += sigma * 0.3 * streams[4].standard_normal(periods).cumsum()
    frame = pd.DataFrame({
        "from": np.repeat(names[i], periods), "to": np.repeat(names[j], periods),
        v.TIME: np.tile(np.arange(1, periods + 1), i.size), "outcome": y.ravel(),
    })  # fmt: skip
    panel = Panel.from_pairs(
        frame, origin="from", destination="to", time=v.TIME, outcome="outcome", cohorts=adoption,
        directed=directed,
    )  # fmt: skip
    levels = (one, both) if not directed else (one, destination, both)
    kind, since = _in_force(panel, directed=directed)
    rows = kind >= 0
    deviation = deviation_sd * streams[5].standard_normal(panel.n_units)
    effect = np.array(levels)[kind] + growth * (panel.time_codes - since)
    effect = np.where(rows, effect + deviation[panel.unit_codes], 0.0)
    panel = panel.with_outcome(panel.outcome + effect)
    truth = _truth(panel, np.array(_ENDS[directed])[kind[rows]], since, rows, effect, deviation)
    return Simulated(panel, truth, {**arguments, "cohorts": tuple(cohorts), "seed": seed})


def _adoption(
    rng: np.random.Generator, nodes: int, periods: int, cohorts: tuple[int, ...], never: float
) -> dict[str, float | None]:
    """Return the first treated period of each node by name; None if never treated."""
    treated = round(nodes * (1.0 - never))
    if min(treated, nodes - treated) < 2 or not all(1 < c <= periods for c in cohorts):
        raise StudyError(
            f"'nodes' is {nodes!r}, 'never' {never!r}, 'cohorts' {cohorts!r}",
            hint="at least two treated and two untreated nodes, and dates from period 2 on",
        )
    dates = np.zeros(nodes, dtype=np.int64)
    dates[rng.permutation(nodes)[:treated]] = np.resize(np.array(cohorts), treated)
    size = len(str(nodes))
    return {f"n{k:0{size}d}": float(date) if date else None for k, date in enumerate(dates, 1)}


def _truth(
    panel: Panel, ends: npt.NDArray[Any], since: Array, rows: npt.NDArray[np.bool_],
    effect: npt.NDArray[np.float64], deviation: npt.NDArray[np.float64],
) -> xr.Dataset:  # fmt: skip
    """Return effects on treated observations, by treated ends and time since treatment."""
    table = pd.DataFrame({
        "ends": ends, v.COHORT: since[rows] + 1, v.TIME: panel.time_codes[rows] + 1,
        "code": _classes(panel)[panel.unit_codes[rows]],
    })  # fmt: skip
    cells = table.drop_duplicates().reset_index(drop=True)
    cells[v.EVENT_TIME] = cells[v.TIME] - cells[v.COHORT]
    at = pd.MultiIndex.from_frame(cells[list(table.columns)]).get_indexer(
        pd.MultiIndex.from_frame(table)
    )
    unit_effects = np.unique(panel.unit_codes[rows])
    row_effect = np.searchsorted(unit_effects, panel.unit_codes[rows])
    return truth_of_rows(
        np.asarray(at, dtype=np.int64), cells, effect[rows][None], panel.outcome[rows], row_effect,
        deviation[unit_effects][None], panel.unit_labels[unit_effects].tolist(), ["ends"],
    )  # fmt: skip


def _in_force(panel: Panel, *, directed: bool) -> tuple[Array, Array]:
    """Return the treated ends of each observation (-1 if none) and their first period (row)."""
    pairs = pairs_of(panel)
    ahead = (pairs.adoption[1] < pairs.adoption[0]) & directed
    unit, time = panel.unit_codes, panel.time_codes
    first, second = pairs.first[unit], pairs.second[unit]
    kind = np.where(time >= second, 1 + directed, ahead[unit])
    return np.where(time >= first, kind, -1), np.where(time >= second, second, first)


def _classes(panel: Panel) -> Array:
    """Number the combinations of the adoption dates of both ends (unit)."""
    pairs = pairs_of(panel)
    return np.asarray(pairs.first * (panel.periods + 1) + pairs.second)

"""Outcomes that a fit would expect to see again: draws from the posterior, rows included."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.compression.recover import recover
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting._fit_index import refuse_pooled
from bayes_nqp.fitting._parameters import natural, unconstrained
from bayes_nqp.likelihoods import Gaussian
from bayes_nqp.machine import one_thread
from bayes_nqp.rowmodel import (
    RowLayout,
    chunks,
    degrees_of_freedom,
    errors_of,
    padded,
    row_layout,
    row_slopes,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bayes_nqp.designs._plan import Equation, Plan
    from bayes_nqp.fitting._fit import Fit

__all__ = ["Replication", "posterior_predictive", "replications"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]
Members = Literal["same", "new"]

_CHUNK_NUMBERS = 2_000_000


@door
def posterior_predictive(
    fit: Fit, *, draws: int = 500, seed: int | None = None, members: Members = "same"
) -> xr.Dataset:
    """Draw outcomes anew for the rows of a fit's panel, from the posterior.

    Each draw takes parameters from the posterior, the coefficients given them, and the unit
    effects given both and the data, all exactly; only the errors are new. So the replicated
    units are the panel's own, at their own levels: what is asked is how else the same units
    could have moved.

    Parameters
    ----------
    fit : Fit
        With a Gaussian likelihood.
    draws : int, default 500
        How many; posterior draws are taken evenly spaced.
    seed : int, optional
        The same seed gives the same draws; None takes one at random, kept in the attrs.
    members : {"same", "new"}, default "same"
        Whether the treated keep their own deviations of the effect, drawn given the data, or
        get new ones from the distribution of deviations. "new" is for statistics of how
        effects differ between members; untreated rows do not depend on it.

    Returns
    -------
    Dataset
        ``outcome`` (chain, draw, row), with one chain, and ``observed`` (row), in outcome
        units. ``row`` counts the panel's rows; those that the design drops are left out.

    Raises
    ------
    StudyError
        If the fit holds no rows, its likelihood is not Gaussian, or an argument is out of
        range.

    References
    ----------
    Gelman, A., Meng, X.-L. and Stern, H. (1996). Posterior predictive assessment of model
    fitness via realized discrepancies. Statistica Sinica 6(4).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.IMH(seed=1), progress=False)
    >>> nqp.posterior_predictive(fit, draws=100, seed=1)["outcome"].dims
    ('chain', 'draw', 'row')
    """
    if type(draws) is not int or draws < 1:
        raise StudyError(f"'draws' is {draws!r}", hint="a whole number from 1 up")
    if members not in ("same", "new"):
        raise StudyError(f"members={members!r} is not known", hint="members='same' or 'new'")
    if not isinstance(fit.design.likelihood, Gaussian):
        raise StudyError(
            f"the fit's likelihood is {fit.design.likelihood!r}, and a fit row by row keeps no "
            "unit effects to start from",
            hint="nqp.check(fit, 'model_fit'), which needs none",
        )
    refuse_pooled(fit)
    plan, equation = fit.plan, fit.plan.equations[0]
    seed = secrets.randbits(31) if seed is None else seed
    assert fit.panel is not None
    observed = fit.panel.outcome[plan.kept]
    rows = np.flatnonzero(plan.kept)
    outcome = np.empty((draws, rows.size))
    for part in replications(fit, draws=draws, seed=seed, members=members):
        # The equation's outcome is centred by unit and period; differences are not.
        change = (part.outcome - equation.rows.outcome) * equation.scale
        outcome[part.draws] = observed + change
    return xr.Dataset(
        {
            "outcome": ((v.CHAIN, v.DRAW, "row"), outcome[None]),
            "observed": ("row", observed),
        },
        coords={v.CHAIN: [0], v.DRAW: np.arange(draws), "row": rows},
        attrs={
            "draws": "posterior",
            "outcome": fit.panel.roles.outcome,
            "members": members,
            "seed": float(seed),
        },
    )


@dataclass(frozen=True, eq=False)
class Replication:
    """Some draws of a panel's rows.

    Parameters
    ----------
    draws : slice
        Which.
    outcome : ndarray (draw, row), multiples of ``s``
        Centred as the equation's rows are.
    """

    draws: slice
    outcome: Array


def replications(
    fit: Fit, *, draws: int, seed: int, members: Members = "same"
) -> Iterator[Replication]:
    """Draw outcomes anew, some draws at a time.

    Under ``StudentT`` a fit keeps neither unit nor time effects: there rows come without
    them, and rows of leads without theirs. What is left after taking unit and time effects out
    of untreated rows is exact all the same.

    Parameters
    ----------
    fit : Fit
    draws, seed : int
    members : {"same", "new"}
        As in `posterior_predictive`.

    Yields
    ------
    Replication
    """
    plan, equation = fit.plan, fit.plan.equations[0]
    layout = row_layout(plan, equation)
    gaussian = isinstance(fit.design.likelihood, Gaussian)
    coefficients, units, *errors = np.random.default_rng(seed).spawn(5)
    total = fit.posterior.sizes[v.CHAIN] * fit.posterior.sizes[v.DRAW]
    chosen = np.linspace(0, total - 1, draws).round().astype(np.int64)
    x = unconstrained(equation, fit.posterior).reshape(total, -1)[chosen]
    parameters = natural(equation, x)
    nu = degrees_of_freedom(fit.design.likelihood, draws, _flat(fit, "nu", chosen), errors[1])
    own = _Own(plan, equation, layout)
    with one_thread():
        for part in chunks(draws, layout.rows.size, _CHUNK_NUMBERS):
            some = {name: values[part] for name, values in parameters.items()}
            if gaussian:
                slots = recover(x[part], equation.packed, coefficients).slots
                mean = own.expected(slots)
                mean += own.drawn(equation.rows.outcome - mean, some, units, members)
            else:
                mean = _stored(fit, plan, equation, layout, chosen[part])
            few = None if nu is None else nu[part]
            yield Replication(part, mean + errors_of(equation, layout, some, few, errors))


def _flat(fit: Fit, name: str, chosen: Index) -> Array | None:
    name = f"{fit.plan.equations[0].name}__{name}"
    if name not in fit.posterior:
        return None
    return np.asarray(fit.posterior[name].to_numpy().ravel()[chosen], dtype=np.float64)


def _stored(fit: Fit, plan: Plan, equation: Equation, layout: RowLayout, chosen: Index) -> Array:
    """Expected outcomes from what a fit row by row keeps: no unit, time or lead effects."""
    prefix = f"{equation.name}__"
    cells = np.zeros((chosen.size, plan.table.size))
    posterior = fit.posterior
    cells[:, ~plan.cells.lead] = (
        posterior[f"{prefix}cell_mean"]
        .to_numpy()
        .reshape(-1, int((~plan.cells.lead).sum()))[chosen]
    )
    out = padded(cells / equation.scale)[:, layout.cell]
    if v.DEVIATION in fit.tree["effects"]:
        own = fit.tree["effects"][v.DEVIATION].to_numpy().reshape(-1, layout.members.size)
        out += padded(own[chosen] / equation.scale)[:, layout.member]
    for part in equation.globals:
        if part.place == "slopes":
            shown = posterior[prefix + part.name].to_numpy().reshape(-1, len(part.labels))[chosen]
            values = shown / equation.scale
            if part.display is not None:
                values = values @ np.linalg.inv(part.display).T
            row_slopes(layout, len(equation.rows.columns), values @ part.columns.T, out)
    return out


@dataclass(frozen=True, eq=False)
class _Pattern:
    """Units that were observed in the same periods, with the same weights."""

    rows: Index
    treated: npt.NDArray[np.float64]
    member: Index
    unit: Index
    times: Index
    weights: Array


class _Own:
    """Rows of units: what the coefficients expect of them, and what is their own."""

    def __init__(self, plan: Plan, equation: Equation, layout: RowLayout) -> None:
        self.plan, self.equation, self.layout = plan, equation, layout
        self.place, self.cells, self.slopes = _slot_places(plan, equation)
        self.patterns = _patterns(equation, layout)

    def expected(self, slots: Array) -> Array:
        """Expected outcome of rows, without what is the units' own (draw, row)."""
        layout = self.layout
        slots = padded(slots)
        out = slots[:, self.place][:, layout.node]
        out += padded(slots[:, self.cells])[:, layout.cell]
        row_slopes(layout, len(self.equation.rows.columns), slots[:, self.slopes], out)
        return out

    def drawn(
        self,
        residual: Array,
        parameters: Mapping[str, Array],
        generator: np.random.Generator,
        members: Members,
    ) -> Array:
        """Draw unit effects and deviations given the data (draw, row).

        With ``r`` the residual rows of a unit, ``Q`` the precision of its errors and ``d`` its
        treated rows, a flat unit effect leaves ``Q~ = Q - Q11'Q / 1'Q1``; members have a
        deviation with mean ``d'Q~r / (kappa + d'Q~d)`` and variance ``sigma^2 / (kappa +
        d'Q~d)``, summed over their units; unit effects follow given these.
        """
        layout, sigma = self.layout, parameters["sigma"]
        count = residual.shape[0]
        noise = generator.standard_normal(
            (count, self.plan.frame.n_units + 2 * layout.members.size)
        )
        level, own, fresh = np.split(
            noise,
            [self.plan.frame.n_units, self.plan.frame.n_units + layout.members.size],
            axis=1,
        )
        scale = self.equation.problem.member_scale
        pieces = [_moments(p, residual, parameters) for p in self.patterns]
        deviation = np.zeros((count, layout.members.size + 1))
        spread = np.zeros((count, 1))
        if scale is not None:
            spread = parameters.get(f"scale_{scale.name}", np.full(count, scale.prior))[:, None]
            along, inner = np.zeros_like(deviation), np.zeros_like(deviation)
            for p, m in zip(self.patterns, pieces, strict=True):
                np.add.at(along.T, p.member, m.along.T)
                np.add.at(inner.T, p.member, m.inner.T)
            precision = (sigma[:, None] / spread) ** 2 + inner[:, :-1]
            deviation[:, :-1] = along[:, :-1] / precision
            deviation[:, :-1] += sigma[:, None] / np.sqrt(precision) * own
        out = np.zeros_like(residual)
        for p, m in zip(self.patterns, pieces, strict=True):
            mine = deviation[:, p.member]
            alpha = (m.level - m.shared * mine) / m.total[:, None]
            alpha += (sigma / np.sqrt(m.total))[:, None] * level[:, p.unit]
            out[:, p.rows] = alpha[:, :, None]
        if scale is not None:
            if members == "new":
                deviation[:, :-1] = spread * fresh
            out += deviation[:, layout.member] * layout.loading
        return out


@dataclass(frozen=True, eq=False)
class _Moments:
    """Of the units of one pattern: ``1'Qr``, ``1'Qd``, ``1'Q1``, ``d'Q~r``, ``d'Q~d``."""

    level: Array
    shared: Array
    total: Array
    along: Array
    inner: Array


def _moments(pattern: _Pattern, residual: Array, parameters: Mapping[str, Array]) -> _Moments:
    q = _precision(pattern, parameters)
    one = q.sum(axis=2)
    total = one.sum(axis=1)
    rows = residual[:, pattern.rows]
    d = pattern.treated
    level = np.einsum("aum,am->au", rows, one)
    shared = one @ d.T
    qd = np.einsum("um,amn->aun", d, q)
    along = np.einsum("aun,aun->au", qd, rows) - shared * level / total[:, None]
    inner = np.einsum("aun,un->au", qd, d) - shared**2 / total[:, None]
    return _Moments(level, shared, total, along, inner)


def _precision(pattern: _Pattern, parameters: Mapping[str, Array]) -> Array:
    """Precision of a unit's errors at unit variance (draw, m, m)."""
    sigma = parameters["sigma"]
    m = pattern.times.size
    if "rho" not in parameters:
        return np.broadcast_to(np.diag(pattern.weights), (sigma.size, m, m))
    rho = parameters["rho"][:, None, None]
    apart = np.abs(pattern.times[:, None] - pattern.times)
    covariance = rho**apart / (1.0 - rho**2)
    if "noise" in parameters:
        covariance += parameters["noise"][:, None, None] ** 2 * np.eye(m)
    return np.asarray(np.linalg.inv(covariance))


def _slot_places(plan: Plan, equation: Equation) -> tuple[Index, Index, Index]:
    """Slot of every time effect, cell and slope; past the last where there is none."""
    frame, problem = plan.frame, equation.problem
    periods, columns = frame.n_periods, len(equation.rows.columns)
    starts = np.concatenate([[0], np.cumsum([b.columns.shape[0] for b in problem.blocks])])
    none = int(starts[-1])
    time = np.full(len(frame.level_names) * periods, none, dtype=np.int64)
    slopes = np.full(frame.stratum_levels.shape[0] * columns, none, dtype=np.int64)
    cells = starts[equation.cell_slots[:, 0]] + equation.cell_slots[:, 1]
    for k, c in enumerate(problem.classes):
        b = int(problem.class_block[k])
        block, level = problem.blocks[b], int(frame.level[c.units[0]])
        at = starts[b] + problem.class_level[k] * periods
        time[level * periods : (level + 1) * periods] = at + np.arange(periods)
        at = starts[b] + block.n_levels * periods + block.n_cells
        at += problem.class_stratum[k] * columns
        slopes[c.stratum * columns : (c.stratum + 1) * columns] = at + np.arange(columns)
    return time, cells.astype(np.int64), slopes


def _patterns(equation: Equation, layout: RowLayout) -> list[_Pattern]:
    unit, time = layout.unit, equation.rows.time
    weights = equation.rows.weights
    weights = np.ones(unit.size) if weights is None else weights
    codes, starts = np.unique(unit, return_index=True)
    pieces = [
        (int(u), np.arange(a, b))
        for u, a, b in zip(codes, starts, [*starts[1:], unit.size], strict=True)
    ]
    groups: dict[bytes, list[tuple[int, Index]]] = {}
    for u, rows in pieces:
        key = time[rows].tobytes() + b"|" + weights[rows].tobytes()
        groups.setdefault(key, []).append((u, rows))
    return [_pattern(group, layout, time, weights) for group in groups.values()]


def _pattern(
    group: Sequence[tuple[int, Index]], layout: RowLayout, time: Index, weights: Array
) -> _Pattern:
    rows = np.stack([r for _, r in group])
    return _Pattern(
        rows,
        layout.loading[rows],
        layout.member[rows].min(axis=1),
        np.array([u for u, _ in group], dtype=np.int64),
        time[rows[0]],
        weights[rows[0]],
    )

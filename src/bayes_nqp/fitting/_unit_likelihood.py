"""The log likelihood of single units, with all that is their own integrated out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp import vocabulary as v
from bayes_nqp.compression import packed_rows
from bayes_nqp.compression.recover import recover, sizes
from bayes_nqp.compression.unit_likelihood import unit_densities
from bayes_nqp.designs._frame import unit_column
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, shown
from bayes_nqp.fitting import _draws
from bayes_nqp.fitting._fit_index import refuse_pooled
from bayes_nqp.fitting._parameters import unconstrained
from bayes_nqp.likelihoods import Gaussian
from bayes_nqp.machine import one_thread

if TYPE_CHECKING:
    from bayes_nqp.designs._plan import Equation
    from bayes_nqp.fitting._fit import Fit

__all__ = ["LeftOut", "left_out", "log_likelihood"]

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.int64]

_NUMBERS_STORED = 40_000_000
"""Draws are thinned so that no more numbers than these come back."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What is left out together.

    Parameters
    ----------
    dim : str
        "unit", "member", or the column that was asked for.
    labels : ndarray of str (group)
    group : ndarray of int (unit)
        Group of every unit of the panel, -1 for units that say nothing of effects.
    """

    dim: str
    labels: npt.NDArray[np.str_]
    group: Index


@door
def log_likelihood(fit: Fit, by: str | None = None) -> xr.DataArray:
    """Log likelihood of every unit, draw by draw, given the coefficients of the draw.

    The unit's own effect (flat) and its own effect deviation are integrated out: they are not
    what a fit to the other units would know. The density is that of the outcome's contrasts
    within the unit, in outcome units: the flat unit effect is integrated over the whole line.

    Parameters
    ----------
    fit : Fit
    by : str, optional
        What is left out together: a column that is constant within units, such as "province".
        By default each unit, or each member where several units share one deviation.

    Returns
    -------
    DataArray (chain, draw, unit) or (chain, draw, member), logs of densities in outcome units
        With the coordinate ``rows``. Units seen once are left out, for they say nothing. Draws
        are thinned evenly where there would be more than 40 million numbers.

    Raises
    ------
    StudyError
        If the likelihood is not Gaussian, the fit holds no rows or was cut, or `by` divides
        the units of one member.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.IMH(seed=1), progress=False)
    >>> nqp.log_likelihood(fit).dims
    ('chain', 'draw', 'unit')
    """
    if not isinstance(fit.design.likelihood, Gaussian):
        raise StudyError(
            f"the fit's likelihood is {fit.design.likelihood!r}, sampled row by row, and unit "
            "effects cannot be integrated out of it",
            hint="likelihood=nqp.Gaussian()",
        )
    refuse_pooled(fit)
    equation = fit.plan.equations[0]
    groups = left_out(fit, by)
    chains, draws = fit.posterior.sizes[v.CHAIN], fit.posterior.sizes[v.DRAW]
    most = max(_NUMBERS_STORED // max(chains * groups.labels.size, 1), 1)
    step = -(-draws // most)
    kept = np.arange(0, draws, step)
    values = _Densities(fit, equation, groups).at(kept)
    rows = np.bincount(groups.group[equation.rows.unit] + 1, minlength=groups.labels.size + 1)[1:]
    return xr.DataArray(
        values,
        dims=(v.CHAIN, v.DRAW, groups.dim),
        coords={
            v.CHAIN: fit.posterior[v.CHAIN].to_numpy(),
            v.DRAW: fit.posterior[v.DRAW].to_numpy()[kept],
            groups.dim: groups.labels,
            v.ROWS: (groups.dim, rows),
        },
        name=equation.name,
        attrs={"density": "outcome contrasts within units, outcome units"},
    )


def left_out(fit: Fit, by: str | None = None) -> LeftOut:
    """Say what is left out together.

    Parameters
    ----------
    fit : Fit
    by : str, optional
        As in `log_likelihood`.

    Returns
    -------
    LeftOut

    Raises
    ------
    StudyError
        If `by` divides the units of one member.
    """
    plan, panel = fit.plan, fit.panel
    assert panel is not None
    problem, frame = plan.equations[0].problem, plan.frame
    several = bool(problem.members)
    if by is None or by == v.UNIT:
        dim, codes, labels = v.UNIT, np.arange(frame.n_units), panel.unit_labels.astype(str)
        if several and by is None:
            dim, codes, labels = v.MEMBER, frame.member, frame.member_labels
    else:
        codes, labels = unit_column(panel, by, "by")
        dim = by
    if several:
        pairs = np.unique(np.stack([frame.member, codes], axis=1), axis=0)
        divided = np.flatnonzero(np.bincount(pairs[:, 0]) > 1)
        if divided.size:
            raise StudyError(
                f"by={by!r} divides units that share one effect deviation",
                where=shown(frame.member_labels[divided]),
                hint=f"by={fit.design.varying!r}, or something above it",
            )
    says = np.zeros(frame.n_units, dtype=bool)
    says[np.concatenate([c.units for c in problem.classes])] = True
    used = np.unique(codes[says])
    group = np.where(says, np.searchsorted(used, codes), -1).astype(np.int64)
    return LeftOut(dim, labels[used].astype(str), group)


class _Densities:
    """Log densities of groups, in the chunks and from the streams in which a fit was drawn."""

    def __init__(self, fit: Fit, equation: Equation, groups: LeftOut) -> None:
        self.fit, self.equation = fit, equation
        problem = equation.problem
        units = np.concatenate([c.units for c in problem.classes])
        self.owner = groups.group[units]
        self.class_of = np.repeat(
            np.arange(len(problem.classes)), [c.units.size for c in problem.classes]
        )
        self.entries = np.concatenate(
            [packed_rows(equation.rows, c.units, c).ravel() for c in problem.classes]
        )
        self.sum = _adding(self.owner, groups.labels.size)
        lengths = np.concatenate([np.full(c.units.size, c.times.size) for c in problem.classes])
        self.jacobian = (self.sum.T @ (lengths - 1.0)) * np.log(equation.scale)
        frame = fit.plan.frame
        _, member = np.unique(frame.member[units], return_inverse=True)
        self.member = member if problem.members else np.arange(units.size)
        self.by_member = _adding(self.member, int(self.member.max()) + 1)
        first = np.unique(self.member, return_index=True)[1]
        self.of_member = _adding(self.owner[first], groups.labels.size)
        self.x = unconstrained(equation, fit.posterior)

    def at(self, kept: Index) -> Array:
        """Evaluate all chains at some draws (chain, draw, group)."""
        chains, draws, width = self.x.shape
        flat = self.x.reshape(-1, width)
        chosen = np.isin(np.arange(draws), kept)
        chosen = np.tile(chosen, chains)
        size = chunk_size(self.equation)
        starts = range(0, flat.shape[0], size)
        seed = self.fit.sampler.seed
        assert seed is not None
        generator = np.random.default_rng(np.random.SeedSequence([seed, 1]))
        streams = generator.spawn(len(starts))
        stored = self.fit.posterior[f"{self.equation.name}__cell_mean"].to_numpy()
        stored = stored.reshape(flat.shape[0], -1)

        def chunk(start: int, stream: np.random.Generator) -> Array:
            part = slice(start, start + size)
            slots = recover(flat[part], self.equation.packed, stream).slots
            self._same(slots, stored[part])
            return self._values(flat[part][chosen[part]], slots[chosen[part]])

        with one_thread(), ThreadPoolExecutor(max_workers=2) as pool:
            parts = list(pool.map(chunk, starts, streams))
        return np.concatenate(parts).reshape(chains, kept.size, -1)

    def _values(self, x: Array, slots: Array) -> Array:
        found = unit_densities(x, self.equation.packed, slots, self.entries)
        total = found.plain @ self.sum
        if self.equation.problem.member_scale is not None:
            along = found.along @ self.by_member
            treated = found.treated[:, self.class_of] @ self.by_member
            total = total + found.joint(along, treated) @ self.of_member
        return np.asarray(total - self.jacobian)

    def _same(self, slots: Array, stored: Array) -> None:
        """Make sure that these are the coefficients whose effects the fit holds."""
        equation, plan = self.equation, self.fit.plan
        sizes_ = [b.columns.shape[0] for b in equation.problem.blocks]
        starts = np.concatenate([[0], np.cumsum(sizes_)]).astype(np.int64)
        cells = equation.cell_slots[~plan.cells.lead]
        mean = slots[:, starts[cells[:, 0]] + cells[:, 1]] * equation.effect_scale
        if not np.allclose(mean, stored, rtol=1e-5, atol=1e-5 * equation.effect_scale):
            raise StudyError(
                "the draws of this fit are not those that its seed makes, so its coefficients "
                "cannot be recovered",
                hint="fit again with this version, and keep all chains and draws",
            )


def _adding(owner: Index, count: int) -> Any:
    return csr_array(
        (np.ones(owner.size), (np.arange(owner.size), owner)), shape=(owner.size, count)
    )


def chunk_size(equation: Equation) -> int:
    """How many draws share one stream of random numbers.

    Parameters
    ----------
    equation : Equation

    Returns
    -------
    int
    """
    packed = equation.packed
    per_draw = sum(sizes(packed)) + int(packed.ints[10])
    return int(np.clip(_draws._CHUNK_NUMBERS // max(per_draw, 1), 8, 250))

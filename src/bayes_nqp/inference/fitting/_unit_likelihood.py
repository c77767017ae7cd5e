"""Log likelihood of single units, with their unit effects and deviations integrated out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.sparse import csr_array

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.threads import n_threads, one_thread
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import unit_column
from bayes_nqp.inference.fitting._coefficient_draws import coefficients_of, pairs_coefficients
from bayes_nqp.inference.fitting._fit_index import refuse_pooled
from bayes_nqp.inference.fitting._parameters import unconstrained
from bayes_nqp.inference.fitting._unit_rows import Absorbed, UnitRows

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.inference.model_frame import Equation
    from bayes_nqp.numerics.linear_gaussian import Values


_NUMBERS_STORED = 40_000_000
"""Draws are thinned so that at most this many numbers are returned."""

_CHUNK_NUMBERS = 2_000_000
"""Draws times observations that are processed at once."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Groups of units that are left out together in cross-validation.

    Parameters
    ----------
    dim : str
        "unit", "member", or the column of the groups.
    group : ndarray of int (unit)
        Group of every unit of the panel, -1 for units without information on effects.
    """

    dim: str
    labels: npt.NDArray[np.str_]
    group: Index


@door
def log_likelihood(fit: Fit, by: str | None = None) -> xr.DataArray:
    """Compute the log likelihood of every unit, given the coefficients of each draw.

    The unit's own effect (flat prior) and its own effect deviation are integrated out, because a
    fit to the other units does not estimate them. The density is that of the outcome's contrasts
    within the unit, in outcome units: the flat unit effect is integrated over the whole line.

    Parameters
    ----------
    by : str, optional
        Column, constant within units, such as "province": its groups are left out together. By
        default each unit, or each member if several units share one deviation.

    Returns
    -------
    DataArray (chain, draw, unit) or (chain, draw, member), logs of densities in outcome units
        With the coordinate ``rows``. Units observed once carry no information and are left out.
        Draws are thinned evenly if there would be more than 40 million numbers. The attr
        ``coefficients`` records if the coefficients are those of the draws. If the fit does not
        store them, they are drawn again given its parameters: sums over draws are then correct, but
        a density does not belong to a particular draw of an effect.

    Raises
    ------
    StudyError
        If the likelihood is not Gaussian, the fit has no observations, both coefficients (a and b)
        of its mediators vary by unit, or `by` divides the units of one member.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.log_likelihood(fit).dims
    ('chain', 'draw', 'unit')
    """
    if not fit.facts.exact:
        name, value, hint = fit.facts.inexact
        raise StudyError(
            Message(
                "the fit's {} is {!r}, for which all coefficients are sampled, so that "
                "unit effects cannot be integrated out",
                name,
                value,
            ),
            hint=hint,
        )
    refuse_pooled(fit)
    equation = fit.model_frame.equations[0]
    groups = left_out(fit, by)
    chains, draws = fit.posterior.sizes[v.CHAIN], fit.posterior.sizes[v.DRAW]
    most = max(_NUMBERS_STORED // max(chains * groups.labels.size, 1), 1)
    step = -(-draws // most)
    stored = np.arange(0, draws, step)
    values = _Densities(fit, equation, groups).at(stored)
    rows = np.bincount(groups.group[equation.rows.unit] + 1, minlength=groups.labels.size + 1)[1:]
    return xr.DataArray(
        values,
        dims=(v.CHAIN, v.DRAW, groups.dim),
        coords={
            v.CHAIN: fit.posterior[v.CHAIN].to_numpy(),
            v.DRAW: fit.posterior[v.DRAW].to_numpy()[stored],
            groups.dim: groups.labels,
            v.ROWS: (groups.dim, rows),
            **fit.gate.evidence,
        },
        name=equation.name,
        attrs={
            "density": "outcome contrasts within units, outcome units",
            "coefficients": "of the draws" if pairs_coefficients(fit) else "drawn anew",
        },
    )


def left_out(fit: Fit, by: str | None = None) -> LeftOut:
    """Return the groups of units that are left out together.

    Parameters
    ----------
    by : str, optional
        As in `log_likelihood`.

    Raises
    ------
    StudyError
        If `by` divides the units of one member.
    """
    model_frame, panel = fit.model_frame, fit.rows
    problem, frame = model_frame.equations[0].problem, model_frame.codes
    several = problem.shares_deviations
    if by is None or by == v.UNIT:
        dim, codes, labels = v.UNIT, np.arange(frame.n_units), panel.unit_labels.astype(str)
        if several and by is None:
            dim, codes, labels = v.MEMBER, frame.unit_effect, frame.unit_effect_labels
    else:
        codes, labels = unit_column(panel, by, "by")
        dim = by
    if several:
        pairs = np.unique(np.stack([frame.unit_effect, codes], axis=1), axis=0)
        divided = np.flatnonzero(np.bincount(pairs[:, 0]) > 1)
        if divided.size:
            raise StudyError(
                Message("by={!r} divides units that share one effect deviation", by),
                where=shown(frame.unit_effect_labels[divided]),
                hint=f"by={fit.facts.varying!r}, or a coarser column",
            )
    says = np.zeros(frame.n_units, dtype=bool)
    says[problem.units] = True
    inside = np.unique(codes[says])
    group = np.where(says, np.searchsorted(inside, codes), -1).astype(np.int64)
    return LeftOut(dim, labels[inside].astype(str), group)


class _Densities:
    """Log densities of groups of units, draw by draw.

    Let ``f`` be the number of observations of a unit less its flat coefficients (docs/gaussian.md,
    2 and 8). With these integrated out the log density is
    ``1/2 (log|Q| - log|N'QN|) - f/2 log(2 pi sigma²) - r'Q̃r / (2 sigma²)``.
    A deviation ``u ~ N(0, omega²)`` adds, with ``K = sigma² / omega²`` and sums over the units that
    share it, ``-1/2 log(1 + d'Q̃d / K) + (d'Q̃r)² / (2 sigma² (K + d'Q̃d))``.
    """

    def __init__(self, fit: Fit, equation: Equation, groups: LeftOut) -> None:
        self.fit, self.equation = fit, equation
        self.rows = UnitRows(fit.model_frame, equation)
        self.patterns = self.rows.patterns
        group = np.concatenate([groups.group[p.unit] for p in self.patterns])
        unit_effect = np.concatenate([p.unit_effect for p in self.patterns])
        of_unit_effect = np.full(self.rows.n_unit_effects + 1, -1, dtype=np.int64)
        says = (group >= 0) & (unit_effect < self.rows.n_unit_effects)
        of_unit_effect[unit_effect[says]] = group[says]
        self.sum = _adding(group, groups.labels.size)
        self.of_unit_effect = _adding(of_unit_effect, groups.labels.size)
        free = np.repeat([p.free for p in self.patterns], [p.unit.size for p in self.patterns])
        self.jacobian = (self.sum.T @ free) * np.log(equation.scale)

    def at(self, stored: Index) -> Array:
        """Evaluate all chains at some draws (chain, draw, group)."""
        x = unconstrained(self.equation, self.fit.posterior)
        chains, draws, width = x.shape
        chosen = (np.arange(chains)[:, None] * draws + stored).ravel()
        points = x.reshape(-1, width)[chosen]
        positions = coefficients_of(self.fit, self.equation, chosen)
        # Equal points are adjacent.
        order = np.lexsort(points.T)
        size = max(_CHUNK_NUMBERS // max(self.rows.layout.rows.size, 1), 1)
        parts = [order[at : at + size] for at in range(0, order.size, size)]

        def chunk(part: Index) -> Array:
            return self._values(points[part], positions[part])

        with one_thread(), ThreadPoolExecutor(n_threads()) as pool:
            values = np.concatenate(list(pool.map(chunk, parts)))
        return values[np.argsort(order)].reshape(chains, stored.size, -1)

    def _values(self, points: Array, positions: Array) -> Array:
        values = self.equation.gaussian.values(points)
        variance = (values.sigma**2)[:, None]
        residual = self.equation.rows.outcome - self.rows.expected(positions)
        pieces = self.rows.absorbed(residual, values)
        plain = [
            0.5 * (p.of_units(a.log_det) - a.energy / variance)
            - 0.5 * p.free * np.log(2.0 * np.pi * variance)
            for p, a in zip(self.patterns, pieces, strict=True)
        ]
        total = (self.sum.T @ np.concatenate(plain, axis=1).T).T
        if self.equation.gaussian.deviation is not None:
            total = total + (self.of_unit_effect.T @ self._joint(pieces, values).T).T
        return np.asarray(total - self.jacobian)

    def _joint(self, pieces: list[Absorbed], values: Values) -> Array:
        """Compute the term for deviations that are integrated out (draw, member)."""
        variance = (values.sigma**2)[:, None]
        k = variance / values.deviation[:, 0]
        along, inner = self.rows.of_unit_effects(pieces)
        return np.asarray(along**2 / (2.0 * variance * (k + inner)) - 0.5 * np.log1p(inner / k))


def _adding(owner: Index, count: int) -> Any:
    """Return the matrix of sums over owners; entries with -1 are in no sum."""
    sums = np.flatnonzero(owner >= 0)
    return csr_array((np.ones(sums.size), (sums, owner[sums])), shape=(owner.size, count))
